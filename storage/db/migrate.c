/*
 * migrate.c -- one migration a transaction, each looking at the record again under the lock.
 */
#include "db/migrate.h"

#include "base/clock.h"
#include "base/log.h"
#include "db/statement.h"
#include "db/transaction.h"

#include <glib.h>
#include <talloc.h>

/* Any number that nothing else in the database uses as an advisory lock. */
#define MIGRATION_LOCK INT64_C(0x6368617070650001)

struct migration_run {
    const struct db_schema *schema;
    size_t applied;
    bool is_done;
};

static const char CREATE_RECORD[] =
    "CREATE TABLE IF NOT EXISTS schema_migration ("
    " schema text NOT NULL, number integer NOT NULL, name text NOT NULL, checksum text NOT NULL,"
    " applied_us bigint NOT NULL, PRIMARY KEY (schema, number))";

static const char SELECT_RECORD[] =
    "SELECT number, name, checksum FROM schema_migration WHERE schema = $1 ORDER BY number";

static const char INSERT_RECORD[] =
    "INSERT INTO schema_migration (schema, number, name, checksum, applied_us) VALUES ($1, $2, $3, $4, $5)";

static char *checksum_of(const void *owner, const char *sql)
{
    char *sum = g_compute_checksum_for_string(G_CHECKSUM_SHA256, sql, -1);
    char *copy = talloc_strdup(owner, sum);

    g_free(sum);
    return copy;
}

static bool compare_one(const struct db_schema *schema, size_t i, const struct db_row *row, struct err *err)
{
    void *scratch = talloc_new(NULL);
    const struct db_migration *known = &schema->migrations[i];
    bool same = db_get_i32(row, 0) == known->number &&
                span_equals_text(db_get_text(row, 2), checksum_of(scratch, known->sql));

    talloc_free(scratch);
    if (same)
        return true;
    err_log(err, "schema %s, migration %d %s: checksum differs", schema->name, known->number, known->name);
    return err_set(
        err, ERR_CONFLICT,
        "The database was made by another version of Chappe: its change %s differs from this program's.",
        known->name);
}

/* How many of the schema's migrations the database has; ERR_CONFLICT where it has others. */
static bool read_record(struct db *db, const struct db_schema *schema, size_t *applied_out, struct err *err)
{
    void *scratch = talloc_new(NULL);
    struct db_rows *rows;
    struct db_row row;
    bool ok = db_query(db, scratch, SELECT_RECORD, DB_ARGS(db_text(schema->name)), &rows, err);

    *applied_out = ok ? db_rows_count(rows) : 0;
    if (ok && *applied_out > schema->count) {
        err_log(err, "schema %s: database has %zu migrations, the binary %zu", schema->name, *applied_out,
                schema->count);
        ok = err_set(err, ERR_CONFLICT,
                     "The database is newer than this version of Chappe. Install the newer version again.");
    }
    for (size_t i = 0; ok && db_rows_at(rows, i, &row); i++)
        ok = compare_one(schema, i, &row, err);
    talloc_free(scratch);
    return ok;
}

static bool apply_next(struct db *db, void *arg, struct err *err)
{
    struct migration_run *run = arg;

    run->is_done = false;
    if (!db_queue(db, "SET LOCAL lock_timeout = 0", DB_NO_ARGS,
                  err) || /* another server may be at it for long */
        !db_exec(db, "SELECT pg_advisory_xact_lock($1)", DB_ARGS(db_i64(MIGRATION_LOCK)), NULL, err) ||
        !db_exec(db, CREATE_RECORD, DB_NO_ARGS, NULL, err) ||
        !read_record(db, run->schema, &run->applied, err))
        return false;
    run->is_done = run->applied == run->schema->count;
    if (run->is_done)
        return true;
    const struct db_migration *next = &run->schema->migrations[run->applied];
    char *sum = checksum_of(NULL, next->sql);
    bool ok = db_exec_script(db, next->sql, err) &&
              db_exec(db, INSERT_RECORD,
                      DB_ARGS(db_text(run->schema->name), db_i32(next->number), db_text(next->name),
                              db_text(sum), db_i64(clock_now_us())),
                      NULL, err);
    talloc_free(sum);
    if (ok)
        log_event(LOG_LEVEL_INFO, "db.migrated", log_text("schema", run->schema->name),
                  log_text("name", next->name));
    return ok;
}

bool db_migrate(struct db_pool *pool, const struct db_schema *schema, struct err *err)
{
    struct migration_run run = { .schema = schema };

    while (!run.is_done)
        if (!with_pool_transaction(pool, DB_UNLIMITED, apply_next, &run, err))
            return false;
    return true;
}

static bool check(struct db *db, void *arg, struct err *err)
{
    struct migration_run *run = arg;
    struct db_row row;
    void *scratch = talloc_new(NULL);
    bool ok =
        db_one_row(db, scratch, "SELECT to_regclass('schema_migration') IS NOT NULL", DB_NO_ARGS, &row, err);
    bool exists = ok && db_get_bool(&row, 0);

    talloc_free(scratch);
    run->applied = 0;
    return ok && (!exists || read_record(db, run->schema, &run->applied, err));
}

bool db_schema_check(struct db_pool *pool, const struct db_schema *schema, struct err *err)
{
    struct migration_run run = { .schema = schema };

    if (!with_pool_transaction(pool, DB_INTERACTIVE, check, &run, err))
        return false;
    if (run.applied == schema->count)
        return true;
    err_log(err, "schema %s: %zu of %zu migrations applied", schema->name, run.applied, schema->count);
    return err_set(err, ERR_CONFLICT, "The database has not been brought up to date yet.");
}
