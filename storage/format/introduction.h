/*
 * introduction.h -- how two servers of one installation prove to each other who they are: the command XCHAPPE on port 25.
 *
 *     C: XCHAPPE HELLO paris.example.org <nonce of C>
 *     S: 250 2.7.0 <nonce of S> <proof of S>
 *     C: XCHAPPE PROOF <proof of C>
 *     S: 250 2.7.0 ...
 *
 * Both proofs are HMACs under the key that the directory keeps for the server that calls: it shows that it is that server, the
 * other that it reads the same directory. They cover both names, both nonces and, where there is TLS, what binds them to this
 * very connection (RFC 9266), so that nobody in the middle can pass them on. Nonces and proofs are base64.
 *
 * Threads  pure functions; any thread.
 */
#ifndef FORMAT_INTRODUCTION_H
#define FORMAT_INTRODUCTION_H

#include "base/digest.h"
#include "base/span.h"

enum { INTRODUCTION_NONCE_BYTES = 16, INTRODUCTION_KEY_BYTES = 32 };

enum introduction_side { INTRODUCTION_CALLER, INTRODUCTION_CALLED };

struct introduction {
    const char *caller, *called; /* host names, as they were said */
    uint8_t caller_nonce[INTRODUCTION_NONCE_BYTES], called_nonce[INTRODUCTION_NONCE_BYTES];
    struct span binding; /* of the TLS connection; empty without TLS */
};

/* Host names count as equal whatever their case. */
void introduction_proof(const uint8_t key[INTRODUCTION_KEY_BYTES], const struct introduction *introduction,
                        enum introduction_side side, uint8_t proof_out[SHA256_BYTES]);

/* What follows HELLO: a name, under `owner`, and a nonce. */
MUST_CHECK bool introduction_take_hello(const void *owner, struct span in, const char **caller_out,
                                        uint8_t nonce_out[INTRODUCTION_NONCE_BYTES]);
/* What answers it: a nonce and a proof. */
MUST_CHECK bool introduction_take_answer(struct span in, uint8_t nonce_out[INTRODUCTION_NONCE_BYTES],
                                         uint8_t proof_out[SHA256_BYTES]);
/* What follows PROOF. */
MUST_CHECK bool introduction_take_proof(struct span in, uint8_t proof_out[SHA256_BYTES]);

#endif
