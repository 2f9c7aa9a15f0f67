/* job.c -- jobs as their callers see them. */
#include "directory/job.h"

#include "base/clock.h"
#include "base/sealing.h"
#include "directory/audit.h"
#include "directory/job_row.h"

#include <talloc.h>

static const char *const kind_names[JOB_KINDS] = {
    [JOB_IMPORT] = "import", [JOB_BULK] = "bulk", [JOB_EXPORT] = "export"
};
static const char *const state_names[JOB_STATES] = { [JOB_WAITING] = "waiting",
                                                     [JOB_RUNNING] = "running",
                                                     [JOB_DONE] = "done",
                                                     [JOB_FAILED] = "failed",
                                                     [JOB_CANCELLED] = "cancelled" };

const char *job_kind_name(enum job_kind kind)
{
    return kind_names[kind];
}

const char *job_state_name(enum job_state state)
{
    return state_names[state];
}

static int index_of(struct span word, const char *const *names, int count)
{
    int i = 0;

    while (i < count - 1 && !span_equals_text(word, names[i]))
        i++;
    return i;
}

void job_read_row(const void *owner, const struct db_row *row, struct job *out)
{
    *out = (struct job){
        .job_id = db_get_i64(row, 0),
        .organisation_id = db_get_i64(row, 1),
        .kind = (enum job_kind)index_of(db_get_text(row, 2), kind_names, JOB_KINDS),
        .state = (enum job_state)index_of(db_get_text(row, 3), state_names, JOB_STATES),
        .title = db_copy_text(owner, row, 4),
        .is_dry_run = db_get_bool(row, 5),
        .caller = db_copy_text(owner, row, 6),
        .peer = db_copy_text(owner, row, 7),
        .caller_id = db_get_i64(row, 8),
        .permissions = (uint64_t)db_get_i64(row, 9),
        .total = db_get_i64(row, 10),
        .done = db_get_i64(row, 11),
        .failed = db_get_i64(row, 12),
        .created_us = db_get_i64(row, 13),
        .started_us = db_get_i64(row, 14),
        .ended_us = db_get_i64(row, 15),
        .fault = db_copy_text(owner, row, 16),
    };
}

bool job_run(struct directory *directory, const char *sql, struct db_args args, uint64_t *count_out,
             struct err *err)
{
    struct db *db;

    if (!db_acquire(directory->pools[DIRECTORY_LOOKS_UP], DB_BACKGROUND, JOB_ACQUIRE_MS, &db, err))
        return false;
    bool done = db_exec(db, sql, args, count_out, err);
    db_release(&db);
    return done;
}

/* ---- adding one */

struct adding {
    struct directory *directory;
    const struct actor *actor;
    const struct job *wanted;
    const struct job_item *items;
    size_t count;
    int64_t job_id;
};

static const char INSERT_JOB[] =
    "INSERT INTO job (organisation_id, kind, title, is_dry_run, caller, caller_id, permissions, peer, total, created_us)"
    " VALUES (nullif($1, 0), $2, $3, $4, $5, nullif($6, 0), $7, $8, $9, $10) RETURNING job_id";
static const char INSERT_ITEMS[] =
    "INSERT INTO job_item (job_id, position, object, input)"
    " SELECT $1, n - 1, o, i FROM unnest($2::text[], $3::text[]) WITH ORDINALITY AS t (o, i, n)";

static bool insert_items(struct db *db, struct adding *adding, const void *scratch, struct err *err)
{
    struct span *objects = talloc_array(scratch, struct span, (unsigned)adding->count + 1),
                *inputs = talloc_array(scratch, struct span, (unsigned)adding->count + 1);

    for (size_t i = 0; i < adding->count; i++) {
        char *sealed;
        if (!sealing_seal(adding->directory->sealing, scratch, "job", adding->items[i].input, &sealed, err))
            return false;
        objects[i] = span_text(adding->items[i].object);
        inputs[i] = span_text(sealed);
    }
    return db_exec(db, INSERT_ITEMS,
                   DB_ARGS(db_i64(adding->job_id), db_text_array(objects, adding->count),
                           db_text_array(inputs, adding->count)),
                   NULL, err);
}

static bool insert(struct db *db, void *arg, struct err *err)
{
    struct adding *adding = arg;
    const struct job *w = adding->wanted;
    void *scratch = talloc_new(NULL);
    struct db_row row;
    bool done = db_one_row(db, scratch, INSERT_JOB,
                           DB_ARGS(db_i64(w->organisation_id), db_text(kind_names[w->kind]),
                                   db_text(w->title), db_bool(w->is_dry_run), db_text(adding->actor->name),
                                   db_i64(adding->actor->recipient_id), db_i64((int64_t)w->permissions),
                                   db_text(adding->actor->peer), db_i64((int64_t)adding->count),
                                   db_i64(clock_now_us())),
                           &row, err);

    if (done)
        adding->job_id = db_get_i64(&row, 0);
    done = done && insert_items(db, adding, scratch, err);
    talloc_free(scratch);
    return done;
}

bool job_add(struct directory *directory, const struct actor *actor, const struct job *wanted,
             const struct job_item *items, size_t count, int64_t *job_id_out, struct err *err)
{
    struct adding adding = { directory, actor, wanted, items, count, 0 };

    if (count == 0)
        return err_set(err, ERR_INVALID, "There is nothing to do.");
    if (count > JOB_ITEMS_MAX)
        return err_set(err, ERR_LIMIT, "A job has at most %d items.", JOB_ITEMS_MAX);
    if (!audit_note(directory, actor, wanted->organisation_id, "job.add", wanted->title, NULL, err) ||
        !with_pool_transaction(directory->pools[DIRECTORY_LOOKS_UP], DB_BACKGROUND, insert, &adding, err))
        return false;
    *job_id_out = adding.job_id;
    return true;
}

