/* role.c -- the program's roles, and those that an organisation makes for its own people. */
#include "directory/role.h"

#include "admin_api/approval.h"
#include "admin_api/factor.h"
#include "admin_api/grant.h"

#include <stdlib.h>
#include <string.h>
#include <talloc.h>

json_t *role_permission_words(uint64_t permissions)
{
    json_t *words = json_array();

    for (int i = 0; i < PERMISSIONS; i++)
        if (permissions & PERMISSION(i))
            json_array_append_new(words, json_string(permission_name((enum permission)i)));
    return words;
}

bool role_read_permissions(struct admin_call *call, uint64_t *permissions_out, struct err *err)
{
    const json_t *list = json_object_get(call->in, "permissions");
    enum permission permission;
    json_t *word;
    size_t i;

    *permissions_out = 0;
    json_array_foreach(list, i, word)
    {
        if (!permission_of(json_string_value(word), &permission))
            return err_set(err, ERR_INVALID, "There is no permission %.60s.",
                           json_string_value(word) ? json_string_value(word) : "of that type");
        *permissions_out |= PERMISSION(permission);
    }
    return true;
}

static json_t *role_json(const struct role *role)
{
    json_t *json = json_pack("{s:s, s:i, s:s, s:o}", "name", role->name, "rank", role->rank, "meaning",
                             role->meaning, "permissions", role_permission_words(role->permissions));

    if (role->custom_role_id)
        json_object_set_new(json, "id", json_integer(role->custom_role_id));
    return json;
}

bool roles_get(struct admin_call *call, struct err *err)
{
    size_t count, custom_count;
    const struct role *all = roles(&count);
    struct role *custom;
    int64_t organisation_id;
    json_t *json;

    if (!call_organisation_filter(call, &organisation_id, err) ||
        !role_custom_list(call->api->options.directory, &call->actor, call->arena, organisation_id, &custom,
                          &custom_count, err))
        return false;
    json = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(json, role_json(&all[i]));
    for (size_t i = 0; i < custom_count; i++)
        json_array_append_new(json, role_json(&custom[i]));
    return call_answer(call, json_pack("{s:o}", "roles", json));
}

bool role_post(struct admin_call *call, struct err *err)
{
    struct role wanted = { .name = call_text(call, "name"), .meaning = call_text(call, "meaning") };
    int64_t id;

    if (!wanted.meaning)
        wanted.meaning = "";
    return factor_is_fresh(call, err) && role_read_permissions(call, &wanted.permissions, err) &&
           call_organisation(call, &wanted.organisation_id, err) &&
           role_custom_add(call->api->options.directory, &call->actor, call->holder, &wanted, &id, err) &&
           call_created(call, json_pack("{s:I, s:s, s:i, s:o}", "id", (json_int_t)id, "name", wanted.name,
                                        "rank", role_rank_of(wanted.permissions), "permissions",
                                        role_permission_words(wanted.permissions)));
}

/* Where it is, and whether the caller hands out rights there. */
static bool enter(struct admin_call *call, int64_t *id_out, struct role_object *object, bool *is_filed_out,
                  struct err *err)
{
    struct role *list;
    size_t count;

    *id_out = strtoll(call->parameters[0], NULL, 10);
    *object = (struct role_object){ 0 };
    if (!role_custom_list(call->api->options.directory, &call->actor, call->arena, 0, &list, &count, err))
        return false;
    for (size_t i = 0; i < count; i++)
        if (list[i].custom_role_id == *id_out)
            object->organisation_id = list[i].organisation_id;
    return (object->organisation_id || err_set(err, ERR_NOT_FOUND, "There is no such role.")) &&
           factor_is_fresh(call, err) && grant_may_delegate(call, object, is_filed_out, err);
}

bool role_patch(struct admin_call *call, struct err *err)
{
    struct role_object object;
    uint64_t permissions;
    bool is_filed;
    int64_t id;

    if (!role_read_permissions(call, &permissions, err) || !enter(call, &id, &object, &is_filed, err))
        return false;
    if (!permissions && call_has(call, "permissions"))
        return err_set(err, ERR_INVALID, "A role has at least one permission.");
    return is_filed || role_custom_set(call->api->options.directory, &call->actor, call->holder, id,
                                       permissions, call_text(call, "meaning"), err);
}

bool role_delete(struct admin_call *call, struct err *err)
{
    struct role_object object;
    bool is_filed;
    int64_t id;

    return enter(call, &id, &object, &is_filed, err) &&
           (is_filed || role_custom_remove(call->api->options.directory, &call->actor, id, err));
}
