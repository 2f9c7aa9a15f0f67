/*
 * source_run.c -- rows of runs and of how far each source has come.
 */
#include "directory/source_run.h"

#include "base/clock.h"
#include "directory/act.h"

#include <stdio.h>
#include <string.h>
#include <talloc.h>

enum { LEASE_S = 60, RUNS_KEPT = 200 };

static const char *const kind_names[RUN_KINDS] = { "preview", "full", "incremental", "live" };

#define RUN_COLUMNS(changes)                                                                                 \
    "run_id, source_id, organisation_id, kind, state, is_confirmed, requested_by, created_us, started_us,"   \
    " ended_us, seen, added, changed, disabled, deleted, conflicts, " changes ", message"
#define SELECT_RUN(changes) "SELECT " RUN_COLUMNS(changes) " FROM directory_run"

static const char INSERT_RUN[] =
    "INSERT INTO directory_run (source_id, organisation_id, kind, state, is_confirmed, requested_by, created_us,"
    "                           started_us)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING " RUN_COLUMNS("changes::text");
static const char SELECT_OPEN[] =
    "SELECT run_id FROM directory_run WHERE source_id = $1 AND state IN ('waiting', 'running') AND requested_by <> ''";
static const char SELECT_ONE[] = SELECT_RUN("changes::text") " WHERE run_id = $1";
static const char LOCATE[] = "SELECT organisation_id FROM directory_run WHERE run_id = $1";
static const char SELECT_SOME[] = SELECT_RUN("'[]'") " WHERE source_id = $1 ORDER BY run_id DESC LIMIT $2";
static const char SELECT_STATE[] =
    "SELECT way, server, fault, is_live AND lease_us > $2, full_us, seen_us, next_us,"
    "       (SELECT count(*) FROM directory_entry e WHERE e.source_id = $1 AND e.missing_us = 0),"
    "       (SELECT count(*) FROM recipient r WHERE r.source_id = $1),"
    "       (SELECT count(*) FROM directory_conflict c WHERE c.source_id = $1),"
    "       (SELECT count(*) FROM directory_entry e WHERE e.source_id = $1 AND e.missing_us > 0),"
    "       servers::text"
    "  FROM directory_source_state WHERE source_id = $1";
static const char SELECT_CONFLICTS[] =
    "SELECT dn, what, message, since_us FROM directory_conflict WHERE source_id = $1 ORDER BY dn, what LIMIT $2";

static const char LEASE[] = "UPDATE directory_source_state SET lease = $2, lease_us = $3"
                            " WHERE source_id = $1 AND (lease = $2 OR lease_us < $4) RETURNING 1";
static const char SELECT_MARK[] =
    "SELECT way, server, mark, full_us, next_us FROM directory_source_state WHERE source_id = $1";
static const char PUT_MARK[] =
    "UPDATE directory_source_state SET way = $2, server = $3, mark = $4, next_us = $5, seen_us = $6,"
    "       full_us = CASE WHEN $7 THEN $6 ELSE full_us END WHERE source_id = $1";
/* Whether unknown addresses may be there (resolve.h) changes with the fault: who remembers answers is told. */
static const char NOTE[] =
    "WITH before AS (SELECT fault <> '' AS is_bad FROM directory_source_state WHERE source_id = $1 FOR UPDATE),"
    " told AS (UPDATE directory_stamp SET stamp = stamp + 1"
    "           WHERE EXISTS (SELECT FROM before WHERE is_bad <> ($3 <> '')))"
    " UPDATE directory_source_state SET is_live = $2, fault = $3,"
    "       seen_us = CASE WHEN $3 = '' THEN $4 ELSE seen_us END WHERE source_id = $1";
static const char NOTE_SERVERS[] = "UPDATE directory_source_state SET servers = $2 WHERE source_id = $1";
static const char NOTE_SEEN[] = "UPDATE directory_run SET seen = $2 WHERE run_id = $1";
static const char FAIL_LEFT[] =
    "UPDATE directory_run SET state = 'failed', ended_us = $2, message = 'The server ended while it ran.'"
    " WHERE source_id = $1 AND state = 'running'";
static const char TAKE[] =
    "UPDATE directory_run SET state = 'running', started_us = $2"
    " WHERE run_id = (SELECT run_id FROM directory_run WHERE source_id = $1 AND state = 'waiting' ORDER BY run_id LIMIT 1)"
    " RETURNING " RUN_COLUMNS("changes::text");
static const char END_RUN[] =
    "UPDATE directory_run SET state = $2, ended_us = $3, seen = $4, added = $5, changed = $6, disabled = $7, deleted = $8,"
    "       conflicts = $9, changes = $10, message = $11 WHERE run_id = $1";
