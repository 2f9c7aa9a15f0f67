/*
 * mailbox.h -- JMAP's Mailbox as one of our folders; private to this room.
 *
 * A public folder is a tree of one mailbox at the top, with its name and no role: the INBOX of the mailbox behind it, with what stands
 * at the top of that one below.
 */
#ifndef JMAP_MAILBOX_H
#define JMAP_MAILBOX_H

#include "jmap/request.h"

/* "inbox", "sent", ... of RFC 8621, 2; NULL. Static. */
const char *jmap_role_of(const struct jmap_account *account, const struct folder *folder);
/* The special use of a role; NULL for one that is not ours to give. Static. */
const char *jmap_use_of_role(const char *role);
/* Where it stands among others before names are compared. */
int jmap_sort_order(const struct folder *folder);
/* What people read: the last part of its path, "Inbox", and the name of a public folder. Points into the folder or the account, or is
 * static. */
const char *jmap_mailbox_name(const struct jmap_account *account, const struct folder *folder);
/* Is it the whole of a public folder? */
bool jmap_is_public_root(const struct jmap_account *account, const struct folder *folder);
/* Number of the folder above; false at the top, and where that may not be seen. */
MUST_CHECK bool jmap_mailbox_parent(const struct jmap_account *account, const struct folder *folder,
                                    size_t *number_out);

struct jmap_thread_counts {
    int64_t total, unread;
};
/* Of each folder, in the account's order; the arena's. */
MUST_CHECK bool jmap_count_threads(struct jmap_call *call, struct jmap_thread_counts **counts_out,
                                   struct err *err);

#endif
