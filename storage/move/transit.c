/* transit.c -- the steps of a mailbox's way: begin, copy, close, finish, open. */
#include "base/clock.h"
#include "base/crashpoint.h"
#include "base/digest.h"
#include "move/work.h"

#include <talloc.h>

static const char IS_RUNNER[] =
    "SELECT 1 FROM mailbox_transit WHERE mailbox_id = $1 AND is_arriving AND runner = $2 FOR UPDATE";

bool transit_check_runner(struct transit *transit, struct err *err)
{
    struct db_row row;
    void *arena = talloc_new(NULL);
    bool done = db_one_row(transit->target, arena, IS_RUNNER,
                           DB_ARGS(db_i64(transit->options.mailbox_id), db_i64(transit->runner)), &row, err);

    talloc_free(arena);
    return done || (err->kind == ERR_NOT_FOUND &&
                    err_set(err, ERR_CONFLICT, "Somebody else moves this mailbox already."));
}

bool transit_go_on(const struct transit *transit, struct err *err)
{
    const struct transit_options *options = &transit->options;

    return !options->may_go_on || options->may_go_on(options->arg, transit->done, transit->total) ||
           err_set(err, ERR_LIMIT, "The move was stopped.");
}

int64_t transit_new_id(const struct transit *transit, enum group_id_kind kind, int64_t id)
{
    return group_translate_id(transit->options.from, transit->options.to, kind, id);
}

/* ---- begin */

static const char FIND_TRANSIT[] =
    "SELECT m.mailbox_id IS NOT NULL, t.mailbox_id IS NOT NULL, coalesce(t.is_arriving, false)"
    "  FROM (SELECT $1::bigint AS id) AS w LEFT JOIN mailbox m ON m.mailbox_id = w.id"
    "  LEFT JOIN mailbox_transit t ON t.mailbox_id = w.id";
static const char TAKE_OVER[] =
    "UPDATE mailbox_transit SET runner = $2, store_id = $3 WHERE mailbox_id = $1 AND is_arriving";
static const char DROP_TRANSIT[] = "DELETE FROM mailbox_transit WHERE mailbox_id = $1";
static const char DROP_MAILBOX[] = "DELETE FROM mailbox WHERE mailbox_id = $1";
static const char ADD_TRANSIT[] =
    "INSERT INTO mailbox_transit (mailbox_id, is_arriving, store_id, runner) VALUES ($1, true, $3, $2)";

struct beginning {
    struct transit *transit;
    struct transit_row row;
    bool is_left; /* what stands there is what a former move left */
};

static bool make_copy(struct db *db, void *arg, struct err *err)
{
    struct beginning *beginning = arg;
    const struct transit_options *options = &beginning->transit->options;
    struct db_args ours =
        DB_ARGS(db_i64(options->mailbox_id), db_i64(beginning->transit->runner), db_i64(options->store_id));
    struct db_value id = db_i64(options->mailbox_id);
    void *arena = talloc_new(NULL);
    struct db_row row;
    bool done = db_one_row(db, arena, FIND_TRANSIT, DB_ARGS(id), &row, err);

    if (done && db_get_bool(&row, 0) && db_get_bool(&row, 2)) {
        done = db_exec(db, TAKE_OVER, ours, NULL, err);
    } else if (done && db_get_bool(&row, 0) && !beginning->is_left) {
        done = err_set(err, ERR_EXISTS, "There is such a mailbox in that storage group already.");
    } else if (done) {
        done = transit_lock_roots(db, &beginning->row, err) &&
               (!beginning->is_left || (db_exec(db, DROP_TRANSIT, DB_ARGS(id), NULL, err) &&
                                        db_exec(db, DROP_MAILBOX, DB_ARGS(id), NULL, err))) &&
               transit_put_row(db, options->mailbox_id, &beginning->row, err) &&
               db_exec(db, ADD_TRANSIT, ours, NULL, err);
    }
    talloc_free(arena);
    return done;
}

/* What a former move of this mailbox left there is removed first. */
static bool remove_left(struct transit *transit, bool *was_left_out, struct err *err)
{
    static const char IS_LEFT[] =
        "SELECT count(*) FROM mailbox_transit WHERE mailbox_id = $1 AND left_us IS NOT NULL";
    void *arena = talloc_new(NULL);
    bool is_done = false;
    struct db_row row;
    bool done =
        db_one_row(transit->target, arena, IS_LEFT, DB_ARGS(db_i64(transit->options.mailbox_id)), &row, err);

    *was_left_out = done && db_get_i64(&row, 0) > 0;
    while (done && *was_left_out && !is_done)
        done = transit_go_on(transit, err) &&
               transit_remove(transit->options.to, transit->options.mailbox_id, &is_done, err);
    talloc_free(arena);
    return done;
}

static bool begin(struct transit *transit, struct err *err)
{
    struct beginning beginning = { .transit = transit };
    void *arena = talloc_new(NULL);
    bool done = transit_read_row(transit, arena, TRANSIT_EMPTY, &beginning.row, err) &&
                remove_left(transit, &beginning.is_left, err) &&
                with_transaction(transit->target, make_copy, &beginning, err);

    talloc_free(arena);
    return done;
}

