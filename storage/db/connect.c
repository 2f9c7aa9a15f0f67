/*
 * connect.c -- opening, looking at and closing one libpq connection.
 */
#include "base/clock.h"
#include "base/log.h"
#include "db/connection.h"

#include <poll.h>
#include <stdio.h>
#include <talloc.h>

const int64_t db_class_timeout_ms[DB_CLASSES] = {
    [DB_INTERACTIVE] = 20 * 1000, [DB_SEARCH] = 30 * 1000, [DB_BACKGROUND] = 600 * 1000,
    [DB_UNLIMITED] = 0,           [DB_KEYED] = 20 * 1000,
};

/* A warning while COMMIT is answered means that the standby may not have it: the outcome is unknown. Its SQLSTATE
 * may be that of any warning (01000). */
static void on_notice(void *arg, const PGresult *result)
{
    struct db *db = arg;
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *severity = PQresultErrorField(result, PG_DIAG_SEVERITY_NONLOCALIZED);
    const char *text = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);

    if (pipeline_awaits_commit(db) && severity && strcmp(severity, "WARNING") == 0)
        db->has_commit_warning = true;
    log_event(LOG_LEVEL_DEBUG, "db.notice", log_text("sqlstate", state ? state : ""),
              log_text("text", text ? text : ""));
}

void class_sql(const struct db *db, enum db_class class, char sql_out[CLASS_SQL_SIZE])
{
    bool is_keyed = class == DB_KEYED, by_key = is_keyed || (db->by_key && class == DB_INTERACTIVE);
    const char *joins = is_keyed ? "off" : "on"; /* but nested loops */

    snprintf(
        sql_out, CLASS_SQL_SIZE,
        "SELECT set_config('statement_timeout', '%lld', false), set_config('plan_cache_mode', '%s', false),"
        " set_config('enable_seqscan', '%s', false), set_config('enable_hashjoin', '%s', false),"
        " set_config('enable_mergejoin', '%s', false)",
        (long long)db_class_timeout_ms[class], by_key ? "force_generic_plan" : "auto", by_key ? "off" : "on",
        joins, joins);
}

static bool set_session(struct db *db, const struct connect_options *options, struct err *err)
{
    char sql[512 + CLASS_SQL_SIZE], class[CLASS_SQL_SIZE];
    char *role = options->role ? PQescapeIdentifier(db->conn, options->role, strlen(options->role)) : NULL;

    class_sql(db, options->class, class);
    snprintf(sql, sizeof sql,
             "%s; SET jit = off; SET lock_timeout = '5s';"
             "SET idle_in_transaction_session_timeout = '120s'; SET timezone = 'UTC';"
             "SET client_min_messages = warning;%s%s",
             class, role ? "SET ROLE " : "", role ? role : "");
    PQfreemem(role);
    PGresult *result = PQexec(db->conn, sql);
    bool is_set = PQresultStatus(result) == PGRES_COMMAND_OK;
    if (!is_set)
        failure_of_result(db, result, err);
    PQclear(result);
    return is_set;
}

bool db_connection_open(struct db *db, const struct connect_options *options, struct err *err)
{
    const char *keys[] = { "dbname",
                           "connect_timeout",
                           "keepalives_idle",
                           "keepalives_interval",
                           "keepalives_count",
                           "tcp_user_timeout",
                           "application_name",
                           "client_encoding",
                           NULL };
    const char *values[] = { options->conninfo,         "5",    "10", "5", "3", "15000",
                             options->application_name, "UTF8", NULL };

    db->conn = PQconnectdbParams(keys, values, 1);
    if (!db->conn || PQstatus(db->conn) != CONNECTION_OK) {
        failure_of_connection(db, "connect", err);
        db_connection_close(db);
        return false;
    }
    PQsetNoticeReceiver(db->conn, on_notice, db);
    if (!set_session(db, options, err) || PQsetnonblocking(db->conn, 1) != 0 ||
        !PQenterPipelineMode(db->conn)) {
        if (err->kind == ERR_NONE)
            failure_of_connection(db, "session", err);
        db_connection_close(db);
        return false;
    }
    db->class_set = options->class;
    db->prepared = g_hash_table_new(g_direct_hash, g_direct_equal);
    return true;
}

void db_connection_close(struct db *db)
{
    if (db->conn)
        PQfinish(db->conn);
    if (db->prepared)
        g_hash_table_destroy(db->prepared);
    db->conn = NULL;
    db->prepared = NULL;
    db->statements = 0;
    db->queue_head = db->queue_length = 0;
    db->mode = MODE_IDLE;
    db->is_broken = db->is_stale = false;
}

bool connection_is_alive(struct db *db)
{
    if (!db->conn || db->is_broken)
        return false;
    struct pollfd poll_fd = { .fd = PQsocket(db->conn), .events = POLLIN };
    if (poll(&poll_fd, 1, 0) > 0 && (!PQconsumeInput(db->conn) || (poll_fd.revents & (POLLERR | POLLHUP))))
        return false;
    return PQstatus(db->conn) == CONNECTION_OK;
}
