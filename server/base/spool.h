/*
 * spool.h -- the bytes of one message while they arrive.
 *
 * Up to 256 KiB stay in memory; then everything moves to a temporary file without a name, so that a
 * crash leaves nothing behind and a thousand slow senders of large messages cost no memory. When the last
 * byte is in, spool_span() shows all of them as one contiguous window (the file mapped).
 *
 * Errors   ERR_NO_ROOM where the disk is full, ERR_BUSY where it is broken: the sender may try again; ERR_LIMIT over the limit.
 *          After an error the spool only counts: what follows is dropped, spool_length() stays exact.
 * Threads  a spool belongs to one thread at a time.
 */
#ifndef BASE_SPOOL_H
#define BASE_SPOOL_H

#include "base/err.h"
#include "base/span.h"

#define SPOOL_MEMORY_BYTES (256 * 1024)

struct spool;

/* `directory` must live as long as the spool; `limit_bytes` bounds it. Freed with `owner` or before. */
struct spool *spool_new(const void *owner, const char *directory, uint64_t limit_bytes);
/* Closes the file, unmaps, sets NULL; accepts NULL. */
void spool_free(struct spool **spool);

/* Bytes at the end, before anything is read. ERR_LIMIT beyond the limit, ERR_NO_ROOM where the disk is full, ERR_BUSY where it cannot be written; the first
 * trouble stays (spool_err()), and later calls fail with it while the length goes on being counted. */
MUST_CHECK bool spool_append(struct spool *spool, struct span bytes, struct err *err);
/* All bytes offered so far, those dropped after an error included. */
uint64_t spool_length(const struct spool *spool);
/* The first error of an append, or kind ERR_NONE. */
const struct err *spool_err(const struct spool *spool);

/* False once the bytes went to a file. */
bool spool_is_in_memory(const struct spool *spool);

/* All bytes; lives as long as the spool. Nothing may be appended afterwards. */
MUST_CHECK bool spool_span(struct spool *spool, struct span *bytes_out, struct err *err);

#endif
