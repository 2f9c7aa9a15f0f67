/*
 * maildrop_lock.h -- who has a maildrop open for POP3, among all processes of an installation.
 *
 * A row in the mailbox's storage group, which counts while the process that wrote it lives (group/presence.h): neither a
 * connection nor a lock of the database is held for a session, and what a killed process had open is free at once. The
 * caller sees to it that his own process asks once for each mailbox (pop3/lock.h); a row of his own that he left behind
 * is his.
 *
 * Should the database fail over, everybody may have everything again: two sessions at a time harm nothing, because what
 * each sees is fixed and what it deletes is named by UIDs.
 *
 * Errors   ERR_CONFLICT: another process has it; ERR_BUSY.
 * Threads  any.
 */
#ifndef MAILBOX_MAILDROP_LOCK_H
#define MAILBOX_MAILDROP_LOCK_H

#include "group/group.h"

/* Takes the mailbox's maildrop for this process. ERR_BUSY: somebody else has it, here or on another machine, or the database is down. */
MUST_CHECK bool maildrop_lock_take(struct group *group, int64_t mailbox_id, struct err *err);
/* Where the database does not answer, the row goes with the next call of this room that reaches it. */
void maildrop_lock_release(struct group *group, int64_t mailbox_id);

#endif