/* ---- showing them */

#define SEEN " ($2 = 0 OR caller_id = $2 OR coalesce(organisation_id, 0) = ANY ($3::bigint[]))"
static const char SELECT_PAGE[] =
    "SELECT " JOB_COLUMNS " FROM job WHERE ($1 = 0 OR job_id < $1) AND" SEEN " ORDER BY job_id DESC LIMIT $4";
static const char SELECT_ONE[] = "SELECT " JOB_COLUMNS " FROM job WHERE job_id = $1 AND" SEEN;
static const char SELECT_ITEMS[] =
    "SELECT position, object, state::integer, kind, message FROM job_item WHERE job_id = $1 AND position > $2"
    " AND (NOT $3 OR state = 3) ORDER BY position LIMIT $4";

bool job_list(struct directory *directory, const struct job_sight *sight, const void *owner,
              int64_t before_id, size_t limit, struct job **jobs_out, size_t *count_out, struct err *err)
{
    struct db_rows *rows;
    struct db_row row;

    if (!look_up(directory, owner, SELECT_PAGE,
                 DB_ARGS(db_i64(before_id), db_i64(sight->caller_id),
                         db_i64_array(sight->organisations, sight->count), db_i64((int64_t)limit)),
                 &rows, err))
        return false;
    *count_out = db_rows_count(rows);
    *jobs_out = talloc_array(owner, struct job, (unsigned)*count_out);
    for (size_t i = 0; db_rows_at(rows, i, &row); i++)
        job_read_row(*jobs_out, &row, &(*jobs_out)[i]);
    talloc_free(rows);
    return true;
}

bool job_get(struct directory *directory, const struct job_sight *sight, const void *owner, int64_t job_id,
             struct job *job_out, struct err *err)
{
    struct db_rows *rows;
    struct db_row row;

    if (!look_up(directory, owner, SELECT_ONE,
                 DB_ARGS(db_i64(job_id), db_i64(sight->caller_id),
                         db_i64_array(sight->organisations, sight->count)),
                 &rows, err))
        return false;
    if (!db_rows_at(rows, 0, &row))
        return not_found(err, "job");
    job_read_row(owner, &row, job_out);
    talloc_free(rows);
    return true;
}

bool job_items(struct directory *directory, const void *owner, int64_t job_id, int32_t after,
               bool only_failed, size_t limit, struct job_item **items_out, size_t *count_out,
               struct err *err)
{
    struct db_rows *rows;
    struct db_row row;

    if (!look_up(directory, owner, SELECT_ITEMS,
                 DB_ARGS(db_i64(job_id), db_i32(after), db_bool(only_failed), db_i64((int64_t)limit)), &rows,
                 err))
        return false;
    *count_out = db_rows_count(rows);
    *items_out = talloc_zero_array(owner, struct job_item, (unsigned)*count_out);
    for (size_t i = 0; db_rows_at(rows, i, &row); i++)
        (*items_out)[i] = (struct job_item){ .position = db_get_i32(&row, 0),
                                             .object = db_copy_text(*items_out, &row, 1),
                                             .was_begun = db_get_i32(&row, 2) == 1,
                                             .is_settled = db_get_i32(&row, 2) >= 2,
                                             .is_failed = db_get_i32(&row, 2) == 3,
                                             .kind = db_copy_text(*items_out, &row, 3),
                                             .message = db_copy_text(*items_out, &row, 4) };
    talloc_free(rows);
    return true;
}

static const char CANCEL[] =
    "UPDATE job SET state = 'cancelled', ended_us = $2 WHERE job_id = $1 AND state IN ('waiting', 'running')";
/* Items whose input is gone cannot be done. The lease of who may still be at it stays. */
static const char RESUME[] =
    "UPDATE job SET state = 'waiting', ended_us = NULL, fault = NULL"
    " WHERE job_id = $1 AND state IN ('cancelled', 'failed')"
    "   AND EXISTS (SELECT 1 FROM job_item WHERE job_id = $1 AND state < 2)"
    "   AND NOT EXISTS (SELECT 1 FROM job_item WHERE job_id = $1 AND state < 2 AND input IS NULL)";

bool job_cancel(struct directory *directory, const struct actor *actor, const struct job *job,
                struct err *err)
{
    uint64_t count = 0;

    return job_run(directory, CANCEL, DB_ARGS(db_i64(job->job_id), db_i64(clock_now_us())), &count, err) &&
           (count > 0 || err_set(err, ERR_CONFLICT, "This job has ended already.")) &&
           audit_note(directory, actor, job->organisation_id, "job.cancel", job->title, NULL, err);
}

bool job_resume(struct directory *directory, const struct actor *actor, const struct job *job,
                struct err *err)
{
    uint64_t count = 0;

    return job_run(directory, RESUME, DB_ARGS(db_i64(job->job_id)), &count, err) &&
           (count > 0 || err_set(err, ERR_CONFLICT, "This job has left nothing that could be taken up.")) &&
           audit_note(directory, actor, job->organisation_id, "job.resume", job->title, NULL, err);
}
