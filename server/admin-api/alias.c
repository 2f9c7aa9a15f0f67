/* alias.c -- addresses that stand for others. */
#include "directory/alias.h"

#include "admin_api/admin_group.h"
#include "admin_api/call.h"

#include <string.h>
#include <strings.h>
#include <talloc.h>

static json_t *alias_json(const struct alias *a)
{
    json_t *targets = json_array();

    for (size_t i = 0; i < a->target_count; i++)
        json_array_append_new(targets, json_string(a->targets[i]));
    return json_pack("{s:s, s:o, s:b, s:s*, s:s*}", "address", a->address, "target", targets, "enabled",
                     a->is_enabled, "admin_group", a->administrative_group, "organisation", a->organisation);
}

/* "target" or "targets"; none named: *count_out 0. */
static bool take_targets(struct admin_call *call, const char ***targets_out, size_t *count_out,
                         struct err *err)
{
    json_t *list = json_object_get(call->in, "targets"), *element;
    const char *one = call_text(call, "target");
    const char **targets = talloc_array(call->arena, const char *, (unsigned)json_array_size(list) + 1);
    size_t count = 0, i;

    json_array_foreach(list, i, element)
    {
        if (!json_is_string(element))
            return err_set(err, ERR_INVALID, "targets must be a list of addresses.");
        targets[count++] = json_string_value(element);
    }
    if (one)
        targets[count++] = one;
    *targets_out = targets;
    *count_out = count;
    return true;
}

static bool answer_with(struct admin_call *call, const char *address, struct err *err)
{
    struct alias found;

    return alias_find(call->api->options.directory, &call->actor, call->arena, RECIPIENT_ALIAS, address,
                      &found, err) &&
           call_answer(call, alias_json(&found));
}

static bool has_target(const struct alias *alias, const char *target)
{
    for (size_t i = 0; i < alias->target_count; i++)
        if (strcasecmp(alias->targets[i], target) == 0)
            return true;
    return false;
}

/* The alias is there already: it gets the targets that it lacks. ERR_EXISTS where it lacks none, or where the address
 * is no alias. */
static bool add_targets(struct admin_call *call, const struct alias *wanted, struct err *err)
{
    struct err absent = ERR_INIT;
    struct alias found;
    const char **targets;
    size_t count;

    if (!alias_find(call->api->options.directory, &call->actor, call->arena, RECIPIENT_ALIAS, wanted->address,
                    &found, &absent))
        return false;
    count = found.target_count;
    targets = talloc_array(call->arena, const char *, (unsigned)(count + wanted->target_count));
    memcpy(targets, found.targets, count * sizeof *targets);
    for (size_t i = 0; i < wanted->target_count; i++)
        if (!has_target(&found, wanted->targets[i]))
            targets[count++] = wanted->targets[i];
    if (count == found.target_count)
        return false;
    found.targets = targets;
    found.target_count = count;
    *err = ERR_INIT;
    return alias_set(call->api->options.directory, &call->actor, wanted->address, &found, err);
}

bool alias_post(struct admin_call *call, struct err *err)
{
    struct alias wanted = { .address = call_text(call, "address"), .name = "", .is_enabled = true };
    int64_t id;

    if (!take_targets(call, &wanted.targets, &wanted.target_count, err) ||
        !admin_group_of_new(call, call_text(call, "admin_group"), wanted.address,
                            &wanted.administrative_group_id, err))
        return false;
    if (!alias_add(call->api->options.directory, &call->actor, &wanted, &id, err) &&
        (err->kind != ERR_EXISTS || call_has(call, "admin_group") || !add_targets(call, &wanted, err)))
        return false;
    call->status = 201;
    return answer_with(call, wanted.address, err);
}

static bool is_in_domain(const char *address, const char *domain)
{
    const char *at = strrchr(address, '@');

    return !domain || (at && strcasecmp(at + 1, domain) == 0);
}

bool aliases_get(struct admin_call *call, struct err *err)
{
    const char *domain = http_query(call->request, "domain");
    struct alias *list;
    int64_t only;
    size_t count;
    json_t *json;

    if (!call_organisation_filter(call, &only, err) ||
        !alias_list(call->api->options.directory, &call->actor, call->arena, RECIPIENT_ALIAS, only,
                    http_query(call->request, "target"), &list, &count, err))
        return false;
    json = json_array();
    for (size_t i = 0; i < count; i++)
        if (is_in_domain(list[i].address, domain))
            json_array_append_new(json, alias_json(&list[i]));
    return call_answer(call, json_pack("{s:o}", "aliases", json));
}

bool alias_get(struct admin_call *call, struct err *err)
{
    return answer_with(call, call->parameters[0], err);
}

bool alias_patch(struct admin_call *call, struct err *err)
{
    struct alias wanted;
    const char **targets;
    size_t count;

    if (!alias_find(call->api->options.directory, &call->actor, call->arena, RECIPIENT_ALIAS,
                    call->parameters[0], &wanted, err) ||
        !take_targets(call, &targets, &count, err))
        return false;
    if (count > 0) {
        wanted.targets = targets;
        wanted.target_count = count;
    }
    wanted.is_enabled = call_flag(call, "enabled", wanted.is_enabled);
    if ((count > 0 || call_has(call, "enabled")) &&
        !alias_set(call->api->options.directory, &call->actor, call->parameters[0], &wanted, err))
        return false;
    return admin_group_change(call, wanted.recipient_id, wanted.address, err) &&
           answer_with(call, call->parameters[0], err);
}

bool alias_delete(struct admin_call *call, struct err *err)
{
    return alias_remove(call->api->options.directory, &call->actor, RECIPIENT_ALIAS, call->parameters[0],
                        err);
}
