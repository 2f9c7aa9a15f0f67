/* session.c -- logging in from afar: sessions of browsers, tokens of programs. */
#include "admin_api/session.h"
#include "admin_api/call.h"
#include "admin_api/factor.h"
#include "admin_api/grant.h"
#include "admin_api/problem.h"
#include "admin_api/remote.h"
#include "auth/negotiate.h"
#include "auth/web_secret.h"
#include "base/clock.h"
#include "directory/organisation.h"
#include "directory/user.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <talloc.h>

enum { TOKEN_DAYS_MAX = 3660 };

static json_t *holder_json(const struct role_holder *holder)
{
    json_t *grants = json_array();

    for (size_t i = 0; i < holder->count; i++) {
        const struct role_assignment *a = &holder->assignments[i];
        json_array_append_new(
            grants,
            json_pack("{s:s, s:s, s:s?, s:o, s:o}", "role", a->role->name, "scope", role_scope_name(a->scope),
                      "object", a->scope_name, "until", json_time(a->until_us), "permissions",
                      role_permission_words(a->role->permissions & holder->permissions_max)));
    }
    return grants;
}

static bool describe(struct admin_call *call, const struct access_token *token,
                     const struct role_holder *holder, struct err *err)
{
    struct organisation organisation;
    struct actor self = { .name = token->login, .organisation_id = token->organisation_id };

    return organisation_get(call->api->options.directory, &self, call->arena, token->organisation_id,
                            &organisation, err) &&
           call_answer(call, json_pack("{s:s, s:s, s:s, s:s, s:s, s:o}", "login", token->login, "name",
                                       token->holder_name, "organisation", organisation.name, "lacks",
                                       token->lacks, "method", token->method, "grants", holder_json(holder)));
}

static void set_cookie(struct admin_call *call, const char *value, int64_t seconds)
{
    http_reply_header(call->reply, "Set-Cookie",
                      talloc_asprintf(call->arena, "%s=%s; Path=/; Max-Age=%lld; HttpOnly; SameSite=Strict%s",
                                      web_cookie_name(http_is_tls(call->request)), value, (long long)seconds,
                                      http_is_tls(call->request) ? "; Secure" : ""));
}

/* A browser sends its ticket when it is asked for one. */
static bool by_ticket(struct admin_call *call, const struct auth_request *request,
                      struct identity **identity_out, struct err *err)
{
    const char *value = http_header(call->request, "Authorization"), *answer;
    const char *origin = http_header(call->request, "Origin");

    if (origin && !web_is_of_our_page(call->arena, "POST", origin, http_header(call->request, "Host"),
                                      http_is_tls(call->request)))
        return err_set(err, ERR_DENIED, "This request was not made by a page of this server.");
    if (!negotiate_is_offered(call->api->options.auth))
        return err_set(err, ERR_INVALID, "This way to log in is not supported.");
    if (!value || strncasecmp(value, "Negotiate ", 10) != 0) {
        http_reply_header(call->reply, "WWW-Authenticate", "Negotiate");
        return problem_set(call, PROBLEM_NO_TICKET, err);
    }
    if (!auth_negotiate(call->api->options.auth, call->arena, request, span_text(value + 10), identity_out,
                        &answer, err))
        return false;
    if (*answer)
        http_reply_header(call->reply, "WWW-Authenticate",
                          talloc_asprintf(call->arena, "Negotiate %s", answer));
    return true;
}

/* How long auth wants the answer held back is not waited for here: a web thread serves many. Its limit stands. */
static bool log_in(struct admin_call *call, struct identity **identity_out, struct err *err)
{
    struct auth_request request = { .protocol = PROTOCOL_ADMIN, .peer = *http_peer(call->request) };
    const char *login = call_text(call, "login"), *password = call_text(call, "password");
    unsigned delay_ms;

    if (!call->api->options.auth)
        return err_set(err, ERR_BUSY, "Nobody can log in at the moment.");
    if (call_flag(call, "ticket", false))
        return by_ticket(call, &request, identity_out, err);
    if (!login || !password)
        return err_set(err, ERR_INVALID, "The fields login and password are needed.");
    return auth_password(call->api->options.auth, call->arena, &request, span_text(login),
                         span_text(password), identity_out, &delay_ms, err);
}

