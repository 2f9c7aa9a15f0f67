/*
 * digest.h -- letters about the quarantine go into the queue together with the note that they did: once, whoever else tries.
 *
 * Threads  any.
 */
#ifndef QUEUE_DIGEST_H
#define QUEUE_DIGEST_H

#include "queue/queue.h"

/* An organisation's users are told up to `until_us`; they had been up to `told_us`. Nothing, and true, where somebody else told them
 * meanwhile. Letters are at most QUEUE_ADD_MAX bytes each. */
MUST_CHECK bool queue_put_digest(struct db_pool *pool, int64_t organisation_id, int64_t told_us,
                                 int64_t until_us, struct queue_new *const *letters, size_t count,
                                 struct err *err);

#endif
