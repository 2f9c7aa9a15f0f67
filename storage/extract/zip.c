/* zip.c -- the directory from its end, entries by zlib. */
#include "extract/zip.h"

#include <string.h>
#include <zlib.h>

enum {
    END_BYTES = 22,
    COMMENT_MAX = 65535,
    CENTRAL_BYTES = 46,
    LOCAL_BYTES = 30,
    STORED = 0,
    DEFLATED = 8,
    PIECE_BYTES = 32 * 1024
};

static uint16_t u16_at(const char *p)
{
    const unsigned char *b = (const unsigned char *)p;

    return (uint16_t)(b[0] | b[1] << 8);
}

static uint32_t u32_at(const char *p)
{
    return u16_at(p) | (uint32_t)u16_at(p + 2) << 16;
}

/* The record at the end, which a comment may follow. */
static const char *find_end(struct span bytes)
{
    size_t length = span_length(bytes), least;

    if (length < END_BYTES)
        return NULL;
    least = length > END_BYTES + COMMENT_MAX ? length - END_BYTES - COMMENT_MAX : 0;
    for (size_t at = length - END_BYTES + 1; at-- > least;)
        if (memcmp(bytes.p + at, "PK\5\6", 4) == 0)
            return bytes.p + at;
    return NULL;
}

bool zip_open(struct span bytes, struct zip *zip_out)
{
    const char *end = find_end(bytes);

    if (!end)
        return false;
    *zip_out =
        (struct zip){ .bytes = bytes, .directory = span_part(bytes, u32_at(end + 16), u32_at(end + 12)) };
    return true;
}

/* Where the bytes of an entry are: its local header says how long it is itself. */
static bool find_packed(struct span bytes, size_t local, size_t length, struct span *packed_out)
{
    size_t size = span_length(bytes), start;

    if (size < LOCAL_BYTES || local > size - LOCAL_BYTES || memcmp(bytes.p + local, "PK\3\4", 4) != 0)
        return false;
    start = local + LOCAL_BYTES + u16_at(bytes.p + local + 26) + u16_at(bytes.p + local + 28);
    *packed_out = span_part(bytes, start, length);
    return true;
}

bool zip_next(struct zip *zip, struct zip_entry *entry_out)
{
    const char *p = zip->directory.p;
    size_t left = span_length(zip->directory), whole;

    if (left < CENTRAL_BYTES || memcmp(p, "PK\1\2", 4) != 0)
        return false;
    whole = CENTRAL_BYTES + (size_t)u16_at(p + 28) + u16_at(p + 30) + u16_at(p + 32);
    if (whole > left)
        return false;
    *entry_out = (struct zip_entry){ .name = span_of(p + CENTRAL_BYTES, u16_at(p + 28)),
                                     .method = u16_at(p + 10),
                                     .is_encrypted = u16_at(p + 8) & 1 };
    zip->directory.p += whole;
    return find_packed(zip->bytes, u32_at(p + 42), u32_at(p + 20), &entry_out->packed);
}

static enum extract_verdict inflate_all(z_stream *stream, size_t *budget, zip_take *take, void *arg)
{
    char piece[PIECE_BYTES];
    int state = Z_OK;

    while (state == Z_OK) {
        stream->next_out = (unsigned char *)piece;
        stream->avail_out = sizeof piece;
        state = inflate(stream, Z_NO_FLUSH);
        size_t got = sizeof piece - stream->avail_out;
        if (got > *budget)
            return EXTRACT_SWOLLEN;
        *budget -= got;
        if (got > 0 && !take(span_of(piece, got), arg))
            return EXTRACT_DONE;
    }
    return state == Z_STREAM_END ? EXTRACT_DONE : EXTRACT_DAMAGED;
}

enum extract_verdict zip_unpack(const struct zip_entry *entry, size_t *budget, zip_take *take, void *arg)
{
    z_stream stream = { .next_in = (z_const Bytef *)(uintptr_t)entry->packed.p,
                        .avail_in = (uInt)span_length(entry->packed) };
    enum extract_verdict verdict;

    if (entry->method == STORED) {
        if (span_length(entry->packed) > *budget)
            return EXTRACT_SWOLLEN;
        *budget -= span_length(entry->packed);
        (void)take(entry->packed, arg);
        return EXTRACT_DONE;
    }
    if (entry->method != DEFLATED || inflateInit2(&stream, -MAX_WBITS) != Z_OK)
        return EXTRACT_DAMAGED;
    verdict = inflate_all(&stream, budget, take, arg);
    inflateEnd(&stream);
    return verdict;
}
