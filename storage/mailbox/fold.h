/*
 * fold.h -- housekeeping of the journal: many old 'flags' rows of a folder become few 'folded' ones.
 *
 * One STORE writes one row of folder_change, whatever it changes, so a folder whose messages are flagged one by one would grow
 * for ever. When there are enough of them, the rows up to some modseq M, and what was folded before, give way to rows of
 * modseq M that hold flags and modseq of every message they touched (mailbox/folded.h), in one transaction. Who reads the
 * journal from any modseq on sees the same as before: from below M on each message gets the state it had at M; from M on
 * nothing has changed. Expunge rows are left alone. Flags and modseqs of expunged messages that can still be recovered are
 * folded with the others.
 *
 * Snapshots have nothing to do with it: they stay derived, and can be made again from memberships, folded and later rows.
 *
 * Errors   ERR_BUSY; ERR_INTERNAL where the journal of a folder cannot be read: it is left as it is.
 * Threads  any; two at once on one folder: one of them finds that it was done.
 */
#ifndef MAILBOX_FOLD_H
#define MAILBOX_FOLD_H

#include "group/group.h"

enum {
    FOLD_ROWS_MIN = 1000,      /* 'flags' rows of a folder below which nothing is folded, */
    FOLD_MESSAGES_A_ROW = 16,  /* and where it has more messages than this for each, neither */
    FOLD_ROWS_A_TURN = 100000, /* of one folder; the rest is folded next time */
    FOLD_PART_FIRST =
        1000000, /* folder_change.part of the first folded row: behind all others of its modseq */
};

/* One turn over a storage group, as housekeeping_job.run. */
MUST_CHECK bool fold_step(struct group *group, bool *is_done_out, struct err *err);
/* One folder now, however few rows it has; the number of 'flags' rows that went. */
MUST_CHECK bool fold_folder(struct group *group, int64_t mailbox_id, int64_t folder_id, uint64_t *rows_out,
                            struct err *err);

#endif
