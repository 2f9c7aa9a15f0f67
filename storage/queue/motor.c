/* motor.c -- beats, and the rows of the dead. */
#include "queue/motor.h"

#include "db/pipeline.h"
#include "db/transaction.h"

#include <talloc.h>

enum { ACQUIRE_MS = 5000 };

#define NOW_US "(extract(epoch FROM clock_timestamp()) * 1000000)::bigint"

static const char BEGIN_MOTOR[] = "INSERT INTO queue_motor (server, started_us, beat_us)"
                                  " VALUES ($1, " NOW_US ", " NOW_US ") RETURNING motor_id";
static const char BEAT[] =
    "UPDATE queue_motor SET beat_us = " NOW_US " WHERE motor_id = $1 RETURNING motor_id";
/* One that is just being buried by another is skipped. */
static const char BURY[] =
    "DELETE FROM queue_motor WHERE motor_id IN (SELECT motor_id FROM queue_motor"
    "  WHERE motor_id = $1 OR ($1 = 0 AND beat_us < " NOW_US " - $2) FOR UPDATE SKIP LOCKED)"
    " RETURNING motor_id";
/* Rows of motors that are not listed: those just buried, and any that a motor took while it was buried. */
static const char FREE_ROWS[] =
    "UPDATE queue_recipient SET state = 0, motor_id = 0 WHERE recipient_id = ANY(ARRAY("
    "  SELECT r.recipient_id FROM queue_recipient r WHERE r.state = 1"
    "     AND NOT EXISTS (SELECT FROM queue_motor m WHERE m.motor_id = r.motor_id)"
    "   FOR UPDATE SKIP LOCKED))";

bool queue_motor_begin(struct db_pool *pool, const char *server, int64_t *motor_id_out, struct err *err)
{
    struct db_row row;
    struct db *db;
    void *arena;

    if (!db_acquire(pool, DB_BACKGROUND, ACQUIRE_MS, &db, err))
        return false;
    arena = talloc_new(NULL);
    bool done = db_one_row(db, arena, BEGIN_MOTOR, DB_ARGS(db_text(server)), &row, err);
    if (done)
        *motor_id_out = db_get_i64(&row, 0);
    talloc_free(arena);
    db_release(&db);
    return done;
}

struct burying {
    int64_t motor_id, beating_id;
    bool is_known;
    uint64_t freed;
};

static bool beat_and_bury(struct db *db, void *arg, struct err *err)
{
    struct burying *burying = arg;
    uint64_t beaten = 1;

    bool done =
        (!burying->beating_id || db_pipeline_add(db, BEAT, DB_ARGS(db_i64(burying->beating_id)), err)) &&
        db_pipeline_add(db, BURY, DB_ARGS(db_i64(burying->motor_id), db_i64((int64_t)QUEUE_DEAD_S * 1000000)),
                        err) &&
        db_pipeline_add(db, FREE_ROWS, DB_NO_ARGS, err) && db_pipeline_commit(db, err) &&
        db_pipeline_send(db, err) &&
        (!burying->beating_id || db_pipeline_next(db, NULL, NULL, &beaten, err)) &&
        db_pipeline_next(db, NULL, NULL, NULL, err) && db_pipeline_next(db, NULL, NULL, &burying->freed, err);
    burying->is_known = beaten > 0;
    return db_pipeline_end(db, err) && done;
}

static bool run(struct db_pool *pool, struct burying *burying, struct err *err)
{
    struct db *db;

    *err = ERR_INIT;
    if (!db_acquire(pool, DB_BACKGROUND, ACQUIRE_MS, &db, err))
        return false;
    bool done = with_transaction(db, beat_and_bury, burying, err);
    db_release(&db);
    return done;
}

bool queue_motor_beat(struct db_pool *pool, int64_t motor_id, bool *is_known_out, uint64_t *freed_out,
                      struct err *err)
{
    struct burying burying = { .beating_id = motor_id };

    if (!run(pool, &burying, err))
        return false;
    *is_known_out = burying.is_known;
    *freed_out = burying.freed;
    return true;
}

bool queue_motor_end(struct db_pool *pool, int64_t motor_id, uint64_t *freed_out, struct err *err)
{
    struct burying burying = { .motor_id = motor_id };

    if (!run(pool, &burying, err))
        return false;
    *freed_out = burying.freed;
    return true;
}
