/*
 * folded.h -- flags and modseqs of many messages as bytes: the `uids` of a folder_change row of kind 3.
 *
 * Columns of UIDs, flags and modseqs, each written as differences in varints, one zstd frame with a checksum over all: three
 * to six bytes a message. Not derived from anything: bytes that cannot be read are damage, as those of a body are.
 *
 * Threads  any.
 */
#ifndef MAILBOX_FOLDED_H
#define MAILBOX_FOLDED_H

#include "base/buf.h"

enum { FOLDED_MESSAGES_MAX = 8192 }; /* of one row */

struct folded {
    uint32_t count;
    uint32_t *uids; /* ascending */
    uint64_t *flags, *modseqs;
};

/* Empty, with room for FOLDED_MESSAGES_MAX messages under `owner`. */
struct folded folded_new(const void *owner);
/* Index of this UID, or `count`. */
uint32_t folded_find(const struct folded *folded, uint32_t uid);

/* Appends the packed form. */
void folded_pack(struct buf *out, const struct folded *folded);
/* Under `owner`; false for bytes that folded_pack() cannot have written. */
MUST_CHECK bool folded_unpack(const void *owner, struct span packed, struct folded *folded_out);

#endif
