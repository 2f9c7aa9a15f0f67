/* copies.c -- rows of the queue for one mailbox. */
#include "queue/copies.h"

#include "db/statement.h"

#include <talloc.h>

enum { WAIT_MS = 5000 };

static const char LIST_COPIES[] =
    "SELECT r.recipient_id, m.received_us, r.receipt FROM queue_recipient r JOIN queue_message m USING (message_id)"
    " WHERE r.mailbox_id = $1";

bool queue_copies(struct db_pool *pool, const void *owner, int64_t mailbox_id, struct queue_copy **copies_out,
                  size_t *count_out, struct err *err)
{
    struct db_rows *rows;
    struct db_row row;
    struct db *db;

    if (!db_acquire(pool, DB_BACKGROUND, WAIT_MS, &db, err))
        return false;
    bool done = db_query(db, owner, LIST_COPIES, DB_ARGS(db_i64(mailbox_id)), &rows, err);
    db_release(&db);
    if (!done)
        return false;
    *count_out = db_rows_count(rows);
    *copies_out = talloc_array(owner, struct queue_copy, (unsigned)*count_out + 1);
    for (size_t i = 0; db_rows_at(rows, i, &row); i++) {
        struct span receipt = db_get_bytes(&row, 2);
        (*copies_out)[i] = (struct queue_copy){ db_get_i64(&row, 0), db_get_i64(&row, 1),
                                                receipt.p ? (const uint8_t *)receipt.p : NULL };
    }
    return true;
}
