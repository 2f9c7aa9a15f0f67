/*
 * later.h -- what is told of without a transaction of its own: refusals, and that a client fetched a message.
 *
 * Whoever tells does not wait: entries gather in memory and a thread writes them, once a second or as soon as many are there.
 * So the last ones are lost with the process, and while the database is down only the newest LATER_ENTRIES_MAX are kept. More than
 * LATER_A_SECOND a second, for long, are not told of either: a flood must not fill the database. Both are counted
 * (chappe_trace_dropped_total).
 *
 * Threads  later_add() by any; the others by one.
 */
#ifndef TRACE_LATER_H
#define TRACE_LATER_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

enum { LATER_ENTRIES_MAX = 5000, LATER_AT_ONCE = 500, LATER_A_SECOND = 200 };

struct later;
/* Writes these entries in one transaction. False: it is tried again with the same ones, and others. */
typedef bool later_write(void *arg, void *const *entries, size_t count, struct err *err);

/* Starts the thread `thread_name` under `owner`; `write` is called from it alone. ERR_INTERNAL: no thread can be had. */
MUST_CHECK bool later_open(const void *owner, const char *thread_name, later_write *write, void *arg,
                           struct later **later_out, struct err *err);
/* Writes what is there, once. Accepts NULL, sets NULL. */
void later_close(struct later **later);

/* Takes over the talloc context `entry`; NULL later: it is freed. */
void later_add(struct later *later, void *entry);

#endif
