/*
 * notify.c -- LISTEN, NOTIFY, and waiting on the socket for what comes unasked.
 */
#include "db/notify.h"

#include "base/clock.h"
#include "db/connection.h"

#include <poll.h>
#include <stdio.h>
#include <talloc.h>

bool db_notify(struct db *db, const char *channel, const char *payload, struct err *err)
{
    static const char NOTIFY[] = "SELECT pg_notify($1, $2)";

    return db_exec(db, NOTIFY, DB_ARGS(db_text(channel), db_text(payload)), NULL, err);
}

bool db_listen(struct db *db, const char *channel, struct err *err)
{
    char sql[100];
    struct db_rows *rows;

    for (const char *p = channel; *p; p++)
        if (!(g_ascii_islower(*p) || g_ascii_isdigit(*p) || *p == '_'))
            return err_set(err, ERR_INVALID, "The name of a channel has small letters, digits and _ only.");
    snprintf(sql, sizeof sql, "LISTEN %.63s", channel);
    if (!db_query_built(db, NULL, sql, DB_NO_ARGS, &rows, err))
        return false;
    talloc_free(rows);
    return true;
}

bool db_wait_notification(struct db *db, const void *owner, unsigned wait_ms, char **payload_out,
                          struct err *err)
{
    int64_t deadline_us = clock_monotonic_us() + (int64_t)wait_ms * 1000;

    *payload_out = NULL;
    if (!db->conn || db->is_broken)
        return failure_of_connection(db, "listen", err);
    for (;;) {
        PGnotify *notify = PQnotifies(db->conn);
        if (notify) {
            *payload_out = talloc_strdup(owner, notify->extra);
            PQfreemem(notify);
            return true;
        }
        int64_t left_ms = (deadline_us - clock_monotonic_us()) / 1000;
        struct pollfd poll_fd = { .fd = PQsocket(db->conn), .events = POLLIN };
        if (left_ms <= 0)
            return true;
        if (poll(&poll_fd, 1, (int)left_ms) > 0 && !PQconsumeInput(db->conn))
            return failure_of_connection(db, "listen", err);
    }
}
