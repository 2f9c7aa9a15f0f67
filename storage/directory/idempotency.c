/* idempotency.c -- keys of requests. */
#include "directory/idempotency.h"

#include "base/clock.h"
#include "directory/act.h"

#include <string.h>
#include <talloc.h>

enum { DAY_S = 86400, ACQUIRE_MS = 5000 };

/* By primary key. */
static const char TAKE[] =
    "INSERT INTO idempotency (caller, key, request, created_us) VALUES ($1, $2, $3, $4)"
    " ON CONFLICT DO NOTHING";
static const char LOOK[] =
    "SELECT request, status::integer, answer FROM idempotency WHERE caller = $1 AND key = $2";
static const char KEEP[] =
    "UPDATE idempotency SET status = nullif($3, 0), answer = $4 WHERE caller = $1 AND key = $2";
static const char GIVE_BACK[] = "DELETE FROM idempotency WHERE caller = $1 AND key = $2";
/* By idempotency_by_age. */
static const char TIDY[] = "DELETE FROM idempotency WHERE created_us < $1";

static bool run(struct directory *directory, const char *sql, struct db_args args, uint64_t *count_out,
                struct err *err)
{
    struct db *db;

    if (!db_acquire(directory->pools[DIRECTORY_LOOKS_UP], DB_INTERACTIVE, ACQUIRE_MS, &db, err))
        return false;
    bool done = db_exec(db, sql, args, count_out, err);
    db_release(&db);
    return done;
}

bool idempotency_begin(struct directory *directory, const void *owner, const char *caller, const char *key,
                       const unsigned char request[IDEMPOTENCY_HASH_BYTES], enum idempotency *what_out,
                       unsigned *status_out, const char **answer_out, struct err *err)
{
    struct span hash = span_of((const char *)request, IDEMPOTENCY_HASH_BYTES);
    struct db_row row;
    uint64_t taken_now;

    *what_out = IDEMPOTENCY_NEW;
    if (!run(directory, TAKE, DB_ARGS(db_text(caller), db_text(key), db_bytes(hash), db_i64(clock_now_us())),
             &taken_now, err))
        return false;
    if (taken_now)
        return true;
    if (!look_up_one(directory, owner, LOOK, DB_ARGS(db_text(caller), db_text(key)), &row, err))
        return false;
    *what_out = !span_equals(db_get_bytes(&row, 0), hash) ? IDEMPOTENCY_OTHER
                : db_is_null(&row, 1)                     ? IDEMPOTENCY_BUSY
                                                          : IDEMPOTENCY_ENDED;
    *status_out = *what_out == IDEMPOTENCY_ENDED ? (unsigned)db_get_i32(&row, 1) : 0;
    *answer_out = db_copy_text(owner, &row, 2);
    return true;
}

bool idempotency_end(struct directory *directory, const char *caller, const char *key, int status,
                     const char *answer, struct err *err)
{
    if (status < 0)
        return run(directory, GIVE_BACK, DB_ARGS(db_text(caller), db_text(key)), NULL, err);
    return run(directory, KEEP,
               DB_ARGS(db_text(caller), db_text(key), db_i16((int16_t)status), db_text(answer)), NULL, err);
}

bool idempotency_tidy(struct directory *directory, int64_t now_us, uint64_t *removed_out, struct err *err)
{
    return run(directory, TIDY, DB_ARGS(db_i64(now_us - DAY_S * US_PER_S)), removed_out, err);
}
