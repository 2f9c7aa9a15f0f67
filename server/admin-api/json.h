/*
 * json.h -- the body of a request: one JSON object from outside, within bounds (http/json.h).
 *
 * Threads  a pure function.
 */
#ifndef ADMIN_API_JSON_H
#define ADMIN_API_JSON_H

#include "http/json.h"

enum { ADMIN_JSON_DEPTH_MAX = 32, ADMIN_JSON_VALUES_MAX = 100000 };

/* One object; the caller owns it. ERR_INVALID with line and column for what is none, ERR_LIMIT beyond the bounds. */
MUST_CHECK bool admin_json_read(struct span text, json_t **object_out, struct err *err);

#endif
