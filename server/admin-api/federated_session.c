/*
 * federated_session.c -- logging in by an identity provider: which there are, the way there, and the way back.
 *
 * The browser is sent away and comes back by a link of another site, with which it does not send the session's own cookie
 * (SameSite=Strict): a cookie of its own shows that it is the browser that went.
 */
#include "admin_api/session.h"
#include "auth/federation.h"
#include "auth/negotiate.h"
#include "auth/web_secret.h"
#include "base/log.h"
#include "directory/identity_provider.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <talloc.h>

enum { RETURN_MAX = 200, HOST_MAX = 260 };

static const char *cookie_name(const struct admin_call *call)
{
    return http_is_tls(call->request) ? "__Host-chappe-login" : "chappe-login";
}

static void set_cookie(struct admin_call *call, const char *value, int seconds)
{
    http_reply_header(call->reply, "Set-Cookie",
                      talloc_asprintf(call->arena, "%s=%s; Path=/; Max-Age=%d; HttpOnly; SameSite=Lax%s",
                                      cookie_name(call), value, seconds,
                                      http_is_tls(call->request) ? "; Secure" : ""));
}

static bool send_to(struct admin_call *call, const char *address)
{
    http_reply_status(call->reply, 303);
    http_reply_header(call->reply, "Location", address);
    http_reply_header(call->reply, "Cache-Control", "no-store");
    http_reply_header(call->reply, "Referrer-Policy", "no-referrer");
    call->is_answered = true;
    return true;
}

static bool needs_federation(const struct admin_call *call, struct err *err)
{
    return (call->is_remote && call->api->options.federation && call->api->options.auth) ||
           err_set(err, ERR_NOT_FOUND, "There is nothing to log in to here.");
}

/* ---- which there are */

bool session_providers_get(struct admin_call *call, struct err *err)
{
    const char *login = http_query(call->request, "login");
    const char *at = login ? strrchr(login, '@') : NULL;
    struct identity_provider *list;
    json_t *json = json_array();
    size_t count = 0;

    if (at && call->is_remote &&
        !providers_of_domain(call->api->options.directory, call->arena, PROVIDER_FOR_WEB, at + 1, &list,
                             &count, err)) {
        json_decref(json);
        return false;
    }
    for (size_t i = 0; i < count; i++)
        json_array_append_new(json, json_pack("{s:I, s:s}", "id", (json_int_t)list[i].identity_provider_id,
                                              "name", list[i].name));
    return call_answer(call, json_pack("{s:o, s:b}", "providers", json, "ticket",
                                       call->is_remote && call->api->options.auth &&
                                           negotiate_is_offered(call->api->options.auth)));
}

/* ---- there */

/* A page of this server and nothing else: a path without an authority, a query or a step upwards. */
static bool is_page(const char *path)
{
    if (path[0] != '/' || path[1] == '/' || strlen(path) > RETURN_MAX || strstr(path, "..") ||
        strstr(path, "//"))
        return false;
    for (const char *p = path; *p; p++)
        if (!isalnum((unsigned char)*p) && !strchr("/-_.~", *p))
            return false;
    return true;
}

static const char *own_address(struct admin_call *call, struct err *err)
{
    const char *host = http_header(call->request, "Host");
    bool is_good = host && *host && strlen(host) <= HOST_MAX;

    for (const char *p = host; is_good && *p; p++)
        is_good = isalnum((unsigned char)*p) || strchr("-.:[]", *p);
    if (!is_good) {
        err_set(err, ERR_INVALID, "The request does not say which server it is for.");
        return NULL;
    }
    return talloc_asprintf(call->arena, "%s://%s/api/v1/session/callback",
                           http_is_tls(call->request) ? "https" : "http", host);
}

bool session_provider_begin(struct admin_call *call, struct err *err)
{
    const char *provider = http_query(call->request, "provider");
    const char *page = http_query(call->request, "return");
    struct federation_way way;
    const char *address;

    if (!needs_federation(call, err) || !(address = own_address(call, err)))
        return false;
    if (!provider || !page || !is_page(page))
        return err_set(err, ERR_INVALID, "An identity provider and a page of this server must be named.");
    if (!federation_begin(call->api->options.federation, call->arena, strtoll(provider, NULL, 10), address,
                          page, http_query(call->request, "login"), &way, err))
        return false;
    set_cookie(call, way.browser, FEDERATED_LOGIN_S);
    return send_to(call, way.address);
}

/* ---- back */

/* What the page is told: words, from which it makes a sentence. */
static const char *word_of(const struct err *err)
{
    return err->kind == ERR_NOT_FOUND                        ? "expired"
           : err->kind == ERR_DENIED                         ? "denied"
           : err->kind == ERR_BUSY || err->kind == ERR_LIMIT ? "later"
                                                             : "refused";
}

/* Who administers an organisation chooses its provider: that must not open what is beyond it. */
static bool may_vouch(const struct federation_login *login, const struct role_holder *holder, struct err *err)
{
    for (size_t i = 0; i < holder->count && !login->vouches_beyond; i++)
        if (holder->assignments[i].scope == SCOPE_INSTALLATION) {
            err_log(err, "%s holds rights beyond the organisation", login->login);
            return err_set(err, ERR_DENIED, "This account logs in by password.");
        }
    return true;
}

static bool establish(struct admin_call *call, const struct federation_login *login, const char **word_out,
                      struct err *err)
{
    struct directory *directory = call->api->options.directory;
    struct session_factors factors;
    struct role_holder holder;
    struct identity *identity;

    if (!auth_identity(call->api->options.auth, call->arena, login->login, &identity, err) ||
        !role_holder_load(directory, call->arena, identity->recipient_id, &holder, err) ||
        !may_vouch(login, &holder, err))
        return false;
    if (!(identity->protocols & (PROTOCOL_ADMIN | PROTOCOL_WEB)))
        return err_set(err, ERR_DENIED, "This account may not be used on the web.");
    struct access_token wanted = session_of(call, identity, "oidc");
    if (!session_establish(call, &wanted, &holder,
                           login->has_factor ? SESSION_BY_TWO_FACTORS : SESSION_BY_ONE_FACTOR, &factors, err))
        return false;
    *word_out = factors.are_asked ? "factor" : NULL;
    return true;
}

static const char *brought_cookie(const struct admin_call *call)
{
    return web_named_cookie(call->arena, http_header(call->request, "Cookie"), cookie_name(call));
}

/* Whatever came of it, a person sits there: the page that he came from says it. */
bool session_provider_callback(struct admin_call *call, struct err *err)
{
    struct federation_return returned = { .state = http_query(call->request, "state"),
                                          .code = http_query(call->request, "code"),
                                          .error = http_query(call->request, "error"),
                                          .issuer = http_query(call->request, "iss"),
                                          .browser = brought_cookie(call) };
    struct federation_login login;
    const char *word = NULL;

    if (!needs_federation(call, err))
        return false;
    if (!federation_finish(call->api->options.federation, call->arena, &returned, &login, err) ||
        !establish(call, &login, &word, err)) {
        log_err(LOG_LEVEL_INFO, "admin.federated_login", err);
        word = word_of(err);
        *err = ERR_INIT;
    }
    set_cookie(call, "", 0);
    const char *page = login.return_path ? login.return_path : "/";
    return send_to(call, word ? talloc_asprintf(call->arena, "%s?login=%s", page, word) : page);
}
