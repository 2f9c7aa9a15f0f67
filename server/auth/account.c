/*
 * account.c -- finding, admitting and refusing.
 */
#include "auth/account.h"

#include <inttypes.h>
#include <stdio.h>
#include <talloc.h>

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

static bool check_brake(struct auth *auth, const struct auth_request *request, const struct account *account,
                        struct err *err)
{
    unsigned wait_s = is_braked(auth, request) ? brake_check(auth->brake, account->key, &request->peer) : 0;

    if (wait_s == 0)
        return true;
    auth->counters.throttled++;
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

bool account_find(struct auth *auth, const void *owner, const struct auth_request *request, struct span typed,
                  struct account *account_out, struct err *err)
{
    unsigned char secret[32];
    size_t length = span_length(typed);

    *account_out = (struct account){ .name = "" };
    if (!auth_secret(auth, secret, err)) {
        auth->counters.busy++;
        return false;
    }
    bool is_name = length > 0 && length <= LOGIN_LENGTH_MAX && !memchr(typed.p, '\0', length);
    account_out->name = is_name ? small_letters(owner, typed) : "";
    if (is_name && login_find(auth->options.directory, owner, account_out->name, &account_out->login, err)) {
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
    return check_brake(auth, request, account_out, err);
}

bool account_refuse(struct auth *auth, const struct auth_request *request, const struct account *account,
                    bool is_repeated, unsigned *delay_ms_out, struct err *err)
{
    *delay_ms_out = 0;
    auth->counters.failed++;
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
    return true;
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
