/*
 * role_web.h -- the pages of the web role: start page, health, metrics, redirects.
 */
#ifndef MAIN_ROLE_WEB_H
#define MAIN_ROLE_WEB_H

#include "http/server.h"
#include "main/config.h"

#include <stdatomic.h>

struct web {
    _Atomic(const struct config *) config; /* replaced by a reload; the old one lives on */
};

/* For http_server_options; `argument` is a struct web. */
void web_answer(void *argument, const struct http_request *request, struct http_reply *reply);
/* Bytes that the body of such a request may have. */
size_t web_limit(void *argument, const char *method, const char *path);

#endif
