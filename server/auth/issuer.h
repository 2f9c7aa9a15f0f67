/*
 * issuer.h -- what identity providers say of themselves (OpenID Connect Discovery 1.0) and the keys they sign with, kept in memory. For
 * this room only.
 *
 * Both are asked for when they are an hour old, and keys as soon as a token names one that is not among them, but not more often
 * than every five seconds. While a provider does not answer, what it said within a day goes on to hold, and it is left alone for ten
 * seconds after each failure. One thread asks; others wait for it, and so many at most.
 *
 * Errors   ERR_BUSY: it cannot be asked now; ERR_AUTH as jose.h.
 * Threads  all functions may be called from any thread.
 */
#ifndef AUTH_ISSUER_H
#define AUTH_ISSUER_H

#include "auth/jose.h"
#include "directory/identity_provider.h"

enum { ISSUERS_MAX = 256, ISSUER_REQUESTS_MAX = 8 };

struct issuers;

/* Under `owner`. */
struct issuers *issuers_open(const void *owner);
/* Nobody asks any more. Accepts and sets NULL. */
void issuers_close(struct issuers **issuers);

struct issuer {
    const char *authorization, *token, *introspection, *userinfo,
        *keys;                 /* addresses; NULL where it has none */
    bool takes_secret_in_form; /* client_secret_post, and not client_secret_basic */
};
/* What it says of itself; strings under `owner`. */
MUST_CHECK bool issuer_get(struct issuers *issuers, const void *owner,
                           const struct identity_provider *provider, struct issuer *issuer_out,
                           struct err *err);
/* Was this token signed by it? */
MUST_CHECK bool issuer_verify(struct issuers *issuers, const struct identity_provider *provider,
                              const struct jose_token *token, struct err *err);
/* How many keys it has that can be used; asks for them where they are not known. */
MUST_CHECK bool issuer_count_keys(struct issuers *issuers, const struct identity_provider *provider,
                                  size_t *count_out, struct err *err);
/* Before and after something else is asked of it: ERR_BUSY where it failed just now, or ISSUER_REQUESTS_MAX are under way. */
MUST_CHECK bool issuer_enter(struct issuers *issuers, const struct identity_provider *provider,
                             struct err *err);
enum issuer_outcome { ISSUER_ANSWERED, ISSUER_FAILED };
/* What came of it. */
void issuer_leave(struct issuers *issuers, const struct identity_provider *provider,
                  enum issuer_outcome outcome);
/* Forgets what is known of it, failures too: it was changed, or is to be tested. */
void issuer_forget(struct issuers *issuers, const struct identity_provider *provider);

#endif
