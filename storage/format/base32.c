/* base32.c -- five bits a letter, and six. */
#include "format/base32.h"

#include "format/codec.h"

#include <talloc.h>

enum { CHARACTER_BITS = 5 };

static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz234567";

char *base32_text(const void *owner, struct span bytes)
{
    size_t length = (span_length(bytes) * 8 + CHARACTER_BITS - 1) / CHARACTER_BITS, at = 0;
    char *text = talloc_array(owner, char, (unsigned)length + 1);
    unsigned bits = 0, held = 0;

    for (const char *p = bytes.p; p < bytes.end; p++) {
        held = (held << 8 | (unsigned char)*p) & 0xFFFF;
        for (bits += 8; bits >= CHARACTER_BITS; bits -= CHARACTER_BITS)
            text[at++] = alphabet[held >> (bits - CHARACTER_BITS) & 31];
    }
    if (bits > 0)
        text[at++] = alphabet[held << (CHARACTER_BITS - bits) & 31];
    text[at] = '\0';
    return text;
}

static int value_of(char letter)
{
    if (letter >= 'a' && letter <= 'z')
        return letter - 'a';
    if (letter >= 'A' && letter <= 'Z')
        return letter - 'A';
    return letter >= '2' && letter <= '7' ? letter - '2' + 26 : -1;
}

bool base32_read(struct span text, uint8_t *out, size_t cap, size_t *length_out)
{
    unsigned bits = 0, held = 0;

    *length_out = 0;
    if (span_length(text) > cap * 8 / CHARACTER_BITS + 1)
        return false;
    for (const char *p = text.p; p < text.end; p++) {
        int value = value_of(*p);

        if (value < 0)
            return false;
        held = (held << CHARACTER_BITS | (unsigned)value) & 0xFFFF;
        bits += CHARACTER_BITS;
        if (bits >= 8) {
            bits -= 8;
            if (*length_out == cap)
                return false;
            out[(*length_out)++] = (uint8_t)(held >> bits);
        }
    }
    return bits < CHARACTER_BITS && (held & ((1u << bits) - 1)) == 0;
}

/* ---- base64url: base64 with two other letters and no padding */

static void swap(char *text, size_t length, const char *from, const char *to)
{
    for (size_t i = 0; i < length; i++)
        text[i] = text[i] == from[0] ? to[0] : text[i] == from[1] ? to[1] : text[i];
}

char *base64url_text(const void *owner, struct span bytes)
{
    struct buf text = buf_owned_by(owner);

    codec_add_base64(&text, bytes);
    while (text.length > 0 && text.p[text.length - 1] == '=')
        text.length--;
    if (text.length > 0)
        swap(text.p, text.length, "+/", "-_");
    return buf_text(&text);
}

/* Bits left over may have been other than 0. */
static bool is_text_of(struct span text, const struct buf *bytes, size_t from)
{
    char *again = base64url_text(NULL, span_part(buf_span(bytes), from, bytes->length - from));
    bool is_same = span_equals_text(text, again);

    talloc_free(again);
    return is_same;
}

bool base64url_read(struct span text, size_t cap, struct buf *out)
{
    size_t length = span_length(text), before = out->length;
    struct buf plain = BUF_INIT(NULL);

    if (length > cap * 4 / 3 + 2 || span_find_byte(text, '+') || span_find_byte(text, '/') ||
        span_find_byte(text, '='))
        return false;
    buf_add_span(&plain, text);
    if (plain.length > 0)
        swap(plain.p, plain.length, "-_", "+/");
    while (plain.length % 4 != 0)
        buf_add_byte(&plain, '=');
    bool ok = codec_take_base64(buf_span(&plain), cap, out) && is_text_of(text, out, before);
    talloc_free(plain.p);
    if (!ok)
        out->length = before;
    return ok;
}
