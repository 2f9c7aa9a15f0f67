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

/* Waits for bytes from the server or for `wake_fd`, and takes the bytes in. True while it makes sense to wait on. */
static bool wait_for_bytes(struct db *db, int wake_fd, int64_t wait_ms, bool *is_lost_out)
{
    struct pollfd ready[] = { { .fd = PQsocket(db->conn), .events = POLLIN },
                              { .fd = wake_fd, .events = POLLIN } };
    int count = poll(ready, COUNT_OF(ready), wait_ms > 0 ? (int)wait_ms : 0);

    *is_lost_out = count > 0 && ready[0].revents && !PQconsumeInput(db->conn);
    return count > 0 && ready[0].revents && !ready[1].revents && !*is_lost_out;
}

bool db_wait_notification(struct db *db, const void *owner, int wake_fd, unsigned wait_ms, char **payload_out,
                          struct err *err)
{
    int64_t deadline_us = clock_monotonic_us() + (int64_t)wait_ms * 1000;
    bool waits = true, is_lost = false;

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
        if (is_lost)
            return failure_of_connection(db, "listen", err);
        if (!waits)
            return true;
        waits = wait_for_bytes(db, wake_fd, (deadline_us - clock_monotonic_us()) / 1000, &is_lost);
    }
}
