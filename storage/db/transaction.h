/*
 * transaction.h -- the one place that begins and commits.
 *
 * A transaction is one function that reads as a list of steps. with_transaction() runs it between BEGIN and
 * COMMIT, and runs it again (up to 5 times in all) when the server asks for that: serialization failure (40001)
 * and deadlock (40P01). So the function must not keep anything from a failed run, nor do anything outside the
 * database. Called inside another transaction it joins that one.
 *
 * Errors, by SQLSTATE (the server's words go to err->log, never to the user):
 *   ERR_EXISTS    23505 unique violation        ERR_CONFLICT  23503 foreign key
 *   ERR_INVALID   22xxx data                    ERR_BUSY      40001 40P01 (retries used up), 55P03 lock timeout,
 *   ERR_INTERNAL  all others, 42xxx, 23514                    57014 statement timeout, 57Pxx shutdown, 08xxx
 *                                                             connection, 53xxx resources (53100: disk full), 25006
 *   ERR_UNKNOWN   COMMIT was sent and its answer did not come, or came with a warning about replication: the
 *                 changes may or may not be there. Look for your own receipt row; claim nothing.
 * A COMMIT is never cancelled; we wait for it at most 30 s.
 */
#ifndef DB_TRANSACTION_H
#define DB_TRANSACTION_H

#include "base/err.h"
#include "db/pool.h"

typedef bool db_work(struct db *db, void *arg, struct err *err);

/* True: `work` returned true and COMMIT succeeded. Where `work` returns false, all is rolled back and *err is
 * what it filled. READ COMMITTED. */
MUST_CHECK bool with_transaction(struct db *db, db_work *work, void *arg, struct err *err);
/* One REPEATABLE READ snapshot over all its statements; READ ONLY. */
MUST_CHECK bool with_snapshot(struct db *db, db_work *work, void *arg, struct err *err);

/* Takes a connection from the pool for one transaction, and gives it back. */
MUST_CHECK bool with_pool_transaction(struct db_pool *pool, enum db_class class, db_work *work, void *arg,
                                      struct err *err);

/* To be said inside a transaction after ERR_UNKNOWN, by a work that found its own receipt row: it may go on and return
 * true, without a further word to the server. The connection is not used again. */
void db_commit_was_found(struct db *db);

/* True between BEGIN and COMMIT. */
bool db_in_transaction(const struct db *db);
/* The COMMIT of the transaction that is being run (or joined) does not wait for the WAL: for flags and counters whose
 * loss in a power cut is allowed (SET LOCAL synchronous_commit = off). Never for anything acknowledged. */
MUST_CHECK bool db_commit_lazily(struct db *db, struct err *err);

#endif
