/* reference.h -- the page that shows the OpenAPI document; private to this room. */
#ifndef ADMIN_API_REFERENCE_H
#define ADMIN_API_REFERENCE_H

#include "admin_api/call.h"

/* Answers /api/ and the files that it loads. False: the path is none of them, and nothing was written. */
MUST_CHECK bool reference_answer(const struct http_request *request, struct http_reply *reply);

#endif
