/* job_run.c -- jobs as who does them sees them: leases, items begun and settled. */
#include "base/clock.h"
#include "base/sealing.h"
#include "directory/job_row.h"

#include <talloc.h>

/* By job_open. */
static const char TAKE[] =
    "UPDATE job SET state = 'running', started_us = coalesce(started_us, $1), lease_us = $2, worker = $3 WHERE job_id ="
    " (SELECT job_id FROM job WHERE state IN ('waiting', 'running') AND lease_us < $1"
    "   ORDER BY job_id LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING " JOB_COLUMNS;
static const char RECLAIM[] = "UPDATE job SET lease_us = 0 WHERE state = 'running' AND worker = $1";
/* By job_item_open. */
static const char BEGIN_ITEMS[] =
    "WITH next AS (SELECT position, state FROM job_item WHERE job_id = $1 AND state < 2"
    "               ORDER BY position LIMIT $2 FOR UPDATE),"
    "     begun AS (UPDATE job_item i SET state = 1 FROM next"
    "                WHERE i.job_id = $1 AND i.position = next.position"
    "               RETURNING i.position, i.object, i.input, next.state = 1 AS was_begun)"
    " SELECT position, object, input, was_begun FROM begun ORDER BY position";
static const char SETTLE_ITEMS[] =
    "UPDATE job_item i SET state = CASE WHEN s.failed THEN 3 ELSE 2 END, input = NULL, kind = s.kind, message = s.message"
    "  FROM unnest($2::integer[], $3::boolean[], $4::text[], $5::text[]) AS s (position, failed, kind, message)"
    " WHERE i.job_id = $1 AND i.position = s.position";
static const char COUNT_ITEMS[] =
    "UPDATE job SET done = done + $2, failed = failed + $3, lease_us = $4 WHERE job_id = $1 RETURNING state";
/* What was not taken up in time keeps nothing. By job_item_open. */
static const char FORGET_INPUT[] =
    "UPDATE job_item i SET input = NULL FROM job j WHERE j.job_id = i.job_id AND j.ended_us < $1 AND i.state < 2"
    " AND i.input IS NOT NULL";
static const char END[] =
    "UPDATE job SET state = CASE WHEN $2::text IS NULL THEN 'done' ELSE 'failed' END, fault = $2,"
    " ended_us = $3 WHERE job_id = $1 AND state = 'running'";
static const char LEAVE[] = "UPDATE job SET lease_us = 0 WHERE job_id = $1";
static const char FORGET_PARTS[] =
    "DELETE FROM job_part p USING job j WHERE j.job_id = p.job_id AND j.ended_us < $1";
static const char TIDY[] = "DELETE FROM job WHERE ended_us < $1";

enum { KEPT_DAYS = 30 };

bool job_take(struct directory *directory, const void *owner, const char *worker, int64_t now_us,
              struct job *job_out, bool *is_found_out, struct err *err)
{
    struct db_rows *rows;
    struct db_row row;

    if (!look_up(directory, owner, TAKE,
                 DB_ARGS(db_i64(now_us), db_i64(now_us + JOB_LEASE_S * US_PER_S), db_text(worker)), &rows,
                 err))
        return false;
    *is_found_out = db_rows_at(rows, 0, &row);
    if (*is_found_out)
        job_read_row(owner, &row, job_out);
    talloc_free(rows);
    return true;
}

bool job_reclaim(struct directory *directory, const char *worker, struct err *err)
{
    return job_run(directory, RECLAIM, DB_ARGS(db_text(worker)), NULL, err);
}

bool job_begin_items(struct directory *directory, const void *owner, int64_t job_id, size_t limit,
                     struct job_item **items_out, size_t *count_out, struct err *err)
{
    struct db_rows *rows;
    struct db_row row;

    if (!look_up(directory, owner, BEGIN_ITEMS, DB_ARGS(db_i64(job_id), db_i64((int64_t)limit)), &rows, err))
        return false;
    *count_out = db_rows_count(rows);
    *items_out = talloc_zero_array(owner, struct job_item, (unsigned)*count_out);
    for (size_t i = 0; db_rows_at(rows, i, &row); i++)
        (*items_out)[i] = (struct job_item){ .position = db_get_i32(&row, 0),
                                             .object = db_copy_text(*items_out, &row, 1),
                                             .input = unsealed(directory, *items_out, "job",
                                                               db_copy_text(*items_out, &row, 2)),
                                             .was_begun = db_get_bool(&row, 3) };
    talloc_free(rows);
    return true;
}

struct settling {
    int64_t job_id;
    const struct job_item *items;
    size_t count;
    bool goes_on;
};

static bool settle(struct db *db, void *arg, struct err *err)
{
    struct settling *s = arg;
    void *scratch = talloc_new(NULL);
    int32_t *positions = talloc_array(scratch, int32_t, (unsigned)s->count + 1);
    bool *failed = talloc_array(scratch, bool, (unsigned)s->count + 1);
    struct span *kinds = talloc_array(scratch, struct span, (unsigned)s->count + 1),
                *messages = talloc_array(scratch, struct span, (unsigned)s->count + 1);
    int64_t failures = 0;
    struct db_row row;

    for (size_t i = 0; i < s->count; i++) {
        positions[i] = s->items[i].position;
        failed[i] = s->items[i].is_failed;
        kinds[i] = span_text(s->items[i].kind);
        messages[i] = span_text(s->items[i].message);
        failures += s->items[i].is_failed;
    }
    bool done =
        db_exec(db, SETTLE_ITEMS,
                DB_ARGS(db_i64(s->job_id), db_i32_array(positions, s->count), db_bool_array(failed, s->count),
                        db_text_array(kinds, s->count), db_text_array(messages, s->count)),
                NULL, err) &&
        db_one_row(db, scratch, COUNT_ITEMS,
                   DB_ARGS(db_i64(s->job_id), db_i64((int64_t)s->count - failures), db_i64(failures),
                           db_i64(clock_now_us() + JOB_LEASE_S * US_PER_S)),
                   &row, err);
    if (done)
        s->goes_on = span_equals_text(db_get_text(&row, 0), "running");
    talloc_free(scratch);
    return done;
}

bool job_settle_items(struct directory *directory, int64_t job_id, const struct job_item *items, size_t count,
                      bool *goes_on_out, struct err *err)
{
    struct settling settling = { job_id, items, count, false };

    if (!with_pool_transaction(directory->pools[DIRECTORY_LOOKS_UP], DB_BACKGROUND, settle, &settling, err))
        return false;
    *goes_on_out = settling.goes_on;
    return true;
}

bool job_end(struct directory *directory, int64_t job_id, const char *fault, struct err *err)
{
    return job_run(directory, END, DB_ARGS(db_i64(job_id), db_text(fault), db_i64(clock_now_us())), NULL,
                   err);
}

bool job_leave(struct directory *directory, int64_t job_id, struct err *err)
{
    return job_run(directory, LEAVE, DB_ARGS(db_i64(job_id)), NULL, err);
}

bool job_tidy(struct directory *directory, int64_t now_us, uint64_t *removed_out, struct err *err)
{
    return job_run(directory, FORGET_INPUT, DB_ARGS(db_i64(now_us - JOB_RESUME_HOURS * 3600 * US_PER_S)),
                   NULL, err) &&
           job_run(directory, FORGET_PARTS, DB_ARGS(db_i64(now_us - JOB_FILE_HOURS * 3600 * US_PER_S)), NULL,
                   err) &&
           job_run(directory, TIDY, DB_ARGS(db_i64(now_us - KEPT_DAYS * 86400 * US_PER_S)), removed_out, err);
}
