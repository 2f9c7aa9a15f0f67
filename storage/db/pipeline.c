/*
 * pipeline.c -- the way of every statement: appended, sent with a sync, answered in order.
 *
 * The delicate part is what a failure means for a COMMIT in the same round trip. An error that the server reports
 * before the COMMIT's answer: it was skipped, nothing is committed. A connection that breaks without a word, or
 * while the COMMIT's answer is awaited: unknown.
 */
#include "db/pipeline.h"

#include "base/clock.h"
#include "base/log.h"
#include "db/connection.h"
#include "db/tally.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <talloc.h>

enum { GRACE_MS = 10 * 1000, COMMIT_MS = 30 * 1000, SCRATCH_KEPT = 1 << 20 };

static const char commit_sql[] = "COMMIT";

static void push(struct db *db, enum sent kind, const char *sql)
{
    if (db->queue_head == db->queue_length)
        db->queue_head = db->queue_length = 0;
    if (db->queue_length == db->queue_capacity) {
        db->queue_capacity = db->queue_capacity ? db->queue_capacity * 2 : 16;
        db->queue = talloc_realloc(db, db->queue, struct sent_entry, (unsigned)db->queue_capacity);
    }
    db->queue[db->queue_length++] = (struct sent_entry){ kind, sql };
}

static struct sent_entry *head_of(struct db *db)
{
    return db->queue_head < db->queue_length ? &db->queue[db->queue_head] : NULL;
}

bool pipeline_awaits_commit(const struct db *db)
{
    return db->queue_head < db->queue_length && db->queue[db->queue_head].kind == SENT_COMMIT;
}

void pipeline_pop(struct db *db)
{
    db->queue_head++;
}

static bool refuse(struct db *db, struct err *err)
{
    *err = db->failed;
    return false;
}

bool pipeline_fail(struct db *db, const PGresult *result, struct err *err)
{
    bool is_commit = pipeline_awaits_commit(db);
    bool is_silent_loss = !result || !PQresultErrorField(result, PG_DIAG_SQLSTATE);

    if (db->has_failed)
        return refuse(db, err);
    db->has_failed = true;
    if (is_silent_loss)
        failure_of_connection(db, "lost", &db->failed);
    else
        failure_of_result(db, result, &db->failed);
    if (db->stage == STAGE_COMMITTING && (is_silent_loss || (is_commit && db->is_broken))) {
        db->stage = STAGE_UNKNOWN;
        err_set(&db->failed, ERR_UNKNOWN,
                "The server cannot tell whether this was saved. Please look before you repeat it.");
    } else if (db->stage == STAGE_OPEN || db->stage == STAGE_COMMITTING) {
        db->stage = STAGE_FAILED;
    }
    return refuse(db, err);
}

static bool send_prepare(struct db *db, const char *sql, const struct encoded_args *args,
                         unsigned *number_out)
{
    char name[16];
    unsigned number = GPOINTER_TO_UINT(g_hash_table_lookup(db->prepared, sql));

    if (number == 0) {
        number = ++db->statements;
        snprintf(name, sizeof name, "s%u", number);
        if (!PQsendPrepare(db->conn, name, sql, args->count, args->types))
            return false;
        push(db, SENT_PREPARE, sql);
        g_hash_table_insert(db->prepared, (gpointer)(uintptr_t)sql, GUINT_TO_POINTER(number));
    }
    *number_out = number;
    return true;
}

static bool send_statement(struct db *db, enum statement_kind how, const char *sql,
                           const struct encoded_args *args)
{
    char name[16];
    unsigned number;

    if (how == STATEMENT_BUILT)
        return PQsendQueryParams(db->conn, sql, args->count, args->types, args->values, args->lengths,
                                 args->formats, 1);
    if (!send_prepare(db, sql, args, &number))
        return false;
    snprintf(name, sizeof name, "s%u", number);
    return PQsendQueryPrepared(db->conn, name, args->count, args->values, args->lengths, args->formats, 1);
}

static bool append(struct db *db, enum sent kind, enum statement_kind how, const char *sql,
                   struct db_args args, struct err *err)
{
    struct encoded_args encoded;

    if (db->has_failed)
        return refuse(db, err);
    args_encode(args, &db->scratch, &encoded);
    bool is_sent = send_statement(db, how, sql, &encoded);
    if (db->scratch.capacity > SCRATCH_KEPT) {
        talloc_free(db->scratch.p);
        db->scratch = BUF_INIT(db);
    }
    buf_clear(&db->scratch);
    if (!is_sent)
        return pipeline_fail(db, NULL, err);
    push(db, kind, sql);
    return true;
}