/* Live changes are one run each; only the newest are kept. */
static const char TIDY[] =
    "DELETE FROM directory_run WHERE source_id = $1 AND run_id <= (SELECT run_id FROM directory_run WHERE source_id = $1"
    "   ORDER BY run_id DESC OFFSET $2 LIMIT 1) AND state NOT IN ('waiting', 'running')";

const char *source_run_kind_name(enum source_run_kind kind)
{
    return kind_names[kind];
}

bool source_run_kind_of(const char *name, enum source_run_kind *kind_out)
{
    for (int i = 0; i < RUN_KINDS; i++)
        if (strcmp(name, kind_names[i]) == 0) {
            *kind_out = (enum source_run_kind)i;
            return true;
        }
    return false;
}

static void read_run(const void *owner, const struct db_row *row, struct source_run *out)
{
    *out = (struct source_run){ .run_id = db_get_i64(row, 0),
                                .source_id = db_get_i64(row, 1),
                                .organisation_id = db_get_i64(row, 2),
                                .state = db_copy_text(owner, row, 4),
                                .is_confirmed = db_get_bool(row, 5),
                                .requested_by = db_copy_text(owner, row, 6),
                                .created_us = db_get_i64(row, 7),
                                .started_us = db_get_i64(row, 8),
                                .ended_us = db_get_i64(row, 9),
                                .seen = db_get_i64(row, 10),
                                .added = db_get_i64(row, 11),
                                .changed = db_get_i64(row, 12),
                                .disabled = db_get_i64(row, 13),
                                .deleted = db_get_i64(row, 14),
                                .conflicts = db_get_i64(row, 15),
                                .changes = db_copy_text(owner, row, 16),
                                .message = db_copy_text(owner, row, 17) };
    if (!source_run_kind_of(db_copy_text(owner, row, 3), &out->kind))
        out->kind = RUN_FULL; /* the column's CHECK has no other */
}

/* One of all questions and steps below. */
struct asking {
    const struct actor *actor;
    const void *owner;
    const struct source *source;
    enum source_run_kind kind;
    bool is_confirmed;
    const char *requested_by;
    int64_t id;
    size_t limit;
    struct source_run *run, *runs;
    const struct source_run *ended;
    struct source_state *state;
    struct source_conflict *conflicts;
    size_t count;
};

static bool insert(struct db *db, void *arg, struct err *err)
{
    struct asking *a = arg;
    const struct source *source = a->source;
    bool is_asked = *a->requested_by != '\0';
    int64_t now = clock_now_us();
    struct db_rows *rows;
    struct db_row row;

    if (is_asked) {
        if (!db_query(db, a->owner, SELECT_OPEN, DB_ARGS(db_i64(source->source_id)), &rows, err))
            return false;
        if (db_rows_count(rows))
            return err_set(err, ERR_CONFLICT, "A run of this directory source waits or goes on already.");
    }
    if (!db_one_row(db, a->owner, INSERT_RUN,
                    DB_ARGS(db_i64(source->source_id), db_i64(source->organisation_id),
                            db_text(kind_names[a->kind]), db_text(is_asked ? "waiting" : "running"),
                            db_bool(a->is_confirmed), db_text(a->requested_by), db_i64(now),
                            db_i64(is_asked ? 0 : now)),
                    &row, err))
        return false;
    read_run(a->owner, &row, a->run);
    return !is_asked ||
           audit_write(db, a->actor, source->organisation_id, "directory.run", source->name, NULL,
                       json_pack("{s:s, s:b}", "kind", kind_names[a->kind], "confirmed", a->is_confirmed),
                       err);
}

bool source_run_ask(struct directory *directory, const struct actor *actor, const void *owner,
                    const struct source *source, enum source_run_kind kind, bool is_confirmed,
                    struct source_run *run_out, struct err *err)
{
    struct asking asking = { .actor = actor,
                             .owner = owner,
                             .source = source,
                             .kind = kind,
                             .is_confirmed = is_confirmed,
                             .requested_by = actor->name,
                             .run = run_out };

    if (!source->is_enabled)
        return err_set(err, ERR_INVALID, "The directory source %.60s is disabled.", source->name);
    return act_in(directory, actor, source->organisation_id, insert, &asking, err);
}

static bool get(struct db *db, void *arg, struct err *err)
{
    struct asking *a = arg;
    struct db_row row;

    if (!db_one_row(db, a->owner, SELECT_ONE, DB_ARGS(db_i64(a->id)), &row, err))
        return err->kind == ERR_NOT_FOUND ? not_found(err, "run") : false;
    read_run(a->owner, &row, a->run);
    return true;
}

bool source_run_get(struct directory *directory, const struct actor *actor, const void *owner, int64_t run_id,
                    struct source_run *run_out, struct err *err)
{
    struct asking asking = { .owner = owner, .id = run_id, .run = run_out };
    int64_t organisation_id;

