/*
 * workers.h -- the threads that run commands as plain blocking code.
 *
 * A job is queued at most once at a time. The worker that slept last is woken first: its stack is still
 * in the cache.
 *
 * Threads  workers_push() from anywhere.
 */
#ifndef SESSION_WORKERS_H
#define SESSION_WORKERS_H

#include "base/err.h"

#include <stddef.h>

struct workers;

/* Part of what it is about. Whoever runs it may free it. */
struct job {
    void (*run)(struct job *job);
    struct job *next;
};

/* `count` threads with stacks of `stack_bytes`; on failure none is left. */
MUST_CHECK bool workers_start(unsigned count, size_t stack_bytes, struct workers **workers_out,
                              struct err *err);
/* Lets running jobs end and joins. Those still in the queue go to `drop`, in the caller's thread. */
void workers_stop(struct workers **workers, void (*drop)(struct job *job));
/* To the end of the queue. Any thread. */
void workers_push(struct workers *workers, struct job *job);
/* Somebody waits for a worker: a session that has had its turn should step back. */
bool workers_are_wanted(struct workers *workers);

#endif
