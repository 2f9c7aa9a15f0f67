/*
 * statement.c -- one statement, one round trip: a pipeline of one.
 */
#include "db/statement.h"

#include "db/connection.h"
#include "db/pipeline.h"

#include <assert.h>
#include <talloc.h>

/* Appends and sends; after a failure the pipeline is closed again. */
static bool start(struct db *db, enum statement_kind how, const char *sql, struct db_args args,
                  struct err *err)
{
    struct err ignored;

    *err = ERR_INIT;
    if (pipeline_append(db, SENT_RESULT, how, sql, args, err) && db_pipeline_send(db, err))
        return true;
    if (db->mode != MODE_IDLE)
        (void)!pipeline_drain(db, &ignored);
    return false;
}

static bool run(struct db *db, const void *owner, enum statement_kind how, const char *sql,
                struct db_args args, struct db_rows **rows_out, uint64_t *affected_out, struct err *err)
{
    struct err ignored;

    if (!start(db, how, sql, args, err))
        return false;
    if (!db_pipeline_next(db, owner, rows_out, affected_out, err)) {
        (void)!db_pipeline_end(db, &ignored);
        return false;
    }
    if (db_pipeline_end(db, err))
        return true;
    if (rows_out)
        TALLOC_FREE(*rows_out);
    return false;
}

bool db_query(struct db *db, const void *owner, const char *sql, struct db_args args,
              struct db_rows **rows_out, struct err *err)
{
    return run(db, owner, STATEMENT_PREPARED, sql, args, rows_out, NULL, err);
}

bool db_query_built(struct db *db, const void *owner, const char *sql, struct db_args args,
                    struct db_rows **rows_out, struct err *err)
{
    return run(db, owner, STATEMENT_BUILT, sql, args, rows_out, NULL, err);
}

bool db_one_row(struct db *db, const void *owner, const char *sql, struct db_args args,
                struct db_row *row_out, struct err *err)
{
    struct db_rows *rows;

    if (!db_query(db, owner, sql, args, &rows, err))
        return false;
    size_t count = db_rows_count(rows);
    if (count == 1)
        return db_rows_at(rows, 0, row_out);
    talloc_free(rows);
    if (count == 0)
        return err_set(err, ERR_NOT_FOUND, "There is no such entry.");
    err_log(err, "%zu rows instead of one: %s", count, sql);
    return err_set(err, ERR_INTERNAL, "The server had an internal problem. Please try again.");
}

bool db_exec(struct db *db, const char *sql, struct db_args args, uint64_t *affected_out, struct err *err)
{
    return run(db, NULL, STATEMENT_PREPARED, sql, args, NULL, affected_out, err);
}

bool db_queue(struct db *db, const char *sql, struct db_args args, struct err *err)
{
    struct err ignored;

    if (pipeline_append(db, SENT_SILENT, STATEMENT_PREPARED, sql, args, err))
        return true;
    if (db->mode != MODE_IDLE)
        (void)!pipeline_drain(db, &ignored);
    return false;
}

/* One row after the other; false when `each` or the server ended it. */
static bool read_rows(struct db *db, db_each_row *each, void *arg, struct err *err)
{
    struct db_rows rows;
    bool wants_more = true, has_failed = false;

    for (;;) {
        rows.result = pipeline_wait(db);
        if (!rows.result)
            break;
        ExecStatusType status = PQresultStatus(rows.result);
        struct db_row row = { &rows, 0 };
        if (status == PGRES_SINGLE_TUPLE && wants_more)
            wants_more = each(&row, arg, err);
        else if (status != PGRES_SINGLE_TUPLE && status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK)
            has_failed = !pipeline_fail(db, rows.result, err);
        PQclear(rows.result);
    }
    if (db->is_broken && !has_failed)
        has_failed = !pipeline_fail(db, NULL, err);
    pipeline_pop(db);
    return wants_more && !has_failed;
}

bool db_stream(struct db *db, const char *sql, struct db_args args, db_each_row *each, void *arg,
               struct err *err)
{
    struct err end_err = ERR_INIT;

    if (!start(db, STATEMENT_PREPARED, sql, args, err))
        return false;
    bool ok = pipeline_reach_result(db, err);
    if (ok) {
        int is_single = PQsetSingleRowMode(db->conn);
        assert(is_single);
        (void)is_single;
        ok = read_rows(db, each, arg, err);
    }
    if (!db_pipeline_end(db, &end_err) && ok) {
        *err = end_err;
        ok = false;
    }
    return ok;
}

/* libpq takes several statements in one text only outside pipeline mode. */
static bool run_script(struct db *db, const char *sql, struct err *err)
{
    if (!PQexitPipelineMode(db->conn))
        return failure_of_connection(db, "script", err);
    PGresult *result = PQexec(db->conn, sql);
    ExecStatusType status = PQresultStatus(result);
    bool ok = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK || status == PGRES_EMPTY_QUERY;
    if (!ok) {
        failure_of_result(db, result, err);
        if (db->stage == STAGE_OPEN) {
            db->stage = STAGE_FAILED;
            db->failed = *err;
        }
    }
    PQclear(result);
    if (PQstatus(db->conn) != CONNECTION_OK || !PQenterPipelineMode(db->conn))
        db->is_broken = true;
    return ok;
}

bool db_exec_script(struct db *db, const char *sql, struct err *err)
{
    static const char nothing[] = "SELECT";

    /* a round trip first, so that BEGIN and whatever is queued stand before the script */
    return db_exec(db, nothing, DB_NO_ARGS, NULL, err) && run_script(db, sql, err);
}

const struct db_failure *db_last_failure(const struct db *db)
{
    return &db->failure;
}
