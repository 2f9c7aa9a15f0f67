/* cross.c -- see cross.h. */
#include "jmap/cross.h"

#include <string.h>

static bool names(const char *origins, const char *origin)
{
    size_t length = strlen(origin);

    for (const char *at = origins; at && *at; at += strcspn(at, " ")) {
        at += strspn(at, " ");
        if (strcspn(at, " ") == 1 && *at == '*')
            return true;
        if (length > 0 && strcspn(at, " ") == length && strncmp(at, origin, length) == 0)
            return true;
    }
    return false;
}

void jmap_cross_allow(const char *origins, const struct http_request *http, struct http_reply *reply)
{
    const char *origin = http_header(http, "Origin");

    http_reply_header(reply, "Vary", "Origin, Authorization, Cookie");
    if (!origin || !names(origins, origin))
        return;
    http_reply_header(reply, "Access-Control-Allow-Origin", origin);
    http_reply_header(reply, "Access-Control-Expose-Headers",
                      "Content-Range, Content-Disposition, Retry-After");
}

void jmap_cross_preflight(const char *origins, const struct http_request *http, struct http_reply *reply)
{
    jmap_cross_allow(origins, http, reply);
    http_reply_header(reply, "Access-Control-Allow-Methods", "GET, POST, OPTIONS");
    http_reply_header(reply, "Access-Control-Allow-Headers", "Authorization, Content-Type, Range");
    http_reply_header(reply, "Access-Control-Max-Age", "7200");
    http_reply_status(reply, 204);
}
