/*
 * receipt.h -- inside this room: settling a COMMIT whose answer was lost (as mailbox/receipt.h does in a storage group).
 */
#ifndef QUEUE_RECEIPT_H
#define QUEUE_RECEIPT_H

#include "db/statement.h"

enum { QUEUE_RECEIPT_BYTES = 16 };

/* An id that was never there, beginning with the time. */
void queue_receipt_make(uint8_t receipt[QUEUE_RECEIPT_BYTES]);
/* Queues the row; to be sent with COMMIT. */
MUST_CHECK bool queue_receipt_add(struct db *db, const uint8_t receipt[QUEUE_RECEIPT_BYTES], struct err *err);
/* After ERR_UNKNOWN. True: all is committed. False with ERR_BUSY: nothing is, nor ever will be. *err stays ERR_UNKNOWN where
 * the database did not answer for half a minute. */
MUST_CHECK bool queue_receipt_settle(struct db_pool *pool, const uint8_t receipt[QUEUE_RECEIPT_BYTES],
                                     struct err *err);

#endif
