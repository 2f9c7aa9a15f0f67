/*
 * making.h -- inside this room: messages that enter the queue in the transaction that settles what they come from.
 */
#ifndef RUN_MAKING_H
#define RUN_MAKING_H

#include "accept/accept.h"
#include "resolve/resolve.h"
#include "run/motor.h"

struct making {
    struct run *run;
    const void *owner;
    struct queue_new *list;
    size_t count, capacity;
};

/* Where an address leads, as targets and remotes of `to`. */
void making_add_targets(struct accept_message *to, const struct resolve_answer *answer, const void *owner);
/* One more message. */
void making_put(struct making *making, const struct queue_new *prepared);
/* One more message, prepared here. */
void making_add(struct making *making, const struct accept_message *to);

/* sent.c: what the rules of the outcome's mailbox send: redirects and letters. False only for trouble that passes. */
MUST_CHECK bool sent_make(struct making *making, const struct outcome *outcome, struct err *err);
/* The same for what is too large to go with others: each put in by a transaction of its own, before the row is settled, once
 * whoever dies in between. */
MUST_CHECK bool sent_put_large(struct run *run, const struct outcome *outcome, struct err *err);

#endif
