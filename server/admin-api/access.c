/* access.c -- block and allow lists. */
#include "directory/access_list.h"

#include "admin_api/call.h"
#include "base/clock.h"

static json_t *entry_json(const struct access_entry *e)
{
    return json_pack("{s:s, s:s, s:s, s:s, s:o, s:o}", "value", e->value, "kind", access_kind_name(e->kind),
                     "note", e->note, "by", e->created_by, "created", json_time(e->created_us), "expires",
                     json_time(e->expires_us));
}

static bool answer_with(struct admin_call *call, enum access_list list, int64_t organisation_id,
                        const char *value, struct err *err)
{
    struct access_entry found;

    return access_find(call->api->options.directory, &call->actor, call->arena, organisation_id, list, value,
                       &found, err) &&
           call_answer(call, entry_json(&found));
}

static bool post(struct admin_call *call, enum access_list list, struct err *err)
{
    struct access_entry wanted = { .list = list,
                                   .value = call_text(call, "value"),
                                   .note = call_text(call, "note") };
    int64_t hours = call_number(call, "hours", 0);

    if (hours < 0 || hours > 24 * 3660)
        return err_set(err, ERR_INVALID, "An entry holds for 1 to 87840 hours.");
    if (hours > 0)
        wanted.expires_us = clock_now_us() + hours * 3600 * US_PER_S;
    if (!call_moment(call, "expires", &wanted.expires_us, err) ||
        !call_organisation_filter(call, &wanted.organisation_id, err) ||
        !access_add(call->api->options.directory, &call->actor, &wanted, err))
        return false;
    call->status = 201;
    return answer_with(call, list, wanted.organisation_id, wanted.value, err);
}

static bool get(struct admin_call *call, enum access_list list, struct err *err)
{
    struct access_entry *entries;
    int64_t organisation_id;
    json_t *json;
    size_t count;

    if (!call_organisation_filter(call, &organisation_id, err) ||
        !access_list_entries(call->api->options.directory, &call->actor, call->arena, organisation_id, list,
                             &entries, &count, err))
        return false;
    json = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(json, entry_json(&entries[i]));
    return call_answer(call, json_pack("{s:o}", "entries", json));
}

/* A network has a slash in it, so it is not a part of the path. */
static bool get_one(struct admin_call *call, enum access_list list, struct err *err)
{
    int64_t organisation_id;

    return call_organisation_filter(call, &organisation_id, err) &&
           answer_with(call, list, organisation_id, http_query(call->request, "value"), err);
}

static bool erase(struct admin_call *call, enum access_list list, struct err *err)
{
    int64_t organisation_id;

    return call_organisation_filter(call, &organisation_id, err) &&
           access_remove(call->api->options.directory, &call->actor, organisation_id, list,
                         http_query(call->request, "value"), err);
}

bool block_post(struct admin_call *call, struct err *err)
{
    return post(call, ACCESS_BLOCK, err);
}

bool block_get(struct admin_call *call, struct err *err)
{
    return get(call, ACCESS_BLOCK, err);
}

bool block_get_one(struct admin_call *call, struct err *err)
{
    return get_one(call, ACCESS_BLOCK, err);
}

bool block_delete(struct admin_call *call, struct err *err)
{
    return erase(call, ACCESS_BLOCK, err);
}

bool allow_post(struct admin_call *call, struct err *err)
{
    return post(call, ACCESS_ALLOW, err);
}

bool allow_get(struct admin_call *call, struct err *err)
{
    return get(call, ACCESS_ALLOW, err);
}

bool allow_get_one(struct admin_call *call, struct err *err)
{
    return get_one(call, ACCESS_ALLOW, err);
}

bool allow_delete(struct admin_call *call, struct err *err)
{
    return erase(call, ACCESS_ALLOW, err);
}
