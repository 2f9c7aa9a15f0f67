/*
 * sqlstate.c -- what a SQLSTATE means to a caller: one table, the longest prefix that matches wins.
 */
#include "base/log.h"
#include "db/connection.h"

#include <stdio.h>

static const struct {
    const char *prefix;
    enum err_kind kind;
    bool loses_connection; /* the session is of no use afterwards */
} meanings[] = {
    { "08", ERR_BUSY, true },         /* connection */
    { "0A000", ERR_BUSY, true },      /* a cached plan that a migration made invalid; others are bugs */
    { "22", ERR_INVALID, false },     /* data */
    { "23503", ERR_CONFLICT, false }, /* foreign key */
    { "23505", ERR_EXISTS, false },   /* unique */
    { "25006", ERR_BUSY, true },      /* read-only: this was the primary once */
    { "25P03", ERR_BUSY, true },      /* idle in transaction for too long */
    { "26000", ERR_BUSY, true },      /* prepared statement is gone: somebody reset the session */
    { "40001", ERR_BUSY, false },     /* serialization */
    { "40P01", ERR_BUSY, false },     /* deadlock */
    { "53100", ERR_NO_ROOM, false },  /* disk full */
    { "53", ERR_BUSY, false },        /* resources: disk, memory, connections */
    { "55P03", ERR_BUSY, false },     /* lock timeout */
    { "57014", ERR_BUSY, false },     /* statement timeout */
    { "57P", ERR_BUSY, true },        /* shutdown, crash, starting up */
    { "58", ERR_BUSY, false },        /* I/O of the server */
};

static const char busy_text[] = "The database is not available at the moment. Please try again later.";

static size_t meaning_of(const char *sqlstate)
{
    for (size_t i = 0; i < COUNT_OF(meanings); i++)
        if (strncmp(sqlstate, meanings[i].prefix, strlen(meanings[i].prefix)) == 0)
            return i;
    return COUNT_OF(meanings);
}

static void say(enum err_kind kind, struct err *err)
{
    static const char *const texts[ERR_KINDS] = {
        [ERR_INVALID] = "The request contains a value that cannot be stored.",
        [ERR_CONFLICT] = "Something that this refers to has just been removed or is still in use.",
        [ERR_EXISTS] = "This exists already.",
        [ERR_BUSY] = busy_text,
        [ERR_NO_ROOM] = "The disk of the database is full. Please try again later.",
        [ERR_INTERNAL] = "The server had an internal problem. Please try again.",
    };

    err_set(err, kind, "%s", texts[kind]);
}

static void copy(char *to, size_t size, const char *from)
{
    snprintf(to, size, "%s", from ? from : "");
}

bool failure_of_result(struct db *db, const PGresult *result, struct err *err)
{
    const char *primary = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    const char *detail = PQresultErrorField(result, PG_DIAG_MESSAGE_DETAIL);
    const char *severity = PQresultErrorField(result, PG_DIAG_SEVERITY_NONLOCALIZED);
    enum err_kind kind = ERR_INTERNAL;

    copy(db->failure.sqlstate, sizeof db->failure.sqlstate, PQresultErrorField(result, PG_DIAG_SQLSTATE));
    copy(db->failure.constraint, sizeof db->failure.constraint,
         PQresultErrorField(result, PG_DIAG_CONSTRAINT_NAME));
    if (!primary || !db->failure.sqlstate[0])
        return failure_of_connection(db, "lost", err);

    size_t meaning = meaning_of(db->failure.sqlstate);
    if (meaning < COUNT_OF(meanings)) {
        kind = meanings[meaning].kind;
        db->is_stale |= meanings[meaning].loses_connection;
    }
    if (strcmp(db->failure.sqlstate, "53100") == 0)
        log_event(LOG_LEVEL_ERROR, "db.disk-full", log_text("database", PQdb(db->conn)),
                  log_text("remedy", "free space on the disk of the database"), log_text("said", primary));
    if (severity && (strcmp(severity, "FATAL") == 0 || strcmp(severity, "PANIC") == 0))
        db->is_broken = true;
    if (strncmp(db->failure.sqlstate, "400", 3) == 0 || strcmp(db->failure.sqlstate, "40P01") == 0)
        db->must_retry = true;
    err_log(err, "%s %s%s%s%s%s", db->failure.sqlstate, primary, detail ? " / " : "", detail ? detail : "",
            db->failure.constraint[0] ? " / " : "", db->failure.constraint);
    say(kind, err);
    return false;
}

bool failure_of_connection(struct db *db, const char *what, struct err *err)
{
    const char *text = db->conn ? PQerrorMessage(db->conn) : "out of memory";

    db->is_broken = true;
    if (!db->failure.sqlstate[0])
        copy(db->failure.sqlstate, sizeof db->failure.sqlstate, "08006");
    err_log(err, "%s: %s", what, *text ? text : "the connection was closed");
    say(ERR_BUSY, err);
    return false;
}
