/*
 * throttle.c -- failed logins that all processes add up.
 */
#include "directory/login.h"

#include "directory/act.h"

#include <talloc.h>

/* After a quiet period a count begins again. Keys in order, so that two processes never wait for each other in a
 * circle. */
static const char PUSH[] =
    "INSERT INTO login_throttle AS t (key, failures, changed_us)"
    " SELECT key, failures, changed FROM unnest($1, $2, $3) AS n(key, failures, changed) ORDER BY key"
    " ON CONFLICT (key) DO UPDATE"
    "    SET failures = CASE WHEN excluded.failures = 0 THEN 0"
    "                        WHEN t.changed_us < excluded.changed_us - $4 THEN excluded.failures"
    "                        ELSE least(t.failures + excluded.failures, 1000000) END,"
    "        changed_us = greatest(t.changed_us, excluded.changed_us)";

static const char PULL[] =
    "SELECT key, failures, changed_us FROM login_throttle WHERE changed_us >= $1 ORDER BY changed_us LIMIT $2";

static const char SWEEP[] = "DELETE FROM login_throttle WHERE changed_us < $1";

enum { PUSH_MAX = 5000, ACQUIRE_MS = 1000 };

struct push {
    struct db_args args;
};

static bool push(struct db *db, void *arg, struct err *err)
{
    struct push *work = arg;

    return db_commit_lazily(db, err) && db_exec(db, PUSH, work->args, NULL, err);
}

bool throttle_push(struct directory *directory, const struct throttle_count *counts, size_t count,
                   struct err *err)
{
    void *scratch = talloc_new(NULL);
    struct span *keys = talloc_array(scratch, struct span, (unsigned)count + 1);
    int32_t *failures = talloc_array(scratch, int32_t, (unsigned)count + 1);
    int64_t *changed = talloc_array(scratch, int64_t, (unsigned)count + 1);

    if (count > PUSH_MAX)
        count = PUSH_MAX;
    for (size_t i = 0; i < count; i++) {
        keys[i] = span_of(counts[i].key, sizeof counts[i].key);
        failures[i] = counts[i].failures;
        changed[i] = counts[i].changed_us;
    }
    struct push work = { DB_ARGS(db_bytes_array(keys, count), db_i32_array(failures, count),
                                 db_i64_array(changed, count), db_i64(THROTTLE_QUIET_US)) };
    struct db *db;
    bool ok = db_acquire(directory->pools[DIRECTORY_LOOKS_UP], DB_INTERACTIVE, ACQUIRE_MS, &db, err);
    if (ok) {
        ok = with_transaction(db, push, &work, err);
        db_release(&db);
    }
    talloc_free(scratch);
    return ok;
}

bool throttle_pull(struct directory *directory, const void *owner, int64_t since_us, size_t limit,
                   struct throttle_count **counts_out, size_t *count_out, struct err *err)
{
    struct db_rows *rows;
    struct db_row row;

    if (!look_up(directory, owner, PULL, DB_ARGS(db_i64(since_us), db_i64((int64_t)limit)), &rows, err))
        return false;
    *count_out = db_rows_count(rows);
    *counts_out = talloc_zero_array(owner, struct throttle_count, (unsigned)*count_out);
    for (size_t i = 0; db_rows_at(rows, i, &row); i++) {
        struct span key = db_get_bytes(&row, 0);
        if (span_length(key) == sizeof(*counts_out)[i].key)
            memcpy((*counts_out)[i].key, key.p, sizeof(*counts_out)[i].key);
        (*counts_out)[i].failures = db_get_i32(&row, 1);
        (*counts_out)[i].changed_us = db_get_i64(&row, 2);
    }
    talloc_free(rows);
    return true;
}

bool throttle_sweep(struct directory *directory, int64_t before_us, uint64_t *removed_out, struct err *err)
{
    struct db *db;

    if (!db_acquire(directory->pools[DIRECTORY_LOOKS_UP], DB_BACKGROUND, ACQUIRE_MS, &db, err))
        return false;
    bool ok = db_exec(db, SWEEP, DB_ARGS(db_i64(before_us)), removed_out, err);
    db_release(&db);
    return ok;
}
