/*
 * web_enter.h -- who asks by HTTP: a password or app password (Basic), or a token of ours or of an identity provider (Bearer). What only
 * pages have (the cookie of a session, tickets) is looked at where pages are known.
 *
 * How long auth wants the answer held back is not waited for: a web thread serves many. Its limit stands.
 *
 * Ownership  the identity belongs to the talloc context `owner`.
 * Errors     those of auth.h; ERR_AUTH also where nothing, or nothing readable, is shown; ERR_DENIED: not on the web.
 * Threads    any.
 */
#ifndef AUTH_WEB_ENTER_H
#define AUTH_WEB_ENTER_H

#include "auth/auth.h"

struct web_door {
    struct auth *auth;
    struct directory *directory;
    struct net_address peer;
    const char *host; /* struct auth_request */
};

/* By the field Authorization; NULL: absent. */
MUST_CHECK bool web_enter(const struct web_door *door, const void *owner, const char *authorization,
                          struct identity **identity_out, struct err *err);

enum web_secret_kind { WEB_TOKEN, WEB_SESSION };
/* By a secret of ours (auth/web_secret.h): one of that kind, with no second factor missing. */
MUST_CHECK bool web_enter_by_secret(const struct web_door *door, const void *owner, const char *secret,
                                    enum web_secret_kind kind, struct identity **identity_out,
                                    struct err *err);
/* ERR_AUTH, in the words of all that come in here; false. */
static inline bool web_nobody(struct err *err)
{
    return err_set(err, ERR_AUTH, "Log in first.");
}

#endif
