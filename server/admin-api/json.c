#include "admin_api/json.h"

bool admin_json_read(struct span text, json_t **object_out, struct err *err)
{
    static const struct json_bounds bounds = { ADMIN_JSON_DEPTH_MAX, ADMIN_JSON_VALUES_MAX };
    json_t *read;

    if (!http_json_read(text, &bounds, &read, err))
        return false;
    if (json_is_object(read)) {
        *object_out = read;
        return true;
    }
    json_decref(read);
    return err_set(err, ERR_INVALID, "The body is not a JSON object.");
}
