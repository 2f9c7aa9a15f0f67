/*
 * json.h -- JSON from outside, within bounds.
 *
 * Jansson already refuses what is no JSON in UTF-8 (RFC 8259): NUL, also as \u0000, half a surrogate pair, a number that no
 * double or 64 bit integer holds, a second member of the same name, bytes after the end. What it would take, and what is
 * bounded here before it allocates anything: nesting (it recurses) and the number of values (one byte of `[1,1,...` costs
 * some thirty in memory).
 *
 * Threads  a pure function.
 */
#ifndef HTTP_JSON_H
#define HTTP_JSON_H

#include "base/err.h"
#include "base/span.h"

#include <jansson.h>

struct json_bounds {
    size_t depth, values;
};

/* An array or an object; the caller owns it. ERR_INVALID with line and column for what is no JSON, ERR_LIMIT beyond the
 * bounds. */
MUST_CHECK bool http_json_read(struct span text, const struct json_bounds *bounds, json_t **value_out,
                               struct err *err);

#endif
