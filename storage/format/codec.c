/*
 * codec.c -- transfer encodings. The decoders write to memory that is known to suffice, so that sizes can be
 * counted without keeping the bytes.
 */
#include "format/codec.h"

#include "base/hex.h"

enum {
    PIECE = 4096,  /* input decoded at a time */
    MARGIN = 160,  /* what a decoder may give out beyond its input: all it can hold */
    LINE_MAX = 76, /* RFC 2045, 6.7 and 6.8 */
    NOT_BASE64 = 64,
    PADDING = 65,
    BLANK = 66,
};

static const char base64_letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* Value of a base64 letter, or one of the marks above. */
static const uint8_t base64_values[256] = {
#define X NOT_BASE64
#define X8 X, X, X, X, X, X, X, X
    X,  X,  X,  X,       X,  X,  X,  X,  X,  BLANK, BLANK, X,  X,  BLANK, X,  X,  X8, X8, BLANK, X,  X,  X,
    X,  X,  X,  X,       X,  X,  X,  62, X,  X,     X,     63, 52, 53,    54, 55, 56, 57, 58,    59, 60, 61,
    X,  X,  X,  PADDING, X,  X,  X,  0,  1,  2,     3,     4,  5,  6,     7,  8,  9,  10, 11,    12, 13, 14,
    15, 16, 17, 18,      19, 20, 21, 22, 23, 24,    25,    X,  X,  X,     X,  X,  X,  26, 27,    28, 29, 30,
    31, 32, 33, 34,      35, 36, 37, 38, 39, 40,    41,    42, 43, 44,    45, 46, 47, 48, 49,    50, 51, X,
    X,  X,  X,  X,       X8, X8, X8, X8, X8, X8,    X8,    X8, X8, X8,    X8, X8, X8, X8, X8,    X8,
#undef X8
#undef X
};

static uint8_t base64_value(char c)
{
    return base64_values[(unsigned char)c];
}

/* The whole bytes of a group that ends early. */
static char *base64_rest(const struct codec_decoder *d, char *to)
{
    if (d->state == 2) {
        *to++ = (char)(d->bits >> 4);
    } else if (d->state == 3) {
        *to++ = (char)(d->bits >> 10);
        *to++ = (char)(d->bits >> 2);
    }
    return to;
}

/* Six more bits, or one of the marks; returns where output goes on. */
static char *base64_feed(struct codec_decoder *d, uint8_t value, char *to)
{
    if (value == BLANK)
        return to;
    if (value == NOT_BASE64 || d->is_ended) {
        d->is_damaged = true;
        return to;
    }
    if (value == PADDING) {
        if (d->state < 2)
            d->is_damaged = true;
        else
            to = base64_rest(d, to);
        d->is_ended = true;
        d->held[0] = d->state == 2; /* one more '=' belongs to this end */
        d->state = 0;
        return to;
    }
    d->bits = d->bits << 6 | value;
    if (++d->state == 4) {
        *to++ = (char)(d->bits >> 16);
        *to++ = (char)(d->bits >> 8);
        *to++ = (char)d->bits;
        d->state = 0;
        d->bits = 0;
    }
    return to;
}

static char *base64_decode(struct codec_decoder *d, struct span in, char *to)
{
    const char *p = in.p;

    while (p < in.end) {
        while (d->state == 0 && !d->is_ended && in.end - p >= 4) {
            uint32_t a = base64_value(p[0]), b = base64_value(p[1]), c = base64_value(p[2]),
                     e = base64_value(p[3]);
            uint32_t bits = a << 18 | b << 12 | c << 6 | e;

            if ((a | b | c | e) & 64)
                break;
            *to++ = (char)(bits >> 16);
            *to++ = (char)(bits >> 8);
            *to++ = (char)bits;
            p += 4;
        }
        if (p == in.end)
            break;
        if (d->is_ended && d->held[0] && *p == '=')
            d->held[0] = false;
        else
            to = base64_feed(d, base64_value(*p), to);
        p++;
    }
    return to;
}

