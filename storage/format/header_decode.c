/*
 * header_decode.c -- RFC 2047 words to UTF-8.
 */
#include "base/hex.h"
#include "format/charset.h"
#include "format/codec.h"
#include "format/header.h"

#include <strings.h>
#include <talloc.h>

enum { CHARSET_LENGTH_MAX = 64, ENCODED_MAX = 8 * HEADER_DECODED_MAX };

struct word {
    struct span charset, text;
    bool is_base64;
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* =?charset*language?B?text?= at the front. A question mark cannot stand inside, which keeps this linear. */
static bool take_word(struct span *in, struct word *word_out)
{
    struct span rest = { in->p + 2, in->end };
    const char *mark = memchr(rest.p, '?', span_length(span_part(rest, 0, CHARSET_LENGTH_MAX)));
    const char *star;

    if (!mark || mark + 3 > rest.end || mark[2] != '?')
        return false;
    word_out->charset = (struct span){ rest.p, mark };
    if ((star = span_find_byte(word_out->charset, '*')))
        word_out->charset.end = star;
    word_out->is_base64 = (mark[1] | 0x20) == 'b';
    if (!word_out->is_base64 && (mark[1] | 0x20) != 'q')
        return false;
    rest.p = mark + 3;
    mark = span_find_byte(rest, '?');
    if (!mark || mark + 1 == rest.end || mark[1] != '=')
        return false;
    word_out->text = (struct span){ rest.p, mark };
    in->p = mark + 2;
    return true;
}

static void add_q(struct buf *out, struct span text)
{
    for (; text.p < text.end; text.p++) {
        if (*text.p == '_')
            buf_add_byte(out, ' ');
        else if (*text.p == '=' && text.end - text.p >= 3 && hex_digit(text.p[1]) >= 0 &&
                 hex_digit(text.p[2]) >= 0) {
            buf_add_byte(out, (char)(hex_digit(text.p[1]) << 4 | hex_digit(text.p[2])));
            text.p += 2;
        } else
            buf_add_byte(out, *text.p);
    }
}

/* Decoded bytes wait here until the charset changes: many mailers cut a character in two words. */
struct pending {
    struct span charset;
    struct buf bytes;
    bool is_set;
};

static void flush(struct buf *out, struct pending *pending)
{
    if (pending->is_set)
        charset_add_utf8(out, pending->charset, buf_span(&pending->bytes), HEADER_DECODED_MAX);
    pending->is_set = false;
    buf_clear(&pending->bytes);
}

static void add_word(struct buf *out, struct pending *pending, const struct word *word)
{
    bool is_same = pending->is_set && span_length(pending->charset) == span_length(word->charset) &&
                   strncasecmp(pending->charset.p, word->charset.p, span_length(word->charset)) == 0;

    if (!is_same)
        flush(out, pending);
    pending->charset = word->charset;
    pending->is_set = true;
    if (word->is_base64)
        (void)!codec_decode_all(word->text, MIME_BASE64, HEADER_DECODED_MAX, &pending->bytes);
    else
        add_q(&pending->bytes, word->text);
}

static const char *find_word(struct span in)
{
    return span_is_empty(in) ? NULL : memmem(in.p, span_length(in), "=?", 2);
}

static bool is_all_blank(struct span text)
{
    for (; text.p < text.end; text.p++)
        if (!is_blank(*text.p))
            return false;
    return true;
}

static void decode_words(struct buf *out, struct span in)
{
    struct pending pending = { .bytes = BUF_INIT(out->owner) };
    struct span plain = { in.p, in.p };

    while (out->length < HEADER_DECODED_MAX) {
        struct word word;
        const char *found = find_word(in);

        if (!found)
            break;
        in.p = found;
        plain.end = found;
        if (!take_word(&in, &word)) {
            in.p = found + 2;
            continue;
        }
        if (!pending.is_set ||
            !is_all_blank(plain)) { /* white space between two words is none, RFC 2047, 6.2 */
            flush(out, &pending);
            charset_add_utf8(out, span_text(""), plain, HEADER_DECODED_MAX);
        }
        add_word(out, &pending, &word);
        plain = (struct span){ in.p, in.p };
    }
    flush(out, &pending);
    plain.end = in.end;
    charset_add_utf8(out, span_text(""), plain, HEADER_DECODED_MAX);
    talloc_free(pending.bytes.p);
}

char *header_decode(const void *owner, struct span value)
{
    struct buf out = buf_owned_by(owner);
    struct span unfolded = header_unfold(owner, span_part(value, 0, ENCODED_MAX));

    if (!find_word(unfolded))
        charset_add_utf8(&out, span_text(""), unfolded, HEADER_DECODED_MAX);
    else
        decode_words(&out, unfolded);
    out.length = utf8_cut(buf_span(&out), HEADER_DECODED_MAX);
    for (size_t i = 0; i < out.length; i++)
        if ((unsigned char)out.p[i] < ' ' || out.p[i] == 127)
            out.p[i] = ' ';
    return buf_text(&out);
}

char *header_text(const void *owner, struct span block, const char *name)
{
    struct header_field field;

    return header_find(block, name, &field) ? header_decode(owner, field.value) : NULL;
}
