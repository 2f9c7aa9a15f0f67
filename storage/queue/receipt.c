/* receipt.c -- one row an accepting transaction, and asking for it. */
#include "queue/receipt.h"

#include "queue/motor.h"

#include "base/clock.h"
#include "base/digest.h"
#include "base/log.h"
#include "db/pipeline.h"

#include <talloc.h>
#include <time.h>

enum { ATTEMPTS_S = 30, PAUSE_MS = 250, ACQUIRE_MS = 5000, KEPT_MS = 6 * 3600 * 1000 };

static const char INSERT_RECEIPT[] = "INSERT INTO queue_receipt (receipt_id, created_us) VALUES ($1, $2)";
/* Our row stands for the transaction, or we put a void one there, after which it can never commit. Waits for a COMMIT that
 * is still going on. */
static const char SETTLE[] = "INSERT INTO queue_receipt AS r (receipt_id, is_void, created_us)"
                             " VALUES ($1, true, $2)"
                             " ON CONFLICT (receipt_id) DO UPDATE SET created_us = r.created_us"
                             " RETURNING r.is_void";
/* Ids begin with the time in milliseconds: a range of the primary key. */
static const char REAP[] = "DELETE FROM queue_receipt WHERE receipt_id < $1";

static void put_time(uint8_t receipt[QUEUE_RECEIPT_BYTES], uint64_t ms)
{
    for (int i = 0; i < 6; i++)
        receipt[i] = (uint8_t)(ms >> (40 - 8 * i));
}

void queue_receipt_make(uint8_t receipt[QUEUE_RECEIPT_BYTES])
{
    random_bytes(receipt, QUEUE_RECEIPT_BYTES);
    put_time(receipt, (uint64_t)clock_now_us() / 1000);
    receipt[6] = (uint8_t)((receipt[6] & 0x0F) | 0x70);
    receipt[8] = (uint8_t)((receipt[8] & 0x3F) | 0x80);
}

bool queue_receipt_add(struct db *db, const uint8_t receipt[QUEUE_RECEIPT_BYTES], struct err *err)
{
    return db_pipeline_add(db, INSERT_RECEIPT, DB_ARGS(db_uuid(receipt), db_i64(clock_now_us())), err);
}

static bool ask(struct db_pool *pool, const uint8_t receipt[QUEUE_RECEIPT_BYTES], bool *is_committed_out,
                struct err *err)
{
    void *arena = talloc_new(NULL);
    struct db *db;
    struct db_row row;
    bool is_known = db_open_dedicated(pool, DB_INTERACTIVE, &db, err);

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

bool queue_receipt_settle(struct db_pool *pool, const uint8_t receipt[QUEUE_RECEIPT_BYTES], struct err *err)
{
    const struct timespec pause = { .tv_nsec = PAUSE_MS * 1000000L };
    int64_t end_us = clock_monotonic_us() + ATTEMPTS_S * US_PER_S;
    struct err trouble = ERR_INIT;
    bool is_committed;

    do {
        if (ask(pool, receipt, &is_committed, &trouble)) {
            log_event(LOG_LEVEL_WARNING, "queue.commit.settled",
                      log_text("outcome", is_committed ? "committed" : "void"));
            return is_committed || err_set(err, ERR_BUSY, "The queue is temporarily unavailable.");
        }
        nanosleep(&pause, NULL);
    } while (clock_monotonic_us() < end_us);
    log_err(LOG_LEVEL_ERROR, "queue.commit.unsettled", &trouble);
    return false;
}

bool queue_receipt_reap(struct db_pool *pool, struct err *err)
{
    uint8_t before[QUEUE_RECEIPT_BYTES] = { 0 };
    struct db *db;

    put_time(before, (uint64_t)clock_now_us() / 1000 - KEPT_MS);
    if (!db_acquire(pool, DB_BACKGROUND, ACQUIRE_MS, &db, err))
        return false;
    bool done = db_exec(db, REAP, DB_ARGS(db_uuid(before)), NULL, err);
    db_release(&db);
    return done;
}
