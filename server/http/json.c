/* json.c -- see json.h. */
#include "http/json.h"

/* Counts as if all were well formed: what is not is refused afterwards, and every value but the first follows one of
 * these bytes. */
static bool is_within(struct span text, const struct json_bounds *bounds)
{
    size_t depth = 0, values = 1;
    bool is_string = false;

    for (const char *p = text.p; p < text.end; p++) {
        if (is_string) {
            if (*p == '\\')
                p++;
            else
                is_string = *p != '"';
            continue;
        }
        is_string = *p == '"';
        if (*p == '[' || *p == '{')
            depth++;
        else if ((*p == ']' || *p == '}') && depth > 0)
            depth--;
        values += *p == ',' || *p == '[' || *p == ':';
        if (depth > bounds->depth || values > bounds->values)
            return false;
    }
    return true;
}

bool http_json_read(struct span text, const struct json_bounds *bounds, json_t **value_out, struct err *err)
{
    json_error_t where = { .line = 0 };
    json_t *read;

    if (!is_within(text, bounds))
        return err_set(err, ERR_LIMIT, "The JSON has more than %zu levels or %zu values.", bounds->depth,
                       bounds->values);
    read = json_loadb(text.p ? text.p : "", span_length(text), JSON_REJECT_DUPLICATES, &where);
    if (read) {
        *value_out = read;
        return true;
    }
    err_log(err, "%s", where.text);
    return err_set(err, ERR_INVALID, "The body is not JSON: see line %d, column %d.", where.line,
                   where.column);
}
