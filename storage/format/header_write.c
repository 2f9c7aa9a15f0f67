/*
 * header_write.c -- the fields we write: folded, encoded where they must be, and never more than one field
 * whatever the text holds.
 */
#include "format/charset.h"
#include "format/codec.h"
#include "format/header.h"

#include <talloc.h>

enum {
    LINE_WISHED = 76,
    WORD_MAX = 75,       /* RFC 2047, 2 */
    WORD_FRAME = 12,     /* =?utf-8?B? and ?= */
    PARAMETER_LINE = 60, /* octets of a value on a line of its own */
    PARAMETER_PLAIN_MAX = 60,
};

static const char hex[] = "0123456789ABCDEF";

/* Control characters, CR and LF above all, as spaces: a value stays inside its field. */
static char *clean(const void *owner, const char *text)
{
    struct buf valid = buf_owned_by(owner);

    utf8_add_valid(&valid, span_text(text));
    for (size_t i = 0; i < valid.length; i++)
        if ((unsigned char)valid.p[i] < ' ' || valid.p[i] == 127)
            valid.p[i] = ' ';
    return buf_text(&valid);
}

static size_t column_of(const struct buf *out)
{
    const char *feed = out->length ? memrchr(out->p, '\n', out->length) : NULL;

    return feed ? (size_t)(out->p + out->length - feed - 1) : out->length;
}

/* A phrase allows fewer letters bare than text does; we use the fewer everywhere (RFC 2047, 5 (3)). */
static bool is_bare_in_q(unsigned char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           (c != '\0' && strchr("!*+-/", c) != NULL);
}

static size_t q_length(struct span text)
{
    size_t length = 0;

    for (; text.p < text.end; text.p++)
        length += is_bare_in_q((unsigned char)*text.p) || *text.p == ' ' ? 1 : 3;
    return length;
}

static void add_q_word(struct buf *out, struct span text)
{
    buf_add_text(out, "=?utf-8?Q?");
    for (; text.p < text.end; text.p++) {
        unsigned char c = (unsigned char)*text.p;

        if (c == ' ')
            buf_add_byte(out, '_');
        else if (is_bare_in_q(c))
            buf_add_byte(out, (char)c);
        else
            buf_add(out, (char[]){ '=', hex[c >> 4], hex[c & 15] }, 3);
    }
    buf_add_text(out, "?=");
}

static void add_b_word(struct buf *out, struct span text)
{
    buf_add_text(out, "=?utf-8?B?");
    codec_add_base64(out, text);
    buf_add_text(out, "?=");
}

/* Bytes of `text` that fit into `room` letters of the encoding, cut between characters. */
static size_t fitting(struct span text, size_t room, bool is_q)
{
    size_t length = utf8_cut(text, is_q ? room : room / 4 * 3);

    while (is_q && length > 0 && q_length(span_of(text.p, length)) > room)
        length = utf8_cut(text, length - 1);
    return length;
}

static void add_words(struct buf *out, struct span text)
{
    bool is_q = q_length(text) <= (span_length(text) + 2) / 3 * 4;

    while (!span_is_empty(text)) {
        size_t column = column_of(out);
        size_t room = column + WORD_FRAME + 12 < LINE_WISHED ? LINE_WISHED - column - WORD_FRAME : 0;
        size_t length =
            room ? fitting(text, room < WORD_MAX - WORD_FRAME ? room : WORD_MAX - WORD_FRAME, is_q) : 0;

        if (length == 0) {
            if (out->length && out->p[out->length - 1] == ' ')
                out->length--;
            buf_add_text(out, "\r\n ");
            continue;
        }
        (is_q ? add_q_word : add_b_word)(out, span_of(text.p, length));
        text.p += length;
        if (!span_is_empty(text))
            buf_add_text(out, "\r\n ");
    }
}

/* A word that cannot stand as it is: not ASCII, looks encoded, or longer than a line may be. */
static bool must_encode(struct span word)
{
    return !utf8_is_ascii(word) || span_length(word) > 900 ||
           (!span_is_empty(word) && memmem(word.p, span_length(word), "=?", 2));
}

static void add_plain_word(struct buf *out, struct span word)
{
    if (column_of(out) + span_length(word) > LINE_WISHED && out->length && out->p[out->length - 1] == ' ' &&
        column_of(out) > 1) {
        out->length--;
        buf_add_text(out, "\r\n ");
    }
    buf_add_span(out, word);
}

