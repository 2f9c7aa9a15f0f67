/* totp.c -- a keyed hash of the time. */
#include "auth/totp.h"

#include "base/clock.h"
#include "base/digest.h"

#include <glib.h>
#include <stdio.h>
#include <talloc.h>

enum { CODES = 1000000, STEPS_EACH_WAY = 1 };

/* RFC 4226, 5.3: four bytes from where the last one says. */
void totp_code(struct span secret, int64_t step, char code_out[TOTP_DIGITS + 1])
{
    uint8_t counter[8], mac[SHA1_BYTES];

    for (int i = 0; i < 8; i++)
        counter[i] = (uint8_t)((uint64_t)step >> (56 - 8 * i));
    hmac_sha1(secret, span_of(counter, sizeof counter), mac);
    const uint8_t *at = mac + (mac[SHA1_BYTES - 1] & 15);
    uint32_t number = (uint32_t)(at[0] & 127) << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
    snprintf(code_out, TOTP_DIGITS + 1, "%06u", number % CODES);
}

static bool read_digits(struct span typed, char digits_out[TOTP_DIGITS + 1])
{
    size_t count = 0;

    for (const char *p = typed.p; p < typed.end; p++) {
        if (*p == ' ')
            continue;
        if (*p < '0' || *p > '9' || count == TOTP_DIGITS)
            return false;
        digits_out[count++] = *p;
    }
    digits_out[count] = '\0';
    return count == TOTP_DIGITS;
}

bool totp_matches(struct span secret, struct span typed, int64_t now_us, int64_t last_step, int64_t *step_out)
{
    int64_t now = now_us / US_PER_S / TOTP_STEP_S;
    char digits[TOTP_DIGITS + 1], code[TOTP_DIGITS + 1];
    bool is_found = false;

    if (!read_digits(typed, digits))
        return false;
    for (int64_t step = now - STEPS_EACH_WAY; step <= now + STEPS_EACH_WAY; step++) {
        totp_code(secret, step, code);
        if (equal_in_constant_time(span_of(digits, TOTP_DIGITS), span_of(code, TOTP_DIGITS)) &&
            step > last_step) {
            *step_out = step;
            is_found = true;
        }
    }
    return is_found;
}

char *totp_uri(const void *owner, const char *issuer, const char *account, const char *secret)
{
    gchar *by = g_uri_escape_string(issuer, NULL, FALSE), *who = g_uri_escape_string(account, NULL, FALSE);
    char *upper = talloc_strdup(owner, secret), *uri;

    for (char *p = upper; *p; p++)
        *p = g_ascii_toupper(*p);
    uri =
        talloc_asprintf(owner, "otpauth://totp/%s:%s?secret=%s&issuer=%s&algorithm=SHA1&digits=%d&period=%d",
                        by, who, upper, by, TOTP_DIGITS, TOTP_STEP_S);
    talloc_free(upper);
    g_free(by);
    g_free(who);
    return uri;
}
