/*
 * web_push.h -- what a push service wants of who pushes: a body that only the browser can read (RFC 8291, aes128gcm), and a signature that
 * says who sends it (VAPID, RFC 8292), both over P-256.
 *
 * Ownership  results belong to the talloc context `owner`.
 * Threads    pure functions; any thread.
 */
#ifndef AUTH_WEB_PUSH_H
#define AUTH_WEB_PUSH_H

#include "base/err.h"
#include "base/span.h"

enum {
    WEB_PUSH_KEY_BYTES = 65, /* an uncompressed point */
    WEB_PUSH_SECRET_BYTES = 16,
    WEB_PUSH_BODY_MAX = 4096, /* that every push service takes (RFC 8030, 7.2) */
    WEB_PUSH_OVERHEAD = 86 + 17,
    WEB_PUSH_TOKEN_S = 12 * 3600
};

/* A key that signs: PEM, and the point that browsers are told. ERR_INTERNAL only where OpenSSL is broken. */
MUST_CHECK bool web_push_key_make(const void *owner, char **private_out, struct span *public_out,
                                  struct err *err);
/* Is this a point of the curve? */
bool web_push_is_key(struct span public_key);

/* What the browser with this key and secret can read. ERR_INVALID: no such key, or longer than WEB_PUSH_BODY_MAX allows. */
MUST_CHECK bool web_push_seal(const void *owner, struct span public_key, struct span secret,
                              struct span plain, struct span *body_out, struct err *err);

/* "vapid t=..., k=...", the field Authorization for this https URL, good until then (seconds since 1970). `contact`: "mailto:...", for
 * the service's operators. ERR_INVALID: no URL of a push service; ERR_INTERNAL: no such key. */
MUST_CHECK bool web_push_sign(const void *owner, const char *private_key, struct span public_key,
                              const char *url, const char *contact, int64_t until_s, char **field_out,
                              struct err *err);

#endif
