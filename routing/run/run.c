/* run.c -- starting and ending the motor. */
#include "run/run.h"

#include "accept/accept.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/thread.h"
#include "base/wake.h"
#include "directory/directory.h"
#include "policy/policy.h"
#include "run/motor.h"

#include <talloc.h>
#include <time.h>

enum { DEFAULT_THREADS = 100, DEFAULT_PER_DESTINATION = 20, DEFAULT_NOTICE_BYTES = 1 << 20, STACK = 1 << 20 };

static void set_defaults(struct run_options *o)
{
    o->threads = o->threads ? o->threads : DEFAULT_THREADS;
    o->per_destination = o->per_destination ? o->per_destination : DEFAULT_PER_DESTINATION;
    o->retry_min_us = o->retry_min_us ? o->retry_min_us : 60 * US_PER_S;
    o->retry_max_us = o->retry_max_us ? o->retry_max_us : 3600 * US_PER_S;
    o->lifetime_us = o->lifetime_us ? o->lifetime_us : 5 * 86400 * US_PER_S;
    o->full_notice_bytes = o->full_notice_bytes ? o->full_notice_bytes : DEFAULT_NOTICE_BYTES;
}

static void init_condition(pthread_cond_t *condition)
{
    pthread_condattr_t attributes;

    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(condition, &attributes);
    pthread_condattr_destroy(&attributes);
}

void run_set_retry(struct run *run, int64_t retry_min_us, int64_t retry_max_us)
{
    atomic_store(&run->retry_min_us, retry_min_us);
    atomic_store(&run->retry_max_us, retry_max_us);
}

void run_wake(struct run *run)
{
    int waiting = 0;

    sem_getvalue(&run->came, &waiting);
    if (waiting < 2) /* more would only make it look in vain */
        sem_post(&run->came);
}

static void woken(void *argument, int64_t group_id, int64_t mailbox_id, uint64_t modseq)
{
    (void)group_id;
    (void)mailbox_id;
    (void)modseq;
    run_wake(argument);
}

static struct run *make(const void *owner, const struct run_options *options)
{
    struct run *run = talloc_zero(owner, struct run);

    run->options = *options;
    set_defaults(&run->options);
    run_set_retry(run, run->options.retry_min_us, run->options.retry_max_us);
    run->pool = directory_pool(options->directory, DIRECTORY_LOOKS_UP);
    run->lock_fd = -1;
    run->ended_end = &run->ended;
    sem_init(&run->came, 0, 0);
    pthread_mutex_init(&run->lock, NULL);
    init_condition(&run->work);
    init_condition(&run->has_ended);
    init_condition(&run->tick);
    g_queue_init(&run->ring);
    run->lanes = g_hash_table_new(g_str_hash, g_str_equal);
    run->destinations = g_hash_table_new(g_str_hash, g_str_equal);
    run->workers = talloc_zero_array(run, pthread_t, run->options.threads);
    return run;
}

static void free_values(GHashTable *table)
{
    GHashTableIter iterator;
    gpointer value;

    g_hash_table_iter_init(&iterator, table);
    while (g_hash_table_iter_next(&iterator, NULL, &value))
        talloc_free(value);
    g_hash_table_destroy(table);
}

static void free_run(struct run *run)
{
    free_values(run->lanes);
    free_values(run->destinations);
    g_queue_clear(&run->ring);
    policy_close(&run->policy);
    pthread_cond_destroy(&run->tick);
    pthread_cond_destroy(&run->has_ended);
    pthread_cond_destroy(&run->work);
    pthread_mutex_destroy(&run->lock);
    sem_destroy(&run->came);
    run_unlock_file(run);
    talloc_free(run);
}

static bool start_threads(struct run *run, struct err *err)
{
    return thread_start("queue beat", STACK, run_beat, run, &run->beater, err) &&
           thread_start("queue settle", STACK, run_finish, run, &run->settler, err) &&
           thread_start("queue find", STACK, run_find, run, &run->finder, err);
}

