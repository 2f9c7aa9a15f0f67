/*
 * expunge.h -- taking messages out of a folder, for good as far as clients see; recoverable for the store's period.
 *
 * One journal row and the counters, in two round trips, however many messages.
 *
 * Errors   as mailbox/flags.h.
 * Threads  any.
 */
#ifndef MAILBOX_EXPUNGE_H
#define MAILBOX_EXPUNGE_H

#include "mailbox/view.h"

struct db;

enum expunge_which {
    EXPUNGE_DELETED, /* those with \Deleted */
    EXPUNGE_ALL      /* flags do not matter: POP3 DELE at QUIT, JMAP destroy */
};
struct expunge_result {
    struct view *view; /* the folder after it; a reference for the caller */
    struct uid_set expunged;
    uint64_t modseq;
};
/* Of `uids` (NULL: the whole folder). Quota and counters shrink in the same transaction. */
MUST_CHECK bool folder_expunge(struct mailbox *mailbox, int64_t folder_id, const struct uid_set *uids,
                               enum expunge_which which, const void *owner, struct expunge_result *result_out,
                               struct err *err);
/* What the result holds; the result itself is the caller's. */
void expunge_result_release(struct expunge_result *result);

/* The same as a step of a transaction that somebody else commits (IMAP REPLACE: filing_batch.before); all of `uids`, flags do not
 * matter. ERR_CONFLICT where none of them is there any more. After COMMIT the caller announces the mailbox
 * (mailbox_announce), unless the transaction's own end does. */
struct expunge_within {
    struct mailbox *mailbox;
    int64_t folder_id;
    const struct uid_set *uids;
    uint64_t modseq; /* result: of the change */
};
/* A db_work; `within`: struct expunge_within. */
MUST_CHECK bool folder_expunge_within(struct db *db, void *within, struct err *err);

#endif
