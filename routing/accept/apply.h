/*
 * apply.h -- filing at once, as the rules of the mailboxes want it. For this room only.
 */
#ifndef ACCEPT_APPLY_H
#define ACCEPT_APPLY_H

#include "accept/accept.h"

struct gather;

struct accept {
    struct accept_options options;
    struct gather *gather;
};

/* The copies are told of in the message's trace. */
void accept_tell_targets(struct accept_message *message);

/* All targets or none. Sets way_taken to ACCEPT_QUEUES, with nothing done, where rules send something or refuse for one of
 * several. ERR_DENIED: refused by the rules of the only target. */
MUST_CHECK bool apply_whole(struct accept *accept, const void *arena, struct accept_message *message,
                            struct err *err);

#endif
