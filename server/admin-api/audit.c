/* audit.c -- who did what, and the list of checks. */
#include "directory/audit.h"

#include "admin_api/call.h"

#include <stdlib.h>

bool audit_get(struct admin_call *call, struct err *err)
{
    const char *before = http_query(call->request, "before"), *limit = http_query(call->request, "limit");
    struct audit_query query = { .before_id = before ? strtoll(before, NULL, 10) : 0,
                                 .limit = limit ? strtoul(limit, NULL, 10) : 0 };
    struct audit_entry *list;
    size_t count;
    json_t *json;

    if (query.limit > 1000)
        query.limit = 1000;
    if (!call_organisation_filter(call, &query.organisation_id, err) ||
        !audit_list(call->api->options.directory, &call->actor, call->arena, &query, &list, &count, err))
        return false;
    json = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(
            json, json_pack("{s:I, s:o, s:s, s:s, s:s, s:s?, s:s?}", "id", (json_int_t)list[i].audit_id, "at",
                            json_time(list[i].at_us), "actor", list[i].actor, "action", list[i].action,
                            "object", list[i].object, "before", list[i].before, "after", list[i].after));
    return call_answer(call, json_pack("{s:o}", "entries", json));
}

bool check_get(struct admin_call *call, struct err *err)
{
    json_t *lines = json_array();

    (void)err;
    call->api->options.check(call->api->options.host, lines);
    return call_answer(call, json_pack("{s:o}", "lines", lines));
}
