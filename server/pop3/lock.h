/*
 * lock.h -- one session a maildrop (RFC 1939, 8), among all sessions of this process.
 *
 * Two processes may have one maildrop open at the same time; that harms nothing, because a session's view of it is
 * fixed and what it deletes is named by UIDs.
 *
 * Threads  any.
 */
#ifndef POP3_LOCK_H
#define POP3_LOCK_H

#include "base/compiler.h"

#include <stdint.h>

struct pop3_lock;

/* NULL: somebody has it. */
MUST_CHECK struct pop3_lock *pop3_lock_take(int64_t group_id, int64_t mailbox_id);
/* Accepts and sets NULL. */
void pop3_lock_release(struct pop3_lock **lock);

#endif
