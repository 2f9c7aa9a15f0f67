/* words.c -- strings of commands (RFC 5804, 4). */
#include "managesieve/command.h"

#include <talloc.h>

enum { QUOTED_MAX = 1024 }; /* octets inside of a quoted string, as they are sent */

bool managesieve_take_literal_head(struct span *in, uint64_t *length_out)
{
    struct span rest = *in;

    if (!span_take_byte(&rest, '{') || !span_take_u64(&rest, length_out) || !span_take_byte(&rest, '+') ||
        !span_take_byte(&rest, '}'))
        return false;
    (void)!span_take_byte(&rest, '\r');
    if (!span_take_byte(&rest, '\n'))
        return false;
    *in = rest;
    return true;
}

static bool take_quoted(const void *owner, struct span *in, struct span *text_out)
{
    struct buf text = buf_owned_by(owner);
    const char *p;

    for (p = in->p + 1; p < in->end && *p != '"'; p++) {
        if (*p == '\\' && p + 1 < in->end)
            p++;
        if (*p == '\r' || *p == '\n' || *p == '\0')
            return false;
        buf_add_byte(&text, *p);
    }
    if (p >= in->end || p - in->p - 1 > QUOTED_MAX)
        return false;
    *text_out = text.p ? buf_span(&text) : span_text("");
    in->p = p + 1;
    return true;
}

bool managesieve_take_string(const void *owner, struct span *in, struct span *text_out)
{
    struct span rest = *in;
    uint64_t length;

    if (in->p < in->end && *in->p == '"')
        return take_quoted(owner, in, text_out);
    if (!managesieve_take_literal_head(&rest, &length) || length > span_length(rest))
        return false;
    *text_out = span_part(rest, 0, length);
    if (span_is_empty(*text_out))
        *text_out = span_text("");
    in->p = rest.p + length;
    return true;
}
