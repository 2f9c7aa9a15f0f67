/*
 * totp.h -- one-time passwords by the clock (RFC 6238): six digits, thirty seconds, SHA-1, as every program for phones knows them.
 *
 * Threads  pure functions.
 */
#ifndef AUTH_TOTP_H
#define AUTH_TOTP_H

#include "base/span.h"

enum { TOTP_SECRET_BYTES = 20, TOTP_STEP_S = 30, TOTP_DIGITS = 6 };

/* The code of a step (seconds since 1970 / TOTP_STEP_S), with its NUL. */
void totp_code(struct span secret, int64_t step, char code_out[TOTP_DIGITS + 1]);
/* Is it the code of now, or of the step before or after? Which step: a code is good once, so steps up to `last_step` are over.
 * Spaces inside are skipped, as programs show them. Takes the same time whichever step it is. */
MUST_CHECK bool totp_matches(struct span secret, struct span typed, int64_t now_us, int64_t last_step,
                             int64_t *step_out);
/* "otpauth://totp/...": what programs read from a picture. The secret in base32. Under `owner`. */
char *totp_uri(const void *owner, const char *issuer, const char *account, const char *secret);

#endif
