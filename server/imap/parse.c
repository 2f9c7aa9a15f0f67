/*
 * parse.c -- see parse.h. Character classes are tables, because a FETCH of ten thousand ranges or a LIST pattern
 * passes here byte by byte.
 */
#include "imap/parse.h"

#include <stdlib.h>
#include <talloc.h>

enum char_class { ATOM = 1, ASTRING = 2, LIST = 4, TAG = 8 };

/* Everything printable but the atom-specials; "]" is only allowed in an astring, "%" and "*" only in a pattern. */
static unsigned classes_of(unsigned char c)
{
    switch (c) {
    case '(':
    case ')':
    case '{':
    case '"':
    case '\\':
        return 0;
    case '%':
    case '*':
        return LIST;
    case ']':
        return ASTRING | LIST | TAG;
    case '+':
        return ATOM | ASTRING | LIST;
    default:
        return c > 0x20 && c < 0x7F ? ATOM | ASTRING | LIST | TAG : 0;
    }
}

bool imap_is_atom_char(char c)
{
    return classes_of((unsigned char)c) & ATOM;
}

bool imap_take_byte(struct imap_in *in, char byte)
{
    return span_take_byte(&in->rest, byte);
}

static bool take_class(struct imap_in *in, unsigned wanted, struct span *out)
{
    const char *p = in->rest.p;

    while (p < in->rest.end && (classes_of((unsigned char)*p) & wanted))
        p++;
    if (p == in->rest.p)
        return false;
    *out = (struct span){ in->rest.p, p };
    in->rest.p = p;
    return true;
}

bool imap_take_keyword(struct imap_in *in, const char *word)
{
    struct span rest = in->rest;

    if (!span_take_word(&rest, word))
        return false;
    if (!span_is_empty(rest) && imap_is_atom_char(*rest.p) && *rest.p != '[' && *rest.p != '<')
        return false;
    in->rest = rest;
    return true;
}

bool imap_take_atom(struct imap_in *in, struct span *atom_out)
{
    return take_class(in, ATOM, atom_out);
}

bool imap_take_tag(struct imap_in *in, struct span *tag_out)
{
    return take_class(in, TAG, tag_out);
}

/* True where [p, end) is well-formed UTF-8 without overlong forms and surrogates (RFC 3629). */
static bool is_utf8(const char *p, const char *end)
{
    const unsigned char *u = (const unsigned char *)p, *stop = (const unsigned char *)end;

    while (u < stop) {
        unsigned char lead = *u++;
        unsigned low = 0x80, high = 0xBF;
        int more = lead < 0x80                    ? 0
                   : lead >= 0xC2 && lead <= 0xDF ? 1
                   : (lead & 0xF0) == 0xE0        ? 2
                   : lead >= 0xF0 && lead <= 0xF4 ? 3
                                                  : -1;

        if (more < 0 || stop - u < more)
            return false;
        if (lead == 0xE0)
            low = 0xA0;
        else if (lead == 0xED)
            high = 0x9F;
        else if (lead == 0xF0)
            low = 0x90;
        else if (lead == 0xF4)
            high = 0x8F;
        for (; more > 0; more--, u++, low = 0x80, high = 0xBF)
            if (*u < low || *u > high)
                return false;
    }
    return true;
}

/* The inside of a quoted string without its backslashes. */
static struct span unescape(void *arena, struct span raw)
{
    char *copy = talloc_size(arena, span_length(raw) + 1), *to = copy;

    for (const char *p = raw.p; p < raw.end; p++) {
        if (*p == '\\')
            p++;
        *to++ = *p;
    }
    return (struct span){ copy, to };
}

static bool take_quoted(struct imap_in *in, struct span *out)
{
    const char *p = in->rest.p + 1, *start = p;
    bool has_escapes = false, has_8bit = false;

    if (!imap_peek(in, '"'))
        return false;
    for (; p < in->rest.end && *p != '"'; p++) {
        if (*p == '\\') {
            has_escapes = true;
            if (++p == in->rest.end || (*p != '"' && *p != '\\'))
                return false;
        } else if (*p == '\0' || *p == '\r' || *p == '\n') {
            return false;
        } else if ((unsigned char)*p >= 0x80) {
            has_8bit = true;
        }
    }
    if (p == in->rest.end || (has_8bit && (!in->takes_utf8 || !is_utf8(start, p))))
        return false;
    *out = (struct span){ start, p };
    if (has_escapes)
        *out = unescape(in->arena, *out);
    in->rest.p = p + 1;
    return true;
}

