/* remote.c -- a cookie or a token, and whom it stands for. */
#include "admin_api/remote.h"

#include "auth/web_secret.h"

#include <string.h>
#include <talloc.h>

static const char *bearer(const struct admin_call *call)
{
    const char *value = http_header(call->request, "Authorization");

    return value && strncmp(value, "Bearer ", 7) == 0 ? value + 7 : NULL;
}

static bool is_of_our_page(const struct admin_call *call)
{
    return web_is_of_our_page(call->arena, http_method(call->request), http_header(call->request, "Origin"),
                              http_header(call->request, "Host"), http_is_tls(call->request));
}

static bool find_token(struct admin_call *call, const char *secret, struct err *err)
{
    struct access_token *token = talloc_zero(call->arena, struct access_token);
    unsigned char hash[ACCESS_TOKEN_HASH_BYTES];

    if (!web_secret_hash(secret, hash))
        return err_set(err, ERR_AUTH, "Log in first.");
    call->token = token;
    return access_token_find(call->api->options.directory, call->arena, hash, token, err);
}

bool remote_become(struct admin_call *call, int64_t recipient_id, int64_t organisation_id, const char *login,
                   uint64_t permissions_max, const char *peer, struct err *err)
{
    struct role_holder *holder = talloc_zero(call->arena, struct role_holder);

    if (!role_holder_load(call->api->options.directory, call->arena, recipient_id, holder, err))
        return false;
    holder->organisation_id = organisation_id;
    holder->permissions_max = permissions_max;
    call->holder = holder;
    call->actor = (struct actor){ .name = login,
                                  .recipient_id = recipient_id,
                                  .organisation_id = role_holds_all(holder) ? 0 : organisation_id,
                                  .peer = peer,
                                  .within = role_within(call->arena, holder, organisation_id, UINT64_MAX) };
    return true;
}

bool remote_enter(struct admin_call *call, struct err *err)
{
    const char *token = bearer(call);
    const char *secret = token ? token
                               : web_cookie_value(call->arena, http_header(call->request, "Cookie"),
                                                  http_is_tls(call->request));
    char peer[NET_ADDRESS_TEXT];

    if (!find_token(call, secret, err)) {
        if (err->kind == ERR_AUTH)
            http_reply_header(call->reply, "WWW-Authenticate", "Bearer");
        return false;
    }
    if (!token && !is_of_our_page(call))
        return err_set(err, ERR_DENIED, "This request was not made by a page of this server.");
    if (!token != call->token->is_session)
        return err_set(err, ERR_AUTH, "Log in first.");
    return remote_become(call, call->token->recipient_id, call->token->organisation_id, call->token->login,
                         call->token->permissions,
                         talloc_strdup(call->arena, net_address_text(http_peer(call->request), peer)), err);
}
