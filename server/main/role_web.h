/*
 * role_web.h -- what the web role answers: webmail, health, metrics, redirects, the admin API, JMAP.
 */
#ifndef MAIN_ROLE_WEB_H
#define MAIN_ROLE_WEB_H

#include "http/server.h"
#include "main/config.h"

#include <stdatomic.h>

struct admin_api;
struct dav;
struct directory;
struct jmap;
struct front_ends;
struct link_pages;
struct web_state;

struct web {
    struct admin_api *api;
    struct jmap *jmap;
    struct dav *dav;
    _Atomic(const struct config *) config; /* replaced by a reload; the old one lives on */
    struct link_pages *links;              /* what links in mail lead to */
    struct web_state *state;               /* what the status page and /healthz tell */
    struct front_ends *front_ends;         /* the applications for browsers */
    struct directory *directory;           /* for what anybody may ask */
};

/* For http_server_options; `argument` is a struct web. */
void web_answer(void *argument, const struct http_request *request, struct http_reply *reply);
/* May this client send a large body? As web_answer(). */
bool web_admits(void *argument, const struct http_request *request);
/* Bytes that the body of such a request may have. */
size_t web_limit(void *argument, const char *method, const char *path);

#endif
