/*
 * notify.h -- LISTEN and NOTIFY, for wake-ups between machines. NOTIFY serialises commits: send few, in a
 * transaction of their own, never with mail. Nobody trusts a notification for correctness.
 */
#ifndef DB_NOTIFY_H
#define DB_NOTIFY_H

#include "db/pool.h"

/* Sends `payload` (below 8000 bytes) on `channel` ([a-z0-9_]). */
MUST_CHECK bool db_notify(struct db *db, const char *channel, const char *payload, struct err *err);
/* From now on this (dedicated) connection hears the channel; to be repeated after a failure. */
MUST_CHECK bool db_listen(struct db *db, const char *channel, struct err *err);
/* Waits at most `wait_ms` for one, and no longer than until `wake_fd` (-1: none) can be read; *payload_out is NULL when none
 * came. It belongs to `owner`. ERR_BUSY: the connection is lost, and with it what was to be heard. */
MUST_CHECK bool db_wait_notification(struct db *db, const void *owner, int wake_fd, unsigned wait_ms,
                                     char **payload_out, struct err *err);

#endif
