/*
 * account.c -- finding, admitting and refusing.
 */
#include "auth/account.h"

#include "auth/company.h"
#include "auth/seen.h"
#include "base/clock.h"
#include "base/metrics.h"

#include <inttypes.h>
#include <stdio.h>
#include <talloc.h>

enum outcome { LOGIN_GOOD, LOGIN_WRONG, LOGIN_BRAKED };
static const char *const outcomes[] = { "good", "wrong", "braked" };
/* As the bits of enum directory_protocol follow each other. */
static const char *const protocols[] = { "smtp", "imap", "pop3", "web", "dav", "nntp", "sieve", "admin" };
METRIC_COUNTER_BY2(logins, "chappe_logins_total", "Logins by name and password", "outcome", outcomes,
                   "protocol", protocols)

static void count(const struct auth_request *request, enum outcome outcome)
{
    metric_add_at(&logins, 1, outcome, (size_t)__builtin_ctz((unsigned)request->protocol));
}

static const char wrong_text[] = "The name or the password is wrong.";

bool auth_secret(struct auth *auth, unsigned char secret_out[32], struct err *err)
{
    unsigned char secret[32];

    pthread_mutex_lock(&auth->lock);
    bool has_secret = auth->has_secret;
    if (has_secret)
        memcpy(secret_out, auth->secret, sizeof auth->secret);
    pthread_mutex_unlock(&auth->lock);
    if (has_secret)
        return true;
    if (!directory_secret(auth->options.directory, secret, err))
        return false;
    pthread_mutex_lock(&auth->lock);
    memcpy(auth->secret, secret, sizeof auth->secret);
    auth->has_secret = true;
    pthread_mutex_unlock(&auth->lock);
    brake_set_secret(auth->brake, secret);
    memcpy(secret_out, secret, sizeof secret);
    return true;
}

static bool is_braked(const struct auth *auth, const struct auth_request *request)
{
    return !(auth->options.forgives_loopback && net_is_loopback(&request->peer));
}

bool account_may_try(struct auth *auth, const struct auth_request *request, const struct account *account,
                     struct err *err)
{
    unsigned wait_s = is_braked(auth, request) ? brake_check(auth->brake, account->key, &request->peer) : 0;

    if (wait_s == 0)
        return true;
    auth->counters.throttled++;
    count(request, LOGIN_BRAKED);
    err_log(err, "%s is braked for another %u s", account->name, wait_s);
    return err_set(err, ERR_LIMIT, "There were too many failed logins. Please try again in %u minutes.",
                   wait_s / 60 + 1);
}

static char *small_letters(const void *owner, struct span typed)
{
    char *text = span_copy(owner, typed);

    for (char *p = text; *p; p++)
        if (*p >= 'A' && *p <= 'Z')
            *p = (char)(*p + ('a' - 'A'));
    return text;
}

/* In small letters, with a domain. */
static const char *whole_name(const struct auth *auth, const void *owner, struct span typed)
{
    char *name = small_letters(owner, typed);
    const char *domain = auth->options.login_domain;

    if (domain && *domain && !strpbrk(name, "@\\"))
        name = talloc_asprintf(owner, "%s@%s", name, domain);
    return name;
}

/* By its address; whether that, and which other names, mean somebody in a company directory is for that to say. */
static bool find_login(struct auth *auth, const void *owner, const char *name, struct login *login_out,
                       struct err *err)
{
    struct login found;
    bool is_found = login_find(auth->options.directory, owner, name, &found, err);

    if (!is_found && err->kind != ERR_NOT_FOUND)
        return false;
    if (is_found && found.source_id == 0) {
        *login_out = found;
        return true;
    }
    return auth->options.sources ? company_find(auth, owner, name, is_found ? &found : NULL, login_out, err)
                                 : err_set(err, ERR_NOT_FOUND, "There is no such account.");
}

bool account_look_up(struct auth *auth, const void *owner, struct span typed, struct account *account_out,
                     struct err *err)
{
    unsigned char secret[32];
    size_t length = span_length(typed);

