/*
 * workers.h -- the threads that run commands as plain blocking code.
 *
 * A session is queued at most once at a time. The worker that slept last is woken first: its stack is
 * still in the cache.
 *
 * Threads  workers_push() from anywhere.
 */
#ifndef SESSION_WORKERS_H
#define SESSION_WORKERS_H

#include "base/err.h"

#include <stddef.h>

struct workers;
struct session;

MUST_CHECK bool workers_start(unsigned count, size_t stack_bytes, struct workers **workers_out,
                              struct err *err);
/* Lets running commands end, drops the queue, joins. */
void workers_stop(struct workers **workers);
void workers_push(struct workers *workers, struct session *session);
/* Somebody waits for a worker: a session that has had its turn should step back. */
bool workers_are_wanted(struct workers *workers);

#endif
