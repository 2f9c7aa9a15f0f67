/*
 * gather.h -- inside this room: messages for the queue that come at the same time share a transaction.
 *
 * Whoever comes while fewer than GATHER_LEADERS transactions are under way leads the next one: it puts in what has gathered, its
 * own message with it, and wakes the others; then the first of those that came meanwhile leads. So nobody waits for a
 * timer, one message alone is as quick as ever, and a hundred cost a few COMMITs.
 *
 * Where a batch is refused for something in it, each message is tried alone: the others do not suffer for one.
 *
 * Threads  any; gather_put() blocks until its message is committed or refused.
 */
#ifndef ACCEPT_GATHER_H
#define ACCEPT_GATHER_H

#include "queue/queue.h"

struct gather;

enum { GATHER_LEADERS = 2, GATHER_MESSAGES = 64, GATHER_ALONE_BYTES = 1 << 20 };

/* How messages get in: queue_put(), or what a test puts in its place. */
typedef bool gather_write(void *arg, const struct queue_new *const *messages, size_t count, struct err *err);

/* Under `owner`; nobody may be inside when that is freed. */
struct gather *gather_new(const void *owner, gather_write *write, void *arg);
/* Returns when the message is committed, with others or alone; false with the error of its batch, and then it is not in. Any thread; blocks. */
MUST_CHECK bool gather_put(struct gather *gather, const struct queue_new *message, struct err *err);

#endif
