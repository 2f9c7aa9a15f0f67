/* pool.c -- idle connections, newest first, and the thread that closes them in time. */
#include "connector/pool.h"

#include "base/clock.h"
#include "base/metrics.h"
#include "base/thread.h"

#include <stdlib.h>
#include <time.h>

struct pool {
    pthread_mutex_t lock; /* over all below */
    pthread_cond_t changed;
    struct connection *first;
    size_t count;
    bool is_ending;
    pthread_t thread;
};

METRIC_GAUGE(idle, "chappe_outbound_idle_connections", "Connections to other servers that wait for a message")

/* Takes out all whose time is over at `now_us`, or all. Under the lock. */
static struct connection *take_due(struct pool *pool, int64_t now_us)
{
    struct connection *due = NULL, **link = &pool->first;

    while (*link) {
        struct connection *each = *link;
        if (each->idle_until_us > now_us) {
            link = &each->next;
            continue;
        }
        *link = each->next;
        each->next = due;
        due = each;
        pool->count--;
    }
    metric_set(&idle, (int64_t)pool->count);
    return due;
}

static void close_all(struct connection *list)
{
    while (list) {
        struct connection *next = list->next;
        connection_close(&list);
        list = next;
    }
}

static void *keep(void *argument)
{
    struct pool *pool = argument;

    pthread_mutex_lock(&pool->lock);
    while (!pool->is_ending) {
        struct connection *due = take_due(pool, clock_monotonic_us());
        int64_t until_us = clock_monotonic_us() + US_PER_S;
        struct timespec until = { .tv_sec = until_us / US_PER_S, .tv_nsec = until_us % US_PER_S * 1000 };
        if (due) {
            pthread_mutex_unlock(&pool->lock);
            close_all(due);
            pthread_mutex_lock(&pool->lock);
        } else if (pool->count > 0) {
            pthread_cond_timedwait(&pool->changed, &pool->lock, &until);
        } else {
            pthread_cond_wait(&pool->changed, &pool->lock);
        }
    }
    pthread_mutex_unlock(&pool->lock);
    return NULL;
}

bool pool_new(struct pool **pool_out, struct err *err)
{
    struct pool *pool = calloc(1, sizeof *pool);
    pthread_condattr_t attributes;

    if (!pool)
        abort();
    pthread_mutex_init(&pool->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&pool->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    if (!thread_start("outbound-idle", 0, keep, pool, &pool->thread, err)) {
        free(pool);
        return false;
    }
    *pool_out = pool;
    return true;
}

void pool_empty(struct pool *pool)
{
    struct connection *all;

    pthread_mutex_lock(&pool->lock);
    all = take_due(pool, INT64_MAX);
    pthread_mutex_unlock(&pool->lock);
    close_all(all);
}

void pool_free(struct pool **pool)
{
    struct pool *p = *pool;

    *pool = NULL;
    if (!p)
        return;
    pthread_mutex_lock(&p->lock);
    p->is_ending = true;
    pthread_cond_signal(&p->changed);
    pthread_mutex_unlock(&p->lock);
    pthread_join(p->thread, NULL);
    pool_empty(p);
    pthread_mutex_destroy(&p->lock);
    pthread_cond_destroy(&p->changed);
    free(p);
}

static struct connection *unlink_first(struct pool *pool, const char *key)
{
    struct connection **link = &pool->first, *found;

    while (*link && strcmp((*link)->key, key) != 0)
        link = &(*link)->next;
    found = *link;
    if (found) {
        *link = found->next;
        found->next = NULL;
        metric_set(&idle, (int64_t)--pool->count);
    }
    return found;
}

struct connection *pool_take(struct pool *pool, const char *key)
{
    for (;;) {
        struct connection *found;
        pthread_mutex_lock(&pool->lock);
        found = unlink_first(pool, key);
        pthread_mutex_unlock(&pool->lock);
        if (!found || connection_is_quiet(found))
            return found;
        found->is_broken = true;
        connection_close(&found);
    }
}

void pool_give(struct pool *pool, struct connection **connection, unsigned seconds, unsigned most)
{
    struct connection *oldest = NULL, **link;

    (*connection)->idle_until_us = clock_monotonic_us() + (int64_t)seconds * US_PER_S;
    pthread_mutex_lock(&pool->lock);
    (*connection)->next = pool->first;
    pool->first = *connection;
    *connection = NULL;
    if (++pool->count > most) {
        for (link = &pool->first; (*link)->next; link = &(*link)->next)
            ;
        oldest = *link;
        *link = NULL;
        pool->count--;
    }
    metric_set(&idle, (int64_t)pool->count);
    if (pool->count == 1)
        pthread_cond_signal(&pool->changed);
    pthread_mutex_unlock(&pool->lock);
    connection_close(&oldest);
}
