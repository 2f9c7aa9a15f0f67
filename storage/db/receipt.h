/*
 * receipt.h -- settling a COMMIT whose answer was lost.
 *
 * A transaction that must happen exactly once writes one row under an id of its own, into a table of (receipt_id uuid PRIMARY
 * KEY, is_void boolean DEFAULT false, created_us bigint). Whoever loses the connection inside COMMIT inserts the same id as
 * void, over another connection: where that fails the transaction happened; where it succeeds it did not and no longer
 * can. So nobody is told that something failed which was done, and then does it twice.
 *
 *     db_receipt_make(receipt);
 *     ... with_transaction(): the work, db_receipt_add() beside its last statement, COMMIT ...
 *     if (!done && err->kind == ERR_UNKNOWN)
 *         done = db_receipt_settle(&receipts, open, arg, receipt, err);
 *
 * Ownership  nothing is kept: a receipt is RECEIPT_BYTES of the caller's.
 * Errors     as db/transaction.h tells; db_receipt_settle() has its own.
 * Threads    all functions may be called from any thread.
 */
#ifndef DB_RECEIPT_H
#define DB_RECEIPT_H

#include "db/statement.h"

enum { RECEIPT_BYTES = 16 };

/* A table of receipts; made by DB_RECEIPTS_OF, static const. */
struct db_receipts {
    const char *insert, *settle, *reap;
    const char *settled_event, *unsettled_event; /* for the log */
    const char *busy;                            /* the sentence of ERR_BUSY */
};

/* `table`, `events` (what the names in the log begin with) and `busy` are string constants. Settling writes in both cases, so
 * that this COMMIT waits for a synchronous standby to have the other one, and waits for a COMMIT that is still going on. */
#define DB_RECEIPTS_OF(table, events, busy_text)                                                             \
    {                                                                                                        \
        .insert = "INSERT INTO " table " (receipt_id, created_us) VALUES ($1, $2)",                          \
        .settle = "INSERT INTO " table " AS r (receipt_id, is_void, created_us) VALUES ($1, true, $2)"       \
                  " ON CONFLICT (receipt_id) DO UPDATE SET created_us = r.created_us RETURNING r.is_void",   \
        .reap = "DELETE FROM " table " WHERE receipt_id < $1", .settled_event = events ".commit.settled",    \
        .unsettled_event = events ".commit.unsettled", .busy = busy_text,                                    \
    }

/* An id that was never there. It begins with the time in milliseconds (a UUID of version 7), so that new rows stand side by
 * side in the index and old ones are one range of it. */
void db_receipt_make(uint8_t receipt_out[RECEIPT_BYTES]);
/* Queues the row in a pipeline, to be sent with COMMIT. */
MUST_CHECK bool db_receipt_add(struct db *db, const struct db_receipts *receipts,
                               const uint8_t receipt[RECEIPT_BYTES], struct err *err);

/* A connection beside those of the pool, which may all be held by threads that wait here. */
typedef bool db_receipt_open(void *arg, struct db **db_out, struct err *err);
/* After ERR_UNKNOWN. True: all is committed. False with ERR_BUSY: nothing is, nor ever will be. *err stays as it was where
 * the database did not answer for half a minute. Calls `open` for each attempt, and releases what it gave. */
MUST_CHECK bool db_receipt_settle(const struct db_receipts *receipts, db_receipt_open *open, void *arg,
                                  const uint8_t receipt[RECEIPT_BYTES], struct err *err);
/* Removes those that are older than six hours: nobody asks for them any more. One statement, by a range of the primary
 * key. */
MUST_CHECK bool db_receipt_reap(struct db *db, const struct db_receipts *receipts, struct err *err);

#endif
