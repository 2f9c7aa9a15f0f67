/* zstd.c -- compression with one context a thread: making one costs more than packing a small message. */
#include "message/zstd.h"

#include <pthread.h>
#include <stdlib.h>
#include <talloc.h>
#include <zstd.h>

enum { LEVEL = 1 };

struct contexts {
    ZSTD_CCtx *pack;
    ZSTD_DCtx *unpack;
};

static pthread_key_t contexts_key; /* set once; the contexts are each thread's own */
static pthread_once_t contexts_once = PTHREAD_ONCE_INIT;

static void free_contexts(void *arg)
{
    struct contexts *contexts = arg;

    ZSTD_freeCCtx(contexts->pack);
    ZSTD_freeDCtx(contexts->unpack);
    free(contexts);
}

static void make_key(void)
{
    if (pthread_key_create(&contexts_key, free_contexts) != 0)
        abort();
}

static struct contexts *my_contexts(void)
{
    pthread_once(&contexts_once, make_key);
    struct contexts *contexts = pthread_getspecific(contexts_key);
    if (contexts)
        return contexts;
    contexts = calloc(1, sizeof *contexts);
    if (!contexts || pthread_setspecific(contexts_key, contexts) != 0)
        abort();
    return contexts;
}

static size_t pack_into(char *out, size_t room, struct span raw)
{
    struct contexts *mine = my_contexts();

    if (!mine->pack)
        mine->pack = ZSTD_createCCtx();
    return ZSTD_compressCCtx(mine->pack, out, room, raw.p, span_length(raw), LEVEL);
}

struct span zstd_pack(const void *owner, struct span raw, int16_t *codec_out)
{
    size_t room = ZSTD_compressBound(span_length(raw));
    char *out = talloc_array(owner, char, (unsigned)room);
    size_t length = pack_into(out, room, raw);

    if (ZSTD_isError(length))
        abort(); /* room is enough for anything: the library is broken */
    if (codec_out) {
        *codec_out = length < span_length(raw) ? PIECE_ZSTD : PIECE_RAW;
        if (*codec_out == PIECE_RAW) {
            talloc_free(out);
            return raw;
        }
    }
    return span_of(talloc_realloc(owner, out, char, (unsigned)length), length);
}

bool zstd_raw_length(struct span packed, int16_t codec, size_t limit, size_t *length_out)
{
    unsigned long long length = span_length(packed);

    if (codec == PIECE_ZSTD)
        length = ZSTD_getFrameContentSize(packed.p, span_length(packed));
    else if (codec != PIECE_RAW)
        return false;
    if (length == ZSTD_CONTENTSIZE_ERROR || length == ZSTD_CONTENTSIZE_UNKNOWN || length > limit)
        return false;
    *length_out = (size_t)length;
    return true;
}

bool zstd_unpack_into(char *out, size_t length, struct span packed, int16_t codec)
{
    struct contexts *mine = my_contexts();

    if (codec == PIECE_RAW) {
        if (length > 0)
            memcpy(out, packed.p, length);
        return true;
    }
    if (!mine->unpack)
        mine->unpack = ZSTD_createDCtx();
    return ZSTD_decompressDCtx(mine->unpack, out, length, packed.p, span_length(packed)) == length;
}

bool zstd_unpack(const void *owner, struct span packed, int16_t codec, size_t limit, struct span *raw_out)
{
    size_t length;

    if (!zstd_raw_length(packed, codec, limit, &length))
        return false;
    char *out = talloc_array(owner, char, (unsigned)length + 1);
    if (!zstd_unpack_into(out, length, packed, codec)) {
        talloc_free(out);
        return false;
    }
    out[length] = '\0';
    *raw_out = span_of(out, length);
    return true;
}
