/*
 * known.h -- is a message in the queue? For who handed it over and heard no answer.
 *
 * Threads  any. `pool` works as chappe_lookup.
 */
#ifndef QUEUE_KNOWN_H
#define QUEUE_KNOWN_H

#include "base/err.h"
#include "db/pool.h"

/* Has the queue a message of this name? ERR_BUSY. */
MUST_CHECK bool queue_knows(struct db_pool *pool, const char *name, bool *is_known_out, struct err *err);

#endif
