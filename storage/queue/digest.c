/* digest.c -- the note first, which orders those who try; then the letters. */
#include "queue/digest.h"

#include "base/crashpoint.h"
#include "db/pipeline.h"
#include "db/transaction.h"

#include <talloc.h>

enum { ACQUIRE_MS = 5000 };

static const char NOTE[] = "INSERT INTO quarantine_digest (organisation_id, told_us) VALUES ($1, $3)"
                           " ON CONFLICT (organisation_id) DO UPDATE SET told_us = $3"
                           "     WHERE quarantine_digest.told_us = $2"
                           " RETURNING told_us";

struct putting {
    int64_t organisation_id, told_us, until_us;
    struct queue_new *const *letters;
    size_t count;
};

static bool put_one(struct db *db, const void *arena, const struct queue_new *letter, struct err *err)
{
    bool done = queue_add(db, arena, &letter, 1, err) && db_pipeline_send(db, err);

    return db_pipeline_end(db, err) && done;
}

static bool put(struct db *db, void *arg, struct err *err)
{
    const struct putting *p = arg;
    void *arena = talloc_new(NULL);
    struct db_rows *rows;
    bool done =
        db_query(db, arena, NOTE,
                 DB_ARGS(db_i64(p->organisation_id), db_i64(p->told_us), db_i64(p->until_us)), &rows, err);
    size_t count = done && db_rows_count(rows) == 1 ? p->count : 0;

    for (size_t i = 0; done && i < count; i++)
        done = put_one(db, arena, p->letters[i], err);
    talloc_free(arena);
    CRASHPOINT("digest.before-commit");
    return done;
}

bool queue_put_digest(struct db_pool *pool, int64_t organisation_id, int64_t told_us, int64_t until_us,
                      struct queue_new *const *letters, size_t count, struct err *err)
{
    struct putting putting = { organisation_id, told_us, until_us, letters, count };
    struct db *db;

    *err = ERR_INIT;
    if (!db_acquire(pool, DB_BACKGROUND, ACQUIRE_MS, &db, err))
        return false;
    bool done = with_transaction(db, put, &putting, err);
    db_release(&db);
    return done;
}
