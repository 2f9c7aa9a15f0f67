/* organisation.c -- organisations and their administrative groups. */
#include "directory/organisation.h"

#include "admin_api/call.h"
#include "admin_api/preference.h"
#include "admin_api/protocols.h"
#include "admin_api/quota_roots.h"
#include "admin_api/rules.h"

static json_t *organisation_json(const struct organisation *o)
{
    json_t *json = json_pack("{s:s, s:I, s:b, s:I, s:I, s:s, s:o}", "name", o->name, "quota",
                             (json_int_t)o->quota_bytes, "enabled", o->is_enabled, "domains",
                             (json_int_t)o->domain_count, "users", (json_int_t)o->user_count, "accepts",
                             recipient_accepts_name(o->accepts), "created", json_time(o->created_us));

    json_object_set_new(json, "protocols", protocols_json(o->protocols));
    if (o->max_bytes)
        json_object_set_new(json, "max_message", json_integer(o->max_bytes));
    return json;
}

static bool find(struct admin_call *call, const char *name, struct organisation *out, struct err *err)
{
    return organisation_find(call->api->options.directory, &call->actor, call->arena, name, out, err);
}

static bool answer_with(struct admin_call *call, const char *name, struct err *err)
{
    struct organisation found;

    if (!find(call, name, &found, err))
        return false;
    json_t *json = organisation_json(&found);
    if (preference_add(call, found.organisation_id, 0, json, err))
        return call_answer(call, json);
    json_decref(json);
    return false;
}

bool organisation_post(struct admin_call *call, struct err *err)
{
    struct organisation wanted = { .name = call_text(call, "name"),
                                   .quota_bytes = call_number(call, "quota", 0),
                                   .protocols = PROTOCOLS_ALL,
                                   .is_enabled = true };
    int64_t id;

    if (!organisation_add(call->api->options.directory, &call->actor, &wanted, &id, err) ||
        !quota_roots_set(call->api, QUOTA_ROOT_ORGANISATION, id, wanted.quota_bytes, err))
        return false;
    call->status = 201;
    return answer_with(call, wanted.name, err);
}

bool organisations_get(struct admin_call *call, struct err *err)
{
    struct organisation *list;
    size_t count;
    json_t *json;

    if (!organisation_list(call->api->options.directory, &call->actor, call->arena, &list, &count, err))
        return false;
    json = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(json, organisation_json(&list[i]));
    return call_answer(call, json_pack("{s:o}", "organisations", json));
}

bool organisation_get_one(struct admin_call *call, struct err *err)
{
    return answer_with(call, call->parameters[0], err);
}

bool organisation_patch(struct admin_call *call, struct err *err)
{
    struct organisation wanted = { .name = call_text(call, "name"),
                                   .quota_bytes = call_number(call, "quota", 0),
                                   .max_bytes = call_number(call, "max_message", 0) };
    unsigned fields = (call_has(call, "name") ? ORGANISATION_NAME : 0u) |
                      (call_has(call, "quota") ? ORGANISATION_QUOTA : 0u) |
                      (call_has(call, "accepts") ? ORGANISATION_ACCEPTS : 0u) |
                      (call_has(call, "max_message") ? ORGANISATION_MAX_BYTES : 0u) |
                      (call_has(call, "protocols") ? ORGANISATION_PROTOCOLS : 0u);
    struct organisation found;

    if (!rules_accepts_of(call_text(call, "accepts"), &wanted.accepts, err) ||
        !protocols_read(call, &wanted.protocols, err) || !find(call, call->parameters[0], &found, err) ||
        !organisation_set(call->api->options.directory, &call->actor, found.organisation_id, fields, &wanted,
                          err) ||
        !preference_apply(call, found.organisation_id, 0, found.name, err))
        return false;
    if ((fields & ORGANISATION_QUOTA) &&
        !quota_roots_set(call->api, QUOTA_ROOT_ORGANISATION, found.organisation_id, wanted.quota_bytes, err))
        return false;
    return answer_with(call, wanted.name ? wanted.name : found.name, err);
}

bool organisation_delete(struct admin_call *call, struct err *err)
{
    struct organisation found;

    return find(call, call->parameters[0], &found, err) &&
           organisation_remove(call->api->options.directory, &call->actor, found.organisation_id, err);
}

/* ---- administrative groups */

static json_t *group_json(const struct administrative_group *g, const char *organisation)
{
    return json_pack("{s:s, s:s, s:I, s:I}", "name", g->name, "organisation", organisation, "recipients",
                     (json_int_t)g->recipient_count, "domains", (json_int_t)g->domain_count);
}

static bool find_group(struct admin_call *call, struct organisation *organisation,
                       struct administrative_group *out, struct err *err)
{
    const char *name = http_query(call->request, "organisation");

    if (!name)
        return err_set(err, ERR_INVALID, "An organisation must be named.");
    return find(call, name, organisation, err) &&
           administrative_group_find(call->api->options.directory, &call->actor, call->arena,
                                     organisation->organisation_id, call->parameters[0], out, err);
}

bool admin_group_post(struct admin_call *call, struct err *err)
{
    struct organisation organisation;
    int64_t id;

    if (!find(call, call_text(call, "organisation"), &organisation, err) ||
        !administrative_group_add(call->api->options.directory, &call->actor, organisation.organisation_id,
                                  call_text(call, "name"), &id, err))
        return false;
    return call_created(
        call, json_pack("{s:s, s:s}", "name", call_text(call, "name"), "organisation", organisation.name));
}

static bool add_groups_of(struct admin_call *call, const struct organisation *organisation, json_t *json,
                          struct err *err)
{
    struct administrative_group *list;
    size_t count;

    if (!administrative_group_list(call->api->options.directory, &call->actor, call->arena,
                                   organisation->organisation_id, &list, &count, err))
        return false;
    for (size_t i = 0; i < count; i++)
        json_array_append_new(json, group_json(&list[i], organisation->name));
    return true;
}

bool admin_groups_get(struct admin_call *call, struct err *err)
{
    struct organisation *organisations;
    int64_t only;
    size_t count;
    json_t *json;

    if (!call_organisation_filter(call, &only, err) ||
        !organisation_list(call->api->options.directory, &call->actor, call->arena, &organisations, &count,
                           err))
        return false;
    json = json_array();
    for (size_t i = 0; i < count; i++)
        if ((only == 0 || organisations[i].organisation_id == only) &&
            !add_groups_of(call, &organisations[i], json, err)) {
            json_decref(json);
            return false;
        }
    return call_answer(call, json_pack("{s:o}", "admin_groups", json));
}

bool admin_group_get(struct admin_call *call, struct err *err)
{
    struct organisation organisation;
    struct administrative_group found;

    return find_group(call, &organisation, &found, err) &&
           call_answer(call, group_json(&found, organisation.name));
}

bool admin_group_patch(struct admin_call *call, struct err *err)
{
    struct organisation organisation;
    struct administrative_group found;

    if (!find_group(call, &organisation, &found, err) ||
        !administrative_group_rename(call->api->options.directory, &call->actor, organisation.organisation_id,
                                     found.administrative_group_id, call_text(call, "name"), err))
        return false;
    found.name = call_text(call, "name");
    return call_answer(call, group_json(&found, organisation.name));
}

bool admin_group_delete(struct admin_call *call, struct err *err)
{
    struct organisation organisation;
    struct administrative_group found;

    return find_group(call, &organisation, &found, err) &&
           administrative_group_remove(call->api->options.directory, &call->actor,
                                       organisation.organisation_id, found.administrative_group_id, err);
}
