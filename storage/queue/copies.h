/* copies.h -- what the queue may still bring to one mailbox. */
#ifndef QUEUE_COPIES_H
#define QUEUE_COPIES_H

#include "db/pool.h"

#include <stddef.h>
#include <stdint.h>

struct queue_copy {
    int64_t row_id, received_us; /* of the row and of its message */
    const uint8_t *receipt; /* 16 bytes, where another server's queue had it first; NULL: made of this row */
};

/* All copies for a mailbox that are not settled, under `owner`. Looks at the whole queue: for once an hour, not for each message.
 * ERR_BUSY: the directory is down. Any thread. */
MUST_CHECK bool queue_copies(struct db_pool *pool, const void *owner, int64_t mailbox_id,
                             struct queue_copy **copies_out, size_t *count_out, struct err *err);

#endif
