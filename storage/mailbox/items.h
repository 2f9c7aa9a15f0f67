/*
 * items.h -- messages of a mailbox by their item, wherever in it they are: JMAP's Email and Thread.
 *
 * What a view cannot tell is asked here: in which folders an item is, which items a conversation has, what was taken away
 * since a modseq. Rows of expunged messages are among the answers as long as they are kept; whether a message is there is
 * seen in the view of its folder.
 *
 * Ownership  results belong to the talloc context `owner`.
 * Errors     ERR_BUSY.
 * Threads    any.
 */
#ifndef MAILBOX_ITEMS_H
#define MAILBOX_ITEMS_H

#include "mailbox/mailbox.h"

/* The counter of changes of the whole mailbox, as committed. */
MUST_CHECK bool mailbox_modseq(struct mailbox *mailbox, uint64_t *modseq_out, struct err *err);

/* The modseq of the newest item that was added after `since`; 0: none. Not of one that is in Drafts or Sent, or that stands behind more than
 * DELIVERED_LOOK newer ones in its folder. Cost: that, for each folder that changed. */
enum { DELIVERED_LOOK = 100 };
MUST_CHECK bool items_delivered(struct mailbox *mailbox, uint64_t since, uint64_t *modseq_out,
                                struct err *err);

/* One membership of an item, there or expunged. */
struct item_place {
    int64_t item_id, thread_id, message_id, folder_id;
    uint64_t created_modseq; /* of the item */
    int64_t saved_us;
    uint32_t uid;
};
/* Of these items, those of one item together, in no other order. Ids of other mailboxes give nothing. By primary key. */
MUST_CHECK bool items_find(struct mailbox *mailbox, const void *owner, const int64_t *item_ids, size_t count,
                           struct item_place **places_out, size_t *count_out, struct err *err);
/* Of all items of these conversations; the same. By index item_thread. */
MUST_CHECK bool items_of_threads(struct mailbox *mailbox, const void *owner, const int64_t *thread_ids,
                                 size_t count, struct item_place **places_out, size_t *count_out,
                                 struct err *err);
/* threads_out[0 .. count): the conversation of each item, 0 where there is no such item. */
MUST_CHECK bool items_threads(struct mailbox *mailbox, const int64_t *item_ids, size_t count,
                              int64_t *threads_out, struct err *err);

/* An item of which a membership went away, or whose folder did, after `since`. */
struct item_gone {
    int64_t item_id;
    uint64_t modseq; /* of that change */
};
/* Among the folders given and those deleted meanwhile. ERR_CONFLICT: some of what went away since then is forgotten. Cost: what
 * went away. */
MUST_CHECK bool items_gone_since(struct mailbox *mailbox, const void *owner, const int64_t *folder_ids,
                                 size_t count, uint64_t since, struct item_gone **gone_out, size_t *count_out,
                                 struct err *err);

/* Folders that were deleted after `since`. */
struct folder_gone {
    int64_t folder_id;
    uint64_t created_modseq, modseq;
};
/* ERR_CONFLICT: some of them are forgotten. */
MUST_CHECK bool folders_gone_since(struct mailbox *mailbox, const void *owner, uint64_t since,
                                   struct folder_gone **gone_out, size_t *count_out, struct err *err);

#endif
