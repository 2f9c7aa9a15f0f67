/* attachments_write.h -- inside this room: what the walk through attachments writes down. */
#ifndef MAILBOX_ATTACHMENTS_WRITE_H
#define MAILBOX_ATTACHMENTS_WRITE_H

#include "mailbox/attachments.h"

struct attachment_outcome {
    int64_t message_id, item_id, folder_id, mailbox_id;
    uint32_t uid;
    struct buf text, reasons;
};

/* Before a message is read: so that a reader that dies of it does not for ever. ERR_NOT_FOUND: the message is gone. */
MUST_CHECK bool attachments_begin(struct group *group, int64_t message_id, int *tries_out, struct err *err);
/* Text, words of the item and the place in the folder, in one transaction. */
MUST_CHECK bool attachments_end(struct group *group, const struct attachment_outcome *outcome,
                                struct err *err);
/* The words of an item whose message was read for another one. */
MUST_CHECK bool attachments_note_item(struct group *group, const struct attachment_outcome *outcome,
                                      struct err *err);
/* Up to this UID there is nothing more to look at. */
MUST_CHECK bool attachments_advance(struct group *group, int64_t folder_id, uint32_t uid, struct err *err);

#endif
