/*
 * pool.h -- open connections that wait for the next message to the same destination.
 *
 * Threads  all functions may be called from any thread.
 */
#ifndef CONNECTOR_POOL_H
#define CONNECTOR_POOL_H

#include "connector/connection.h"

struct pool;

/* Starts one thread, which closes connections that waited too long. ERR_INTERNAL; ended by pool_free(). */
MUST_CHECK bool pool_new(struct pool **pool_out, struct err *err);
/* Closes what waits. Accepts NULL. */
void pool_free(struct pool **pool);
/* Closes what waits; the pool goes on. */
void pool_empty(struct pool *pool);

/* A connection with this key that is fit for use; NULL: none. */
struct connection *pool_take(struct pool *pool, const char *key);
/* Keeps it for `seconds`; the oldest goes where there are more than `most`. */
void pool_give(struct pool *pool, struct connection **connection, unsigned seconds, unsigned most);

#endif
