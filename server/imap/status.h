/*
 * status.h -- the items of STATUS, for STATUS itself and for LIST-STATUS (RFC 5819).
 */
#ifndef IMAP_STATUS_H
#define IMAP_STATUS_H

#include "imap/command.h"

enum status_item {
    STATUS_MESSAGES = 1 << 0,
    STATUS_RECENT = 1 << 1,
    STATUS_UIDNEXT = 1 << 2,
    STATUS_UIDVALIDITY = 1 << 3,
    STATUS_UNSEEN = 1 << 4,
    STATUS_SIZE = 1 << 5,
    STATUS_DELETED = 1 << 6,
    STATUS_HIGHESTMODSEQ = 1 << 7,
    STATUS_MAILBOXID = 1 << 8,
    STATUS_APPENDLIMIT = 1 << 9,
    STATUS_DELETED_STORAGE = 1 << 10,
};

/* "(" item *(SP item) ")". */
MUST_CHECK bool imap_take_status_items(struct imap_in *in, unsigned *items_out);
/* "* STATUS name (...)" CRLF. `shown` is the folder's name in this session. */
MUST_CHECK bool imap_add_status(struct imap_request *req, struct mailbox *mailbox,
                                const struct folder *folder, const char *shown, unsigned items,
                                struct err *err);

#endif
