/*
 * gate.h -- how many argon2 run at once. Each takes 19 MiB and a core for some 20 ms, so that a flood of logins
 * must wait outside instead of taking the machine. For this room only.
 */
#ifndef AUTH_GATE_H
#define AUTH_GATE_H

#include "base/err.h"

#include <pthread.h>

struct gate {
    pthread_mutex_t lock;
    pthread_cond_t left;
    _Atomic unsigned inside, waiting; /* changed under the lock */
    unsigned inside_max, waiting_max;
};

/* At most so many inside, and so many waiting for a place. */
void gate_open(struct gate *gate, unsigned inside_max, unsigned waiting_max);
/* Nobody is inside or waits. */
void gate_close(struct gate *gate);
/* Waits for a place. ERR_BUSY when too many wait already, or after 5 s. */
MUST_CHECK bool gate_enter(struct gate *gate, struct err *err);
/* After a gate_enter() that returned true. */
void gate_leave(struct gate *gate);

#endif
