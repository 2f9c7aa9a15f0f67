/*
 * recover.h -- expunged messages: seen and brought back while the store's period lasts.
 *
 * Threads  all functions may be called from any thread.
 */
#ifndef MAILBOX_RECOVER_H
#define MAILBOX_RECOVER_H

#include "message/message.h"

struct recoverable {
    int64_t folder_id, uid, item_id, message_id, size_bytes;
    int64_t received_us, expunged_us, until_us; /* it can be had again until then */
    const char *folder_name;                    /* that it was in; the folder may be deleted, too */
};
/* The newest expunges first, at most `limit`; folder_id 0: of all folders, deleted ones included. */
MUST_CHECK bool mailbox_recoverable(struct group *group, const void *owner, int64_t mailbox_id,
                                    int64_t folder_id, size_t limit, struct recoverable **found_out,
                                    size_t *count_out, struct err *err);

struct recovered {
    size_t count;    /* messages brought back */
    uint64_t modseq; /* of the mailbox afterwards, for wake_publish() */
};
/* Files expunged messages again, under new UIDs, without \Deleted: into `into_folder_id`, or 0: the INBOX.
 * All or none; ERR_QUOTA where they do not fit, ERR_NOT_FOUND where one is no longer recoverable. */
MUST_CHECK bool mailbox_recover(struct group *group, int64_t mailbox_id, const struct recoverable *items,
                                size_t count, int64_t into_folder_id, struct recovered *recovered_out,
                                struct err *err);

#endif
