/*
 * recall.h -- a submitted message goes back into its sender's Drafts while none of it has left: the undo window, and mail that
 * was to be sent later.
 *
 * What the server added on top is taken off again; recipients that stand in no field of the message stand in Bcc. The draft has
 * a receipt, so that a message that is recalled twice is there once.
 *
 * Errors   as queue/recall.h; ERR_BUSY: the storage group is down. The message is then held: recall it again.
 * Threads  any.
 */
#ifndef ACCEPT_RECALL_H
#define ACCEPT_RECALL_H

#include "base/err.h"
#include "base/span.h"

#include <stddef.h>
#include <stdint.h>

struct actor;
struct deliver;
struct directory;

struct recall {
    struct directory *directory;
    struct deliver *deliver;
    const struct actor *actor;
    int64_t organisation_id; /* 0: any */
    int64_t login_id;        /* who submitted it; 0: anybody */
    const char *name;        /* of the message, as in the 250 */
};

struct recalled {
    const char *login;                           /* whose it is again */
    int64_t mailbox_id, folder_id, uid, item_id; /* the draft; 0 where it was filed by an earlier attempt */
    size_t recipients;
};

/* Files the message into its sender's Drafts and takes it out of the queue, both or neither; *recalled_out under `owner`. ERR_NOT_FOUND: it is not there, or not this sender's; ERR_CONFLICT: some of it has left; ERR_BUSY. */
MUST_CHECK bool recall_message(const struct recall *recall, const void *owner, struct recalled *recalled_out,
                               struct err *err);

/* Pure: the message as its author wrote it. `asked`: recipients of the envelope. Under `owner`. */
struct span recall_draft(const void *owner, struct span bytes, const char *const *asked, size_t asked_count);

#endif
