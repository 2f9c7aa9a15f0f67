/*
 * presence.h -- a number by which others see whether this process still lives.
 *
 * Rows that say "this is mine as long as I live" (the lock of a POP3 session) name it. Behind it stands an advisory lock
 * that one connection of the process holds, beside the pool, from the first use of a storage group to the end of the
 * process: when the process dies, by whatever means, the kernel closes the connection and PostgreSQL frees the lock, and
 * whoever finds such a row takes pg_try_advisory_xact_lock(number) for the proof that its owner is gone. Nobody needs a
 * clock or a heartbeat. A machine that vanishes without a word is noticed by TCP after some 15 seconds.
 *
 * When only the connection breaks (failover), the rows of this process are free for others until it is taken again, with
 * the next use: what presence guards must be harmless when two have it.
 *
 * Errors   ERR_BUSY: the group is down.
 * Threads  any; one at a time speaks to the database.
 */
#ifndef GROUP_PRESENCE_H
#define GROUP_PRESENCE_H

#include "group/group.h"

/* Ours in this storage group: not 0, the same until the process ends. It was seen to hold within the last second. */
MUST_CHECK bool group_presence(struct group *group, int64_t *number_out, struct err *err);
/* Lets go; groups_close() does it. */
void group_presence_end(struct group *group);

#endif
