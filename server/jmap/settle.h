/*
 * settle.h -- submissions of which nobody heard whether they were taken: the queue and the trace are asked by their name.
 *
 * A submission's row is open from before its bytes are handed over until the answer is written down; a role that dies in between, or an
 * answer that is lost, leaves it open. What the queue or a trace knows was taken; what after some minutes nobody knows was not, and
 * the submission is gone, as one that was refused.
 *
 * Threads  any; several machines may do it at once.
 */
#ifndef JMAP_SETTLE_H
#define JMAP_SETTLE_H

#include "base/err.h"

struct directory;
struct group;
struct groups;
struct mailbox_cache;

enum {
    SETTLE_LOOK_S = 5, /* open for so long: the answer should have come */
    SETTLE_GIVE_UP_S =
        300 /* longer than the submission service takes to decide about a message that it has */
};

/* Housekeeping: settles what is open in this group; *is_done_out false: there is more. A database that is down leaves open what it
 * might know of. */
MUST_CHECK bool jmap_settle(struct directory *directory, struct groups *groups, struct mailbox_cache *cache,
                            struct group *group, bool *is_done_out, struct err *err);

#endif
