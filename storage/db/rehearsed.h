/* rehearsed.h -- what pools and transactions ask of a rehearsal; private to this room. */
#ifndef DB_REHEARSED_H
#define DB_REHEARSED_H

#include "db/transaction.h"

/* pool.c: a connection for real, what a pool was opened with. */
MUST_CHECK bool pool_acquire(struct db_pool *pool, enum db_class class, unsigned wait_ms, struct db **db_out,
                             struct err *err);
/* As it was given; lives as long as the pool, or its next reset. */
const char *pool_conninfo(const struct db_pool *pool);
/* NULL: none. */
const char *pool_role(const struct db_pool *pool);

/* Instead of a connection of its own. */
MUST_CHECK bool rehearsed_acquire(struct db_pool *pool, enum db_class class, unsigned wait_ms,
                                  struct db **db_out, struct err *err);
/* The one before gets it back. */
void rehearsed_release(struct db *db);
/* with_transaction() of such a connection: a savepoint. */
MUST_CHECK bool rehearsed_transact(struct db *db, db_work *work, void *arg, struct err *err);

#endif
