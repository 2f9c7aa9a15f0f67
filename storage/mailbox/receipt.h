/*
 * receipt.h -- inside this room: the receipts of transactions that change a mailbox (db/receipt.h), one table in each storage
 * group.
 */
#ifndef MAILBOX_RECEIPT_H
#define MAILBOX_RECEIPT_H

#include "db/receipt.h"
#include "group/group.h"

/* Queues the row; to be sent with COMMIT. */
MUST_CHECK bool receipt_add(struct db *db, const uint8_t receipt[RECEIPT_BYTES], struct err *err);
/* After ERR_UNKNOWN: db_receipt_settle() in this group. */
MUST_CHECK bool receipt_settle(struct group *group, const uint8_t receipt[RECEIPT_BYTES], struct err *err);
/* Removes the old ones: db_receipt_reap(). */
MUST_CHECK bool receipt_reap(struct db *db, struct err *err);

#endif
