/* receipt.c -- one row a transaction, and asking for it. */
#include "mailbox/receipt.h"

#include "base/clock.h"
#include "base/digest.h"
#include "base/log.h"
#include "db/pipeline.h"

#include <talloc.h>
#include <time.h>

enum { ATTEMPTS_S = 30, PAUSE_MS = 250 };

static const char INSERT_RECEIPT[] = "INSERT INTO delivery_receipt (receipt_id, created_us) VALUES ($1, $2)";
/* Our row stands for the transaction, or we put a void one there, after which it can never commit. Waits for a COMMIT that
 * is still going on. Writes in both cases, so that this COMMIT waits for a synchronous standby to have the other one. */
static const char SETTLE[] = "INSERT INTO delivery_receipt AS r (receipt_id, is_void, created_us)"
                             " VALUES ($1, true, $2)"
                             " ON CONFLICT (receipt_id) DO UPDATE SET created_us = r.created_us"
                             " RETURNING r.is_void";

void receipt_make(uint8_t receipt[RECEIPT_BYTES])
{
    uint64_t now_ms = (uint64_t)clock_now_us() / 1000;

    random_bytes(receipt, RECEIPT_BYTES);
    for (int i = 0; i < 6; i++)
        receipt[i] = (uint8_t)(now_ms >> (40 - 8 * i));
    receipt[6] = (uint8_t)((receipt[6] & 0x0F) | 0x70);
    receipt[8] = (uint8_t)((receipt[8] & 0x3F) | 0x80);
}

bool receipt_add(struct db *db, const uint8_t receipt[RECEIPT_BYTES], struct err *err)
{
    return db_pipeline_add(db, INSERT_RECEIPT, DB_ARGS(db_uuid(receipt), db_i64(clock_now_us())), err);
}

static bool ask(struct group *group, const uint8_t receipt[RECEIPT_BYTES], bool *is_committed_out,
                struct err *err)
{
    void *arena = talloc_new(NULL);
    struct db *db;
    struct db_row row;
    bool is_known = group_open_dedicated(group, DB_INTERACTIVE, &db, err);

    if (is_known) {
        is_known =
            db_one_row(db, arena, SETTLE, DB_ARGS(db_uuid(receipt), db_i64(clock_now_us())), &row, err);
        if (is_known)
            *is_committed_out = !db_get_bool(&row, 0);
        db_release(&db);
    }
    talloc_free(arena);
    return is_known;
}

bool receipt_settle(struct group *group, const uint8_t receipt[RECEIPT_BYTES], struct err *err)
{
    const struct timespec pause = { .tv_nsec = PAUSE_MS * 1000000L };
    int64_t end_us = clock_monotonic_us() + ATTEMPTS_S * US_PER_S;
    struct err trouble = ERR_INIT;
    bool is_committed;

    do {
        if (ask(group, receipt, &is_committed, &trouble)) {
            log_event(LOG_LEVEL_WARNING, "mailbox.commit.settled",
                      log_text("outcome", is_committed ? "committed" : "void"));
            return is_committed || err_set(err, ERR_BUSY, "The mail store is temporarily unavailable.");
        }
        nanosleep(&pause, NULL);
    } while (clock_monotonic_us() < end_us);
    log_err(LOG_LEVEL_ERROR, "mailbox.commit.unsettled", &trouble);
    return false;
}
