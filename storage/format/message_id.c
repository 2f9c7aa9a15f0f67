/*
 * message_id.c -- one form of a message id, so that a reply finds its thread whoever rewrote the folding.
 */
#include "format/message_id.h"

#include <talloc.h>

static void add_hex(struct buf *out, uint64_t value, unsigned digits)
{
    static const char hex[] = "0123456789abcdef";

    while (digits-- > 0)
        buf_add_byte(out, hex[value >> (digits * 4) & 15]);
}

void message_id_add(struct buf *out, int64_t now_us, const uint8_t random[16], const char *host)
{
    buf_add_byte(out, '<');
    add_hex(out, (uint64_t)now_us, 14);
    buf_add_byte(out, '.');
    for (size_t i = 0; i < 16; i++)
        add_hex(out, random[i], 2);
    buf_add_byte(out, '@');
    buf_add_text(out, host);
    buf_add_byte(out, '>');
}

static bool is_left_out(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\0';
}

char *message_id_canonical(const void *owner, struct span id)
{
    char *text, *to;
    bool may_unquote;

    id = span_trim(id);
    if (span_take_byte(&id, '<') && !span_is_empty(id) && id.end[-1] == '>')
        id.end--;
    to = text = talloc_size(owner, span_length(id) + 1);
    may_unquote = !span_is_empty(id) && *id.p == '"' && memmem(id.p, span_length(id), "\"@", 2) &&
                  !memchr(id.p, '\\', span_length(id));
    for (; id.p < id.end && to - text < MESSAGE_ID_MAX; id.p++)
        if (!is_left_out(*id.p) && !(may_unquote && *id.p == '"'))
            *to++ = *id.p;
    *to = '\0';
    return text;
}

uint64_t message_id_hash(struct span canonical_id)
{
    uint64_t hash = UINT64_C(14695981039346656037);

    for (; canonical_id.p < canonical_id.end; canonical_id.p++) {
        hash ^= (unsigned char)*canonical_id.p;
        hash *= UINT64_C(1099511628211);
    }
    hash ^= hash >> 33;
    hash *= UINT64_C(0xff51afd7ed558ccd);
    hash ^= hash >> 33;
    hash *= UINT64_C(0xc4ceb9fe1a85ec53);
    return hash ^ hash >> 33;
}
