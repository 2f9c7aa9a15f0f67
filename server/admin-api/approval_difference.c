/* approval_difference.c -- what a request would change, for whoever decides about it. */
#include "admin_api/approval.h"

#include <string.h>

/* The same caller reads what the request is about; NULL: nothing, no such route, or a list, into which something comes. */
static bool read_before(struct admin_call *call, json_t **before_out, struct err *err)
{
    struct admin_call reading = *call;
    struct http_pair *queries;
    size_t count = http_queries(call->request, call->arena, &queries);

    *before_out = NULL;
    memset(reading.parameters, 0, sizeof reading.parameters);
    reading.request =
        http_request_again(call->arena, "GET", http_path(call->request), queries, count, span_text(""));
    reading.reply = http_reply_unread(call->arena);
    reading.in = reading.out = reading.factor = reading.faults = NULL;
    const struct admin_route *found = call_find_route(&reading),
                             *route = found && !found->list ? found : NULL;
    if (route && !call_run(&reading, route, err)) {
        if (err->kind == ERR_BUSY || err->kind == ERR_INTERNAL)
            return false;
        *err = ERR_INIT;
    } else if (route && !reading.is_answered) {
        *before_out = json_incref(reading.out);
    }
    json_decref(reading.faults);
    json_decref(reading.in);
    json_decref(reading.out);
    json_decref(reading.factor);
    return true;
}

/* Also of a setting whose name says so, and of what reaches a database. */
static json_t *without_passwords(const json_t *object)
{
    static const char *const secrets[] = { "password", "secret", "database" };
    const char *name = json_string_value(json_object_get(object, "name"));
    json_t *copy = json_deep_copy(object);

    for (size_t i = 0; i < COUNT_OF(secrets); i++)
        if (json_object_get(copy, secrets[i]))
            json_object_set_new(copy, secrets[i], json_string("***"));
    if (name && strstr(name, "password") && json_object_get(copy, "value"))
        json_object_set_new(copy, "value", json_string("***"));
    return copy;
}

/* Of what stands there, the fields that the body names; all, where it names none. */
static json_t *named_part(json_t *before, const json_t *body)
{
    json_t *part, *value;
    const char *name;

    if (!before || json_object_size(body) == 0)
        return json_incref(before);
    part = json_object();
    json_object_foreach((json_t *)(uintptr_t)body, name, value)
    {
        if (json_object_get(before, name))
            json_object_set(part, name, json_object_get(before, name));
    }
    return part;
}

bool approval_difference(struct admin_call *call, json_t **before_out, json_t **after_out, struct err *err)
{
    json_t *before, *part;

    if (!read_before(call, &before, err))
        return false;
    part = named_part(before, call->in);
    *before_out = part ? without_passwords(part) : NULL;
    *after_out = json_object_size(call->in) > 0 ? without_passwords(call->in) : NULL;
    json_decref(part);
    json_decref(before);
    return true;
}
