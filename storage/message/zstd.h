/*
 * zstd.h -- pieces of text, compressed as they lie in the database (RFC 8878, level 1).
 *
 * Threads  each thread keeps its own compressor; it is freed when the thread ends.
 */
#ifndef MESSAGE_ZSTD_H
#define MESSAGE_ZSTD_H

#include "base/span.h"

enum piece_codec { PIECE_RAW = 0, PIECE_ZSTD = 1 };

/* Compressed under `owner`; `codec_out` NULL: always zstd, else PIECE_RAW and the bytes themselves (not copied) where
 * compression gains nothing. */
struct span zstd_pack(const void *owner, struct span raw, int16_t *codec_out);
/* Bytes it unpacks to; false for what is no frame of ours or would give more than `limit`. */
MUST_CHECK bool zstd_raw_length(struct span packed, int16_t codec, size_t limit, size_t *length_out);
/* Into `out` of exactly zstd_raw_length() bytes; false for damaged bytes. */
MUST_CHECK bool zstd_unpack_into(char *out, size_t length, struct span packed, int16_t codec);
/* Both at once, under `owner`. */
MUST_CHECK bool zstd_unpack(const void *owner, struct span packed, int16_t codec, size_t limit,
                            struct span *raw_out);

#endif
