/*
 * lesson.h -- what users teach by moving mail into Junk and out of it: noted, taken, settled; and whom they know.
 *
 * A lesson names a message; the last word about it counts. Rows that wait are bounded, in all and for each mailbox: what is
 * more is not taught. A taken lesson is due again after LESSON_LEASE_S, so one that was taken by a process that died is not
 * lost.
 *
 * Keys of senders are hashes that routing/filter/familiar.h makes.
 *
 * Errors   ERR_BUSY while the database is down; nothing was changed then.
 * Threads  any.
 */
#ifndef DIRECTORY_LESSON_H
#define DIRECTORY_LESSON_H

#include "base/span.h"
#include "directory/directory.h"

enum {
    LESSONS_MAX = 100000,          /* that wait, in all */
    LESSONS_OF_MAILBOX_MAX = 1000, /* of one mailbox */
    LESSONS_TAKEN_MAX = 50,        /* at a time */
    LESSON_LEASE_S = 300,
    FAMILIAR_MAX = 5000, /* keys of one mailbox; the oldest go */
    FAMILIAR_DAYS = 730,
};

struct lesson {
    int64_t lesson_id; /* of one that was taken */
    int64_t mailbox_id, storage_group_id, message_id;
    bool is_spam;

    int64_t organisation_id, recipient_id; /* found out when it is put */
    int32_t tries;
    const char *address; /* primary one of the mailbox; of one that was taken */
};

/* Puts them in. One that waits already gets the new word. A mailbox that is gone teaches nothing. */
MUST_CHECK bool lesson_put(struct directory *directory, const struct lesson *lessons, size_t count,
                           int64_t now_us, struct err *err);
/* Takes what is due, oldest first, under `owner`. */
MUST_CHECK bool lesson_take(struct directory *directory, const void *owner, int64_t now_us,
                            struct lesson **lessons_out, size_t *count_out, struct err *err);
/* It is over, whatever came of it; unless the user has said otherwise meanwhile. */
MUST_CHECK bool lesson_end(struct directory *directory, const struct lesson *lesson, struct err *err);
/* Not before `next_us` again. `was_tried`: it counts as a try. */
MUST_CHECK bool lesson_defer(struct directory *directory, const struct lesson *lesson, int64_t next_us,
                             bool was_tried, struct err *err);
/* How many wait. */
MUST_CHECK bool lesson_count(struct directory *directory, int64_t *count_out, struct err *err);

/* From now on the owner of the lesson's mailbox knows these keys, or no longer does (a lesson of spam). */
MUST_CHECK bool familiar_learn(struct directory *directory, const struct lesson *lesson,
                               const struct span *keys, size_t count, int64_t now_us, struct err *err);
/* Those of `mailboxes` whose owner knows one of the keys, under `owner`. By primary key. */
MUST_CHECK bool familiar_find(struct directory *directory, const void *owner, const int64_t *mailboxes,
                              size_t mailbox_count, const struct span *keys, size_t key_count,
                              int64_t **known_out, size_t *known_count_out, struct err *err);
/* Forgets what was learnt long ago, and the oldest where one knows too many. */
MUST_CHECK bool familiar_tidy(struct directory *directory, int64_t now_us, uint64_t *removed_out,
                              struct err *err);

#endif
