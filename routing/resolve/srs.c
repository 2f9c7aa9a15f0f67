/*
 * srs.c -- sender addresses rewritten and undone.
 */
#include "resolve/srs.h"

#include "base/clock.h"
#include "base/digest.h"
#include "directory/login.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <talloc.h>

/* RFC 4648 without the letters that case would confuse: local parts lose their case on the way. */
static const char base32[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

enum { HASH_CHARS = 8, DAY_CHARS = 2, DAYS = 1024 };

bool srs_key(struct directory *directory, struct srs_key *key_out, struct err *err)
{
    unsigned char secret[32];

    if (!directory_secret(directory, secret, err))
        return false;
    hmac_sha256(span_of(secret, sizeof secret), span_text("sender rewriting"), key_out->bytes);
    return true;
}

/* 40 bits of the keyed hash over `text` in lower case. */
static void hash_of(const struct srs_key *key, const char *text, char hash_out[HASH_CHARS + 1])
{
    uint8_t mac[SHA256_BYTES];
    char *lower = talloc_strdup(NULL, text);
    uint64_t bits = 0;

    for (char *p = lower; *p; p++)
        if (*p >= 'A' && *p <= 'Z')
            *p = (char)(*p - 'A' + 'a');
    hmac_sha256(span_of(key->bytes, sizeof key->bytes), span_text(lower), mac);
    talloc_free(lower);
    for (int i = 0; i < 5; i++)
        bits = bits << 8 | mac[i];
    for (int i = HASH_CHARS - 1; i >= 0; i--, bits >>= 5)
        hash_out[i] = base32[bits & 31];
    hash_out[HASH_CHARS] = '\0';
}

static unsigned day_of(int64_t now_us)
{
    return (unsigned)(now_us / (US_PER_S * 86400) % DAYS);
}

/* How many days ago "TT" was; DAYS where it is none. */
static unsigned age_of(const char *day, int64_t now_us)
{
    unsigned value = 0;

    for (int i = 0; i < DAY_CHARS; i++) {
        const char *at =
            day[i] ? strchr(base32, day[i] >= 'a' && day[i] <= 'z' ? day[i] - 32 : day[i]) : NULL;
        if (!at)
            return DAYS;
        value = value << 5 | (unsigned)(at - base32);
    }
    return (day_of(now_us) + DAYS - value) % DAYS;
}

/* "SRS0" or "SRS1" and a separator. */
static bool is_rewritten(const char *local, char digit)
{
    return strncasecmp(local, "SRS", 3) == 0 && local[3] == digit && local[4] && strchr("=+-", local[4]);
}

/* What follows the hash and '=', if the hash is ours; NULL otherwise. */
static const char *signed_part(const struct srs_key *key, const char *text)
{
    char hash[HASH_CHARS + 1];

    if (strnlen(text, HASH_CHARS + 1) <= HASH_CHARS || text[HASH_CHARS] != '=')
        return NULL;
    hash_of(key, text + HASH_CHARS + 1, hash);
    return strncasecmp(hash, text, HASH_CHARS) == 0 ? text + HASH_CHARS + 1 : NULL;
}

static bool fits(const char *address)
{
    const char *at = strrchr(address, '@');

    return at && at - address <= ADDRESS_LOCAL_MAX && strlen(at + 1) <= ADDRESS_DOMAIN_MAX;
}

/* local@host: SRS0. SRS0 or SRS1 of another: SRS1, with the forwarder that made the first of them. */
static char *payload_of(const void *owner, const char *local, const char *host, int64_t now_us,
                        char *digit_out)
{
    unsigned day = day_of(now_us);

    *digit_out = '1';
    if (is_rewritten(local, '0'))
        return talloc_asprintf(owner, "%s=%s", host, local + 4); /* its separator becomes the second '=' */
    if (is_rewritten(local, '1')) {
        const char *hash_end = strchr(local + 5, '='),
                   *host_end = hash_end ? strchr(hash_end + 1, '=') : NULL;
        if (host_end && host_end > hash_end + 1 && host_end[1])
            return talloc_strdup(owner, hash_end + 1);
    }
    *digit_out = '0';
    return talloc_asprintf(owner, "%c%c=%s=%s", base32[day >> 5], base32[day & 31], host, local);
}

const char *srs_forward(const struct srs_key *key, const void *owner, const char *sender, const char *domain,
                        int64_t now_us)
{
    const char *at = strrchr(sender, '@');
    char hash[HASH_CHARS + 1], digit, *local, *payload, *result;

    if (!at || *sender == '"')
        return sender;
    local = talloc_strndup(owner, sender, (size_t)(at - sender));
    payload = payload_of(owner, local, at + 1, now_us, &digit);
    hash_of(key, payload, hash);
    result = talloc_asprintf(owner, "SRS%c=%s=%s@%s", digit, hash, payload, domain);
    return fits(result) ? result : sender;
}

/* "TT=host=local" */
static enum srs_verdict reverse_first(const void *owner, const char *payload, int64_t now_us,
                                      const char **address_out)
{
    const char *host = payload + DAY_CHARS + 1, *local;

    if (strnlen(payload, DAY_CHARS + 1) <= DAY_CHARS || payload[DAY_CHARS] != '=' ||
        (local = strchr(host, '=')) == NULL || local == host || !local[1])
        return SRS_FORGED;
    if (age_of(payload, now_us) > SRS_DAYS)
        return SRS_EXPIRED;
    *address_out = talloc_asprintf(owner, "%s@%.*s", local + 1, (int)(local - host), host);
    return SRS_GOOD;
}

/* "forwarder=" and what the forwarder wrote behind its "SRS0" */
static enum srs_verdict reverse_further(const void *owner, const char *payload, const char **address_out)
{
    const char *rest = strchr(payload, '=');

    if (!rest || rest == payload || !rest[1])
        return SRS_FORGED;
    *address_out = talloc_asprintf(owner, "SRS0%s%s@%.*s", strchr("=+-", rest[1]) ? "" : "=", rest + 1,
                                   (int)(rest - payload), payload);
    return SRS_GOOD;
}

enum srs_verdict srs_reverse(const struct srs_key *key, const void *owner, const char *local, int64_t now_us,
                             const char **address_out)
{
    bool is_first = is_rewritten(local, '0');
    const char *payload;

    *address_out = NULL;
    if (!is_first && !is_rewritten(local, '1'))
        return SRS_NOT_REWRITTEN;
    payload = signed_part(key, local + 5);
    if (!payload)
        return SRS_FORGED;
    return is_first ? reverse_first(owner, payload, now_us, address_out)
                    : reverse_further(owner, payload, address_out);
}

bool resolve_sender(struct directory *directory, const void *owner, const char *sender,
                    const struct resolve_remote *remote, const char **sender_out, struct err *err)
{
    const char *at = strrchr(sender, '@'), *domain = remote->via ? strrchr(remote->via, '@') : NULL;
    struct srs_key key;
    bool is_ours;

    *sender_out = sender;
    if (!at || !domain)
        return true;
    if (!directory_has_domain(directory, at + 1, &is_ours, err))
        return false;
    if (is_ours)
        return true;
    if (!srs_key(directory, &key, err))
        return false;
    *sender_out = srs_forward(&key, owner, sender, domain + 1, clock_now_us());
    return true;
}
