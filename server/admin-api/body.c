/* body.c -- what is wrong with a body, field by field. */
#include "admin_api/body.h"

#include "admin_api/json.h"

#include <string.h>

static bool is_of_type(const json_t *value, enum admin_field_type type)
{
    return type == ADMIN_TEXT     ? json_is_string(value)
           : type == ADMIN_NUMBER ? json_is_integer(value)
           : type == ADMIN_BOOL   ? json_is_boolean(value)
           : type == ADMIN_LIST   ? json_is_array(value)
                                  : json_is_object(value);
}

static const struct admin_field *field_named(const struct admin_route *route, const char *name)
{
    for (const struct admin_field *f = route->fields; f && f->name; f++)
        if (strcmp(f->name, name) == 0)
            return f;
    return NULL;
}

/* The sentence of a fault; the first one is that of the answer. */
static void note(struct admin_call *call, const char *field, const char *format, struct err *err)
{
    struct err fault = ERR_INIT;

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    err_set(&fault, ERR_INVALID, format, field);
#pragma GCC diagnostic pop
    if (!call->faults) {
        call->faults = json_array();
        *err = fault;
    }
    json_array_append_new(call->faults, json_pack("{s:s, s:s}", "field", field, "detail", fault.user));
}

bool body_check(struct admin_call *call, const struct admin_route *route, struct err *err)
{
    const char *name;
    json_t *value;

    json_object_foreach(call->in, name, value)
    {
        const struct admin_field *field = field_named(route, name);
        if (!field)
            note(call, name, "There is no field %s here.", err);
        else if (!is_of_type(value, field->type))
            note(call, name, "The field %s has the wrong type.", err);
    }
    for (const struct admin_field *f = route->fields; f && f->name; f++)
        if (f->is_required && !json_object_get(call->in, f->name))
            note(call, f->name, "The field %s is needed.", err);
    return call->faults == NULL;
}

bool body_read(struct admin_call *call, const struct admin_route *route, struct err *err)
{
    struct span body = http_body(call->request);

    if (route->takes_bytes || span_is_empty(body)) {
        call->in = json_object();
        return route->takes_bytes || body_check(call, route, err);
    }
    return admin_json_read(body, &call->in, err) && body_check(call, route, err);
}