/* What comes after the right password. */
static bool find_lack(struct admin_call *call, const struct access_token *token,
                      const struct role_holder *holder, struct second_factor **factors_out, size_t *count_out,
                      const char **lacks_out, struct err *err)
{
    struct directory *directory = call->api->options.directory;
    bool is_required;

    *lacks_out = "";
    if (!second_factors_load(directory, call->arena, token->recipient_id, factors_out, count_out, err))
        return false;
    for (size_t i = 0; i < *count_out; i++)
        if ((*factors_out)[i].is_confirmed)
            *lacks_out = "factor";
    if (**lacks_out)
        return true;
    if (!factor_is_required(directory, token->organisation_id, holder, &is_required, err))
        return false;
    if (is_required)
        *lacks_out = "enrolment";
    return true;
}

bool session_establish(struct admin_call *call, struct access_token *token, const struct role_holder *holder,
                       enum session_proof proof, struct session_factors *factors_out, struct err *err)
{
    unsigned char hash[ACCESS_TOKEN_HASH_BYTES];
    char secret[WEB_SECRET_TEXT];
    const char *lacks = "";

    *factors_out = (struct session_factors){ .list = NULL };
    if (proof == SESSION_BY_ONE_FACTOR &&
        !find_lack(call, token, holder, &factors_out->list, &factors_out->count, &lacks, err))
        return false;
    token->lacks = lacks;
    factors_out->are_asked = strcmp(lacks, "factor") == 0;
    int64_t seconds = factors_out->are_asked ? FACTOR_LOGIN_S : SESSION_HOURS * 3600;
    token->expires_us = clock_now_us() + seconds * US_PER_S;
    web_secret_make(secret, hash);
    if (!access_token_add(call->api->options.directory, token, hash, &token->access_token_id, err))
        return false;
    set_cookie(call, secret, seconds);
    return true;
}

struct access_token session_of(struct admin_call *call, const struct identity *identity, const char *method)
{
    const char *agent = http_header(call->request, "User-Agent");
    char peer[NET_ADDRESS_TEXT];

    return (struct access_token){ .recipient_id = identity->recipient_id,
                                  .organisation_id = identity->organisation_id,
                                  .login = identity->login,
                                  .holder_name = identity->name,
                                  .is_session = true,
                                  .name = talloc_strndup(call->arena, agent ? agent : "", SESSION_NAME_SHOWN),
                                  .permissions = UINT64_MAX,
                                  .peer = talloc_strdup(call->arena,
                                                        net_address_text(http_peer(call->request), peer)),
                                  .method = method };
}

static bool begin(struct admin_call *call, struct access_token *token, const struct role_holder *holder,
                  struct err *err)
{
    struct session_factors factors;

    if (!session_establish(call, token, holder, SESSION_BY_ONE_FACTOR, &factors, err))
        return false;
    if (!factors.are_asked)
        return describe(call, token, holder, err);
    return factor_ask(call, token->access_token_id, factors.list, factors.count, err) &&
           err_set(err, ERR_AUTH, "A second factor is needed.");
}

bool session_begin(struct admin_call *call, struct err *err)
{
    struct role_holder holder;
    struct identity *identity;

    if (!call->is_remote)
        return err_set(err, ERR_NOT_FOUND, "There is nothing to log in to here.");
    call->limit_status = 429; /* too many failures: try later */
    if (!log_in(call, &identity, err)) {
        /* only who knows the password that has expired is told so, and then what the next one has to be */
        if (err->kind == ERR_EXPIRED)
            call->password = session_password_rules(call, call_text(call, "login"));
        return false;
    }
    if (!role_holder_load(call->api->options.directory, call->arena, identity->recipient_id, &holder, err))
        return false;
    struct access_token wanted =
        session_of(call, identity, call_flag(call, "ticket", false) ? "kerberos" : "password");
    return begin(call, &wanted, &holder, err);
}

static bool needs_token(const struct admin_call *call, struct err *err)
{
    return call->token != NULL ||
           err_set(err, ERR_NOT_FOUND, "There is no session on this machine's own socket.");
}

bool session_get(struct admin_call *call, struct err *err)
{
    return needs_token(call, err) && describe(call, call->token, call->holder, err);
}

static bool needs_session(const struct admin_call *call, struct err *err)
{
    return needs_token(call, err) &&
           (call->token->is_session || err_set(err, ERR_DENIED, "This is for sessions of people."));
}

