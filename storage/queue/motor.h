/*
 * motor.h -- who works on the queue, and that it lives.
 *
 * A motor that has not said so for QUEUE_DEAD_S seconds is taken for dead: whoever notices puts its rows back. One that only
 * seemed dead finds that its leases are worth nothing (settle.h), and gets a new id. So a motor must not begin to
 * send anything when its own last beat is older than QUEUE_BEAT_S.
 *
 * Threads  any.
 */
#ifndef QUEUE_MOTOR_H
#define QUEUE_MOTOR_H

#include "queue/queue.h"

enum { QUEUE_BEAT_S = 10, QUEUE_DEAD_S = 15 };

/* A new motor of the server called `server`. */
MUST_CHECK bool queue_motor_begin(struct db_pool *pool, const char *server, int64_t *motor_id_out,
                                  struct err *err);
/* It lives; *is_known_out false: it was taken for dead meanwhile. Also buries others that are dead, and tells how many rows
 * are due again by that. */
MUST_CHECK bool queue_motor_beat(struct db_pool *pool, int64_t motor_id, bool *is_known_out,
                                 uint64_t *freed_out, struct err *err);
/* It ends, or has been seen to be dead: its rows are due again. */
MUST_CHECK bool queue_motor_end(struct db_pool *pool, int64_t motor_id, uint64_t *freed_out, struct err *err);

/* Receipts of accepting transactions that are some hours old: nobody asks for them any more. */
MUST_CHECK bool queue_receipt_reap(struct db_pool *pool, struct err *err);

#endif
