/*
 * client.h -- asks the service for the text of a document.
 *
 * Threads  any; each call has a connection of its own.
 */
#ifndef EXTRACT_CLIENT_H
#define EXTRACT_CLIENT_H

#include "base/buf.h"
#include "base/err.h"
#include "extract/extract.h"

/* Does anybody answer at `path`? */
bool extract_is_there(const char *path);
/* Adds the text. ERR_BUSY: nobody is there, or whoever was there is gone; nothing is known of the document then. Waits for
 * `wait_s` at most, which is longer than a document may take. */
MUST_CHECK bool extract_ask(const char *path, enum extract_kind kind, struct span bytes, unsigned wait_s,
                            struct buf *text, enum extract_verdict *verdict_out, int *signal_out,
                            struct err *err);

#endif