/* A login that is whole from here on goes on under another secret: whoever knew the first one stays outside. */
bool session_factor_post(struct admin_call *call, struct err *err)
{
    unsigned char hash[ACCESS_TOKEN_HASH_BYTES];
    char secret[WEB_SECRET_TEXT];
    struct access_token now;
    const char *method;

    if (!needs_session(call, err) || !factor_prove(call, &method, err))
        return false;
    bool is_login = *call->token->lacks != '\0';
    web_secret_make(secret, hash);
    if (!access_token_verified(call->api->options.directory, call->token, &call->actor, method,
                               is_login ? hash : NULL, clock_now_us() + SESSION_HOURS * 3600 * US_PER_S, err))
        return false;
    if (is_login)
        set_cookie(call, secret, SESSION_HOURS * 3600);
    now = *call->token;
    now.lacks = "";
    now.method = method;
    return describe(call, &now, call->holder, err);
}

bool session_challenge_post(struct admin_call *call, struct err *err)
{
    struct second_factor *factors;
    size_t count;

    return needs_session(call, err) &&
           second_factors_load(call->api->options.directory, call->arena, call->token->recipient_id, &factors,
                               &count, err) &&
           factor_ask(call, call->token->access_token_id, factors, count, err) &&
           call_answer(call, json_incref(call->factor));
}

bool session_delete(struct admin_call *call, struct err *err)
{
    if (!needs_token(call, err) ||
        !access_token_remove(call->api->options.directory, &call->actor, call->token->recipient_id,
                             call->token->access_token_id, err))
        return false;
    set_cookie(call, "", 0);
    return true;
}

/* ---- tokens */

static bool read_permissions(struct admin_call *call, uint64_t *permissions_out, struct err *err)
{
    if (!role_read_permissions(call, permissions_out, err))
        return false;
    if (!call_has(call, "permissions"))
        *permissions_out = UINT64_MAX;
    return true;
}

/* A caller from afar makes tokens for himself, never with more than he came with. */
static bool find_token_holder(struct admin_call *call, struct access_token *wanted, struct err *err)
{
    const char *address = call_text(call, "holder");
    struct user user;

    if (call->token) {
        if (address && strcmp(address, call->token->login) != 0)
            return err_set(err, ERR_DENIED, "Everybody makes his tokens himself.");
        wanted->recipient_id = call->token->recipient_id;
        wanted->organisation_id = call->token->organisation_id;
        wanted->permissions &= call->token->permissions;
        return true;
    }
    if (!address)
        return err_set(err, ERR_INVALID, "The field holder is needed.");
    if (!user_find(call->api->options.directory, &call->actor, call->arena, address, &user, err))
        return false;
    wanted->recipient_id = user.recipient_id;
    wanted->organisation_id = user.organisation_id;
    return true;
}

bool token_post(struct admin_call *call, struct err *err)
{
    struct access_token wanted = { .name = call_text(call, "name") };
    int64_t days = call_number(call, "days", 0), id;
    char secret[WEB_SECRET_TEXT], peer[NET_ADDRESS_TEXT];
    unsigned char hash[ACCESS_TOKEN_HASH_BYTES];

    if (days < 0 || days > TOKEN_DAYS_MAX)
        return err_set(err, ERR_INVALID, "A token holds for 1 to %d days, or for ever (0).", TOKEN_DAYS_MAX);
    if (*wanted.name == '\0' || strlen(wanted.name) > SESSION_NAME_SHOWN)
        return err_set(err, ERR_INVALID, "A token's name has 1 to %d bytes.", SESSION_NAME_SHOWN);
    wanted.expires_us = days ? clock_now_us() + days * 86400 * US_PER_S : 0;
    wanted.peer = net_address_text(http_peer(call->request), peer);
    if (!factor_is_fresh(call, err) || !read_permissions(call, &wanted.permissions, err) ||
        !find_token_holder(call, &wanted, err))
        return false;
    web_secret_make(secret, hash);
    return access_token_add(call->api->options.directory, &wanted, hash, &id, err) &&
           call_created(call, json_pack("{s:I, s:s, s:s, s:o}", "id", (json_int_t)id, "name", wanted.name,
                                        "token", secret, "expires", json_time(wanted.expires_us)));
}
