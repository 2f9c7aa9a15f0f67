/*
 * copy_work.h -- the parts of a COPY: columns of what is copied, new items in another mailbox, other storage groups.
 * For this room only.
 */
#ifndef MAILBOX_COPY_WORK_H
#define MAILBOX_COPY_WORK_H

#include "mailbox/copy.h"
#include "mailbox/journal.h"

/* Columns, as the database wants them. */
struct copied {
    size_t count;
    int64_t *flags, *item_id, *message_id, *size, *received_us;
    int64_t unseen, deleted, bytes;
};
/* Room for `capacity` messages under `owner`. */
void copied_start(struct copied *copied, const void *owner, size_t capacity);
/* One more; within the capacity. */
void copied_add(struct copied *copied, const struct view_message *message);
/* unseen, deleted and bytes again, of the messages as the source has them. */
void copied_count_up(struct copied *copied, const struct view *source, const struct uid_set *uids);

/* Keyword bits of one mailbox into those of another. `names`: the destination's, with what was added. */
struct copied_keywords {
    struct span *names;
    size_t count;
    bool added;
};
/* ERR_LIMIT: the destination has no room for another keyword. */
MUST_CHECK bool copied_translate(const void *owner, struct copied *copied, const struct locked_mailbox *from,
                                 const struct locked_mailbox *to, struct copied_keywords *keywords_out,
                                 struct err *err);

/* Gives every copied message a new item in `to`, in a conversation of that mailbox: reads ids and conversations (round
 * trips of their own), then queues the inserts in the pipeline. */
MUST_CHECK bool copied_new_items(struct db *db, const void *owner, struct mailbox *from, struct mailbox *to,
                                 struct copied *copied, uint64_t modseq, struct err *err);

/* folder_copy() where the mailboxes live in two storage groups: bytes are read here and filed there, in batches of
 * one transaction each, and for a move expunged here afterwards. So a crash between may leave both copies, never
 * none. `result_out` holds what was done also where it fails in the middle. */
MUST_CHECK bool copy_between_groups(struct mailbox *from, int64_t from_folder_id, const struct uid_set *uids,
                                    struct mailbox *to, int64_t to_folder_id, enum copy_kind kind,
                                    const void *owner, struct copy_result *result_out, struct err *err);

#endif
