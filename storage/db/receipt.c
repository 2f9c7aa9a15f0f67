/* receipt.c -- one row a transaction, and asking for it. */
#include "db/receipt.h"

#include "base/clock.h"
#include "base/digest.h"
#include "base/log.h"
#include "db/pipeline.h"

#include <string.h>
#include <talloc.h>
#include <time.h>

enum { ATTEMPTS_S = 30, PAUSE_MS = 250, KEPT_MS = 6 * 3600 * 1000 };

static void put_time(uint8_t receipt[RECEIPT_BYTES], uint64_t ms)
{
    for (int i = 0; i < 6; i++)
        receipt[i] = (uint8_t)(ms >> (40 - 8 * i));
}

void db_receipt_make(uint8_t receipt_out[RECEIPT_BYTES])
{
    random_bytes(receipt_out, RECEIPT_BYTES);
    put_time(receipt_out, (uint64_t)clock_now_us() / 1000);
    receipt_out[6] = (uint8_t)((receipt_out[6] & 0x0F) | 0x70);
    receipt_out[8] = (uint8_t)((receipt_out[8] & 0x3F) | 0x80);
}

bool db_receipt_add(struct db *db, const struct db_receipts *receipts, const uint8_t receipt[RECEIPT_BYTES],
                    struct err *err)
{
    return db_pipeline_add(db, receipts->insert, DB_ARGS(db_uuid(receipt), db_i64(clock_now_us())), err);
}

/* Our row stands for the transaction, or we put a void one there, after which it can never commit. */
static bool ask(const struct db_receipts *receipts, struct db *db, const uint8_t receipt[RECEIPT_BYTES],
                bool *is_committed_out, struct err *err)
{
    void *arena = talloc_new(NULL);
    struct db_row row;
    bool is_known =
        db_one_row(db, arena, receipts->settle, DB_ARGS(db_uuid(receipt), db_i64(clock_now_us())), &row, err);

    if (is_known)
        *is_committed_out = !db_get_bool(&row, 0);
    talloc_free(arena);
    return is_known;
}

bool db_receipt_settle(const struct db_receipts *receipts, db_receipt_open *open, void *arg,
                       const uint8_t receipt[RECEIPT_BYTES], struct err *err)
{
    const struct timespec pause = { .tv_nsec = PAUSE_MS * 1000000L };
    int64_t end_us = clock_monotonic_us() + ATTEMPTS_S * US_PER_S;
    struct err trouble = ERR_INIT;
    bool is_committed = false;

    do {
        struct db *db = NULL;
        bool is_known = open(arg, &db, &trouble) && ask(receipts, db, receipt, &is_committed, &trouble);
        db_release(&db);
        if (is_known) {
            log_event(LOG_LEVEL_WARNING, receipts->settled_event,
                      log_text("outcome", is_committed ? "committed" : "void"));
            return is_committed || err_set(err, ERR_BUSY, "%s", receipts->busy);
        }
        nanosleep(&pause, NULL);
    } while (clock_monotonic_us() < end_us);
    log_err(LOG_LEVEL_ERROR, receipts->unsettled_event, &trouble);
    return false;
}

bool db_receipt_reap(struct db *db, const struct db_receipts *receipts, struct err *err)
{
    uint8_t before[RECEIPT_BYTES] = { 0 };

    put_time(before, (uint64_t)clock_now_us() / 1000 - KEPT_MS);
    return db_exec(db, receipts->reap, DB_ARGS(db_uuid(before)), NULL, err);
}
