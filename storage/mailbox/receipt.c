/* receipt.c -- the receipts of a storage group. */
#include "mailbox/receipt.h"

static const struct db_receipts receipts =
    DB_RECEIPTS_OF("delivery_receipt", "mailbox", "The mail store is temporarily unavailable.");

bool receipt_add(struct db *db, const uint8_t receipt[RECEIPT_BYTES], struct err *err)
{
    return db_receipt_add(db, &receipts, receipt, err);
}

static bool open_beside(void *group, struct db **db_out, struct err *err)
{
    return group_open_dedicated(group, DB_INTERACTIVE, db_out, err);
}

bool receipt_settle(struct group *group, const uint8_t receipt[RECEIPT_BYTES], struct err *err)
{
    return db_receipt_settle(&receipts, open_beside, group, receipt, err);
}

bool receipt_reap(struct db *db, struct err *err)
{
    return db_receipt_reap(db, &receipts, err);
}
