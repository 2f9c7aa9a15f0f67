/*
 * public_key.h -- public keys of three kinds, however they were written (COSE, JWK), verified by OpenSSL. For this room only.
 *
 * RSA keys have 2048 to 8192 bits; a point that is not on its curve is no key.
 *
 * Threads  pure functions.
 */
#ifndef AUTH_PUBLIC_KEY_H
#define AUTH_PUBLIC_KEY_H

#include "base/span.h"

enum public_key_kind { PUBLIC_KEY_NONE, PUBLIC_KEY_RSA, PUBLIC_KEY_P256, PUBLIC_KEY_ED25519 };

struct public_key {
    enum public_key_kind kind;
    struct span first;  /* modulus; x */
    struct span second; /* exponent; y; of Ed25519 nothing */
};

/* How a signature of ECDSA is written: as ASN.1, or as its two numbers side by side (RFC 7518, 3.4). */
enum signature_form { SIGNATURE_ASN1, SIGNATURE_RAW };
enum { PUBLIC_KEY_COORDINATE_BYTES = 32, SIGNATURE_MAX = 2048 };

/* Is it whole and sound? */
MUST_CHECK bool public_key_is_good(const struct public_key *key);
/* Did it sign these bytes: RSASSA-PKCS1-v1_5 or ECDSA over SHA-256, or Ed25519? */
MUST_CHECK bool public_key_verify(const struct public_key *key, enum signature_form form, struct span bytes,
                                  struct span signature);

#endif
