/* job_part.c -- the file that a job writes, piece by piece. */
#include "base/clock.h"
#include "base/sealing.h"
#include "directory/job_row.h"

#include <talloc.h>

/* Who takes up an item that was begun before writes the same piece again. */
static const char INSERT_PART[] = "INSERT INTO job_part (job_id, position, part) VALUES ($1, $2, $3)"
                                  " ON CONFLICT (job_id, position) DO UPDATE SET part = excluded.part";
static const char SETTLE_ITEM[] =
    "UPDATE job_item SET state = 2, input = NULL WHERE job_id = $1 AND position = $2";
static const char INSERT_NEXT[] =
    "INSERT INTO job_item (job_id, position, object, input) SELECT job_id, $2, object, $3 FROM job_item"
    " WHERE job_id = $1 AND position = 0";
/* How many rows there are nobody knows before the last one. */
static const char COUNT_ROWS[] =
    "UPDATE job SET done = done + $2, total = done + $2 + $3, lease_us = $4 WHERE job_id = $1 RETURNING state";
static const char SELECT_PART[] = "SELECT part FROM job_part WHERE job_id = $1 AND position = $2";

struct writing {
    struct directory *directory;
    int64_t job_id, rows;
    int32_t position;
    const char *part, *next;
    bool goes_on;
};

static bool add_next(struct db *db, const struct writing *w, const void *scratch, struct err *err)
{
    char *sealed;

    return sealing_seal(w->directory->sealing, scratch, "job", w->next, &sealed, err) &&
           db_exec(db, INSERT_NEXT, DB_ARGS(db_i64(w->job_id), db_i32(w->position + 1), db_text(sealed)),
                   NULL, err);
}

static bool write_part(struct db *db, void *arg, struct err *err)
{
    struct writing *w = arg;
    void *scratch = talloc_new(NULL);
    struct db_row row;
    bool done = db_exec(db, INSERT_PART, DB_ARGS(db_i64(w->job_id), db_i32(w->position), db_text(w->part)),
                        NULL, err) &&
                db_exec(db, SETTLE_ITEM, DB_ARGS(db_i64(w->job_id), db_i32(w->position)), NULL, err) &&
                (!w->next || add_next(db, w, scratch, err)) &&
                db_one_row(db, scratch, COUNT_ROWS,
                           DB_ARGS(db_i64(w->job_id), db_i64(w->rows), db_i64(w->next ? w->rows : 0),
                                   db_i64(clock_now_us() + JOB_LEASE_S * US_PER_S)),
                           &row, err);

    w->goes_on = done && span_equals_text(db_get_text(&row, 0), "running");
    talloc_free(scratch);
    return done;
}

bool job_settle_part(struct directory *directory, int64_t job_id, int32_t position, const char *part,
                     int64_t rows, const char *next, bool *goes_on_out, struct err *err)
{
    struct writing w = { directory, job_id, rows, position, part, next, false };

    if (!with_pool_transaction(directory->pools[DIRECTORY_LOOKS_UP], DB_BACKGROUND, write_part, &w, err))
        return false;
    *goes_on_out = w.goes_on;
    return true;
}

bool job_part(struct directory *directory, const void *owner, int64_t job_id, int32_t position,
              const char **part_out, struct err *err)
{
    struct db_rows *rows;
    struct db_row row;

    if (!look_up(directory, NULL, SELECT_PART, DB_ARGS(db_i64(job_id), db_i32(position)), &rows, err))
        return false;
    *part_out = db_rows_at(rows, 0, &row) ? db_copy_text(owner, &row, 0) : NULL;
    talloc_free(rows);
    return true;
}
