/* enter.c -- who asks: a password, a token, or the cookie of a session. */
#include "auth/negotiate.h"
#include "auth/web_secret.h"
#include "format/codec.h"
#include "jmap/cross.h"
#include "jmap/request.h"

#include <strings.h>
#include <talloc.h>

enum { CREDENTIALS_MAX = 2048 };

static bool nobody(struct err *err)
{
    return err_set(err, ERR_AUTH, "Log in first.");
}

/* How long auth wants the answer held back is not waited for here: a web thread serves many. Its limit stands. */
static bool by_password(struct jmap_request *request, const struct http_request *http, const char *encoded,
                        struct identity **identity_out, struct err *err)
{
    struct auth_request asked = { .protocol = PROTOCOL_WEB, .peer = *http_peer(http) };
    struct buf decoded = BUF_INIT(request->arena);
    struct span password, login;
    unsigned delay_ms;

    if (!codec_take_base64(span_trim(span_text(encoded)), CREDENTIALS_MAX, &decoded))
        return nobody(err);
    password = buf_span(&decoded);
    if (!span_take_until(&password, ':', &login))
        return nobody(err);
    return auth_password(request->jmap->options.auth, request->arena, &asked, login, password, identity_out,
                         &delay_ms, err);
}

static bool by_ticket(struct jmap_request *request, const struct http_request *http, struct http_reply *reply,
                      const char *token, struct identity **identity_out, struct err *err)
{
    struct auth_request asked = { .protocol = PROTOCOL_WEB, .peer = *http_peer(http) };
    const char *origin = http_header(http, "Origin"), *answer;

    if (!reply) /* it will be shown again with the body, and each is good once */
        return nobody(err);
    if (origin &&
        !web_is_of_our_page(request->arena, "POST", origin, http_header(http, "Host"), http_is_tls(http)))
        return err_set(err, ERR_DENIED, "This request was not made by a page of this server.");
    if (!auth_negotiate(request->jmap->options.auth, request->arena, &asked, span_text(token), identity_out,
                        &answer, err))
        return false;
    if (*answer)
        http_reply_header(reply, "WWW-Authenticate", talloc_asprintf(request->arena, "Negotiate %s", answer));
    return true;
}

static bool by_secret(struct jmap_request *request, const char *secret, bool is_cookie,
                      struct identity **identity_out, struct err *err)
{
    unsigned char hash[ACCESS_TOKEN_HASH_BYTES];
    struct access_token token;

    if (!web_secret_hash(secret, hash))
        return nobody(err);
    if (!access_token_find(request->jmap->options.directory, request->arena, hash, &token, err))
        return false;
    if (token.is_session != is_cookie || *token.lacks)
        return nobody(err);
    if (!auth_identity(request->jmap->options.auth, request->arena, token.login, identity_out, err))
        return err->kind == ERR_NOT_FOUND ? nobody(err) : false;
    return ((*identity_out)->protocols & PROTOCOL_WEB) ||
           err_set(err, ERR_DENIED, "This account may not be used on the web.");
}

/* A token of ours, or one of an identity provider. */
static bool by_bearer(struct jmap_request *request, const struct http_request *http, const char *token,
                      struct identity **identity_out, struct err *err)
{
    struct auth_request asked = {
        .protocol = PROTOCOL_WEB, .peer = *http_peer(http), .host = http_header(http, "Host")
    };
    unsigned delay_ms;

    if (web_is_secret(token))
        return by_secret(request, token, false, identity_out, err);
    return auth_token(request->jmap->options.auth, request->arena, &asked, span_text(token), identity_out,
                      &delay_ms, err);
}

static bool find(struct jmap_request *request, const struct http_request *http, struct http_reply *reply,
                 struct identity **identity_out, struct err *err)
{
    const char *value = http_header(http, "Authorization"), *cookie;

    if (value && strncasecmp(value, "Basic ", 6) == 0)
        return by_password(request, http, value + 6, identity_out, err);
    if (value && strncasecmp(value, "Negotiate ", 10) == 0)
        return by_ticket(request, http, reply, value + 10, identity_out, err);
    if (value && strncasecmp(value, "Bearer ", 7) == 0)
        return by_bearer(request, http, value + 7, identity_out, err);
    cookie = web_cookie_value(request->arena, http_header(http, "Cookie"), http_is_tls(http));
    if (!cookie)
        return nobody(err);
    if (!web_is_of_our_page(request->arena, http_method(http), http_header(http, "Origin"),
                            http_header(http, "Host"), http_is_tls(http)))
        return err_set(err, ERR_DENIED, "This request was not made by a page of this server.");
    return by_secret(request, cookie, true, identity_out, err);
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

bool jmap_enter(struct jmap *jmap, const struct http_request *http, struct http_reply *reply,
                struct jmap_request **request_out, struct err *err)
{
    struct jmap_request *request = talloc_zero(http_arena(http), struct jmap_request);
    struct identity *identity;
    char peer[NET_ADDRESS_TEXT];

    request->jmap = jmap;
    request->http = http;
    request->arena = http_arena(http);
    request->peer = talloc_strdup(request->arena, net_address_text(http_peer(http), peer));
    if (!find(request, http, reply, &identity, err)) {
        if (err->kind == ERR_AUTH && reply)
            challenge(jmap, http, reply);
        return false;
    }
    request->identity = identity;
    request->reader = (struct mailbox_reader){ .recipient_id = identity->recipient_id,
                                               .mailbox_id = identity->mailbox.mailbox_id,
                                               .organisation_id = identity->organisation_id };
    request->created = jmap_keep(request->arena, json_object());
    request->responses = jmap_keep(request->arena, json_array());
    *request_out = request;
    return true;
}
