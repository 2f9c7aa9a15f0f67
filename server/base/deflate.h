/*
 * deflate.h -- DEFLATE in both directions for one connection (RFC 4978), used by stream.c only.
 *
 * Buffers exist while bytes are in them; the compressor, 130 KB, only while there is something to say:
 * after a full flush a new one may continue the same stream. The expander must keep the peer's window.
 *
 * Threads  one at a time, with its stream.
 */
#ifndef BASE_DEFLATE_H
#define BASE_DEFLATE_H

#include "base/span.h"

struct deflate;

/* How compressed bytes travel below: as stream_read and stream_write, with a context. Result codes are
 * enum stream_result, kept as int here. */
struct deflate_transport {
    void *context;
    int (*read)(void *context, char *out, size_t size, size_t *read_out);
    int (*write)(void *context, struct span bytes, size_t *written_out);
};

/* Compresses on top of `transport`, which must outlive it; ended by deflate_free(). */
struct deflate *deflate_new(const struct deflate_transport *transport);
/* Accepts and sets NULL; nothing is flushed. */
void deflate_free(struct deflate **deflate);
/* Uncompressed bytes, as stream_read(); results of enum stream_result. */
int deflate_read(struct deflate *deflate, char *out, size_t size, size_t *read_out);
/* Takes bytes to compress, as stream_write(); what it holds back goes with deflate_flush(). */
int deflate_write(struct deflate *deflate, struct span bytes, size_t *written_out);
/* Everything said so far is written below; the compressor is released. */
int deflate_flush(struct deflate *deflate);
/* Why it failed; static; NULL where the transport did. */
const char *deflate_failure(const struct deflate *deflate);

#endif
