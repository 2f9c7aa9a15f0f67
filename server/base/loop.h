/*
 * loop.h -- reactor threads: descriptors that become ready, timers, and functions posted from outside.
 *
 * A reactor is one thread with one libevent base. Watches are edge-triggered and registered once for
 * both directions: the callback says what became ready, and whoever owns the descriptor reads or writes
 * until it would block. Nothing that runs on a reactor may wait.
 *
 * Threads  reactor_post() from anywhere; watches and timers only on the reactor's own thread (or before
 *          reactor_start), where their callbacks run too.
 */
#ifndef BASE_LOOP_H
#define BASE_LOOP_H

#include "base/err.h"

#include <stdint.h>

struct reactor;
struct watch;
struct timer;

enum watch_ready { WATCH_READ = 1, WATCH_WRITE = 2 };
typedef void reactor_function(void *argument);
typedef void watch_callback(void *argument, unsigned ready);

/* A loop that runs nowhere yet; reactor_start() or reactor_run() gives it a thread. */
MUST_CHECK bool reactor_new(struct reactor **reactor_out, struct err *err);
/* A thread of its own, named `name` (at most 15 bytes). */
MUST_CHECK bool reactor_start(struct reactor *reactor, const char *name, struct err *err);
/* Or the calling thread, until reactor_end(). */
void reactor_run(struct reactor *reactor);
/* Makes the loop return after the functions already posted; any thread. */
void reactor_end(struct reactor *reactor);
/* Ends it and waits for its thread; what is posted from now on is never run. */
void reactor_stop(struct reactor *reactor);
/* Stops it, frees it. Watches and timers must be freed before; after reactor_stop by any one thread. */
void reactor_free(struct reactor **reactor);

/* Runs `function(argument)` on the reactor's thread, in the order posted. */
void reactor_post(struct reactor *reactor, reactor_function *function, void *argument);
/* True on the reactor's own thread. */
bool reactor_is_current(const struct reactor *reactor);

/* The descriptor stays the caller's. Level-triggered reading only, for listeners: watch_new_accept. */
struct watch *watch_new(struct reactor *reactor, int fd, watch_callback *callback, void *argument);
/* For a listening socket; the callback comes as long as connections wait. */
struct watch *watch_new_accept(struct reactor *reactor, int fd, watch_callback *callback, void *argument);
/* Before close(fd). Accepts NULL. */
void watch_free(struct watch **watch);

/* Not armed yet. The callback runs on the reactor's thread. */
struct timer *timer_new(struct reactor *reactor, reactor_function *callback, void *argument);
/* Once, after `ms`; arming again replaces. */
void timer_arm(struct timer *timer, int64_t ms);
/* It does not fire any more; on the reactor's thread. May be armed again. */
void timer_cancel(struct timer *timer);
/* Cancels it. Accepts NULL. */
void timer_free(struct timer **timer);

#endif