/* From the first word that must be encoded to the last one, all is encoded, spaces included. */
static void add_text(struct buf *out, struct span text)
{
    struct span in = text, encoded = { text.end, text.end };
    bool is_any = false;

    while (!span_is_empty(in)) {
        struct span word;

        if (!span_take_until(&in, ' ', &word)) {
            word = in;
            in.p = in.end;
        }
        if (must_encode(word)) {
            if (!is_any)
                encoded.p = word.p;
            encoded.end = word.end;
            is_any = true;
        }
    }
    for (in = (struct span){ text.p, is_any ? encoded.p : text.end }; !span_is_empty(in);) {
        struct span word;

        if (!span_take_until(&in, ' ', &word)) {
            add_plain_word(out, in);
            break;
        }
        add_plain_word(out, word);
        buf_add_byte(out, ' ');
    }
    if (!is_any)
        return;
    add_words(out, encoded);
    for (in = (struct span){ encoded.end, text.end }; !span_is_empty(in);) {
        struct span word;

        in.p++; /* the space */
        buf_add_byte(out, ' ');
        word = in;
        while (in.p < in.end && *in.p != ' ')
            in.p++;
        word.end = in.p;
        add_plain_word(out, word);
    }
}

void header_add(struct buf *out, const char *name, const char *utf8)
{
    char *text = clean(NULL, utf8);
    struct buf line = BUF_INIT(text);

    buf_add_text(&line, name);
    buf_add_text(&line, ": ");
    add_text(&line, span_trim(span_text(text)));
    while (line.length && line.p[line.length - 1] == ' ')
        line.length--;
    buf_add_span(out, buf_span(&line));
    buf_add_text(out, "\r\n");
    talloc_free(text);
}

static bool is_token(struct span text)
{
    struct span token;
    struct span in = text;

    return header_take_token(&in, &token) && span_is_empty(in) && token.p == text.p;
}

static void add_quoted(struct buf *out, struct span text)
{
    buf_add_byte(out, '"');
    for (; text.p < text.end; text.p++) {
        if (*text.p == '"' || *text.p == '\\')
            buf_add_byte(out, '\\');
        buf_add_byte(out, *text.p);
    }
    buf_add_byte(out, '"');
}

static bool is_attribute_char(unsigned char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           (c != '\0' && strchr("!#$&+-.^_`{|}~", c) != NULL);
}

static void add_percent(struct buf *out, unsigned char c)
{
    if (is_attribute_char(c))
        buf_add_byte(out, (char)c);
    else
        buf_add(out, (char[]){ '%', hex[c >> 4], hex[c & 15] }, 3);
}

static void add_extended(struct buf *out, const char *name, struct span text)
{
    size_t encoded = 0, piece = 0, used = 0;

    for (const char *p = text.p; p < text.end; p++)
        encoded += is_attribute_char((unsigned char)*p) ? 1 : 3;
    buf_add_format(out, encoded > PARAMETER_LINE ? "%s*0*=utf-8''" : "%s*=utf-8''", name);
    for (; text.p < text.end; text.p++) {
        if (used >= PARAMETER_LINE - 3) {
            buf_add_format(out, ";\r\n\t%s*%zu*=", name, ++piece);
            used = 0;
        }
        used += is_attribute_char((unsigned char)*text.p) ? 1 : 3;
        add_percent(out, (unsigned char)*text.p);
    }
}

void header_add_parameter(struct buf *out, const char *name, const char *utf8)
{
    char *value = clean(NULL, utf8);
    struct span text = span_text(value);

    buf_add_text(out, ";\r\n\t");
    if (!utf8_is_ascii(text) || span_length(text) > PARAMETER_PLAIN_MAX) {
        add_extended(out, name, text);
    } else {
        buf_add_text(out, name);
        buf_add_byte(out, '=');
        if (is_token(text))
            buf_add_span(out, text);
        else
            add_quoted(out, text);
    }
    talloc_free(value);
}

static bool is_atoms(struct span text)
{
    for (; text.p < text.end; text.p++)
        if (*text.p != ' ' && (*text.p == '\0' || strchr("()<>[]:;@\\,.\"", *text.p)))
            return false;
    return true;
}

void header_add_address(struct buf *out, const char *name, const char *address)
{
    char *phrase = clean(NULL, name ? name : "");
    struct span text = span_trim(span_text(phrase));
    char *safe = clean(phrase, address);

    if (span_is_empty(text)) {
        buf_add_text(out, safe);
    } else {
        if (must_encode(text))
            add_words(out, text);
        else if (is_atoms(text))
            buf_add_span(out, text);
        else
            add_quoted(out, text);
        buf_add_text(out, " <");
        buf_add_text(out, safe);
        buf_add_byte(out, '>');
    }
    talloc_free(phrase);
}
