/* receipt.c -- the receipts of the queue. */
#include "queue/receipt.h"

#include "queue/motor.h"

enum { ACQUIRE_MS = 5000 };

static const struct db_receipts receipts =
    DB_RECEIPTS_OF("queue_receipt", "queue", "The queue is temporarily unavailable.");

bool queue_receipt_add(struct db *db, const uint8_t receipt[RECEIPT_BYTES], struct err *err)
{
    return db_receipt_add(db, &receipts, receipt, err);
}

static bool open_beside(void *pool, struct db **db_out, struct err *err)
{
    return db_open_dedicated(pool, DB_INTERACTIVE, db_out, err);
}

bool queue_receipt_settle(struct db_pool *pool, const uint8_t receipt[RECEIPT_BYTES], struct err *err)
{
    return db_receipt_settle(&receipts, open_beside, pool, receipt, err);
}

bool queue_receipt_reap(struct db_pool *pool, struct err *err)
{
    struct db *db;

    if (!db_acquire(pool, DB_BACKGROUND, ACQUIRE_MS, &db, err))
        return false;
    bool done = db_receipt_reap(db, &receipts, err);
    db_release(&db);
    return done;
}
