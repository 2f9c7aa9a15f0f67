/*
 * keypair.h -- new keys for signatures, over OpenSSL.
 *
 * Threads  any thread.
 */
#ifndef BASE_KEYPAIR_H
#define BASE_KEYPAIR_H

#include "base/err.h"
#include "base/span.h"

#include <stddef.h>

enum keypair_kind { KEYPAIR_RSA, KEYPAIR_ED25519 };

/* `bits`: of an RSA key. The private key as PEM (PKCS #8), the public one as base64 in one line: of an RSA key its
 * SubjectPublicKeyInfo, of an Ed25519 key its 32 bytes, as DKIM publishes them (RFC 6376, RFC 8463). Under `owner`.
 * ERR_INTERNAL only where OpenSSL is broken. */
MUST_CHECK bool keypair_make(const void *owner, enum keypair_kind kind, unsigned bits, char **private_out,
                             char **public_out, struct err *err);

/* Signs SHA-256 of `bytes` with a private key from above: RSASSA-PKCS1-v1_5, or Ed25519 over the digest (RFC 8463, 3).
 * base64 in one line, under `owner`. ERR_INTERNAL for what is no such key. */
MUST_CHECK bool keypair_sign(const void *owner, enum keypair_kind kind, const char *private_key,
                             struct span bytes, char **signature_out, struct err *err);

/* Is `signature` (its bytes) one over `bytes` by the key that `public_key` holds: the bytes of what keypair_make() gives as
 * base64; for RSA also a bare RSAPublicKey. RSA keys below KEYPAIR_RSA_BITS_LEAST never are. */
enum { KEYPAIR_RSA_BITS_LEAST = 1024 };
MUST_CHECK bool keypair_verify(enum keypair_kind kind, struct span public_key, struct span bytes,
                               struct span signature);

#endif
