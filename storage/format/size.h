/*
 * size.h -- sizes as administrators write them: "500M", "2G", "1.5 GiB", "1048576", "unlimited".
 *
 * K, M, G, T are powers of 1024.
 */
#ifndef FORMAT_SIZE_H
#define FORMAT_SIZE_H

#include "base/buf.h"
#include "base/span.h"

#define SIZE_UNLIMITED INT64_MAX

/* Bytes, never negative; ERR-free: false for anything else, including what does not fit. */
MUST_CHECK bool size_parse(struct span text, int64_t *bytes_out);
/* The shortest form that size_parse reads back exactly: "2G", "1536M", "1000". */
void size_add(struct buf *out, int64_t bytes);
/* For people, rounded: "1.5 GB". */
void size_add_rounded(struct buf *out, int64_t bytes);

#endif
