/*
 * check.c -- settings of the server under which an acknowledgement would be a lie.
 */
#include "db/cluster.h"
#include "db/statement.h"

#include <talloc.h>

/* What this session runs under: file, command line, role and database settings joined. */
static const char SESSION_SETTINGS[] =
    "SELECT name, setting, coalesce(sourcefile, source)"
    "  FROM pg_settings"
    " WHERE name IN ('fsync', 'full_page_writes', 'synchronous_commit') AND setting = 'off'";

/* What some other login to this database would run under. */
static const char STORED_SETTINGS[] =
    "SELECT s.entry, coalesce(r.rolname, 'all roles'), coalesce(d.datname, 'all databases')"
    "  FROM (SELECT setrole, setdatabase, unnest(setconfig) AS entry FROM pg_db_role_setting) s"
    "  LEFT JOIN pg_roles r ON r.oid = s.setrole"
    "  LEFT JOIN pg_database d ON d.oid = s.setdatabase"
    " WHERE (s.setdatabase = 0 OR d.datname = current_database())"
    "   AND s.entry ~* '^synchronous_commit=(off|false|no|0|of|f|n|fa|fal|fals)$'";

static const char SERVER_KIND[] =
    "SELECT current_setting('server_version_num')::integer, current_setting('server_encoding'),"
    "       pg_is_in_recovery()";

enum { OLDEST_SERVER = 150000 };

static bool check_session(struct db *db, const void *scratch, struct err *err)
{
    struct db_rows *rows;
    struct db_row row;

    if (!db_query(db, scratch, SESSION_SETTINGS, DB_NO_ARGS, &rows, err))
        return false;
    if (!db_rows_at(rows, 0, &row))
        return true;
    return err_set(
        err, ERR_INVALID,
        "The database runs with %s = off (set in: %s). Mail would be lost in a power cut: set it to on.",
        db_copy_text(scratch, &row, 0), db_copy_text(scratch, &row, 2));
}

static bool check_stored(struct db *db, const void *scratch, struct err *err)
{
    struct db_rows *rows;
    struct db_row row;

    if (!db_query(db, scratch, STORED_SETTINGS, DB_NO_ARGS, &rows, err))
        return false;
    if (!db_rows_at(rows, 0, &row))
        return true;
    return err_set(err, ERR_INVALID,
                   "The database has %s set for %s in %s. Mail would be lost in a power cut: reset it.",
                   db_copy_text(scratch, &row, 0), db_copy_text(scratch, &row, 1),
                   db_copy_text(scratch, &row, 2));
}

static bool check_server(struct db *db, const void *scratch, struct err *err)
{
    struct db_row row;

    if (!db_one_row(db, scratch, SERVER_KIND, DB_NO_ARGS, &row, err))
        return false;
    if (db_get_i32(&row, 0) < OLDEST_SERVER)
        return err_set(err, ERR_INVALID,
                       "The database server is PostgreSQL %d; version 15 or newer is needed.",
                       db_get_i32(&row, 0) / 10000);
    if (!span_equals_text(db_get_text(&row, 1), "UTF8"))
        return err_set(err, ERR_INVALID, "The database has the encoding %s; it must be UTF8.",
                       db_copy_text(scratch, &row, 1));
    if (db_get_bool(&row, 2))
        return err_set(err, ERR_BUSY, "The database server is a standby at the moment.");
    return true;
}

bool db_check_settings(struct db_pool *pool, struct err *err)
{
    struct db *db;

    if (!db_acquire(pool, DB_INTERACTIVE, 5000, &db, err))
        return false;
    void *scratch = talloc_new(NULL);
    bool ok =
        check_server(db, scratch, err) && check_session(db, scratch, err) && check_stored(db, scratch, err);
    talloc_free(scratch);
    db_release(&db);
    return ok;
}
