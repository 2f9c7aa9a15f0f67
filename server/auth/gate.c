/*
 * gate.c -- a counted door with a bounded queue before it.
 */
#include "auth/gate.h"

#include <time.h>

enum { WAIT_S = 5 };

void gate_open(struct gate *gate, unsigned inside_max, unsigned waiting_max)
{
    pthread_condattr_t monotonic;

    *gate = (struct gate){ .inside_max = inside_max, .waiting_max = waiting_max };
    pthread_mutex_init(&gate->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&gate->left, &monotonic);
    pthread_condattr_destroy(&monotonic);
}

void gate_close(struct gate *gate)
{
    pthread_cond_destroy(&gate->left);
    pthread_mutex_destroy(&gate->lock);
}

/* Under the lock. */
static bool wait_for_place(struct gate *gate)
{
    struct timespec deadline;
    int late = 0;

    if (gate->inside < gate->inside_max)
        return true;
    if (gate->waiting >= gate->waiting_max)
        return false;
    clock_gettime(CLOCK_MONOTONIC, &deadline);
    deadline.tv_sec += WAIT_S;
    gate->waiting++;
    while (gate->inside >= gate->inside_max && !late)
        late = pthread_cond_timedwait(&gate->left, &gate->lock, &deadline);
    gate->waiting--;
    return gate->inside < gate->inside_max;
}

bool gate_enter(struct gate *gate, struct err *err)
{
    pthread_mutex_lock(&gate->lock);
    bool is_inside = wait_for_place(gate);
    gate->inside += is_inside;
    pthread_mutex_unlock(&gate->lock);
    if (is_inside)
        return true;
    err_log(err, "too many password checks at once");
    return err_set(err, ERR_BUSY, "The server is very busy. Please try again later.");
}

void gate_leave(struct gate *gate)
{
    pthread_mutex_lock(&gate->lock);
    gate->inside--;
    pthread_cond_signal(&gate->left);
    pthread_mutex_unlock(&gate->lock);
}
