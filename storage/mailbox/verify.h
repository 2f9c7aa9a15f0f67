/*
 * verify.h -- compares what is derived with what it is derived from, online, and repairs it when told to.
 *
 * Each folder is replayed from its memberships and journal under its lock and compared with its counters, its
 * snapshot and its packs; the sums of folders with the mailbox's used bytes and messages. A row of a journal that cannot
 * be read is a difference too: "journal", with its modseq as `found`. Repaired, `right` is the same where the folder's
 * snapshot said what the row had said, and 0 where it had to be dropped; unrepaired the rest of that folder is not
 * looked at, the others are.
 *
 * Errors   ERR_BUSY; differences are not errors.
 * Threads  any.
 */
#ifndef MAILBOX_VERIFY_H
#define MAILBOX_VERIFY_H

#include "mailbox/mailbox.h"

enum verify_action { VERIFY_REPORT, VERIFY_REPAIR };

struct verify_difference {
    int64_t mailbox_id;
    int64_t folder_id; /* 0: of the mailbox itself */
    const char *what;  /* "messages", "unseen", "uidnext", "snapshot", "pack", "journal", "used_bytes", ... */
    int64_t found, right; /* both 0 where it is not a number */
    bool is_repaired;
};
typedef void verify_tell(const struct verify_difference *difference, void *arg);

/* All folders of one mailbox and its sums. *differences_out: how many were told. */
MUST_CHECK bool verify_mailbox(struct mailbox *mailbox, enum verify_action action, verify_tell *tell,
                               void *arg, uint64_t *differences_out, struct err *err);

#endif