    return act_locate(directory, actor, LOCATE, db_i64(run_id), "run", &organisation_id, err) &&
           act_read(directory, actor, organisation_id, get, &asking, err);
}

static bool list_runs(struct db *db, void *arg, struct err *err)
{
    struct asking *a = arg;
    struct db_rows *rows;
    struct db_row row;

    if (!db_query(db, a->owner, SELECT_SOME, DB_ARGS(db_i64(a->source->source_id), db_i64((int64_t)a->limit)),
                  &rows, err))
        return false;
    a->count = db_rows_count(rows);
    a->runs = talloc_zero_array(a->owner, struct source_run, (unsigned)a->count + 1);
    for (size_t i = 0; db_rows_at(rows, i, &row); i++)
        read_run(a->owner, &row, &a->runs[i]);
    return true;
}

bool source_run_list(struct directory *directory, const struct actor *actor, const void *owner,
                     const struct source *source, size_t limit, struct source_run **runs_out,
                     size_t *count_out, struct err *err)
{
    struct asking asking = { .owner = owner, .source = source, .limit = limit };
    bool ok = act_read(directory, actor, source->organisation_id, list_runs, &asking, err);

    *runs_out = asking.runs;
    *count_out = asking.count;
    return ok;
}

static bool get_state(struct db *db, void *arg, struct err *err)
{
    struct asking *a = arg;
    struct db_row row;

    if (!db_one_row(db, a->owner, SELECT_STATE, DB_ARGS(db_i64(a->source->source_id), db_i64(clock_now_us())),
                    &row, err))
        return err->kind == ERR_NOT_FOUND ? not_found(err, "directory source") : false;
    *a->state = (struct source_state){ .way = db_copy_text(a->owner, &row, 0),
                                       .server = db_copy_text(a->owner, &row, 1),
                                       .fault = db_copy_text(a->owner, &row, 2),
                                       .is_live = db_get_bool(&row, 3),
                                       .full_us = db_get_i64(&row, 4),
                                       .seen_us = db_get_i64(&row, 5),
                                       .next_us = db_get_i64(&row, 6),
                                       .entries = db_get_i64(&row, 7),
                                       .recipients = db_get_i64(&row, 8),
                                       .conflicts = db_get_i64(&row, 9),
                                       .missing = db_get_i64(&row, 10),
                                       .servers = db_copy_text(a->owner, &row, 11) };
    return true;
}

bool source_state_get(struct directory *directory, const struct actor *actor, const void *owner,
                      const struct source *source, struct source_state *state_out, struct err *err)
{
    struct asking asking = { .owner = owner, .source = source, .state = state_out };

    return act_read(directory, actor, source->organisation_id, get_state, &asking, err);
}

static bool list_conflicts(struct db *db, void *arg, struct err *err)
{
    struct asking *a = arg;
    struct db_rows *rows;
    struct db_row row;

    if (!db_query(db, a->owner, SELECT_CONFLICTS,
                  DB_ARGS(db_i64(a->source->source_id), db_i64((int64_t)a->limit)), &rows, err))
        return false;
    a->count = db_rows_count(rows);
    a->conflicts = talloc_zero_array(a->owner, struct source_conflict, (unsigned)a->count + 1);
    for (size_t i = 0; db_rows_at(rows, i, &row); i++)
        a->conflicts[i] =
            (struct source_conflict){ db_copy_text(a->owner, &row, 0), db_copy_text(a->owner, &row, 1),
                                      db_copy_text(a->owner, &row, 2), db_get_i64(&row, 3) };
    return true;
}

bool source_conflict_list(struct directory *directory, const struct actor *actor, const void *owner,
                          const struct source *source, size_t limit, struct source_conflict **conflicts_out,
                          size_t *count_out, struct err *err)
{
    struct asking asking = { .owner = owner, .source = source, .limit = limit };
    bool ok = act_read(directory, actor, source->organisation_id, list_conflicts, &asking, err);

    *conflicts_out = asking.conflicts;
    *count_out = asking.count;
    return ok;
}

/* ---- for who works on them */

bool source_lease(struct directory *directory, int64_t source_id, const char *worker, struct err *err)
{
    int64_t now = clock_now_us();
    void *scratch = talloc_new(NULL);
    struct db_row row;
    bool ok = look_up_one(
        directory, scratch, LEASE,
        DB_ARGS(db_i64(source_id), db_text(worker), db_i64(now + LEASE_S * US_PER_S), db_i64(now)), &row,
        err);

    talloc_free(scratch);
    return ok || (err->kind == ERR_NOT_FOUND &&
                  err_set(err, ERR_CONFLICT, "Another server works on this directory source."));
}

bool source_mark_get(struct directory *directory, const void *owner, int64_t source_id,
                     struct source_mark *mark_out, struct err *err)
{
    struct db_row row;
    struct span mark;

