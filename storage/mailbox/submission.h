/*
 * submission.h -- what was handed over for sending by JMAP (EmailSubmission), and what became of it.
 *
 * The row is committed before the message is handed over, so that after a crash it can be found out whether it went: `name` is
 * what the queue calls the message, "" until that is known. Each change takes the next modseq of the mailbox.
 *
 * Ownership  results belong to the talloc context `owner`.
 * Errors     ERR_NOT_FOUND; ERR_BUSY, ERR_UNKNOWN.
 * Threads    any.
 */
#ifndef MAILBOX_SUBMISSION_H
#define MAILBOX_SUBMISSION_H

#include "mailbox/mailbox.h"

enum { SUBMISSIONS_LISTED_MAX = 2000 };

struct submission {
    int64_t submission_id, writer_id, item_id, thread_id;
    const char *envelope; /* JSON */
    const char *name;
    int64_t send_at_us;
    const char *status; /* "pending", "final", "canceled" */
    bool is_removed;
    uint64_t created_modseq, modseq;
};

/* The newest SUBMISSIONS_LISTED_MAX, also those removed; the oldest first. */
MUST_CHECK bool submissions_list(struct mailbox *mailbox, const void *owner, struct submission **list_out,
                                 size_t *count_out, struct err *err);
/* Uses all but ids and modseqs. */
MUST_CHECK bool submission_add(struct mailbox *mailbox, const struct submission *wanted, int64_t *id_out,
                               struct err *err);
/* Sets name, status, send_at_us and is_removed. */
MUST_CHECK bool submission_set(struct mailbox *mailbox, const struct submission *submission, struct err *err);

#endif
