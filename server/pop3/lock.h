/*
 * lock.h -- one session a maildrop (RFC 1939, 8), on all machines.
 *
 * First among the sessions of this process, then, by a row (mailbox/maildrop_lock.h), among all processes.
 *
 * Threads  any.
 */
#ifndef POP3_LOCK_H
#define POP3_LOCK_H

#include "group/group.h"

struct pop3_lock;

/* ERR_CONFLICT: somebody has it. ERR_BUSY: that cannot be learnt now. */
MUST_CHECK bool pop3_lock_take(struct group *group, int64_t mailbox_id, struct pop3_lock **lock_out,
                               struct err *err);
/* Accepts and sets NULL. */
void pop3_lock_release(struct pop3_lock **lock);

#endif
