/*
 * journal.h -- one change of a folder as a transaction of two round trips.
 *
 * journal_lock() locks the mailbox's row, its quota roots where they matter, and the folder rows in the order everybody
 * keeps, and brings the view of one folder up to date behind these locks. The caller decides; journal_write_*() queue
 * rows and counters; db_pipeline_commit() sends them with COMMIT. The rooms above never see this.
 * For this room only.
 */
#ifndef MAILBOX_JOURNAL_H
#define MAILBOX_JOURNAL_H

#include "mailbox/read.h"

#include "db/transaction.h"

enum journal_kind { JOURNAL_FLAGS = 1, JOURNAL_EXPUNGE = 2, JOURNAL_FOLDED = 3 /* mailbox/fold.h */ };
/* set_bits of a JOURNAL_EXPUNGE: the messages live on elsewhere, so they are not for recovery. */
enum { JOURNAL_MOVED = 1 };

struct locked_mailbox {
    uint64_t modseq;
    int64_t used_bytes, used_messages, quota_bytes, quota_messages; /* quota 0: unlimited */
    int64_t next_uidvalidity;
    struct span *keywords;
    size_t keyword_count;
    size_t root_count;
    struct locked_root {
        int64_t root_id, limit_bytes, used_bytes;
    } roots[2];
};

struct locked_folder {
    int64_t folder_id;
    uint32_t uidvalidity, uidnext;
    uint64_t modseq;
};

enum journal_needs { JOURNAL_QUOTA = 1 };

struct journal_lock {
    struct mailbox *mailbox;
    struct mailbox *other; /* of the same group (COPY); NULL: none */
    unsigned needs;
    int64_t folder_ids[2];   /* of `mailbox`, and of `other` or a second one of `mailbox`; 0: none */
    int64_t view_of;         /* the folder whose view is brought up to date; 0: none */
    const struct view *base; /* what is known of it; NULL: nothing */
    /* results */
    struct locked_mailbox at, at_other;
    struct locked_folder folders[2];
    struct view_read read;
};
/* One round trip. Results belong to `owner`; lock->read is the caller's to release, also after a failure. */
MUST_CHECK bool journal_lock(struct db *db, const void *owner, struct journal_lock *lock, struct err *err);
struct journal_change {
    int64_t folder_id;
    uint64_t modseq;
    int part;
    enum journal_kind kind;
    const struct uid_set *uids;
    uint64_t clear_bits, set_bits;
};
/* `old` without these messages, at `modseq`. */
struct view *journal_view_without(const struct view *old, const struct uid_set *uids, uint64_t modseq);
/* Queues the journal row. `owner`: for the packed set, until the pipeline was sent. */
MUST_CHECK bool journal_write_change(struct db *db, void *owner, const struct journal_change *change,
                                     struct err *err);
/* Queues the folder's counters as this view has them. */
MUST_CHECK bool journal_write_folder(struct db *db, const struct view *view, struct err *err);
/* Queues the mailbox's modseq, what was added to its use (negative: taken away), to that of its roots, and its keywords (NULL: unchanged). */
MUST_CHECK bool journal_write_mailbox(struct db *db, int64_t mailbox_id, const struct locked_mailbox *at,
                                      uint64_t modseq, int64_t bytes, int64_t messages,
                                      const struct span *keywords, size_t keyword_count, struct err *err);
/* Sends what was queued with COMMIT and reads all results. A COMMIT whose answer was lost is settled by its receipt over
 * another connection: ERR_UNKNOWN comes back only where that did not answer either. */
MUST_CHECK bool journal_finish(struct db *db, struct mailbox *mailbox, struct err *err);

/* Room for that much more? ERR_QUOTA says what is full. */
MUST_CHECK bool journal_has_room(const struct locked_mailbox *at, int64_t bytes, int64_t messages,
                                 struct err *err);

/* Runs `work` in a transaction on a connection of the mailbox's group. */
MUST_CHECK bool journal_run(struct mailbox *mailbox, db_work *work, void *arg, struct err *err);

#endif
