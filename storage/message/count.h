/*
 * count.h -- how many messages a storage group holds, each counted once however many mailboxes have it.
 *
 * Errors   ERR_BUSY.
 * Threads  any.
 */
#ifndef MESSAGE_COUNT_H
#define MESSAGE_COUNT_H

#include "group/group.h"

/* Reads an index of all messages: for one storage group when asked, not for lists. */
MUST_CHECK bool message_count(struct group *group, int64_t *count_out, struct err *err);

#endif
