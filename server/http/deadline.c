#include "http/deadline.h"

#include "base/clock.h"
#include "base/metrics.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

METRIC_COUNTER(too_slow, "chappe_http_too_slow_total",
               "HTTP connections shut because a request took too long")

struct http_deadline {
    struct http_deadline *next, **previous;
    int fd;
    _Atomic int64_t at_us; /* monotonic */
};

struct http_deadlines {
    pthread_t thread;
    pthread_mutex_t lock; /* over all below */
    pthread_cond_t changed;
    bool is_ending;
    struct http_deadline *first;
};

static void set(struct http_deadline *deadline, int64_t at_us)
{
    if (deadline)
        atomic_store(&deadline->at_us, at_us);
}

static void shut_late_ones(struct http_deadlines *deadlines)
{
    int64_t now_us = clock_monotonic_us();

    for (struct http_deadline *d = deadlines->first; d; d = d->next) {
        if (now_us < atomic_load(&d->at_us))
            continue;
        metric_add(&too_slow, 1);
        set(d, INT64_MAX);
        (void)shutdown(d->fd, SHUT_RDWR); /* the library sees the end and cleans up */
    }
}

static void *watch(void *argument)
{
    struct http_deadlines *deadlines = argument;
    struct timespec next;

    pthread_mutex_lock(&deadlines->lock);
    clock_gettime(CLOCK_MONOTONIC, &next);
    while (!deadlines->is_ending) {
        next.tv_sec++;
        while (!deadlines->is_ending &&
               pthread_cond_timedwait(&deadlines->changed, &deadlines->lock, &next) == 0)
            ;
        shut_late_ones(deadlines);
    }
    pthread_mutex_unlock(&deadlines->lock);
    return NULL;
}

bool http_deadlines_start(struct http_deadlines **deadlines_out, struct err *err)
{
    struct http_deadlines *deadlines = calloc(1, sizeof *deadlines);
    pthread_condattr_t attributes;

    if (!deadlines)
        abort();
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&deadlines->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    pthread_mutex_init(&deadlines->lock, NULL);
    *deadlines_out = deadlines;
    if (pthread_create(&deadlines->thread, NULL, watch, deadlines) == 0)
        return true;
    err_errno(err, "pthread_create");
    free(deadlines);
    *deadlines_out = NULL;
    return false;
}

void http_deadlines_stop(struct http_deadlines **deadlines)
{
    struct http_deadlines *d = *deadlines;

    *deadlines = NULL;
    if (!d)
        return;
    pthread_mutex_lock(&d->lock);
    d->is_ending = true;
    pthread_cond_signal(&d->changed);
    pthread_mutex_unlock(&d->lock);
    pthread_join(d->thread, NULL);
    pthread_cond_destroy(&d->changed);
    pthread_mutex_destroy(&d->lock);
    free(d);
}

struct http_deadline *http_deadline_begin(struct http_deadlines *deadlines, int fd)
{
    struct http_deadline *deadline = calloc(1, sizeof *deadline);

    if (!deadline)
        abort();
    deadline->fd = fd;
    http_deadline_head(deadline, 0);
    pthread_mutex_lock(&deadlines->lock);
    deadline->next = deadlines->first;
    deadline->previous = &deadlines->first;
    if (deadline->next)
        deadline->next->previous = &deadline->next;
    deadlines->first = deadline;
    pthread_mutex_unlock(&deadlines->lock);
    return deadline;
}

void http_deadline_end(struct http_deadlines *deadlines, struct http_deadline *deadline)
{
    if (!deadline)
        return;
    pthread_mutex_lock(&deadlines->lock);
    *deadline->previous = deadline->next;
    if (deadline->next)
        deadline->next->previous = deadline->previous;
    pthread_mutex_unlock(&deadlines->lock);
    free(deadline);
}

void http_deadline_body(struct http_deadline *deadline, size_t limit)
{
    set(deadline, clock_monotonic_us() + (HTTP_BODY_S + (int64_t)(limit / HTTP_BODY_MIN_RATE)) * US_PER_S);
}

void http_deadline_none(struct http_deadline *deadline)
{
    set(deadline, INT64_MAX);
}

void http_deadline_head(struct http_deadline *deadline, unsigned idle_s)
{
    set(deadline, clock_monotonic_us() + (HTTP_HEAD_S + (int64_t)idle_s) * US_PER_S);
}