    *account_out = (struct account){ .name = "" };
    if (!auth_secret(auth, secret, err)) {
        auth->counters.busy++;
        return false;
    }
    bool is_name = length > 0 && length <= LOGIN_LENGTH_MAX && !memchr(typed.p, '\0', length);
    account_out->name = is_name ? whole_name(auth, owner, typed) : "";
    if (is_name && find_login(auth, owner, account_out->name, &account_out->login, err)) {
        account_out->is_known = true;
        snprintf(account_out->id, sizeof account_out->id, "%" PRId64, account_out->login.recipient_id);
        account_out->key = span_text(account_out->id);
    } else if (is_name && err->kind != ERR_NOT_FOUND) {
        auth->counters.busy++;
        return false;
    } else {
        account_out->key = span_text(account_out->name);
    }
    *err = ERR_INIT;
    return true;
}

bool account_find(struct auth *auth, const void *owner, const struct auth_request *request, struct span typed,
                  struct account *account_out, struct err *err)
{
    return account_look_up(auth, owner, typed, account_out, err) &&
           account_may_try(auth, request, account_out, err);
}

/* Whom a company directory calls so; else an account of ours with that address. */
static bool find_principal(struct auth *auth, const void *owner, const char *name, const char *domain,
                           struct login *login_out, struct err *err)
{
    *err = ERR_INIT;
    if (auth->options.sources) {
        if (company_find_principal(auth, owner, name, domain, login_out, err))
            return true;
        if (err->kind != ERR_NOT_FOUND)
            return false;
    }
    return login_find(auth->options.directory, owner, talloc_asprintf(owner, "%s@%s", name, domain),
                      login_out, err) &&
           (login_out->source_id == 0 || err_set(err, ERR_NOT_FOUND, "There is no such account."));
}

static bool no_mailbox(struct auth *auth, const char *name, const char *realm, struct err *err)
{
    auth->counters.failed++;
    err_log(err, "kerberos: %s@%s has no mailbox", name, realm);
    return err_set(err, ERR_AUTH, "There is no mailbox for %.100s@%.100s here.", name, realm);
}

bool account_of_principal(struct auth *auth, const void *owner, const char *name, const char *realm,
                          struct account *account_out, struct err *err)
{
    const char *domain;

    for (size_t i = 0; (domain = kerberos_domain(auth->kerberos, realm, i)) != NULL; i++) {
        *account_out = (struct account){ .name = talloc_asprintf(owner, "%s@%s", name, domain) };
        account_out->is_known = find_principal(auth, owner, name, domain, &account_out->login, err);
        if (!account_out->is_known && err->kind != ERR_NOT_FOUND) {
            auth->counters.busy++;
            return false;
        }
        if (account_out->is_known && account_out->login.state == RECIPIENT_ACTIVE) {
            snprintf(account_out->id, sizeof account_out->id, "%" PRId64, account_out->login.recipient_id);
            account_out->key = span_text(account_out->id);
            *err = ERR_INIT;
            return true;
        }
    }
    return no_mailbox(auth, name, realm, err);
}

bool account_refuse(struct auth *auth, const struct auth_request *request, const struct account *account,
                    bool is_repeated, unsigned *delay_ms_out, struct err *err)
{
    *delay_ms_out = 0;
    auth->counters.failed++;
    count(request, LOGIN_WRONG);
    if (is_braked(auth, request))
        *delay_ms_out = is_repeated ? brake_repeated(auth->brake, account->key, &request->peer)
                                    : brake_failed(auth->brake, account->key, &request->peer);
    return err_set(err, ERR_AUTH, "%s", wrong_text);
}

static bool load_identity(struct auth *auth, const void *owner, const struct login *login,
                          struct identity **identity_out, struct err *err)
{
    struct identity *identity = talloc(owner, struct identity);

    *identity = (struct identity){
        .recipient_id = login->recipient_id,
        .organisation_id = login->organisation_id,
        .domain_id = login->domain_id,
        .login = talloc_strdup(identity, login->login),
        .name = talloc_strdup(identity, login->name),
        .mailbox = login->mailbox,
        .protocols = login->protocols,
        .preference = { talloc_strdup(identity, login->preference.language), login->preference.undo_s },
        .stamp = login->stamp,
    };
    if (!login_senders(auth->options.directory, identity, login->recipient_id, &identity->senders,
                       &identity->sender_count, err)) {
        talloc_free(identity);
        return false;
    }
    *identity_out = identity;
    return true;
}

