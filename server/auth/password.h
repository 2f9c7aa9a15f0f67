/*
 * password.h -- from a password to what is stored of it (argon2id, SCRAM-SHA-256), and app passwords.
 *
 * A password is compared after SASLprep (RFC 4013); one that cannot be prepared is taken as its bytes.
 */
#ifndef AUTH_PASSWORD_H
#define AUTH_PASSWORD_H

#include "base/span.h"
#include "directory/credential.h"

enum { PASSWORD_LENGTH_MAX = 1024, PASSWORD_LENGTH_MIN = 8, APP_PASSWORD_TEXT = 30 };

/* ERR_INVALID: shorter than 8 or longer than 1,024 bytes, or with NUL. Costs an argon2. Strings belong to `owner`. */
MUST_CHECK bool password_hash(const void *owner, struct span password, struct credential *credential_out,
                              struct err *err);

/* "k7xq2-...": 125 random bits in five groups of five; text with NUL, and the hash to store. */
void app_password_generate(char text_out[APP_PASSWORD_TEXT], unsigned char hash_out[APP_PASSWORD_HASH_BYTES]);
/* The same hash of what a user typed: spaces, dashes and case do not matter. False: cannot be an app password. */
MUST_CHECK bool app_password_hash(struct span typed, unsigned char hash_out[APP_PASSWORD_HASH_BYTES]);

#endif
