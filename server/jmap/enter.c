/* enter.c -- who asks: a password, a token, or the cookie of a session. */
#include "auth/negotiate.h"
#include "auth/web_enter.h"
#include "auth/web_secret.h"
#include "jmap/cross.h"
#include "jmap/request.h"

#include <strings.h>
#include <talloc.h>

static struct web_door door_of(const struct jmap *jmap, const struct http_request *http)
{
    return (struct web_door){ .auth = jmap->options.auth,
                              .directory = jmap->options.directory,
                              .peer = *http_peer(http),
                              .host = http_header(http, "Host") };
}

static bool by_ticket(const struct jmap *jmap, const struct http_request *http, struct http_reply *reply,
                      const char *token, struct identity **identity_out, struct err *err)
{
    struct auth_request asked = { .protocol = PROTOCOL_WEB, .peer = *http_peer(http) };
    const char *origin = http_header(http, "Origin"), *answer;

    if (!reply) /* it will be shown again with the body, and each is good once */
        return web_nobody(err);
    if (origin &&
        !web_is_of_our_page(http_arena(http), "POST", origin, http_header(http, "Host"), http_is_tls(http)))
        return err_set(err, ERR_DENIED, "This request was not made by a page of this server.");
    if (!auth_negotiate(jmap->options.auth, http_arena(http), &asked, span_text(token), identity_out, &answer,
                        err))
        return false;
    if (*answer)
        http_reply_header(reply, "WWW-Authenticate",
                          talloc_asprintf(http_arena(http), "Negotiate %s", answer));
    return true;
}

/* A page that opens a WebSocket may change something by it, later. */
static const char *method_of(const struct http_request *http)
{
    return http_header(http, "Upgrade") ? "POST" : http_method(http);
}

static bool find(const struct jmap *jmap, const struct http_request *http, struct http_reply *reply,
                 struct identity **identity_out, struct err *err)
{
    const struct web_door door = door_of(jmap, http);
    const char *value = http_header(http, "Authorization"), *cookie;

    if (value && strncasecmp(value, "Negotiate ", 10) == 0)
        return by_ticket(jmap, http, reply, value + 10, identity_out, err);
    if (value)
        return web_enter(&door, http_arena(http), value, identity_out, err);
    cookie = web_cookie_value(http_arena(http), http_header(http, "Cookie"), http_is_tls(http));
    if (!cookie)
        return web_nobody(err);
    if (!web_is_of_our_page(http_arena(http), method_of(http), http_header(http, "Origin"),
                            http_header(http, "Host"), http_is_tls(http)))
        return err_set(err, ERR_DENIED, "This request was not made by a page of this server.");
    return web_enter_by_secret(&door, http_arena(http), cookie, WEB_SESSION, identity_out, err);
}

/* A page's script asks by itself; a browser that gets a challenge would ask the person instead. */
static void challenge(const struct jmap *jmap, const struct http_request *http, struct http_reply *reply)
{
    bool is_page = http_header(http, "Sec-Fetch-Mode") || http_header(http, "Origin");

    if (!is_page && negotiate_is_offered(jmap->options.auth))
        http_reply_header(reply, "WWW-Authenticate", "Negotiate");
    if (!is_page)
        http_reply_header(reply, "WWW-Authenticate", "Basic realm=\"Chappe\", charset=\"UTF-8\"");
    http_reply_header(reply, "WWW-Authenticate", "Bearer");
}

struct jmap_request *jmap_request_new(struct jmap *jmap, void *arena, const struct http_request *http,
                                      const struct identity *identity)
{
    struct jmap_request *request = talloc_zero(arena, struct jmap_request);
    char peer[NET_ADDRESS_TEXT] = "";

    request->jmap = jmap;
    request->http = http;
    request->arena = arena;
    request->peer = http ? talloc_strdup(arena, net_address_text(http_peer(http), peer)) : NULL;
    request->identity = identity;
    request->reader = (struct mailbox_reader){ .recipient_id = identity->recipient_id,
                                               .mailbox_id = identity->mailbox.mailbox_id,
                                               .organisation_id = identity->organisation_id };
    request->created = jmap_keep(arena, json_object());
    request->responses = jmap_keep(arena, json_array());
    return request;
}

bool jmap_enter(struct jmap *jmap, const struct http_request *http, struct http_reply *reply,
                struct jmap_request **request_out, struct err *err)
{
    struct identity *identity = NULL;

    if (!find(jmap, http, reply, &identity, err)) {
        if (err->kind == ERR_AUTH && reply)
            challenge(jmap, http, reply);
        return false;
    }
    *request_out = jmap_request_new(jmap, http_arena(http), http, identity);
    return true;
}
