/*
 * clamd.h -- asking ClamAV's daemon: INSTREAM over its socket.
 *
 * Errors  ERR_BUSY: not there, too late, cut. ERR_INTERNAL: it answers what is no answer, or an error of its own; a
 *         message is then not scanned, whatever the reason.
 */
#ifndef FILTER_CLAMD_H
#define FILTER_CLAMD_H

#include "base/err.h"
#include "base/span.h"

#include <stdint.h>

struct dns;

enum { CLAMD_REPLY_MAX = 4096, CLAMD_NAME_MAX = 200 };

/* *virus_out: NULL for a clean message, else what was found, printable ASCII, under `owner`. */
MUST_CHECK bool clamd_scan(const void *owner, struct dns *dns, const char *where, struct span message,
                           int64_t deadline_us, const char **virus_out, struct err *err);

/* One complete reply without its NUL ("stream: OK"). False where it is none. */
MUST_CHECK bool clamd_reply_parse(const void *owner, struct span reply, const char **virus_out,
                                  struct err *err);

#endif