static const char WRITE_HEX[] = "SET bytea_output = 'hex'";

static int release(struct transit *transit)
{
    db_release(&transit->source);
    db_release(&transit->target);
    return 0;
}

bool transit_begin(const void *owner, const struct transit_options *options, struct transit **transit_out,
                   struct err *err)
{
    struct transit *transit = talloc_zero(owner, struct transit);

    transit->options = *options;
    random_bytes(&transit->runner, sizeof transit->runner);
    talloc_set_destructor(transit, release);
    /* rows as text are compared: both write bytes alike */
    if (!group_open_dedicated(options->from, DB_BACKGROUND, &transit->source, err) ||
        !group_open_dedicated(options->to, DB_BACKGROUND, &transit->target, err) ||
        !db_exec(transit->source, WRITE_HEX, DB_NO_ARGS, NULL, err) ||
        !db_exec(transit->target, WRITE_HEX, DB_NO_ARGS, NULL, err) || !begin(transit, err)) {
        talloc_free(transit);
        return false;
    }
    *transit_out = transit;
    return true;
}

void transit_end(struct transit **transit)
{
    TALLOC_FREE(*transit);
}

/* ---- copy */

bool transit_copy(struct transit *transit, uint64_t *differences_out, struct err *err)
{
    transit->differences = 0;
    if (!group_has_room(transit->options.to, err) || !transit_folders(transit, err) ||
        !transit_items(transit, err) || !transit_members(transit, err) || !transit_rows(transit, err) ||
        !transit_letters(transit, err) || !transit_references(transit, err) ||
        !transit_drop_folders(transit, err) || !transit_drop_items(transit, err))
        return false;
    *differences_out = transit->differences;
    return true;
}

void transit_progress(const struct transit *transit, int64_t *done_out, int64_t *total_out)
{
    *done_out = transit->done;
    *total_out = transit->total;
}

/* ---- close and reopen the original */

static const char LOCK_ORIGINAL[] =
    "SELECT store_id FROM mailbox WHERE mailbox_id = $1 AND deleted_us IS NULL FOR UPDATE";
static const char NOTE_LEAVING[] =
    "INSERT INTO mailbox_transit (mailbox_id, is_arriving, store_id) VALUES ($1, false, $2)"
    " ON CONFLICT (mailbox_id) DO NOTHING";
static const char PUT_NOWHERE[] = "UPDATE mailbox SET store_id = 0 WHERE mailbox_id = $1";

static bool close_original(struct db *db, void *arg, struct err *err)
{
    struct db_value id = db_i64(*(const int64_t *)arg);
    void *arena = talloc_new(NULL);
    struct db_row row;
    bool done = db_one_row(db, arena, LOCK_ORIGINAL, DB_ARGS(id), &row, err);

    if (done && db_get_i64(&row, 0) != 0)
        done = db_exec(db, NOTE_LEAVING, DB_ARGS(id, db_i64(db_get_i64(&row, 0))), NULL, err) &&
               db_exec(db, PUT_NOWHERE, DB_ARGS(id), NULL, err);
    talloc_free(arena);
    return done;
}

bool transit_close(struct transit *transit, struct err *err)
{
    bool done = with_transaction(transit->source, close_original, &transit->options.mailbox_id, err);

    if (done)
        CRASHPOINT("move.closed");
    return done;
}

static const char PUT_BACK[] =
    "WITH gone AS (DELETE FROM mailbox_transit WHERE mailbox_id = $1 AND NOT is_arriving AND left_us IS NULL"
    "              RETURNING store_id)"
    " UPDATE mailbox SET store_id = gone.store_id FROM gone WHERE mailbox_id = $1";

static bool run_in(struct group *group, const char *sql, int64_t mailbox_id, struct err *err)
{
    struct db *db;

    if (!group_acquire(group, DB_BACKGROUND, &db, err))
        return false;
    bool done = db_exec(db, sql, DB_ARGS(db_i64(mailbox_id)), NULL, err);
    db_release(&db);
    return done;
}

bool transit_reopen(struct group *from, int64_t mailbox_id, struct err *err)
{
    return run_in(from, PUT_BACK, mailbox_id, err);
}

/* ---- open */

static const char OPEN_COPY[] =
    "WITH gone AS (DELETE FROM mailbox_transit WHERE mailbox_id = $1 AND is_arriving RETURNING store_id)"
    " UPDATE mailbox SET store_id = gone.store_id FROM gone WHERE mailbox_id = $1";
static const char TAKE_LIMITS[] = "SELECT take_store_limits(ARRAY[$1::bigint])";

bool transit_open(struct group *to, int64_t mailbox_id, struct err *err)
{
    return run_in(to, OPEN_COPY, mailbox_id, err) && run_in(to, TAKE_LIMITS, mailbox_id, err);
}
