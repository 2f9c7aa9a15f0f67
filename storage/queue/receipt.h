/*
 * receipt.h -- inside this room: the receipts of accepting transactions (db/receipt.h).
 */
#ifndef QUEUE_RECEIPT_H
#define QUEUE_RECEIPT_H

#include "db/receipt.h"

/* Queues the row; to be sent with COMMIT. */
MUST_CHECK bool queue_receipt_add(struct db *db, const uint8_t receipt[RECEIPT_BYTES], struct err *err);
/* After ERR_UNKNOWN: db_receipt_settle() in the directory's database. */
MUST_CHECK bool queue_receipt_settle(struct db_pool *pool, const uint8_t receipt[RECEIPT_BYTES],
                                     struct err *err);

#endif
