/*
 * fetched.h -- that a client has fetched a message, for its trace.
 *
 * Told of is the first time that one protocol fetches a body in this process, of messages that came in the last 30 days and have a
 * trace. It is written seconds later, many together, and lost where the process dies before (trace/later.h): reading mail
 * never waits for it.
 *
 * Threads  fetched_note() by any; the others by one.
 */
#ifndef MAILBOX_FETCHED_H
#define MAILBOX_FETCHED_H

#include "group/group.h"

struct fetched;

/* Starts to take notes under `owner`; they are written behind by a thread of its own. ERR_INTERNAL: no thread can be had. */
MUST_CHECK bool fetched_open(const void *owner, struct fetched **fetched_out, struct err *err);
/* Writes what is there. The groups are still open. Accepts NULL, sets NULL. */
void fetched_close(struct fetched **fetched);

struct fetched_message {
    int64_t item_id, received_us;
    const char *protocol; /* "imap"; static */
    const char *login, *peer;
};
/* NULL fetched: nothing. */
void fetched_note(struct fetched *fetched, struct group *group, const struct fetched_message *message);

#endif
