/*
 * verify_journal.h -- rows of a folder's journal that cannot be read, and what can be done about them.
 *
 * Nothing else says what such a row said, except the folder's snapshot where that is newer: it shows flags and modseqs of
 * all messages after the row, and which ones an expunge left over. So
 *
 *   an 'expunge' row gets back the UIDs of all messages that the snapshot lacks and no other row took away;
 *   a 'flags' or 'folded' row goes, and the snapshot's flags stand in 'folded' rows at the snapshot's modseq.
 *
 * Without such a snapshot the row is dropped, so that the folder can be opened again: its messages have the flags that the
 * other rows say, and expunged ones are back. Nothing that was there is lost by it.
 *
 * For this room only.
 */
#ifndef MAILBOX_VERIFY_JOURNAL_H
#define MAILBOX_VERIFY_JOURNAL_H

#include "mailbox/journal.h"

struct journal_damage {
    int64_t modseq;
    int32_t part;
    enum journal_kind kind;
    bool is_restored; /* by verify_journal_mend(): from the snapshot; else the row was dropped */
};

/* The rows that cannot be read, in their order, under `owner`. */
MUST_CHECK bool verify_journal_find(struct db *db, const void *owner, int64_t folder_id,
                                    struct journal_damage **damage_out, size_t *count_out, struct err *err);
/* Behind the locks of the mailbox and the folder, in a transaction. */
MUST_CHECK bool verify_journal_mend(struct db *db, const void *owner, int64_t folder_id,
                                    struct journal_damage *damage, size_t count, struct err *err);

#endif
