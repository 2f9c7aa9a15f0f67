/* put_alone.h -- inside this room: a message that comes alone, by plain statements. They cost a third less than those for many. */
#ifndef QUEUE_PUT_ALONE_H
#define QUEUE_PUT_ALONE_H

#include "queue/queue.h"

enum { QUEUE_PIECE_BYTES = 256 * 1024, QUEUE_PIPELINE_BYTES = 4 << 20 };

struct db;
/* Has it so few recipients that a statement for each is worth it? */
bool queue_is_for_few(const struct queue_new *new);
/* Queues statements: the message, its recipients, and its pieces until a pipeline is full; *number_out: how many of these. */
MUST_CHECK bool queue_add_alone(struct db *db, const struct queue_new *new, size_t *number_out,
                                struct err *err);
/* Queues statements: the pieces of the message that was put in last on this connection, from *number_io on, until a pipeline is full. */
MUST_CHECK bool queue_add_pieces(struct db *db, struct span bytes, size_t *number_io, struct err *err);

#endif
