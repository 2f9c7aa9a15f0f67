/*
 * submission.h -- what was handed over for sending by JMAP (EmailSubmission), and what became of it.
 *
 * The row is committed before the message is handed over, so that after a crash it can be found out whether it went: `name` is
 * what the queue and the trace call the message. As long as nobody heard what became of it the row is open (`asked_us`). Each change
 * takes the next modseq of the mailbox.
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
    int64_t asked_us;   /* open since then; 0: what became of it is known */
    int64_t mailbox_id; /* results only */
    uint64_t created_modseq, modseq;
};

/* The newest SUBMISSIONS_LISTED_MAX, also those removed; the oldest first. */
MUST_CHECK bool submissions_list(struct mailbox *mailbox, const void *owner, struct submission **list_out,
                                 size_t *count_out, struct err *err);
/* Uses all but ids and modseqs. */
MUST_CHECK bool submission_add(struct mailbox *mailbox, const struct submission *wanted, int64_t *id_out,
                               struct err *err);
/* Sets name, status, send_at_us, is_removed and asked_us. */
MUST_CHECK bool submission_set(struct mailbox *mailbox, const struct submission *submission, struct err *err);

/* Those of the group that are open since before then, in mailboxes that may be written to; the oldest `limit`. */
MUST_CHECK bool submissions_open(struct group *group, const void *owner, int64_t before_us, size_t limit,
                                 struct submission **list_out, size_t *count_out, struct err *err);

#endif
