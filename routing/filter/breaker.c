/* breaker.c -- places, and a breaker. */
#include "filter/breaker.h"

#include "base/clock.h"

#include <time.h>

void breaker_init(struct breaker *breaker)
{
    pthread_condattr_t attributes;

    *breaker = (struct breaker){ .in_use = 0 };
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&breaker->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    pthread_mutex_init(&breaker->lock, NULL);
}

void breaker_end(struct breaker *breaker)
{
    pthread_cond_destroy(&breaker->changed);
    pthread_mutex_destroy(&breaker->lock);
}

static bool wait_for_place(struct breaker *breaker, int64_t deadline_us)
{
    struct timespec until = { .tv_sec = (time_t)(deadline_us / US_PER_S),
                              .tv_nsec = (long)(deadline_us % US_PER_S) * 1000 };

    while (breaker->in_use >= BREAKER_PLACES)
        if (pthread_cond_timedwait(&breaker->changed, &breaker->lock, &until) != 0)
            return breaker->in_use < BREAKER_PLACES;
    return true;
}

static bool is_shut(struct breaker *breaker)
{
    if (breaker->failures < BREAKER_FAILURES)
        return false;
    return breaker->is_tried || clock_monotonic_us() < breaker->shut_until_us;
}

bool breaker_enter(struct breaker *breaker, const char *name, int64_t deadline_us, struct err *err)
{
    bool has_place = false, shut;

    pthread_mutex_lock(&breaker->lock);
    shut = is_shut(breaker);
    if (!shut)
        has_place = wait_for_place(breaker, deadline_us);
    if (has_place) {
        breaker->in_use++;
        breaker->is_tried = breaker->failures >= BREAKER_FAILURES;
    }
    pthread_mutex_unlock(&breaker->lock);
    if (has_place)
        return true;
    err_log(err, "%s: %s", name, shut ? "failed several times, left alone for some seconds" : "no place");
    return err_set(err, ERR_BUSY, "A scanner of this server cannot be asked just now.");
}

void breaker_leave(struct breaker *breaker, bool was_good)
{
    pthread_mutex_lock(&breaker->lock);
    breaker->in_use--;
    breaker->is_tried = false;
    breaker->failures = was_good ? 0 : breaker->failures + 1;
    if (!was_good)
        breaker->shut_until_us = clock_monotonic_us() + BREAKER_SHUT_S * US_PER_S;
    pthread_cond_signal(&breaker->changed);
    pthread_mutex_unlock(&breaker->lock);
}
