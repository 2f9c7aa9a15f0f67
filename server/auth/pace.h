/*
 * pace.h -- how long something takes, so that what stands in for it takes as long.
 *
 * A directory that hashes a wrong password before it refuses it, and refuses a name that it does not know at once, would tell who exists. So
 * the refusals of people are timed, and that of nobody waits until it has taken as long as one of the last of them. Before the first one there
 * is nothing to go by.
 *
 * Threads  any.
 */
#ifndef AUTH_PACE_H
#define AUTH_PACE_H

#include <pthread.h>
#include <stdint.h>

enum { PACE_KEPT = 16, PACE_MAX_MS = 3000 };

struct pace {
    pthread_mutex_t lock;
    unsigned took_us[PACE_KEPT];
    unsigned count, next;
};

/* Nothing has been timed yet. */
void pace_open(struct pace *pace);
/* Nobody uses it any more. */
void pace_close(struct pace *pace);
/* That is how long it took, in microseconds; more than PACE_MAX_MS count as that. */
void pace_note(struct pace *pace, int64_t took_us);
/* How much longer something that has taken so long would have to take, in microseconds; by one of the last, at random. */
int64_t pace_rest_us(struct pace *pace, int64_t took_us);

#endif