bool account_password_suffices(struct auth *auth, const struct auth_request *request,
                               const struct account *account, struct err *err)
{
    if (!account->login.has_second_factor || request->protocol == PROTOCOL_ADMIN ||
        auth->options.password_alone)
        return true;
    auth->counters.denied++;
    return err_set(err, ERR_DENIED,
                   "This account has a second factor: make an app password for this program and use that.");
}

bool account_admit(struct auth *auth, const void *owner, const struct auth_request *request,
                   const struct account *account, const struct login_app_password *app,
                   struct identity **identity_out, struct err *err)
{
    struct err ignored;

    if (!(account->login.protocols & (unsigned)request->protocol)) {
        auth->counters.denied++;
        return err_set(err, ERR_DENIED, "This account may not be used by %s.",
                       directory_protocol_name(request->protocol));
    }
    if (account->login.closes_us && account->login.closes_us < clock_now_us()) {
        auth->counters.denied++;
        return company_refuse(LDAP_ACCOUNT_EXPIRED, err);
    }
    if (!load_identity(auth, owner, &account->login, identity_out, err)) {
        auth->counters.busy++;
        return false;
    }
    if (app) {
        (*identity_out)->app_password_id = app->app_password_id;
        (*identity_out)->protocols &= app->protocols;
        (void)!login_note_app_password(auth->options.directory, app->app_password_id, &ignored);
    }
    if (is_braked(auth, request))
        brake_succeeded(auth->brake, account->key, &request->peer);
    auth->counters.succeeded++;
    seen_note(auth->seen, request, *identity_out);
    count(request, LOGIN_GOOD);
    return true;
}

bool account_vouched(struct auth *auth, const void *owner, const struct auth_request *request,
                     const char *login, struct identity **identity_out, unsigned *delay_ms_out,
                     struct err *err)
{
    void *scratch = talloc_new(NULL);
    struct account account;

    *delay_ms_out = 0;
    bool ok = account_find(auth, scratch, request, span_text(login), &account, err);
    if (ok && (!account.is_known || account.login.state != RECIPIENT_ACTIVE))
        ok = account_refuse(auth, request, &account, false, delay_ms_out, err);
    ok = ok && account_admit(auth, owner, request, &account, NULL, identity_out, err);
    talloc_free(scratch);
    return ok;
}

bool auth_identity(struct auth *auth, const void *owner, const char *login, struct identity **identity_out,
                   struct err *err)
{
    struct login found;
    void *scratch = talloc_new(NULL);

    *err = ERR_INIT;
    bool ok =
        login_find(auth->options.directory, scratch, login, &found, err) &&
        (found.state != RECIPIENT_DISABLED || err_set(err, ERR_NOT_FOUND, "There is no such account.")) &&
        load_identity(auth, owner, &found, identity_out, err);
    talloc_free(scratch);
    return ok;
}

bool auth_again(struct auth *auth, const void *owner, const struct auth_request *request, struct span login,
                struct identity **identity_out, struct err *err)
{
    void *scratch = talloc_new(NULL);
    struct account account;
    bool ok = account_look_up(auth, scratch, login, &account, err);

    if (ok && (!account.is_known || account.login.state != RECIPIENT_ACTIVE ||
               !(account.login.protocols & (unsigned)request->protocol) ||
               (account.login.closes_us && account.login.closes_us < clock_now_us())))
        ok = err_set(err, ERR_AUTH, "This account may not log in any more.");
    ok = ok && load_identity(auth, owner, &account.login, identity_out, err);
    talloc_free(scratch);
    return ok;
}

bool auth_still_valid(struct auth *auth, const struct identity *identity, struct err *err)
{
    int64_t stamp;

    *err = ERR_INIT;
    if (!login_stamp(auth->options.directory, identity->recipient_id, &stamp, err) &&
        err->kind != ERR_NOT_FOUND)
        return false;
    if (err->kind == ERR_NONE && stamp == identity->stamp)
        return true;
    return err_set(err, ERR_AUTH, "The account was changed. Please log in again.");
}

bool identity_may_send_as(const struct identity *identity, const char *address_key)
{
    for (size_t i = 0; i < identity->sender_count; i++)
        if (strcmp(identity->senders[i], address_key) == 0)
            return true;
    return false;
}
