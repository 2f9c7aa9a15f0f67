/*
 * fuzz_jmap_request.c -- a request's JSON: what is read is within the bounds; back references and patches of it give an object or
 * nothing, never more values than they may.
 */
#include "http/json.h"
#include "jmap/get.h"
#include "jmap/reference.h"

#include <assert.h>
#include <stdint.h>

static bool is_response(const json_t *response)
{
    return json_is_string(json_array_get(response, 0)) && json_is_string(json_array_get(response, 2));
}

/* [arguments, [responses]] */
static void resolve(const json_t *json)
{
    const json_t *in = json_array_get(json, 0), *given = json_array_get(json, 1);
    json_t *responses = json_array(), *response, *out;
    struct err err = ERR_INIT;
    size_t i;

    json_array_foreach(given, i, response) if (is_response(response)) json_array_append(responses, response);
    if (json_is_object(in)) {
        out = jmap_resolve(in, responses, JMAP_REFERENCED_MAX, &err);
        assert(out || err.kind == ERR_INVALID || err.kind == ERR_NOT_FOUND);
        json_decref(out);
    }
    json_decref(responses);
}

static void patch(const json_t *json)
{
    const json_t *base = json_array_get(json, 0), *steps = json_array_get(json, 1);

    if (json_is_object(base) && json_is_object(steps)) {
        json_t *result = jmap_patch(base, steps);
        assert(!result || json_is_object(result));
        json_decref(result);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct json_bounds bounds = { JMAP_DEPTH_MAX, 10000 };
    struct err err = ERR_INIT;
    json_t *json = NULL;

    if (!http_json_read(span_of(data, size), &bounds, &json, &err)) {
        assert(err.kind == ERR_INVALID || err.kind == ERR_LIMIT);
        return 0;
    }
    resolve(json);
    patch(json);
    json_decref(json);
    return 0;
}