/* The framing has let only complete literals through; this finds the same borders again. */
bool imap_take_literal(struct imap_in *in, struct imap_literal *literal_out)
{
    struct span rest = in->rest;
    struct imap_literal found = { .is_binary = span_take_byte(&rest, '~') };

    if (!span_take_byte(&rest, '{') || !span_take_u64(&rest, &found.size))
        return false;
    if (!span_take_byte(&rest, '+') && !span_take_byte(&rest, '-') && (rest.p == rest.end || *rest.p != '}'))
        return false;
    if (!span_take_word(&rest, "}\r\n"))
        return false;
    for (size_t i = 0; i < in->spooled_count; i++)
        if (in->spooled[i].at == rest.p)
            found.spool = &in->spooled[i];
    if (!found.spool) {
        if (found.size > span_length(rest))
            return false;
        found.bytes = span_of(rest.p, (size_t)found.size);
        rest.p += found.size;
    }
    in->rest = rest;
    *literal_out = found;
    return true;
}

bool imap_take_string(struct imap_in *in, struct span *string_out)
{
    struct imap_in ahead = *in;
    struct imap_literal literal;

    if (imap_peek(in, '"'))
        return take_quoted(in, string_out);
    if (!imap_peek(in, '{') || !imap_take_literal(&ahead, &literal) || literal.spool)
        return false;
    if (span_find_byte(literal.bytes, '\0'))
        return false;
    in->rest = ahead.rest;
    *string_out = literal.bytes;
    return true;
}

bool imap_take_string8(struct imap_in *in, struct span *string_out)
{
    struct imap_in ahead = *in;
    struct imap_literal literal;

    if (!imap_peek(in, '~'))
        return imap_take_string(in, string_out);
    if (!imap_take_literal(&ahead, &literal) || literal.spool)
        return false;
    in->rest = ahead.rest;
    *string_out = literal.bytes;
    return true;
}

bool imap_take_astring(struct imap_in *in, struct span *string_out)
{
    return imap_take_string(in, string_out) || take_class(in, ASTRING, string_out);
}

bool imap_take_nstring(struct imap_in *in, struct span *string_out, bool *is_nil_out)
{
    *is_nil_out = imap_take_keyword(in, "NIL");
    *string_out = (struct span){ NULL, NULL };
    return *is_nil_out || imap_take_string(in, string_out);
}

bool imap_take_pattern(struct imap_in *in, struct span *pattern_out)
{
    return imap_take_string(in, pattern_out) || take_class(in, LIST, pattern_out);
}

bool imap_take_flag(struct imap_in *in, struct span *flag_out)
{
    struct imap_in ahead = *in;
    struct span name;

    if (imap_take_byte(&ahead, '\\') && imap_peek(&ahead, '*')) {
        *flag_out = (struct span){ in->rest.p, ahead.rest.p + 1 };
        in->rest.p = flag_out->end;
        return true;
    }
    if (!imap_take_atom(&ahead, &name))
        return false;
    *flag_out = (struct span){ in->rest.p, ahead.rest.p };
    in->rest = ahead.rest;
    return true;
}

bool imap_take_number(struct imap_in *in, uint32_t *value_out)
{
    return span_take_u32(&in->rest, value_out);
}

bool imap_take_nz_number(struct imap_in *in, uint32_t *value_out)
{
    struct span rest = in->rest;
    uint32_t value;

    if (!span_take_u32(&rest, &value) || value == 0)
        return false;
    in->rest = rest;
    *value_out = value;
    return true;
}

bool imap_take_number64(struct imap_in *in, uint64_t *value_out)
{
    struct span rest = in->rest;
    uint64_t value;

    if (!span_take_u64(&rest, &value) || value > INT64_MAX)
        return false;
    in->rest = rest;
    *value_out = value;
    return true;
}

bool imap_take_modseq_or_zero(struct imap_in *in, uint64_t *value_out)
{
    return imap_take_number64(in, value_out);
}

bool imap_take_modseq(struct imap_in *in, uint64_t *value_out)
{
    struct span before = in->rest;

    if (imap_take_number64(in, value_out) && *value_out > 0)
        return true;
    in->rest = before;
    return false;
}
