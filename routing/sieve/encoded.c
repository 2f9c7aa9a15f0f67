/* encoded.c -- encoded-character. */
#include "sieve/encoded.h"

#include "base/hex.h"

bool encoded_add_character(struct buf *out, uint32_t code)
{
    if (code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
        return false;
    if (code < 0x80) {
        buf_add_byte(out, (char)code);
        return true;
    }
    if (code < 0x800) {
        buf_add_byte(out, (char)(0xc0 | code >> 6));
    } else {
        if (code < 0x10000) {
            buf_add_byte(out, (char)(0xe0 | code >> 12));
        } else {
            buf_add_byte(out, (char)(0xf0 | code >> 18));
            buf_add_byte(out, (char)(0x80 | (code >> 12 & 0x3f)));
        }
        buf_add_byte(out, (char)(0x80 | (code >> 6 & 0x3f)));
    }
    buf_add_byte(out, (char)(0x80 | (code & 0x3f)));
    return true;
}

static void skip_blanks(struct span *in)
{
    while (in->p < in->end && (*in->p == ' ' || *in->p == '\t' || *in->p == '\r' || *in->p == '\n'))
        in->p++;
}

/* Digits of one number; 0 where there is none or it is too long. */
static size_t take_hex(struct span *in, uint32_t *value_out)
{
    size_t digits = 0;

    *value_out = 0;
    for (; in->p < in->end && hex_digit(*in->p) >= 0; in->p++, digits++)
        *value_out = *value_out << 4 | (uint32_t)hex_digit(*in->p);
    return digits;
}

enum encoding { ENCODED_HEX, ENCODED_UNICODE };
enum outcome { NOT_ENCODED, DECODED, NO_CHARACTER };

/* What stands between the colon and the brace. */
static enum outcome take_numbers(struct span *in, enum encoding encoding, struct buf *out)
{
    bool is_any = false;

    for (;;) {
        uint32_t value;
        size_t digits;
        const char *before = in->p;

        skip_blanks(in);
        if (span_take_byte(in, '}'))
            return is_any ? DECODED : NOT_ENCODED;
        if (is_any && before == in->p)
            return NOT_ENCODED;
        digits = take_hex(in, &value);
        if (digits == 0 || digits > (encoding == ENCODED_HEX ? 2u : 8u))
            return NOT_ENCODED;
        is_any = true;
        if (encoding == ENCODED_HEX)
            buf_add_byte(out, (char)value);
        else if (!encoded_add_character(out, value))
            return NO_CHARACTER;
    }
}

static enum outcome take_encoded(struct span *in, struct buf *out)
{
    struct span rest = *in;
    size_t length = out->length;
    enum outcome outcome = NOT_ENCODED;

    if (span_take_word(&rest, "${hex:"))
        outcome = take_numbers(&rest, ENCODED_HEX, out);
    else if (span_take_word(&rest, "${unicode:"))
        outcome = take_numbers(&rest, ENCODED_UNICODE, out);
    if (outcome == DECODED)
        *in = rest;
    else
        out->length = length;
    return outcome;
}

bool encoded_decode(const void *owner, struct span text, struct span *text_out)
{
    struct buf out = buf_owned_by(owner);

    while (!span_is_empty(text)) {
        enum outcome outcome = *text.p == '$' ? take_encoded(&text, &out) : NOT_ENCODED;

        if (outcome == NO_CHARACTER)
            return false;
        if (outcome == NOT_ENCODED)
            buf_add_byte(&out, *text.p++);
    }
    *text_out = out.p ? buf_span(&out) : span_text("");
    return true;
}
