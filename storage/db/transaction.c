/*
 * transaction.c -- BEGIN, the work, COMMIT or ROLLBACK, and again where the server asks for it.
 */
#include "db/transaction.h"

#include "base/log.h"
#include "db/connection.h"
#include "db/pipeline.h"
#include "db/rehearsed.h"

#include <assert.h>
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

enum { ATTEMPTS = 5, FIRST_NAP_US = 2000, ACQUIRE_MS = 10 * 1000 };

static const char begin_read_committed[] = "BEGIN";
static const char begin_snapshot[] = "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY";

/* A queue that nobody read (the work left early) is emptied, so that COMMIT or ROLLBACK can follow. */
static bool finish_round(struct db *db, struct err *err)
{
    return db->mode == MODE_IDLE || pipeline_drain(db, err);
}

static bool commit(struct db *db, struct err *err)
{
    if (db->stage == STAGE_COMMITTED && db->is_broken)
        return true;
    if (db->mode == MODE_READING && !db_pipeline_end(db, err))
        return false;
    if (db->stage == STAGE_COMMITTED)
        return finish_round(db, err);
    if (db->stage == STAGE_WANTED)
        return true; /* nothing was ever sent */
    if (db->stage == STAGE_FAILED || db->stage == STAGE_UNKNOWN) {
        *err = db->failed;
        return false;
    }
    if (db->stage == STAGE_OPEN && !db_pipeline_commit(db, err)) {
        struct err ignored;
        (void)!finish_round(db, &ignored);
        return false;
    }
    return pipeline_drain(db, err);
}

static void rollback(struct db *db)
{
    struct db_failure cause =
        db->failure; /* what db_last_failure() tells is the cause, not how the ROLLBACK went */
    struct err ignored;

    (void)!finish_round(db, &ignored);
    if (db->is_broken || (db->stage != STAGE_OPEN && db->stage != STAGE_FAILED))
        return; /* never begun, or ended by the end of its session */
    db->stage = STAGE_NONE;
    if (!db_exec(db, "ROLLBACK", DB_NO_ARGS, NULL, &ignored))
        db->is_broken = true;
    db->failure = cause;
}

static bool run_once(struct db *db, const char *begin_sql, db_work *work, void *arg, struct err *err)
{
    *err = ERR_INIT;
    db->stage = STAGE_WANTED;
    db->begin_sql = begin_sql;
    db->must_retry = false;
    db->depth = 1;
    bool ok = work(db, arg, err);
    if (!ok && db->stage == STAGE_COMMITTED) /* it is there all the same: the caller must not repeat it */
        err_set(err, ERR_UNKNOWN,
                "The server cannot tell whether this was saved. Please look before you repeat it.");
    if (ok)
        ok = commit(db, err);
    pool_count(db->pool, ok ? POOL_COMMIT : db->stage == STAGE_UNKNOWN ? POOL_UNKNOWN_COMMIT : POOL_ROLLBACK);
    if (!ok)
        rollback(db);
    db->stage = STAGE_NONE;
    db->depth = 0;
    return ok;
}

/* Two that collided must not collide again. */
static void nap(unsigned attempt)
{
    uint32_t random;

    if (getrandom(&random, sizeof random, 0) != (ssize_t)sizeof random)
        random = 0;
    useconds_t most = (useconds_t)FIRST_NAP_US << (2 * attempt);
    usleep(most / 2 + random % most);
}

static bool transact(struct db *db, const char *begin_sql, db_work *work, void *arg, struct err *err)
{
    if (db->depth > 0) {
        db->depth++;
        bool ok = work(db, arg, err);
        db->depth--;
        return ok;
    }
    assert(db->mode == MODE_IDLE);
    if (db->is_rehearsing)
        return rehearsed_transact(db, work, arg, err);
    for (unsigned attempt = 1;; attempt++) {
        if (run_once(db, begin_sql, work, arg, err))
            return true;
        if (!db->must_retry || attempt == ATTEMPTS)
            return false;
        pool_count(db->pool, POOL_RETRY);
        nap(attempt);
    }
}

bool with_transaction(struct db *db, db_work *work, void *arg, struct err *err)
{
    return transact(db, begin_read_committed, work, arg, err);
}

bool with_snapshot(struct db *db, db_work *work, void *arg, struct err *err)
{
    return transact(db, begin_snapshot, work, arg, err);
}

bool with_pool_transaction(struct db_pool *pool, enum db_class class, db_work *work, void *arg,
                           struct err *err)
{
    struct db *db;

    if (!db_acquire(pool, class, ACQUIRE_MS, &db, err))
        return false;
    bool ok = with_transaction(db, work, arg, err);
    db_release(&db);
    return ok;
}

void db_commit_was_found(struct db *db)
{
    assert(db->depth > 0 && db->stage == STAGE_UNKNOWN);
    db->stage = STAGE_COMMITTED;
    db->is_broken = true;
}

bool db_in_transaction(const struct db *db)
{
    return db->depth > 0;
}

bool db_commit_lazily(struct db *db, struct err *err)
{
    assert(db->depth > 0);
    return db_queue(db, "SET LOCAL synchronous_commit = off", DB_NO_ARGS, err);
}
