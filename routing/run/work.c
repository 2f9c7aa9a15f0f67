/* work.c -- the workers: whose turn it is, and what a job tells about its destination. */
#include "base/clock.h"
#include "base/crashpoint.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/thread.h"
#include "run/motor.h"
#include "run/post.h"

#include <talloc.h>
#include <time.h>

enum { STACK = 1 << 20, IDLE_MS = 200 };

METRIC_HISTOGRAM(job_time, "chappe_queue_job_seconds", "One message sent to a destination, or filed")

static bool has_slow_room(const struct run *run)
{
    return run->slow_active < (run->options.threads + 1) / 2;
}

/* The next destination in the ring that may start a job; its first job. Under the lock. */
static struct job *next_job(struct run *run, int64_t now_us)
{
    for (guint left = g_queue_get_length(&run->ring); left > 0; left--) {
        struct destination *d = g_queue_pop_head(&run->ring);
        struct job *job = NULL;

        if (destination_is_paused(d, now_us))
            run_release(run, d);
        if (destination_may_start(d, now_us, has_slow_room(run))) {
            job = d->first;
            d->first = job->next;
            if (!d->first)
                d->end = &d->first;
            d->job_count--;
            run->job_count--;
        }
        d->is_queued = d->job_count > 0;
        if (d->is_queued)
            g_queue_push_tail(&run->ring, d);
        if (job)
            return job;
    }
    return NULL;
}

/* Waits for a job; NULL when it is time to end. Under the lock. */
static struct job *wait_for_job(struct run *run)
{
    for (;;) {
        struct job *job = run->is_ending ? NULL : next_job(run, clock_now_us());
        if (job || run->is_ending)
            return job;
        struct timespec until;
        clock_gettime(CLOCK_MONOTONIC, &until);
        /* a rate or a pause may let something start without anybody saying so */
        until.tv_nsec += IDLE_MS * 1000000L;
        until.tv_sec += until.tv_nsec / 1000000000L;
        until.tv_nsec %= 1000000000L;
        run->idle++;
        if (run->job_count > 0)
            pthread_cond_timedwait(&run->work, &run->lock, &until);
        else
            pthread_cond_wait(&run->work, &run->lock);
        run->idle--;
    }
}

/* Its rows may be another's by now: then it is not begun. */
static bool is_ours(const struct run *run, const struct job *job)
{
    return run_is_alive(run) && job->rows[0]->lease >> 32 == run->motor_id;
}

static void carry_out(struct run *run, struct job *job)
{
    struct destination *d = job->destination;
    int64_t began_us = clock_monotonic_us(), now_us = clock_now_us();
    bool is_slow = d->is_slow;

    destination_start(d, now_us);
    run->active++;
    run->slow_active += is_slow;
    pthread_mutex_unlock(&run->lock);
    struct result *result = result_new(job);
    enum destination_news news = job->is_post    ? run_post(run, job, result)
                                 : job->is_group ? run_file(run, job, result)
                                                 : run_send(run, job, result);
    CRASHPOINT("run.after-send");
    int64_t took_us = clock_monotonic_us() - began_us;
    metric_observe_us(&job_time, 0, took_us);
    pthread_mutex_lock(&run->lock);
    run->active--;
    run->slow_active -= is_slow;
    destination_end(d, news, clock_now_us(), took_us, run_pause_us(run, d->is_group, d->failures + 1));
    if (destination_is_paused(d, clock_now_us())) {
        outcome_wait_with(result, d);
        run_release(run, d);
    }
    run_end_result(run, result);
    haul_leave(job->haul);
}

void *run_work(void *argument)
{
    struct run *run = argument;
    struct job *job;

    pthread_mutex_lock(&run->lock);
    while ((job = wait_for_job(run)) != NULL)
        if (is_ours(run, job))
            carry_out(run, job);
        else
            run_end_untried(run, job);
    pthread_mutex_unlock(&run->lock);
    return NULL;
}

static void start_worker(struct run *run)
{
    struct err err = ERR_INIT;

    if (run->thread_count >= run->options.threads || run->is_ending)
        return;
    if (thread_start("queue work", STACK, run_work, run, &run->workers[run->thread_count], &err))
        run->thread_count++;
    else
        log_err(LOG_LEVEL_WARNING, "queue.thread", &err);
}

size_t run_want_workers(struct run *run, size_t jobs)
{
    for (size_t i = 0; run->idle == 0 && i < jobs; i++)
        start_worker(run);
    return run->idle < jobs ? run->idle : jobs;
}
