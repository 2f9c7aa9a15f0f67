/*
 * batch.h -- changes of mailboxes of one storage group as the payload of one NOTIFY.
 *
 *     1 0123456789abcdef 4242:17 4250:9
 *
 * The version, the sender (whoever wrote it takes no notice of it), then mailboxes with their newest modseq; mailbox 0 says that
 * any may have changed. A payload comes out of a database, where anybody with a login to it may have put it: it is read like a
 * stranger's. Pure; no I/O.
 */
#ifndef BRIDGE_BATCH_H
#define BRIDGE_BATCH_H

#include "base/compiler.h"
#include "base/span.h"

#include <stddef.h>
#include <stdint.h>

/* PostgreSQL takes payloads below 8000 bytes. The shortest entry has four of them. */
enum { BATCH_PAYLOAD_SIZE = 8000, BATCH_ENTRIES_MAX = BATCH_PAYLOAD_SIZE / 4 };

struct batch_entry {
    int64_t mailbox_id; /* WAKE_ANY_MAILBOX: whichever */
    uint64_t modseq;    /* 0: unknown */
};

/* Sorts by mailbox and leaves the newest modseq of each; the new count. */
size_t batch_join(struct batch_entry *entries, size_t count);

/* Writes as many of the entries as fit, with a NUL; how many these were. */
size_t batch_write(char text_out[BATCH_PAYLOAD_SIZE], uint64_t sender, const struct batch_entry *entries,
                   size_t count);
/* False for anything that batch_write() would not have written; nothing of it counts then. */
MUST_CHECK bool batch_read(struct span text, uint64_t *sender_out,
                           struct batch_entry entries_out[BATCH_ENTRIES_MAX], size_t *count_out);

#endif
