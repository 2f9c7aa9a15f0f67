/*
 * mailbox.h -- opening the mailbox that a request names.
 */
#ifndef ADMIN_API_MAILBOX_H
#define ADMIN_API_MAILBOX_H

#include "admin_api/call.h"
#include "directory/user.h"
#include "mailbox/mailbox.h"

struct opened_mailbox {
    struct user user;
    struct mailbox *mailbox;      /* mailbox_close() */
    struct mailbox_reader reader; /* its owner */
};

/* By any address of its user, whom the actor may see. The user's strings are under call->arena. ERR_NOT_FOUND; ERR_BUSY while its
 * storage group is down. */
MUST_CHECK bool open_mailbox(struct admin_call *call, const char *address, struct opened_mailbox *out,
                             struct err *err);

/* Files of users come with LF; messages are stored with CRLF. Under `owner`, or `bytes` itself where nothing is to do. */
struct span with_crlf(void *owner, struct span bytes);

#endif