bool run_start(const void *owner, const struct run_options *options, struct run **run_out, struct err *err)
{
    struct run *run = make(owner, options);
    struct accept_options dates = { .directory = options->directory,
                                    .topology = options->topology,
                                    .wake = options->wake,
                                    .lifetime_us = run->options.lifetime_us,
                                    .warning_us = run->options.lifetime_us };

    const struct policy_options senders = { .groups = options->groups,
                                            .directory = options->directory,
                                            .cache = options->cache };

    if (!run->options.link_base)
        run->options.link_base = talloc_asprintf(run, "https://%s", run->options.host_name);
    if (!accept_open(run, &dates, &run->accept, err) || !policy_open(run, &senders, &run->policy, err) ||
        !run_lock_file(run, err)) {
        free_run(run);
        return false;
    }
    if (!start_threads(run, err))
        return false; /* the process ends: what was started goes with it */
    if (options->wake)
        run->subscription = wake_subscribe(options->wake, ACCEPT_WAKE_GROUP, ACCEPT_WAKE_QUEUE, woken, run);
    *run_out = run;
    return true;
}

/* Waits until no worker is busy. */
static void wait_for_workers(struct run *run, unsigned wait_ms)
{
    const struct timespec pause = { .tv_nsec = 10 * 1000000L };
    int64_t end_us = clock_monotonic_us() + wait_ms * INT64_C(1000);
    size_t active;

    do {
        pthread_mutex_lock(&run->lock);
        active = run->active;
        pthread_mutex_unlock(&run->lock);
        if (active > 0)
            nanosleep(&pause, NULL);
    } while (active > 0 && clock_monotonic_us() < end_us);
}

static void release_all(struct run *run)
{
    GHashTableIter iterator;
    gpointer destination;

    g_hash_table_iter_init(&iterator, run->destinations);
    while (g_hash_table_iter_next(&iterator, NULL, &destination))
        run_release(run, destination);
}

void run_stop(struct run **handle, unsigned wait_ms)
{
    struct run *run = *handle;
    uint64_t freed;
    struct err err = ERR_INIT;

    if (!run)
        return;
    wake_unsubscribe(&run->subscription);
    pthread_mutex_lock(&run->lock);
    run->is_ending = true;
    pthread_cond_broadcast(&run->work);
    pthread_mutex_unlock(&run->lock);
    run_wake(run);
    pthread_join(run->finder, NULL);
    wait_for_workers(run, wait_ms);
    pthread_mutex_lock(&run->lock);
    release_all(run);
    size_t threads = run->thread_count;
    pthread_mutex_unlock(&run->lock);
    for (size_t i = 0; i < threads; i++)
        pthread_join(run->workers[i], NULL);
    pthread_mutex_lock(&run->lock);
    run->settler_ends = true;
    pthread_cond_broadcast(&run->has_ended);
    pthread_cond_broadcast(&run->tick);
    pthread_mutex_unlock(&run->lock);
    pthread_join(run->settler, NULL);
    pthread_join(run->beater, NULL);
    if (run->motor_id && !queue_motor_end(run->pool, run->motor_id, &freed, &err))
        log_err(LOG_LEVEL_WARNING, "queue.motor.end", &err);
    free_run(run);
    *handle = NULL;
}

void run_stats(struct run *run, struct run_stats *stats_out)
{
    GHashTableIter iterator;
    gpointer destination;
    int64_t now_us = clock_now_us();

    pthread_mutex_lock(&run->lock);
    *stats_out = (struct run_stats){ .taken = run->taken,
                                     .jobs = run->job_count,
                                     .active = run->active,
                                     .threads = run->thread_count,
                                     .lanes = g_hash_table_size(run->lanes),
                                     .destinations = g_hash_table_size(run->destinations),
                                     .motor_id = run->motor_id };
    g_hash_table_iter_init(&iterator, run->destinations);
    while (g_hash_table_iter_next(&iterator, NULL, &destination))
        stats_out->paused += destination_is_paused(destination, now_us);
    pthread_mutex_unlock(&run->lock);
}