static bool append_sync(struct db *db, struct err *err)
{
    if (db->has_failed)
        return refuse(db, err);
    if (!PQpipelineSync(db->conn))
        return pipeline_fail(db, NULL, err);
    push(db, SENT_SYNC, NULL);
    return true;
}

/* A setting must not be undone by a rollback, so it gets a sync, that is a transaction, of its own. */
static bool set_class(struct db *db, struct err *err)
{
    char sql[CLASS_SQL_SIZE];

    if (db->class == db->class_set)
        return true;
    class_sql(db, db->class, sql);
    if (!append(db, SENT_SILENT, STATEMENT_BUILT, sql, DB_NO_ARGS, err) || !append_sync(db, err))
        return false;
    db->class_set = db->class;
    return true;
}

static bool begin_round(struct db *db, struct err *err)
{
    if (db->stage == STAGE_FAILED || db->stage == STAGE_UNKNOWN)
        return refuse(db, err);
    db->has_failed = false;
    db->failed = ERR_INIT;
    db->failure = (struct db_failure){ .sqlstate = "" };
    db->has_commit_warning = false;
    db->sent_us = clock_monotonic_us();
    if (db->stage == STAGE_NONE || db->stage == STAGE_WANTED) {
        if (db->is_rehearsing && (db->is_broken || !connection_is_alive(db)))
            return err_set(err, ERR_BUSY,
                           "The database is not available at the moment. Please try again later.");
        if (!connection_is_alive(db) && !pool_reconnect(db, err))
            return false;
        db->mode = MODE_QUEUEING;
        if (!set_class(db, err))
            return false;
    }
    db->mode = MODE_QUEUEING;
    if (db->stage != STAGE_WANTED)
        return true;
    db->stage = STAGE_OPEN;
    return append(db, SENT_SILENT, STATEMENT_PREPARED, db->begin_sql, DB_NO_ARGS, err);
}

bool pipeline_append(struct db *db, enum sent kind, enum statement_kind how, const char *sql,
                     struct db_args args, struct err *err)
{
    if (db->mode == MODE_IDLE && !begin_round(db, err))
        return false;
    assert(db->mode == MODE_QUEUEING);
    db_tally_add(sql);
    return append(db, kind, how, sql, args, err);
}

bool db_pipeline_add(struct db *db, const char *sql, struct db_args args, struct err *err)
{
    return pipeline_append(db, SENT_RESULT, STATEMENT_PREPARED, sql, args, err);
}

bool db_pipeline_commit(struct db *db, struct err *err)
{
    assert(db->depth > 0);
    if (db->depth > 1)
        return true; /* joined: the outer one commits */
    if (!pipeline_append(db, SENT_COMMIT, STATEMENT_PREPARED, commit_sql, DB_NO_ARGS, err))
        return false;
    db->stage = STAGE_COMMITTING;
    return true;
}

bool db_pipeline_send(struct db *db, struct err *err)
{
    assert(db->mode == MODE_QUEUEING);
    db->mode = MODE_READING;
    return append_sync(db, err);
}

static int64_t deadline_of(struct db *db)
{
    int64_t limit_ms = db_class_timeout_ms[db->class] + GRACE_MS;

    if (pipeline_awaits_commit(db))
        limit_ms = COMMIT_MS;
    else if (db_class_timeout_ms[db->class] == 0)
        return INT64_MAX;
    return clock_monotonic_us() + limit_ms * 1000;
}

/* False when `deadline_us` passes first. */
static bool wait_for_socket(struct db *db, bool has_unsent, int64_t deadline_us)
{
    struct pollfd poll_fd = { .fd = PQsocket(db->conn),
                              .events = (short)(POLLIN | (has_unsent ? POLLOUT : 0)) };

    for (;;) {
        int64_t left_ms = (deadline_us - clock_monotonic_us()) / 1000;
        if (left_ms < 0)
            return false;
        int ready = poll(&poll_fd, 1, left_ms > 60000 ? 60000 : (int)left_ms + 1);
        if (ready > 0 || (ready < 0 && errno != EINTR))
            return true;
    }
}

PGresult *pipeline_wait(struct db *db)
{
    int64_t deadline_us = 0;

    if (db->is_broken)
        return NULL;
    for (;;) {
        int unsent = PQflush(db->conn);
        if (unsent < 0 || !PQisBusy(db->conn))
            break;
        if (deadline_us == 0)
            deadline_us = deadline_of(db);
        if (!wait_for_socket(db, unsent > 0, deadline_us)) {
            log_event(LOG_LEVEL_WARNING, "db.deadline", log_text("sql", head_of(db) ? head_of(db)->sql : ""));
            db->is_broken = true; /* closing it ends the transaction, and never cancels a COMMIT */
            return NULL;
        }
        if (!PQconsumeInput(db->conn))
            break;
    }
    PGresult *result = PQgetResult(db->conn);
    if (PQstatus(db->conn) != CONNECTION_OK)
        db->is_broken = true;
    return result;
}

