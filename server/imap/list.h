/*
 * list.h -- folders as LIST tells them.
 */
#ifndef IMAP_LIST_H
#define IMAP_LIST_H

#include "imap/command.h"

/* A folder with the name this session knows it by. */
struct imap_listed {
    struct mailbox *mailbox; /* held by the request; NULL: of a public folder; imap_list_open() */
    struct group *group;     /* and */
    int64_t mailbox_id;      /* of a public folder */
    const struct folder
        *folder; /* NULL: a name without a folder, made up to show what lies below (\Noselect) */
    const char *shown;
    bool is_subscribed, has_children, has_subscribed_below;
    bool is_gone; /* \NonExistent: subscribed itself, or only names below it are */
};

/* Opens item->mailbox where it is not yet. */
MUST_CHECK bool imap_list_open(struct imap_request *req, struct imap_listed *item, struct err *err);
/* All folders the session may look up: its own and, with `others`, those that others share; sorted as a tree. */
MUST_CHECK bool imap_list_all(struct imap_request *req, bool others, struct imap_listed **listed_out,
                              size_t *count_out, struct err *err);

enum list_show {
    SHOW_SUBSCRIBED = 1,
    SHOW_SPECIAL_USE = 2,
    SHOW_CHILDREN = 4,
    SHOW_CHILDINFO = 8,
    SHOW_NO_ACCESS = 16 /* \NoAccess (RFC 5465, 5.9) */
};
/* "LIST (attributes) "/" name" and extended data, without "* " and the line end; for LIST, SELECT and NOTIFY. */
void imap_add_list(struct imap_session *session, struct buf *out, const struct imap_listed *listed,
                   unsigned show);

#endif
