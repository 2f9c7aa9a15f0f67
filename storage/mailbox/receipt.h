/*
 * receipt.h -- inside this room: settling a COMMIT whose answer was lost.
 *
 * A transaction that changes a mailbox writes one row under an id of its own. Whoever loses the connection inside COMMIT
 * inserts the same id as void, over another connection: where that fails the transaction happened; where it succeeds
 * it did not and no longer can. So no client is told NO for what was done, and then does it twice.
 */
#ifndef MAILBOX_RECEIPT_H
#define MAILBOX_RECEIPT_H

#include "db/statement.h"
#include "group/group.h"

enum { RECEIPT_BYTES = 16 };

/* An id that was never there. It begins with the time in milliseconds (a UUID of version 7), so that new rows stand side by
 * side in the index and old ones are one range of it. */
void receipt_make(uint8_t receipt[RECEIPT_BYTES]);
/* Queues the row; to be sent with COMMIT. `receipt` stays until then. */
MUST_CHECK bool receipt_add(struct db *db, const uint8_t receipt[RECEIPT_BYTES], struct err *err);
/* After ERR_UNKNOWN. True: all is committed. False with ERR_BUSY: nothing is, nor ever will be. *err stays as it was where
 * the database did not answer for half a minute. Uses a connection beside the pool, whose own may all be held by those
 * who wait here. */
MUST_CHECK bool receipt_settle(struct group *group, const uint8_t receipt[RECEIPT_BYTES], struct err *err);

#endif
