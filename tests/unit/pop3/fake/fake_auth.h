/*
 * fake_auth.h -- server/auth for tests: ada@example.org, mailbox 1 of group 1, with the password "secret word" or "secret".
 */
#ifndef FAKE_AUTH_H
#define FAKE_AUTH_H

#include "auth/sasl.h"

#include <talloc.h>

/* What auth_still_valid() says. */
static enum err_kind fake_login_ends;

bool auth_password(struct auth *auth, const void *owner, const struct auth_request *request,
                   struct span login, struct span password, struct identity **identity_out,
                   unsigned *delay_ms_out, struct err *err)
{
    (void)auth;
    (void)request;
    *delay_ms_out = 0;
    if (span_equals_text(login, "slow@example.org"))
        return err_set(err, ERR_BUSY, "down");
    if (span_equals_text(login, "full@example.org"))
        return err_set(err, ERR_LIMIT, "throttled");
    if (!span_equals_text(password, "secret word") && !span_equals_text(password, "secret")) {
        *delay_ms_out = 2000;
        return err_set(err, ERR_AUTH, "wrong");
    }
    if (span_equals_text(login, "bob@example.org"))
        return err_set(err, ERR_DENIED, "not allowed");
    if (!span_equals_text(login, "ada@example.org"))
        return err_set(err, ERR_AUTH, "wrong");
    *identity_out = talloc_zero(owner, struct identity);
    (*identity_out)->login = "ada@example.org";
    (*identity_out)->mailbox.storage_group_id = 1;
    (*identity_out)->mailbox.mailbox_id = 1;
    return true;
}
bool auth_still_valid(struct auth *auth, const struct identity *identity, struct err *err)
{
    (void)auth;
    (void)identity;
    return fake_login_ends == ERR_NONE || err_set(err, fake_login_ends, "changed");
}

struct sasl {
    bool is_login;
    char *name;
    struct identity *identity;
    unsigned delay_ms;
};

const char **sasl_mechanisms(struct auth *auth, const void *owner, enum directory_protocol protocol,
                             const struct sasl_channel *channel)
{
    (void)protocol;
    static const char *const all[] = { "SCRAM-SHA-256", "PLAIN", NULL };
    const char **names = talloc_array(owner, const char *, 3);

    (void)auth;
    names[0] = all[0];
    names[1] = channel->may_send_password ? all[1] : NULL;
    names[2] = NULL;
    return names;
}
bool sasl_start(struct auth *auth, const void *owner, const struct auth_request *request,
                const struct sasl_channel *channel, struct span mechanism, struct sasl **sasl_out,
                struct err *err)
{
    (void)auth;
    (void)request;
    if (!span_equals_nocase(mechanism, "PLAIN") && !span_equals_nocase(mechanism, "LOGIN"))
        return err_set(err, ERR_INVALID, "no such mechanism");
    if (!channel->may_send_password)
        return err_set(err, ERR_DENIED, "in clear");
    *sasl_out = talloc_zero(owner, struct sasl);
    (*sasl_out)->is_login = span_equals_nocase(mechanism, "LOGIN");
    return true;
}
static inline enum sasl_next fake_login(struct sasl *sasl, struct span password, struct err *err)
{
    return auth_password(NULL, sasl, NULL, span_text(sasl->name), password, &sasl->identity, &sasl->delay_ms,
                         err)
               ? SASL_OK
               : SASL_FAILED;
}
enum sasl_next sasl_step(struct sasl *sasl, const struct span *response, struct span *challenge_out,
                         struct err *err)
{
    struct span nothing, name, rest;

    *challenge_out = span_text(sasl->is_login ? (sasl->name ? "Password:" : "Username:") : "");
    if (!response)
        return SASL_CHALLENGE;
    rest = *response;
    if (sasl->is_login && !sasl->name) {
        sasl->name = span_copy(sasl, rest);
        *challenge_out = span_text("Password:");
        return SASL_CHALLENGE;
    }
    if (sasl->is_login)
        return fake_login(sasl, rest, err);
    if (!span_take_until(&rest, '\0', &nothing) || !span_take_until(&rest, '\0', &name)) {
        err_set(err, ERR_INVALID, "broken");
        return SASL_FAILED;
    }
    sasl->name = span_copy(sasl, name);
    return fake_login(sasl, rest, err);
}
struct identity *sasl_identity(const struct sasl *sasl)
{
    return sasl->identity;
}
unsigned sasl_delay_ms(const struct sasl *sasl)
{
    return sasl->delay_ms;
}
const char *sasl_login(const struct sasl *sasl)
{
    return sasl->name ? sasl->name : "";
}

#endif
