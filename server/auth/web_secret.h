/*
 * web_secret.h -- what a browser or a program shows instead of a password: the secret of a session, in a cookie, or of a
 * token (directory/access_token.h).
 *
 * Threads  pure functions; any thread.
 */
#ifndef AUTH_WEB_SECRET_H
#define AUTH_WEB_SECRET_H

#include "base/span.h"
#include "directory/access_token.h"

enum {
    WEB_SECRET_BYTES = 32,
    WEB_SECRET_TEXT = 4 + 2 * WEB_SECRET_BYTES + 1 /* "chp_" and hexadecimal digits, with NUL */
};

/* A fresh secret and what is stored of it. */
void web_secret_make(char text_out[WEB_SECRET_TEXT], unsigned char hash_out[ACCESS_TOKEN_HASH_BYTES]);
/* What is stored of a secret that was shown; false for NULL and for what cannot be one. */
MUST_CHECK bool web_secret_hash(const char *text, unsigned char hash_out[ACCESS_TOKEN_HASH_BYTES]);

/* Has it the form of one of ours? */
bool web_is_secret(const char *text);
/* Under what name a session's cookie goes: over TLS one that no other host or path can set. Static. */
const char *web_cookie_name(bool is_tls);
/* The value of a cookie in a Cookie header, under `owner`; NULL without one. Accepts NULL. */
const char *web_named_cookie(const void *owner, const char *cookies, const char *name);
/* Its value in a Cookie header, under `owner`; NULL without one. Accepts NULL. */
const char *web_cookie_value(const void *owner, const char *cookies, bool is_tls);
/* A browser says from which page a request comes; one that a cookie opens and that changes something must come from a page
 * of ours (CSRF). `origin`, `host`: those headers; NULL: absent. */
bool web_is_of_our_page(const void *owner, const char *method, const char *origin, const char *host,
                        bool is_tls);

#endif
