/*
 * fuzz_admin_json.c -- a body of the admin API. What is taken is an object within the bounds, and is the same after it was
 * written and read again.
 */
#include "admin_api/json.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static size_t count_values(const json_t *value, size_t depth)
{
    size_t count = 1, i;
    const char *name;
    json_t *part;

    assert(depth <= ADMIN_JSON_DEPTH_MAX);
    if (json_is_array(value))
        json_array_foreach(value, i, part) count += count_values(part, depth + 1);
    if (json_is_object(value))
        json_object_foreach((json_t *)(uintptr_t)value, name, part) count += count_values(part, depth + 1);
    if (json_is_string(value))
        assert(strlen(json_string_value(value)) == json_string_length(value));
    return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    json_t *json = NULL, *again = NULL;
    struct err err = ERR_INIT;

    if (admin_json_read(span_of(data, size), &json, &err)) {
        char *text = json_dumps(json, JSON_COMPACT);
        assert(text && json_is_object(json));
        assert(count_values(json, 0) <= ADMIN_JSON_VALUES_MAX);
        if (!admin_json_read(span_of(text, strlen(text)), &again, &err) || !json_equal(json, again))
            abort();
        free(text);
    } else {
        assert(err.kind == ERR_INVALID || err.kind == ERR_LIMIT);
    }
    json_decref(json);
    json_decref(again);
    return 0;
}