/* A group without its padding is common in the wild: its whole bytes count. */
static char *base64_end(struct codec_decoder *d, char *to)
{
    if (d->state == 0)
        return to;
    d->is_damaged = true;
    to = base64_rest(d, to);
    d->state = 0;
    return to;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static char *release_held(struct codec_decoder *d, char *to)
{
    memcpy(to, d->held, d->held_length);
    to += d->held_length;
    d->held_length = 0;
    return to;
}

static void hold(struct codec_decoder *d, char c)
{
    d->held[d->held_length++] = c;
}

/* After "=": a soft line break, two hex digits, or neither. True where `c` was used up. */
static bool quoted_feed_escape(struct codec_decoder *d, char c, char **to)
{
    bool is_hex_held = d->held_length == 2 && hex_digit(d->held[1]) >= 0;

    if (is_hex_held && hex_digit(c) >= 0) {
        *(*to)++ = (char)(hex_digit(d->held[1]) << 4 | hex_digit(c));
        d->held_length = 0;
        return true;
    }
    if (!is_hex_held && c == '\n') {
        d->held_length = 0;
        return true;
    }
    if (d->held_length < sizeof d->held && !is_hex_held &&
        ((d->held_length == 1 && hex_digit(c) >= 0) || (is_blank(c) && d->held[d->held_length - 1] != '\r') ||
         c == '\r')) {
        hold(d, c);
        return true;
    }
    d->is_damaged = true;
    *to = release_held(d, *to);
    return false;
}

static char *quoted_feed(struct codec_decoder *d, char c, char *to)
{
    if (d->held_length > 0 && d->held[0] == '=') {
        if (quoted_feed_escape(d, c, &to))
            return to;
    } else if (d->held_length > 0 && !is_blank(c)) {
        if (c == '\r' || c == '\n')
            d->held_length = 0; /* white space at the end of a line was added on the way */
        to = release_held(d, to);
    }
    if (d->held_length == sizeof d->held)
        to = release_held(d, to);
    if (is_blank(c) || c == '=')
        hold(d, c);
    else
        *to++ = c;
    return to;
}

static char *quoted_decode(struct codec_decoder *d, struct span in, char *to)
{
    for (const char *p = in.p; p < in.end; p++) {
        if (d->held_length == 0)
            while (p < in.end && *p != '=' && !is_blank(*p))
                *to++ = *p++;
        if (p == in.end)
            break;
        to = quoted_feed(d, *p, to);
    }
    return to;
}

static char *quoted_end(struct codec_decoder *d, char *to)
{
    if (d->held_length > 1 && d->held[0] == '=' && hex_digit(d->held[1]) >= 0) {
        d->is_damaged = true;
        return release_held(d, to);
    }
    d->held_length = 0;
    return to;
}

static char *plain_decode(struct codec_decoder *d, struct span in, char *to)
{
    (void)d;
    memcpy(to, in.p, span_length(in));
    return to + span_length(in);
}

static char *plain_end(struct codec_decoder *d, char *to)
{
    (void)d;
    return to;
}

static const struct codec {
    char *(*decode)(struct codec_decoder *d, struct span in, char *to);
    char *(*end)(struct codec_decoder *d, char *to);
} codecs[] = {
    [MIME_7BIT] = { plain_decode, plain_end },
    [MIME_8BIT] = { plain_decode, plain_end },
    [MIME_BINARY] = { plain_decode, plain_end },
    [MIME_BASE64] = { base64_decode, base64_end },
    [MIME_QUOTED_PRINTABLE] = { quoted_decode, quoted_end },
};

bool codec_decoder_init(struct codec_decoder *decoder, enum mime_encoding encoding)
{
    *decoder = (struct codec_decoder){ .encoding = encoding };
    return (size_t)encoding < COUNT_OF(codecs);
}

void codec_decode(struct codec_decoder *decoder, struct span piece, struct buf *out)
{
    if (span_is_empty(piece))
        return;
    char *start = buf_reserve(out, span_length(piece) + MARGIN);
    size_t given = (size_t)(codecs[decoder->encoding].decode(decoder, piece, start) - start);

    out->length += given;
    decoder->decoded += given;
}

void codec_decode_end(struct codec_decoder *decoder, struct buf *out)
{
    char *start = buf_reserve(out, MARGIN);
    size_t given = (size_t)(codecs[decoder->encoding].end(decoder, start) - start);

    out->length += given;
    decoder->decoded += given;
}

bool codec_decode_all(struct span encoded, enum mime_encoding encoding, size_t cap, struct buf *out)
{
    struct codec_decoder decoder;
    size_t start = out->length;

    if (!codec_decoder_init(&decoder, encoding))
        return false;
    while (!span_is_empty(encoded) && out->length - start < cap) {
        struct span piece = span_part(encoded, 0, 64 * (size_t)PIECE);

        codec_decode(&decoder, piece, out);
        encoded.p = piece.end;
    }
    codec_decode_end(&decoder, out);
    if (out->length - start > cap)
        out->length = start + cap;
    return true;
}

bool codec_decoded_size(struct span encoded, enum mime_encoding encoding, uint64_t *size_out)
{
    struct codec_decoder decoder;
    char room[PIECE + MARGIN];
    uint64_t size = 0;

    if (!codec_decoder_init(&decoder, encoding))
        return false;
    if (codecs[encoding].decode == plain_decode) {
        *size_out = span_length(encoded);
        return true;
    }
    while (!span_is_empty(encoded)) {
        struct span piece = span_part(encoded, 0, PIECE);

        size += (uint64_t)(codecs[encoding].decode(&decoder, piece, room) - room);
        encoded.p = piece.end;
    }
    *size_out = size + (uint64_t)(codecs[encoding].end(&decoder, room) - room);
    return true;
}

static char *base64_encode(struct span in, char *to)
{
    for (; in.end - in.p >= 3; in.p += 3) {
        uint32_t bits = (uint32_t)(unsigned char)in.p[0] << 16 | (uint32_t)(unsigned char)in.p[1] << 8 |
                        (unsigned char)in.p[2];

        *to++ = base64_letters[bits >> 18];
        *to++ = base64_letters[bits >> 12 & 63];
        *to++ = base64_letters[bits >> 6 & 63];
        *to++ = base64_letters[bits & 63];
    }
    if (in.p < in.end) {
        uint32_t bits = (uint32_t)(unsigned char)in.p[0] << 16;

        if (in.end - in.p == 2)
            bits |= (uint32_t)(unsigned char)in.p[1] << 8;
        *to++ = base64_letters[bits >> 18];
        *to++ = base64_letters[bits >> 12 & 63];
        *to++ = in.end - in.p == 2 ? base64_letters[bits >> 6 & 63] : '=';
        *to++ = '=';
    }
    return to;
}

void codec_add_base64(struct buf *out, struct span bytes)
{
    char *start = buf_reserve(out, (span_length(bytes) + 2) / 3 * 4);

    out->length += (size_t)(base64_encode(bytes, start) - start);
}

void codec_add_base64_lines(struct buf *out, struct span bytes)
{
    enum { BYTES_A_LINE = LINE_MAX / 4 * 3 };

    while (!span_is_empty(bytes)) {
        struct span line = span_part(bytes, 0, BYTES_A_LINE);

        codec_add_base64(out, line);
        buf_add(out, "\r\n", 2);
        bytes.p = line.end;
    }
}

bool codec_take_base64(struct span encoded, size_t cap, struct buf *out)
{
    struct codec_decoder decoder = { .encoding = MIME_BASE64 };
    size_t start = out->length;

    if (span_length(encoded) % 4 != 0 || span_length(encoded) / 4 * 3 > cap + 2)
        return false;
    for (const char *p = encoded.p; p < encoded.end; p++)
        if (base64_value(*p) == BLANK)
            return false;
    codec_decode(&decoder, encoded, out);
    if (decoder.is_damaged || decoder.state != 0 || (decoder.is_ended && decoder.held[0]) ||
        out->length - start > cap) {
        out->length = start;
        return false;
    }
    return true;
}

/* Room on the line for `width` more and the '=' of a soft break. */
static void quoted_break(struct buf *out, size_t *column, size_t width)
{
    if (*column + width > LINE_MAX - 1) {
        buf_add(out, "=\r\n", 3);
        *column = 0;
    }
    *column += width;
}

void codec_add_quoted_printable(struct buf *out, struct span text)
{
    static const char hex[] = "0123456789ABCDEF";
    size_t column = 0;

    for (const char *p = text.p; p < text.end; p++) {
        unsigned char c = (unsigned char)*p;
        bool ends_line =
            p + 1 == text.end || p[1] == '\n' || (p[1] == '\r' && p + 2 < text.end && p[2] == '\n');

        if (c == '\n' || (c == '\r' && p + 1 < text.end && p[1] == '\n')) {
            p += c == '\r';
            buf_add(out, "\r\n", 2);
            column = 0;
        } else if ((c > ' ' && c < 127 && c != '=' && !(c == '.' && column == 0)) ||
                   ((c == ' ' || c == '\t') && !ends_line)) {
            quoted_break(out, &column, 1);
            buf_add_byte(out, (char)c);
        } else {
            quoted_break(out, &column, 3);
            buf_add(out, (char[]){ '=', hex[c >> 4], hex[c & 15] }, 3);
        }
    }
}

void codec_add_crlf(struct buf *out, struct span bytes)
{
    const char *p = bytes.p;

    while (p < bytes.end) {
        const char *stop = p;

        while (stop < bytes.end && *stop != '\n' && *stop != '\r')
            stop++;
        buf_add(out, p, (size_t)(stop - p));
        if (stop == bytes.end)
            return;
        buf_add(out, "\r\n", 2);
        p = stop + (*stop == '\r' && stop + 1 < bytes.end && stop[1] == '\n' ? 2 : 1);
    }
}

bool codec_is_crlf(struct span bytes)
{
    const char *p = bytes.p;

    while (p < bytes.end && (p = memchr(p, '\n', (size_t)(bytes.end - p)))) {
        if (p == bytes.p || p[-1] != '\r')
            return false;
        p++;
    }
    for (p = bytes.p; p && p < bytes.end && (p = memchr(p, '\r', (size_t)(bytes.end - p))); p++)
        if (p + 1 == bytes.end || p[1] != '\n')
            return false;
    return true;
}
