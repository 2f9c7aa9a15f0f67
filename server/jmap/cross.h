/* cross.h -- what scripts of other sites' pages may ask (CORS); private to this room. */
#ifndef JMAP_CROSS_H
#define JMAP_CROSS_H

#include "http/server.h"

/* Adds the headers by which a browser lets that page read the answer, where `origins` names it ("*": all). The cookie is never
 * part of that. */
void jmap_cross_allow(const char *origins, const struct http_request *http, struct http_reply *reply);
/* OPTIONS: what a browser asks before. */
void jmap_cross_preflight(const char *origins, const struct http_request *http, struct http_reply *reply);

#endif
