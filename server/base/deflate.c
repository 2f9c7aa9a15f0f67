#include "base/deflate.h"

#include "base/stream.h"

#include <stdlib.h>
#include <zlib.h>

#define IN_BYTES 8192
#define OUT_BYTES 16384
/* What a peer's bytes may expand to: a megabyte of zeros in a kilobyte is an attack on our memory. */
#define EXPANSION_FREE_BYTES (4u * 1024 * 1024)
#define EXPANSION_MAX 200
/* What may come without a byte of text in it: a deflater never says so little. Blocks with nothing in them would be read for
 * as long as they come, and nothing else by this thread. */
#define SILENT_MAX_BYTES (64u * 1024)

struct deflate {
    struct deflate_transport transport;
    z_stream expander, compressor;
    bool is_compressing; /* the compressor exists */
    bool is_flushed;     /* nothing inside it */
    char *in;            /* compressed bytes not yet expanded: expander.next_in points here */
    char *out;           /* compressed bytes not yet written: [out_start, out_end) */
    size_t out_start, out_end;
    bool may_hold_more; /* the last call filled the caller's buffer: there may be output without input */
    uint64_t in_total, out_total;
    size_t silent; /* compressed bytes since the last byte of text */
    const char *failure;
};

struct deflate *deflate_new(const struct deflate_transport *transport)
{
    struct deflate *d = calloc(1, sizeof(*d));

    if (!d || inflateInit2(&d->expander, -15) != Z_OK)
        abort();
    d->transport = *transport;
    d->is_flushed = true;
    return d;
}

void deflate_free(struct deflate **deflate)
{
    struct deflate *d = *deflate;

    *deflate = NULL;
    if (!d)
        return;
    inflateEnd(&d->expander);
    if (d->is_compressing)
        deflateEnd(&d->compressor);
    free(d->in);
    free(d->out);
    free(d);
}

static int fail(struct deflate *d, const char *reason)
{
    d->failure = reason;
    return STREAM_FAILED;
}

static int fill(struct deflate *d)
{
    size_t got = 0;
    int result;

    if (!d->in && !(d->in = malloc(IN_BYTES)))
        abort();
    result = d->transport.read(d->transport.context, d->in, IN_BYTES, &got);
    if (result != STREAM_OK) {
        free(d->in);
        d->in = NULL;
        return result;
    }
    d->in_total += got;
    d->silent += got;
    d->expander.next_in = (Bytef *)d->in;
    d->expander.avail_in = (uInt)got;
    return STREAM_OK;
}

int deflate_read(struct deflate *d, char *out, size_t size, size_t *read_out)
{
    for (;;) {
        int result;
        size_t got;
        if (d->expander.avail_in == 0 && !d->may_hold_more) {
            result = fill(d);
            if (result != STREAM_OK)
                return result;
        }
        d->expander.next_out = (Bytef *)out;
        d->expander.avail_out = (uInt)size;
        result = inflate(&d->expander, Z_SYNC_FLUSH);
        got = size - d->expander.avail_out;
        d->may_hold_more = d->expander.avail_out == 0;
        d->out_total += got;
        if (result != Z_OK && result != Z_BUF_ERROR)
            return fail(d, result == Z_STREAM_END ? "deflate: ended" : "deflate: damaged");
        if (d->out_total > EXPANSION_FREE_BYTES && d->out_total / EXPANSION_MAX > d->in_total)
            return fail(d, "deflate: expands too much");
        if (got > 0) {
            d->silent = 0;
            *read_out = got;
            return STREAM_OK;
        }
        if (d->silent > SILENT_MAX_BYTES)
            return fail(d, "deflate: says nothing");
    }
}

/* Writes below what is compressed already; STREAM_OK when nothing is left. */
static int drain(struct deflate *d)
{
    while (d->out_start < d->out_end) {
        size_t written = 0;
        int result = d->transport.write(d->transport.context,
                                        span_of(d->out + d->out_start, d->out_end - d->out_start), &written);
        if (result != STREAM_OK)
            return result;
        d->out_start += written;
    }
    d->out_start = d->out_end = 0;
    return STREAM_OK;
}

static void prepare(struct deflate *d)
{
    if (!d->out && !(d->out = malloc(OUT_BYTES)))
        abort();
    if (d->is_compressing)
        return;
    memset(&d->compressor, 0, sizeof(d->compressor));
    if (deflateInit2(&d->compressor, Z_DEFAULT_COMPRESSION, Z_DEFLATED, -14, 7, Z_DEFAULT_STRATEGY) != Z_OK)
        abort();
    d->is_compressing = true;
}

static void compress_step(struct deflate *d, int flush)
{
    d->compressor.next_out = (Bytef *)d->out;
    d->compressor.avail_out = OUT_BYTES;
    deflate(&d->compressor, flush);
    d->out_end = OUT_BYTES - d->compressor.avail_out;
}

int deflate_write(struct deflate *d, struct span bytes, size_t *written_out)
{
    int result = drain(d);

    if (result != STREAM_OK)
        return result;
    prepare(d);
    d->is_flushed = false;
    d->compressor.next_in = (Bytef *)(uintptr_t)bytes.p;
    d->compressor.avail_in = (uInt)(span_length(bytes) < OUT_BYTES * 4 ? span_length(bytes) : OUT_BYTES * 4);
    *written_out = d->compressor.avail_in;
    compress_step(d, Z_NO_FLUSH);
    *written_out -= d->compressor.avail_in;
    result = drain(d);
    return result == STREAM_FAILED || *written_out == 0 ? result : STREAM_OK;
}

int deflate_flush(struct deflate *d)
{
    int result;

    while ((result = drain(d)) == STREAM_OK && !d->is_flushed) {
        d->compressor.next_in = NULL;
        d->compressor.avail_in = 0;
        compress_step(d, Z_FULL_FLUSH);
        d->is_flushed = d->compressor.avail_out > 0;
    }
    if (result == STREAM_OK && d->is_compressing) {
        deflateEnd(&d->compressor);
        d->is_compressing = false;
        free(d->out);
        d->out = NULL;
    }
    return result;
}

const char *deflate_failure(const struct deflate *d)
{
    return d->failure;
}