    *err = ERR_INIT;
    if (!look_up_one(directory, owner, SELECT_MARK, DB_ARGS(db_i64(source_id)), &row, err))
        return false;
    mark = db_get_bytes(&row, 2);
    *mark_out = (struct source_mark){
        .way = db_copy_text(owner, &row, 0),
        .server = db_copy_text(owner, &row, 1),
        .mark = mark.p ? span_of(span_copy(owner, mark), span_length(mark)) : (struct span){ NULL, NULL },
        .full_us = db_get_i64(&row, 3),
        .next_us = db_get_i64(&row, 4),
    };
    return true;
}

bool source_mark_put(struct directory *directory, int64_t source_id, const struct source_mark *mark,
                     bool is_full, struct err *err)
{
    struct db_rows *rows = NULL;
    bool ok;

    *err = ERR_INIT;
    ok = look_up(directory, NULL, PUT_MARK,
                 DB_ARGS(db_i64(source_id), db_text(mark->way), db_text(mark->server),
                         span_is_empty(mark->mark) ? db_null(DB_BYTES) : db_bytes(mark->mark),
                         db_i64(mark->next_us), db_i64(clock_now_us()), db_bool(is_full)),
                 &rows, err);
    talloc_free(rows);
    return ok;
}

bool source_state_note(struct directory *directory, int64_t source_id, bool is_live, const char *fault,
                       struct err *err)
{
    struct db_rows *rows = NULL;
    bool ok;

    *err = ERR_INIT;
    ok = look_up(directory, NULL, NOTE,
                 DB_ARGS(db_i64(source_id), db_bool(is_live), db_text(fault), db_i64(clock_now_us())), &rows,
                 err);
    talloc_free(rows);
    return ok;
}

bool source_servers_note(struct directory *directory, int64_t source_id, const char *servers, struct err *err)
{
    struct db_rows *rows = NULL;
    bool ok;

    *err = ERR_INIT;
    ok = look_up(directory, NULL, NOTE_SERVERS, DB_ARGS(db_i64(source_id), db_jsonb(servers)), &rows, err);
    talloc_free(rows);
    return ok;
}

bool source_run_note(struct directory *directory, int64_t run_id, int64_t seen, struct err *err)
{
    struct db_rows *rows = NULL;
    bool ok;

    *err = ERR_INIT;
    ok = look_up(directory, NULL, NOTE_SEEN, DB_ARGS(db_i64(run_id), db_i64(seen)), &rows, err);
    talloc_free(rows);
    return ok;
}

bool source_run_take(struct directory *directory, const void *owner, int64_t source_id,
                     struct source_run *run_out, struct err *err)
{
    struct db_rows *rows;
    struct db_row row;
    int64_t now = clock_now_us();

    *err = ERR_INIT;
    if (!look_up(directory, owner, FAIL_LEFT, DB_ARGS(db_i64(source_id), db_i64(now)), &rows, err) ||
        !look_up(directory, owner, TAKE, DB_ARGS(db_i64(source_id), db_i64(now)), &rows, err))
        return false;
    if (!db_rows_at(rows, 0, &row))
        return not_found(err, "run");
    read_run(owner, &row, run_out);
    return true;
}

bool source_run_begin(struct directory *directory, const void *owner, const struct source *source,
                      enum source_run_kind kind, struct source_run *run_out, struct err *err)
{
    struct actor actor = { .name = "directory", .organisation_id = source->organisation_id };
    struct asking asking = {
        .actor = &actor, .owner = owner, .source = source, .kind = kind, .requested_by = "", .run = run_out
    };

    return act_read(directory, &actor, source->organisation_id, insert, &asking, err);
}

static bool end(struct db *db, void *arg, struct err *err)
{
    struct asking *a = arg;
    const struct source_run *run = a->ended;

    return db_exec(db, END_RUN,
                   DB_ARGS(db_i64(run->run_id), db_text(run->state), db_i64(clock_now_us()),
                           db_i64(run->seen), db_i64(run->added), db_i64(run->changed), db_i64(run->disabled),
                           db_i64(run->deleted), db_i64(run->conflicts),
                           db_jsonb(run->changes ? run->changes : "[]"),
                           db_text(run->message ? run->message : "")),
                   NULL, err) &&
           db_exec(db, TIDY, DB_ARGS(db_i64(run->source_id), db_i64(RUNS_KEPT)), NULL, err);
}

bool source_run_end(struct directory *directory, const struct source *source, const struct source_run *run,
                    struct err *err)
{
    struct actor actor = { .name = "directory", .organisation_id = source->organisation_id };
    struct asking asking = { .ended = run };

    return act_read(directory, &actor, source->organisation_id, end, &asking, err);
}
