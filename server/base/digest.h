/*
 * digest.h -- SHA-256, HMAC, random bytes, comparison in constant time, over OpenSSL.
 *
 * A digest or random generator that fails is a broken machine, not an error a caller could handle: the
 * process stops.
 *
 * Threads  all functions may be called from any thread; a struct sha256 belongs to one.
 */
#ifndef BASE_DIGEST_H
#define BASE_DIGEST_H

#include "base/span.h"

#define SHA256_BYTES 32
#define SHA1_BYTES 20

/* SHA-256 of the bytes (FIPS 180-4). */
void sha256(struct span bytes, uint8_t digest_out[SHA256_BYTES]);
/* HMAC with SHA-256 (RFC 2104). */
void hmac_sha256(struct span key, struct span bytes, uint8_t mac_out[SHA256_BYTES]);

/* SHA-1: for the handshake of WebSocket (RFC 6455, 4.2.2), which keeps no secret with it. */
void sha1(struct span bytes, uint8_t digest_out[SHA1_BYTES]);
/* HMAC with SHA-1: for one-time passwords (RFC 4226), whose programs know no other. */
void hmac_sha1(struct span key, struct span bytes, uint8_t mac_out[SHA1_BYTES]);

/* In pieces; belongs to the talloc context `owner`. */
struct sha256;
/* A digest in pieces, under `owner`. */
struct sha256 *sha256_new(const void *owner);
/* The next piece. */
void sha256_add(struct sha256 *sha, struct span bytes);
/* The digest of all that was added; afterwards it starts again. */
void sha256_finish(struct sha256 *sha, uint8_t digest_out[SHA256_BYTES]);

/* Unpredictable bytes from the system's generator. */
void random_bytes(void *out, size_t length);

/* Equal, in a time that depends on the lengths only. */
bool equal_in_constant_time(struct span a, struct span b);

/* Overwrites a secret; not optimised away. */
void secret_erase(void *bytes, size_t length);

/* 2 * length lower-case hexadecimal digits and a NUL. */
void hex_encode(struct span bytes, char *out);

#endif
