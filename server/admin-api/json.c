#include "admin_api/json.h"

/* Counts as if all were well formed: what is not is refused afterwards, and every value but the first follows one of
 * these bytes. */
static bool is_within_bounds(struct span text)
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
        if (depth > ADMIN_JSON_DEPTH_MAX || values > ADMIN_JSON_VALUES_MAX)
            return false;
    }
    return true;
}

bool admin_json_read(struct span text, json_t **object_out, struct err *err)
{
    json_error_t where = { .line = 0 };
    json_t *read;

    if (!is_within_bounds(text))
        return err_set(err, ERR_LIMIT, "The JSON has more than %d levels or %d values.", ADMIN_JSON_DEPTH_MAX,
                       ADMIN_JSON_VALUES_MAX);
    read = json_loadb(text.p ? text.p : "", span_length(text), JSON_REJECT_DUPLICATES, &where);
    if (json_is_object(read)) {
        *object_out = read;
        return true;
    }
    json_decref(read);
    if (read)
        return err_set(err, ERR_INVALID, "The body is not a JSON object.");
    err_log(err, "%s", where.text);
    return err_set(err, ERR_INVALID, "The body is not a JSON object: see line %d, column %d.", where.line,
                   where.column);
}
