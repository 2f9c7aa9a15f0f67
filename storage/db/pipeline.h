/*
 * pipeline.h -- several statements, one round trip.
 *
 *     db_pipeline_add(db, INSERT_BODY, DB_ARGS(...), err) && ... &&       queued, nothing is waited for
 *     db_pipeline_send(db, err) &&                                       all go out, in order
 *     db_pipeline_next(db, arena, &rows, err) && ...                     one result for each add, in order
 *     db_pipeline_end(db, err)                                           all results read, none failed
 *
 * Inside with_transaction() the BEGIN travels with the first round trip. After db_pipeline_commit() the COMMIT
 * travels with this one, so that a whole transaction is one round trip; with_transaction() then sends none.
 * When a statement fails, the server skips the rest up to the end of the pipeline: db_pipeline_next() gives
 * that statement's error, and the same error for all later ones, the COMMIT included.
 * A pipeline may be repeated inside one transaction (take numbers; then insert with them). Between the first
 * add and the end no other statement may be run on the connection.
 *
 * Memory  what is added is copied into libpq's buffer; keep one pipeline below some 16 MB.
 */
#ifndef DB_PIPELINE_H
#define DB_PIPELINE_H

#include "db/statement.h"

/* Queues one statement. ERR_INVALID for text that is not UTF-8, ERR_BUSY when the connection broke. */
MUST_CHECK bool db_pipeline_add(struct db *db, const char *sql, struct db_args args, struct err *err);
/* COMMIT right after what was added; nothing can be added behind it. Only inside with_transaction(). */
MUST_CHECK bool db_pipeline_commit(struct db *db, struct err *err);
/* Ends the queueing: from here on results are read. */
MUST_CHECK bool db_pipeline_send(struct db *db, struct err *err);
/* The result of the next added statement; `rows_out` may be NULL to throw it away, `affected_out` as in db_exec(). */
MUST_CHECK bool db_pipeline_next(struct db *db, const void *owner, struct db_rows **rows_out,
                                 uint64_t *affected_out, struct err *err);
/* Reads what is left. False with the first error of this pipeline, also one that was reported before;
 * ERR_UNKNOWN: the COMMIT in it has an outcome that could not be learnt. */
MUST_CHECK bool db_pipeline_end(struct db *db, struct err *err);

#endif
