/*
 * snapshot.h -- a view as bytes: folder_snapshot.data.
 *
 * Columns of UIDs, flags, modseqs, sizes, dates and ids, each written as differences in varints, zstd over all: some 14 bytes a
 * message. Derived: a damaged or unknown one is as good as none, the folder is then read from its rows.
 *
 * Threads  any.
 */
#ifndef MAILBOX_SNAPSHOT_H
#define MAILBOX_SNAPSHOT_H

#include "mailbox/view.h"

/* Appends the packed form of a view. */
void snapshot_encode(const struct view *view, struct buf *out);
struct view_builder; /* mailbox/view_build.h */
/* All messages into an empty builder; false for bytes that snapshot_encode() cannot have written. */
MUST_CHECK bool snapshot_decode(struct span data, uint64_t messages, struct view_builder *into);

#endif
