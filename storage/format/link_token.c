/* link_token.c -- act, numbers and day as varints, 80 bits of a keyed hash behind them, in base32. */
#include "format/link_token.h"

#include "base/buf.h"
#include "base/digest.h"
#include "format/base32.h"

#include <string.h>
#include <talloc.h>

enum { MAC_BYTES = 10, BYTES_MAX = LINK_TOKEN_MAX * 5 / 8 };
#define DAY_US (INT64_C(86400) * 1000000)

static void mac_of(const unsigned char key[LINK_KEY_BYTES], struct span bytes, uint8_t mac_out[SHA256_BYTES])
{
    hmac_sha256(span_of(key, LINK_KEY_BYTES), bytes, mac_out);
}

char *link_token_text(const void *owner, const unsigned char key[LINK_KEY_BYTES],
                      const struct link_token *token)
{
    void *scratch = talloc_new(NULL);
    struct buf bytes = BUF_INIT(scratch);
    uint8_t mac[SHA256_BYTES];
    char *text;

    buf_add_byte(&bytes, (char)token->act);
    buf_add_varint(&bytes, token->a);
    buf_add_varint(&bytes, token->b);
    buf_add_varint(&bytes, (uint64_t)((token->until_us + DAY_US - 1) / DAY_US));
    mac_of(key, buf_span(&bytes), mac);
    buf_add(&bytes, mac, MAC_BYTES);
    text = base32_text(owner, buf_span(&bytes));
    talloc_free(scratch);
    return text;
}

enum link_verdict link_token_read(const unsigned char key[LINK_KEY_BYTES], struct span text, int64_t now_us,
                                  struct link_token *token_out)
{
    uint8_t bytes[BYTES_MAX], mac[SHA256_BYTES];
    struct span rest, sent;
    uint64_t day;
    size_t length;

    if (span_length(text) > LINK_TOKEN_MAX || !base32_read(text, bytes, sizeof bytes, &length) ||
        length <= MAC_BYTES)
        return LINK_FORGED;
    rest = span_of(bytes, length - MAC_BYTES);
    sent = span_of(bytes + length - MAC_BYTES, MAC_BYTES);
    mac_of(key, rest, mac);
    if (!equal_in_constant_time(sent, span_of(mac, MAC_BYTES)))
        return LINK_FORGED;
    token_out->act = (enum link_act) * rest.p++;
    if (token_out->act == 0 || token_out->act >= LINK_ACTS || !span_take_varint(&rest, &token_out->a) ||
        !span_take_varint(&rest, &token_out->b) || !span_take_varint(&rest, &day) || !span_is_empty(rest) ||
        day > INT64_MAX / DAY_US)
        return LINK_FORGED;
    token_out->until_us = (int64_t)day * DAY_US;
    return day && token_out->until_us <= now_us ? LINK_ENDED : LINK_GOOD;
}

uint64_t link_member(int64_t recipient_id, const char *address)
{
    uint8_t digest[SHA256_BYTES];
    uint64_t hash = 0;
    char *lower;

    if (recipient_id)
        return (uint64_t)recipient_id << 1;
    lower = talloc_strdup(NULL, address);
    for (char *p = lower; *p; p++)
        if (*p >= 'A' && *p <= 'Z')
            *p = (char)(*p - 'A' + 'a');
    sha256(span_text(lower), digest);
    talloc_free(lower);
    for (int i = 0; i < 6; i++)
        hash = hash << 8 | digest[i];
    return hash << 1 | 1;
}
