/* enter.c -- who asks: a password or a token. Cookies are of pages, which read JMAP. */
#include "auth/web_enter.h"
#include "dav/call.h"

bool dav_enter(struct dav_call *call, struct err *err)
{
    const struct web_door door = { .auth = call->dav->auth,
                                   .directory = call->dav->directory,
                                   .peer = *http_peer(call->request),
                                   .host = http_header(call->request, "Host") };

    return web_enter(&door, call->arena, http_header(call->request, "Authorization"), &call->identity, err);
}
