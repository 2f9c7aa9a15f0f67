/* web_enter.c -- see web_enter.h. */
#include "auth/web_enter.h"

#include "auth/web_secret.h"
#include "format/codec.h"

#include <strings.h>

enum { CREDENTIALS_MAX = 2048 };

static bool by_password(const struct web_door *door, const void *owner, const char *encoded,
                        struct identity **identity_out, struct err *err)
{
    const struct auth_request asked = { .protocol = PROTOCOL_WEB, .peer = door->peer };
    struct buf decoded = buf_owned_by(owner);
    struct span password, login;
    unsigned delay_ms;

    if (!codec_take_base64(span_trim(span_text(encoded)), CREDENTIALS_MAX, &decoded))
        return web_nobody(err);
    password = buf_span(&decoded);
    if (!span_take_until(&password, ':', &login))
        return web_nobody(err);
    return auth_password(door->auth, owner, &asked, login, password, identity_out, &delay_ms, err);
}

bool web_enter_by_secret(const struct web_door *door, const void *owner, const char *secret,
                         enum web_secret_kind kind, struct identity **identity_out, struct err *err)
{
    unsigned char hash[ACCESS_TOKEN_HASH_BYTES];
    struct access_token token;

    if (!web_secret_hash(secret, hash))
        return web_nobody(err);
    if (!access_token_find(door->directory, owner, hash, &token, err))
        return false;
    if (token.is_session != (kind == WEB_SESSION) || *token.lacks)
        return web_nobody(err);
    if (!auth_identity(door->auth, owner, token.login, identity_out, err))
        return err->kind == ERR_NOT_FOUND ? web_nobody(err) : false;
    (*identity_out)->access_token_id = token.access_token_id;
    return ((*identity_out)->protocols & PROTOCOL_WEB) ||
           err_set(err, ERR_DENIED, "This account may not be used on the web.");
}

static bool by_bearer(const struct web_door *door, const void *owner, const char *token,
                      struct identity **identity_out, struct err *err)
{
    const struct auth_request asked = { .protocol = PROTOCOL_WEB, .peer = door->peer, .host = door->host };
    unsigned delay_ms;

    if (web_is_secret(token))
        return web_enter_by_secret(door, owner, token, WEB_TOKEN, identity_out, err);
    return auth_token(door->auth, owner, &asked, span_text(token), identity_out, &delay_ms, err);
}

bool web_enter(const struct web_door *door, const void *owner, const char *authorization,
               struct identity **identity_out, struct err *err)
{
    if (authorization && strncasecmp(authorization, "Basic ", 6) == 0)
        return by_password(door, owner, authorization + 6, identity_out, err);
    if (authorization && strncasecmp(authorization, "Bearer ", 7) == 0)
        return by_bearer(door, owner, authorization + 7, identity_out, err);
    return web_nobody(err);
}
