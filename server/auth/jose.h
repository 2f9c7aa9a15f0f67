/*
 * jose.h -- signed tokens (JWT, RFC 7519, in the compact form of RFC 7515) and the keys of those who sign them (JWK, RFC 7517).
 *
 * RS256, ES256 and EdDSA (Ed25519) are believed; "none", what is signed with a shared secret, and everything else are not, whatever key
 * there is. A token that marks something as critical is refused: we know of nothing.
 *
 * Ownership  a token and keys belong to the talloc context they were read with.
 * Errors     ERR_AUTH: no token, or not a good one; err->log says why. ERR_NOT_FOUND: of a key that is not among these.
 * Threads    pure functions.
 */
#ifndef AUTH_JOSE_H
#define AUTH_JOSE_H

#include "auth/public_key.h"
#include "base/err.h"

#include <jansson.h>

enum { JOSE_TOKEN_MAX = 16 * 1024, JOSE_KEYS_MAX = 64, JOSE_KEYS_TEXT_MAX = 256 * 1024, JOSE_SKEW_S = 60 };

struct jose_keys;

struct jose_token {
    enum public_key_kind kind; /* of the key that its algorithm needs */
    const char *key_id;        /* NULL: it names none */
    const char *issuer;        /* as it says: nothing is verified yet */
    const json_t *claims;      /* lives as long as the token */
    struct span signed_part, signature;
};

/* Takes it apart, and believes nothing. `text` must live as long. */
MUST_CHECK bool jose_read(const void *owner, struct span text, struct jose_token **token_out,
                          struct err *err);
/* Could it be a token of this form at all, or is it one that only its issuer understands? */
bool jose_has_form(struct span text);

/* A set of keys (RFC 7517, 5); those that are of no use here are left out. ERR_INVALID: it is none. */
MUST_CHECK bool jose_keys_read(const void *owner, const json_t *set, struct jose_keys **keys_out,
                               struct err *err);
/* How many of them can be used. */
size_t jose_keys_count(const struct jose_keys *keys);
/* Signed by the key that it names, or, where it names none, by the only one of its kind. */
MUST_CHECK bool jose_verify(const struct jose_token *token, const struct jose_keys *keys, struct err *err);

/* What a verified token must say. */
struct jose_expectation {
    const char *issuer, *audience;
    const char *nonce; /* NULL: none */
    int64_t now_s;
};
/* Issuer and audience are these, it holds now (clocks may differ by JOSE_SKEW_S), and, of several audiences, it was made out to this
 * one (azp, OpenID Connect Core 1.0, 3.1.3.7). */
MUST_CHECK bool jose_expect(const struct jose_token *token, const struct jose_expectation *wanted,
                            struct err *err);

/* What claims of any source say of time: exp (which must be there), nbf and iat. */
MUST_CHECK bool jose_holds_now(const json_t *claims, int64_t now_s, struct err *err);
/* The audience is this text, or a list that holds it. */
bool jose_is_for(const json_t *claims, const char *audience);

#endif
