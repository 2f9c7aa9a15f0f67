/*
 * background.h -- a thread of somebody's own that works now and then, until it is told to end.
 *
 * The lock also guards what the thread shares with those who bring it work; they may signal `changed`.
 */
#ifndef BASE_BACKGROUND_H
#define BASE_BACKGROUND_H

#include "base/err.h"

#include <pthread.h>
#include <stdbool.h>

struct background {
    pthread_mutex_t lock;
    pthread_cond_t changed; /* by the monotonic clock */
    bool is_ending;         /* under the lock */
    pthread_t thread;
    bool has_thread;
};

/* Makes lock and condition, and starts the thread (base/thread.h). Where that fails, background_end() is owed all the same. */
MUST_CHECK bool background_start(struct background *background, const char *name,
                                 void *(*run)(void *argument), void *argument, struct err *err);
/* Shall the thread end? Without the lock. */
bool background_is_ending(struct background *background);
/* With the lock: sleeps for so long, or until the thread shall end, whoever signals. */
void background_rest(struct background *background, unsigned seconds);
/* Without the lock: tells the thread to end, waits for it, and takes lock and condition away. */
void background_end(struct background *background);

#endif
