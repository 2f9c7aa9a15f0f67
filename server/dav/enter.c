/* enter.c -- who asks: a password, a token of ours, or one of an identity provider. Cookies are of pages, which read JMAP. */
#include "auth/web_secret.h"
#include "dav/call.h"
#include "format/codec.h"

#include <strings.h>

enum { CREDENTIALS_MAX = 2048 };

static bool nobody(struct err *err)
{
    return err_set(err, ERR_AUTH, "Log in first.");
}

static bool by_password(struct dav_call *call, const struct auth_request *asked, const char *encoded,
                        struct err *err)
{
    struct buf decoded = BUF_INIT(call->arena);
    struct span password, login;
    unsigned delay_ms;

    if (!codec_take_base64(span_trim(span_text(encoded)), CREDENTIALS_MAX, &decoded))
        return nobody(err);
    password = buf_span(&decoded);
    return span_take_until(&password, ':', &login) ? auth_password(call->dav->auth, call->arena, asked, login,
                                                                   password, &call->identity, &delay_ms, err)
                                                   : nobody(err);
}

static bool by_token(struct dav_call *call, const struct auth_request *asked, const char *token,
                     struct err *err)
{
    unsigned char hash[ACCESS_TOKEN_HASH_BYTES];
    struct access_token found;
    unsigned delay_ms;

    if (!web_is_secret(token))
        return auth_token(call->dav->auth, call->arena, asked, span_text(token), &call->identity, &delay_ms,
                          err);
    if (!web_secret_hash(token, hash))
        return nobody(err);
    if (!access_token_find(call->dav->directory, call->arena, hash, &found, err))
        return false;
    if (found.is_session || *found.lacks)
        return nobody(err);
    if (!auth_identity(call->dav->auth, call->arena, found.login, &call->identity, err))
        return err->kind == ERR_NOT_FOUND ? nobody(err) : false;
    return (call->identity->protocols & PROTOCOL_WEB) ||
           err_set(err, ERR_DENIED, "This account may not be used on the web.");
}

bool dav_enter(struct dav_call *call, struct err *err)
{
    struct auth_request asked = { .protocol = PROTOCOL_WEB,
                                  .peer = *http_peer(call->request),
                                  .host = http_header(call->request, "Host") };
    const char *value = http_header(call->request, "Authorization");

    if (value && strncasecmp(value, "Basic ", 6) == 0)
        return by_password(call, &asked, value + 6, err);
    if (value && strncasecmp(value, "Bearer ", 7) == 0)
        return by_token(call, &asked, value + 7, err);
    return nobody(err);
}
