/* unpack.c -- zlib, one bounded piece of output after the other. */
#include "report/unpack.h"

#include <stdlib.h>
#include <talloc.h>
#include <zlib.h>

enum { PIECE = 64 * 1024, GZIP_BITS = 15 + 16, RAW_BITS = -15, LOCAL_HEADER = 30 };
enum { ZIP_ENCRYPTED = 1, ZIP_STORED = 0, ZIP_DEFLATED = 8 };

static bool damaged(struct err *err, const char *what)
{
    err_log(err, "unpack: %s", what);
    return err_set(err, ERR_INVALID, "The attachment cannot be unpacked.");
}

static bool too_large(struct err *err)
{
    return err_set(err, ERR_LIMIT, "The report is too large.");
}

static bool inflate_all(z_stream *z, struct buf *out, size_t most, struct err *err)
{
    int code = Z_OK;

    while (code == Z_OK) {
        size_t room = most - out->length < PIECE ? most - out->length : PIECE;

        z->next_out = (Bytef *)buf_reserve(out, room + 1); /* one byte more tells that there is too much */
        z->avail_out = (uInt)room + 1;
        code = inflate(z, Z_NO_FLUSH);
        out->length += room + 1 - z->avail_out;
        if (out->length > most)
            return too_large(err);
        if (code == Z_BUF_ERROR || (code == Z_OK && z->avail_in == 0 && z->avail_out > 0))
            return damaged(err, "cut off");
    }
    return code == Z_STREAM_END || damaged(err, "no deflate stream");
}

static bool inflate_span(const void *owner, struct span packed, int bits, size_t most, struct span *text_out,
                         struct err *err)
{
    z_stream z = { .avail_in = (uInt)span_length(packed) };
    struct buf out = buf_owned_by(owner);
    union { /* zlib's input is not const */
        const char *given;
        Bytef *taken;
    } input = { .given = packed.p };
    bool ok;

    if (span_length(packed) > UINT32_MAX / 2)
        return too_large(err);
    z.next_in = input.taken;
    if (inflateInit2(&z, bits) != Z_OK)
        return err_set(err, ERR_INTERNAL, "There is no memory to unpack.");
    ok = inflate_all(&z, &out, most, err);
    inflateEnd(&z);
    *text_out = buf_span(&out);
    return ok;
}

/* ---- zip: the first local header (APPNOTE 4.3.7) */

static uint32_t little(struct span in, size_t offset, int bytes)
{
    uint32_t value = 0;

    for (int i = bytes; i-- > 0;)
        value = value << 8 | (uint8_t)in.p[offset + (size_t)i];
    return value;
}

static bool unzip(const void *owner, struct span in, size_t most, struct span *text_out, struct err *err)
{
    uint32_t flags, method, length;
    size_t begin;

    if (span_length(in) < LOCAL_HEADER)
        return damaged(err, "archive cut off");
    flags = little(in, 6, 2);
    method = little(in, 8, 2);
    length = little(in, 18, 4);
    begin = LOCAL_HEADER + little(in, 26, 2) + little(in, 28, 2);
    if (begin > span_length(in) || (flags & ZIP_ENCRYPTED))
        return damaged(err, "archive cut off or encrypted");
    in = span_part(in, begin, SIZE_MAX);
    if (method == ZIP_DEFLATED)
        return inflate_span(owner, in, RAW_BITS, most, text_out, err);
    if (method != ZIP_STORED || length > span_length(in))
        return damaged(err, "archive of an unknown kind");
    *text_out = span_part(in, 0, length);
    return length <= most || too_large(err);
}

bool unpack(const void *owner, struct span packed, size_t most, struct span *text_out, struct err *err)
{
    static const char gzip_mark[] = "\x1f\x8b", zip_mark[] = "PK\x03\x04";

    *text_out = span_of(NULL, 0);
    if (span_length(packed) >= 2 && memcmp(packed.p, gzip_mark, 2) == 0)
        return inflate_span(owner, packed, GZIP_BITS, most, text_out, err);
    if (span_length(packed) >= 4 && memcmp(packed.p, zip_mark, 4) == 0)
        return unzip(owner, packed, most, text_out, err);
    if (span_length(packed) > most)
        return too_large(err);
    *text_out = packed;
    return !span_is_empty(packed) || damaged(err, "empty");
}

void pack_gzip(struct buf *out, struct span bytes)
{
    z_stream z = { .avail_in = (uInt)span_length(bytes) };
    union {
        const char *given;
        Bytef *taken;
    } input = { .given = bytes.p };
    size_t most;

    z.next_in = input.taken;
    if (deflateInit2(&z, Z_BEST_COMPRESSION, Z_DEFLATED, GZIP_BITS, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        abort(); /* no memory */
    most = deflateBound(&z, (uLong)span_length(bytes));
    z.next_out = (Bytef *)buf_reserve(out, most);
    z.avail_out = (uInt)most;
    if (deflate(&z, Z_FINISH) != Z_STREAM_END)
        abort(); /* deflateBound() promised room */
    out->length += most - z.avail_out;
    deflateEnd(&z);
}
