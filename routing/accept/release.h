/*
 * release.h -- a message leaves the quarantine: to all its recipients, or the copy of one of them.
 *
 * Errors   ERR_NOT_FOUND: it is not there (any more), is not for this recipient, or nobody has a mailbox for it.
 * Threads  any.
 */
#ifndef ACCEPT_RELEASE_H
#define ACCEPT_RELEASE_H

#include "accept/accept.h"
#include "directory/quarantine.h"

/* Files the entry's message into the mailboxes of its organisation that its recipients have now, and gives it to the lists among
 * them by the queue; or (recipient_id other than 0) into that recipient's mailbox alone, whose address is then taken off the entry;
 * the last one ends it. Audited. */
MUST_CHECK bool release_entry(struct accept *accept, const struct actor *actor,
                              const struct quarantine_entry *entry, int64_t recipient_id, struct err *err);
/* The same for who has a link: by the entry's number. `peer`: for the audit. */
MUST_CHECK bool release_for_recipient(struct accept *accept, int64_t quarantine_id, int64_t recipient_id,
                                      const char *peer, struct err *err);

#endif