/* What an answer to COMMIT says. */
static bool settle_commit(struct db *db, const PGresult *result, struct err *err)
{
    if (strcmp(PQcmdStatus((PGresult *)(uintptr_t)result), commit_sql) != 0) {
        db->stage = STAGE_FAILED;
        err_log(&db->failed, "COMMIT was answered by %s", PQcmdStatus((PGresult *)(uintptr_t)result));
        err_set(&db->failed, ERR_INTERNAL, "The server had an internal problem. Please try again.");
    } else if (db->has_commit_warning) {
        db->stage = STAGE_UNKNOWN;
        err_log(&db->failed, "COMMIT came with a warning: the standby may not have it");
        err_set(&db->failed, ERR_UNKNOWN,
                "The server cannot tell whether this was saved. Please look before you repeat it.");
    } else {
        db->stage = STAGE_COMMITTED;
        return true;
    }
    db->has_failed = true;
    return refuse(db, err);
}

static bool is_success(const PGresult *result)
{
    ExecStatusType status = PQresultStatus(result);

    return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK || status == PGRES_EMPTY_QUERY;
}

static bool take_sync(struct db *db, struct err *err)
{
    PGresult *result = pipeline_wait(db);
    bool is_sync = PQresultStatus(result) == PGRES_PIPELINE_SYNC;

    if (!is_sync) {
        db->is_broken = true;
        if (db->stage == STAGE_COMMITTED)
            is_sync = true; /* lost after the COMMIT was acknowledged: nothing is in doubt */
        else
            pipeline_fail(db, result, err);
    }
    PQclear(result);
    pipeline_pop(db);
    return is_sync;
}

/* Reads the whole answer to the head; *result_out (NULL allowed) is the caller's to clear on success. */
static bool take_head(struct db *db, PGresult **result_out, struct err *err)
{
    struct sent_entry *head = head_of(db);

    if (head->kind == SENT_SYNC)
        return take_sync(db, err);
    PGresult *result = pipeline_wait(db);
    bool ok = result && is_success(result);
    if (ok && head->kind == SENT_COMMIT)
        ok = settle_commit(db, result, err);
    else if (!ok)
        pipeline_fail(db, result, err);
    if (!ok && head->kind == SENT_PREPARE && db->prepared)
        g_hash_table_remove(db->prepared, head->sql);
    for (PGresult *rest; result && (rest = pipeline_wait(db));)
        PQclear(rest);
    pipeline_pop(db);
    if (ok && result_out)
        *result_out = result;
    else
        PQclear(result);
    return ok;
}

bool pipeline_reach_result(struct db *db, struct err *err)
{
    assert(db->mode == MODE_READING);
    if (db->has_failed)
        return refuse(db, err);
    while (head_of(db) && head_of(db)->kind != SENT_RESULT)
        if (!take_head(db, NULL, err))
            return false;
    assert(head_of(db)); /* more results asked for than statements added */
    return true;
}

static uint64_t affected_by(PGresult *result)
{
    return g_ascii_strtoull(PQcmdTuples(result), NULL, 10);
}

bool db_pipeline_next(struct db *db, const void *owner, struct db_rows **rows_out, uint64_t *affected_out,
                      struct err *err)
{
    PGresult *result = NULL;

    if (!pipeline_reach_result(db, err) || !take_head(db, &result, err))
        return false;
    if (affected_out)
        *affected_out = affected_by(result);
    if (rows_out)
        *rows_out = rows_new(owner, result);
    else
        PQclear(result);
    return true;
}

bool db_pipeline_end(struct db *db, struct err *err)
{
    struct err ignored = ERR_INIT;

    while (head_of(db) && !db->is_broken)
        if (!take_head(db, NULL, &ignored) && !db->has_failed)
            break;
    if (db->is_broken && db->mode == MODE_READING && !db->has_failed && head_of(db))
        pipeline_fail(db, NULL, &ignored);
    db->queue_head = db->queue_length = 0;
    db->mode = MODE_IDLE;
    pool_count_round_trip(db->pool, clock_monotonic_us() - db->sent_us);
    return db->has_failed ? refuse(db, err) : true;
}

bool pipeline_drain(struct db *db, struct err *err)
{
    struct err again;

    if (db->mode == MODE_IDLE)
        return true;
    if (db->mode == MODE_READING || db_pipeline_send(db, err))
        return db_pipeline_end(db, err);
    (void)!db_pipeline_end(db, &again);
    return false;
}
