/*
 * webauthn.h -- keys that answer a challenge (Web Authentication, level 2): what a browser brings from an authenticator, judged.
 *
 * Of attestation nothing is asked ("none") and nothing believed: a key is as good as the login that registers it. Algorithms:
 * ES256, EdDSA (Ed25519) and RS256.
 *
 * Errors   ERR_INVALID: not of this protocol; err->log says what. ERR_AUTH: well formed, but not the answer to this challenge,
 *          of another site, or not signed by this key.
 * Threads  pure functions.
 */
#ifndef AUTH_WEBAUTHN_H
#define AUTH_WEBAUTHN_H

#include "base/err.h"
#include "base/span.h"

enum {
    WEBAUTHN_CHALLENGE_BYTES = 32,
    WEBAUTHN_ID_MAX = 1023,  /* level 2, 4: Credential ID */
    WEBAUTHN_KEY_MAX = 2048, /* a COSE key */
    WEBAUTHN_CLIENT_DATA_MAX = 4096,
    WEBAUTHN_ATTESTATION_MAX = 16384,
    WEBAUTHN_SIGNATURE_MAX = 2048
};
enum webauthn_algorithm { WEBAUTHN_ES256 = -7, WEBAUTHN_EDDSA = -8, WEBAUTHN_RS256 = -257 };

/* What was asked for. */
struct webauthn_request {
    const char *site;      /* relying party: "mail.example.org" */
    const char *origin;    /* "https://mail.example.org:8443" */
    struct span challenge; /* its bytes */
    bool wants_verified;   /* the authenticator must have checked who uses it: PIN, finger */
};

/* What an authenticator said of itself; spans point into what was read. */
struct webauthn_credential {
    struct span id, key; /* the key as COSE */
    uint32_t sign_count; /* 0: it does not count */
    bool is_verified;
};

/* Registration (level 2, 7.1): `client_data` and `attestation` as their bytes. */
MUST_CHECK bool webauthn_register(const struct webauthn_request *request, struct span client_data,
                                  struct span attestation, struct webauthn_credential *credential_out,
                                  struct err *err);
/* Assertion (level 2, 7.2) by the key that registration gave, whose count was `sign_count`; the new one. A count that does not
 * rise is a copy of the authenticator: ERR_AUTH. */
MUST_CHECK bool webauthn_assert(const struct webauthn_request *request, struct span key, uint32_t sign_count,
                                struct span client_data, struct span authenticator_data,
                                struct span signature, uint32_t *sign_count_out, bool *is_verified_out,
                                struct err *err);

/* cose.c */
/* Is this a public key of one of the algorithms, whole and sound? */
MUST_CHECK bool cose_key_is_good(struct span key);
/* Did this key sign these bytes? */
MUST_CHECK bool cose_verify(struct span key, struct span bytes, struct span signature);

#endif
