/*
 * batch.h -- some messages in a row, read by a worker while the client still takes those before.
 *
 * Ownership  pop3_batch_new() gives it, pop3_batch_drop() takes it back, also while it is being read.
 * Threads    one session; the helper's side is inside.
 */
#ifndef POP3_BATCH_H
#define POP3_BATCH_H

#include "message/message.h"

struct session;
struct pop3_batch;

/* `first`: maildrop number of the first of the ids. */
struct pop3_batch *pop3_batch_new(struct group *group, const int64_t *message_ids, size_t count,
                                  uint32_t first);
/* Lets a worker read it. */
void pop3_batch_start(struct pop3_batch *batch, struct session *net);
/* Accepts and sets NULL. Does not wait. */
void pop3_batch_drop(struct pop3_batch **batch);

/* Number of the message that pop3_batch_next() gives next; 0 behind the last. */
uint32_t pop3_batch_at(const struct pop3_batch *batch);
/* As message_sweep_next(); reads now what nobody has begun to read, waits for what somebody is reading. */
MUST_CHECK bool pop3_batch_next(struct pop3_batch *batch, struct message_sweep_item *item_out,
                                struct err *err);

#endif
