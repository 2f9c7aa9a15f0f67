/*
 * unpack.h -- what comes attached to a report: gzip, a zip archive with one file, or the text itself.
 *
 * Never more than `most` bytes come out, whatever the archive says of itself: a bomb is ERR_LIMIT before it has grown.
 *
 * Errors   ERR_INVALID: damaged, encrypted, or none of the three; ERR_LIMIT.
 * Threads  pure; any.
 */
#ifndef REPORT_UNPACK_H
#define REPORT_UNPACK_H

#include "base/buf.h"
#include "base/err.h"

/* Of a zip archive the first file. The result belongs to `owner`, or is `packed` where that is the text. */
MUST_CHECK bool unpack(const void *owner, struct span packed, size_t most, struct span *text_out,
                       struct err *err);
/* gzip, best compression. */
void pack_gzip(struct buf *out, struct span bytes);

#endif
