/* web_inside.h -- requests that one part of the web role makes of another. */
#ifndef MAIN_WEB_INSIDE_H
#define MAIN_WEB_INSIDE_H

#include "http/server.h"

#include <jansson.h>

struct identity;

/* For jmap_options; `web` is the role's struct web. */
MUST_CHECK bool web_ask_admin(void *web, const struct http_request *http, const struct identity *identity,
                              const char *method, const char *path, json_t *in, json_t **out,
                              json_t **factor_out, struct err *err);

#endif
