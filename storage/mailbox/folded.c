/* folded.c -- version byte, then a zstd frame: number of messages, and the three columns. */
#include "mailbox/folded.h"

#include <stdlib.h>
#include <talloc.h>
#include <zstd.h>

enum { FOLDED_VERSION = 1, ZSTD_LEVEL = 3, BYTES_PER_MESSAGE_MAX = 5 + 10 + 10 };
enum { RAW_MAX = 10 + FOLDED_MESSAGES_MAX * BYTES_PER_MESSAGE_MAX };

struct folded folded_new(const void *owner)
{
    return (struct folded){ .uids = talloc_array(owner, uint32_t, FOLDED_MESSAGES_MAX),
                            .flags = talloc_array(owner, uint64_t, FOLDED_MESSAGES_MAX),
                            .modseqs = talloc_array(owner, uint64_t, FOLDED_MESSAGES_MAX) };
}

static int compare_uids(const void *a, const void *b)
{
    const uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;

    return left < right ? -1 : left > right;
}

uint32_t folded_find(const struct folded *folded, uint32_t uid)
{
    const uint32_t *found =
        folded->count ? bsearch(&uid, folded->uids, folded->count, sizeof uid, compare_uids) : NULL;

    return found ? (uint32_t)(found - folded->uids) : folded->count;
}

static void compress(struct buf *out, struct span raw)
{
    ZSTD_CCtx *context = ZSTD_createCCtx();
    size_t bound = ZSTD_compressBound(span_length(raw)), length;

    if (!context)
        abort();
    (void)ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, ZSTD_LEVEL);
    (void)ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
    length = ZSTD_compress2(context, buf_reserve(out, bound), bound, raw.p, span_length(raw));
    if (ZSTD_isError(length))
        abort(); /* out of memory: there is room for the bound */
    out->length += length;
    ZSTD_freeCCtx(context);
}

void folded_pack(struct buf *out, const struct folded *folded)
{
    struct buf raw = BUF_INIT(NULL);
    uint32_t uid = 0;
    int64_t modseq = 0;

    buf_add_varint(&raw, folded->count);
    for (uint32_t i = 0; i < folded->count; i++) {
        buf_add_varint(&raw, folded->uids[i] - uid);
        uid = folded->uids[i];
    }
    for (uint32_t i = 0; i < folded->count; i++)
        buf_add_varint(&raw, folded->flags[i]);
    for (uint32_t i = 0; i < folded->count; i++) {
        buf_add_signed_varint(&raw, (int64_t)folded->modseqs[i] - modseq);
        modseq = (int64_t)folded->modseqs[i];
    }
    buf_add_byte(out, FOLDED_VERSION);
    compress(out, buf_span(&raw));
    talloc_free(raw.p);
}

static bool take_columns(struct span *in, struct folded *folded)
{
    uint64_t uid = 0, step;
    int64_t modseq = 0, difference;

    for (uint32_t i = 0; i < folded->count; i++) {
        if (!span_take_varint(in, &step) || step == 0 || step > UINT32_MAX - uid)
            return false;
        uid += step;
        folded->uids[i] = (uint32_t)uid;
    }
    for (uint32_t i = 0; i < folded->count; i++)
        if (!span_take_varint(in, &folded->flags[i]))
            return false;
    for (uint32_t i = 0; i < folded->count; i++) {
        if (!span_take_signed_varint(in, &difference) ||
            __builtin_add_overflow(modseq, difference, &modseq) || modseq < 0)
            return false;
        folded->modseqs[i] = (uint64_t)modseq;
    }
    return span_is_empty(*in);
}

bool folded_unpack(const void *owner, struct span packed, struct folded *folded_out)
{
    struct span in;
    uint64_t count;
    bool is_good;
    size_t length;
    char *raw;

    if (!span_take_byte(&packed, FOLDED_VERSION))
        return false;
    raw = talloc_size(NULL, RAW_MAX);
    length = ZSTD_decompress(raw, RAW_MAX, packed.p, span_length(packed));
    in = span_of(raw, ZSTD_isError(length) ? 0 : length);
    is_good = span_take_varint(&in, &count) && count <= FOLDED_MESSAGES_MAX;
    if (is_good) {
        *folded_out = folded_new(owner);
        folded_out->count = (uint32_t)count;
        is_good = take_columns(&in, folded_out);
    }
    talloc_free(raw);
    return is_good;
}
