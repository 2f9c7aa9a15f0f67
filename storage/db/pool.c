/*
 * pool.c -- who has which connection, and whether it is worth trying to open another.
 */
#include "db/pool.h"

#include "base/clock.h"
#include "base/log.h"
#include "db/connection.h"
#include "db/pipeline.h"
#include "db/rehearsal.h"
#include "db/rehearsed.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/random.h>
#include <talloc.h>
#include <time.h>

enum { DEFAULT_SIZE = 8, FIRST_BACKOFF_US = 100 * 1000, LONGEST_BACKOFF_US = 5 * 1000 * 1000 };

struct db_pool {
    pthread_mutex_t lock; /* of everything up to `counters` */
    pthread_cond_t released;
    char *conninfo, *application_name, *role;
    bool by_key;
    unsigned size, open, in_use, waiting;
    struct db **idle; /* a stack: the last used is the warmest */
    unsigned idle_count;
    unsigned generation;

    bool is_down, is_probing; /* the breaker */
    unsigned failures;
    int64_t retry_us; /* monotonic; nobody tries before */

    struct {
        _Atomic uint64_t acquired, timed_out, refused, connected, connect_failed, broken, wait_us,
            round_trips, round_trip_us, commits, rollbacks, unknown_commits, retries;
    } counters;
};

static void connection_free(struct db *db)
{
    db_connection_close(db);
    talloc_free(db);
}

static int destroy_pool(struct db_pool *pool)
{
    assert(pool->in_use == 0);
    for (unsigned i = 0; i < pool->idle_count; i++)
        connection_free(pool->idle[i]);
    pthread_cond_destroy(&pool->released);
    pthread_mutex_destroy(&pool->lock);
    return 0;
}

static bool check_conninfo(const char *conninfo, struct err *err)
{
    char *text = NULL;
    PQconninfoOption *parsed = PQconninfoParse(conninfo, &text);

    if (parsed) {
        PQconninfoFree(parsed);
        return true;
    }
    err_log(err, "conninfo: %s", text ? text : "out of memory");
    PQfreemem(text);
    return err_set(err, ERR_INVALID, "The address of the database is not well-formed.");
}

bool db_pool_open(const void *owner, const struct db_pool_options *options, struct db_pool **pool_out,
                  struct err *err)
{
    pthread_condattr_t monotonic;

    *err = ERR_INIT;
    if (!check_conninfo(options->conninfo, err))
        return false;
    struct db_pool *pool = talloc_zero(owner, struct db_pool);
    pthread_mutex_init(&pool->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&pool->released, &monotonic);
    pthread_condattr_destroy(&monotonic);
    talloc_set_destructor(pool, destroy_pool);
    pool->conninfo = talloc_strdup(pool, options->conninfo);
    pool->application_name =
        talloc_strdup(pool, options->application_name ? options->application_name : "chappe");
    pool->role = options->role ? talloc_strdup(pool, options->role) : NULL;
    pool->by_key = options->by_key;
    pool->size = options->size ? options->size : DEFAULT_SIZE;
    pool->idle = talloc_array(pool, struct db *, pool->size);
    *pool_out = pool;
    return true;
}

/* A struct db is a talloc root of its own: threads must not share a parent. */
static struct db *connection_new(struct db_pool *pool, enum db_class class)
{
    struct db *db = talloc_zero(NULL, struct db);

    db->pool = pool;
    db->class = class;
    db->by_key = pool->by_key;
    db->scratch = BUF_INIT(db);
    return db;
}

void db_pool_close(struct db_pool **pool)
{
    TALLOC_FREE(*pool);
}

/* 0.1, 0.2, ... 5 s, each shortened by up to a half, so that many processes do not come back as one. */
static int64_t backoff_us(unsigned failures)
{
    int64_t most = FIRST_BACKOFF_US;
    uint32_t random;

    for (unsigned i = 1; i < failures && most < LONGEST_BACKOFF_US; i++)
        most *= 2;
    if (most > LONGEST_BACKOFF_US)
        most = LONGEST_BACKOFF_US;
    if (getrandom(&random, sizeof random, 0) != (ssize_t)sizeof random)
        random = 0;
    return most - (int64_t)(random % (uint32_t)(most / 2));
}

static void breaker_note(struct db_pool *pool, bool is_connected, const struct err *err)
{
    pool->is_probing = false;
    if (is_connected) {
        if (pool->is_down)
            log_event(LOG_LEVEL_INFO, "db.up", log_text("pool", pool->application_name));
        pool->is_down = false;
        pool->failures = 0;
        pool->counters.connected++;
        return;
    }
    if (!pool->is_down)
        log_err(LOG_LEVEL_ERROR, "db.down", err);
    pool->is_down = true;
    pool->failures++;
    pool->retry_us = clock_monotonic_us() + backoff_us(pool->failures);
    pool->counters.connect_failed++;
}

/* Under the lock: may the caller try to connect now? It then is the one that probes. */
static bool breaker_lets_through(struct db_pool *pool, struct err *err)
{
    if (!pool->is_down || (!pool->is_probing && clock_monotonic_us() >= pool->retry_us)) {
        pool->is_probing = pool->is_down;
        return true;
    }
    pool->counters.refused++;
    err_log(err, "the database is down, next try in %lld ms",
            (long long)((pool->retry_us - clock_monotonic_us()) / 1000));
    return err_set(err, ERR_BUSY, "The database is not available at the moment. Please try again later.");
}

/* Outside the lock. */
static bool connect_to_pool(struct db *db, struct err *err)
{
    struct db_pool *pool = db->pool;
    struct connect_options options = { .application_name = pool->application_name,
                                       .role = pool->role,
                                       .class = db->class };

    pthread_mutex_lock(&pool->lock);
    char *conninfo = talloc_strdup(db, pool->conninfo); /* a reset may change it */
    db->generation = pool->generation;
    pthread_mutex_unlock(&pool->lock);
    options.conninfo = conninfo;
    bool is_connected = db_connection_open(db, &options, err);
    talloc_free(conninfo);
    pthread_mutex_lock(&pool->lock);
    breaker_note(pool, is_connected, err);
    pthread_mutex_unlock(&pool->lock);
    return is_connected;
}

bool pool_reconnect(struct db *db, struct err *err)
{
    struct db_pool *pool = db->pool;

    db_connection_close(db);
    pthread_mutex_lock(&pool->lock);
    bool may_try = breaker_lets_through(pool, err);
    pthread_mutex_unlock(&pool->lock);
    return may_try && connect_to_pool(db, err);
}

static struct timespec timespec_of(int64_t us)
{
    return (struct timespec){ us / US_PER_S, (us % US_PER_S) * 1000 };
}

/* Between these a change of the settings costs as much as a small statement, and would be due for every one of them. */
static bool share_settings(enum db_class a, enum db_class b)
{
    return (a == DB_KEYED) == (b == DB_KEYED);
}

/* Under the lock: the last used of those that need no other settings; where the pool may not grow, of all. */
static struct db *take_idle(struct db_pool *pool, enum db_class class)
{
    unsigned i = pool->idle_count;
    struct db *db = NULL;

    while (i > 0 && !share_settings(pool->idle[i - 1]->class_set, class))
        i--;
    if (i == 0 && pool->open == pool->size)
        i = pool->idle_count;
    if (i > 0) {
        db = pool->idle[i - 1];
        memmove(&pool->idle[i - 1], &pool->idle[i], (pool->idle_count - i) * sizeof(*pool->idle));
        pool->idle_count--;
    }
    return db;
}

/* Under the lock: an idle connection (*db_out set), or the right to open one (*db_out NULL). */
static bool take_place(struct db_pool *pool, enum db_class class, int64_t deadline_us, struct db **db_out,
                       struct err *err)
{
    struct timespec deadline = timespec_of(deadline_us);

    *db_out = NULL;
    while (pool->idle_count == 0 && pool->open == pool->size) {
        pool->waiting++;
        int late = pthread_cond_timedwait(&pool->released, &pool->lock, &deadline);
        pool->waiting--;
        if (late && pool->idle_count == 0 && pool->open == pool->size) {
            pool->counters.timed_out++;
            err_log(err, "all %u connections in use", pool->size);
            return err_set(err, ERR_BUSY, "The server is very busy. Please try again later.");
        }
    }
    *db_out = take_idle(pool, class);
    if (!*db_out && !breaker_lets_through(pool, err))
        return false;
    pool->open += !*db_out;
    pool->in_use++;
    return true;
}

static void leave_place(struct db_pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    pool->open--;
    pool->in_use--;
    pthread_cond_signal(&pool->released);
    pthread_mutex_unlock(&pool->lock);
}

static bool is_usable(struct db *db)
{
    return !db->is_stale && db->generation == db->pool->generation && connection_is_alive(db);
}

const char *pool_conninfo(const struct db_pool *pool)
{
    return pool->conninfo;
}

const char *pool_role(const struct db_pool *pool)
{
    return pool->role;
}

bool db_acquire(struct db_pool *pool, enum db_class class, unsigned wait_ms, struct db **db_out,
                struct err *err)
{
    return db_is_rehearsing() ? rehearsed_acquire(pool, class, wait_ms, db_out, err)
                              : pool_acquire(pool, class, wait_ms, db_out, err);
}

bool pool_acquire(struct db_pool *pool, enum db_class class, unsigned wait_ms, struct db **db_out,
                  struct err *err)
{
    int64_t start_us = clock_monotonic_us();
    struct db *db;

    *err = ERR_INIT;
    *db_out = NULL;
    for (;;) {
        pthread_mutex_lock(&pool->lock);
        bool has_place = take_place(pool, class, start_us + (int64_t)wait_ms * 1000, &db, err);
        pthread_mutex_unlock(&pool->lock);
        if (!has_place)
            return false;
        if (!db) {
            db = connection_new(pool, class);
            if (connect_to_pool(db, err))
                break;
        } else if (is_usable(db)) {
            break;
        } else {
            pool->counters.broken++;
        }
        connection_free(db);
        leave_place(pool);
        if (err->kind != ERR_NONE)
            return false;
    }
    db->class = class;
    pool->counters.acquired++;
    pool->counters.wait_us += (uint64_t)(clock_monotonic_us() - start_us);
    *db_out = db;
    return true;
}

void db_release(struct db **db_in)
{
    struct db *db = *db_in;
    struct err ignored = ERR_INIT;

    if (!db)
        return;
    *db_in = NULL;
    if (db->is_rehearsing) {
        rehearsed_release(db);
        return;
    }
    struct db_pool *pool = db->pool;
    assert(db->depth == 0);
    if (db->mode != MODE_IDLE)
        (void)!pipeline_drain(db, &ignored);
    if (db->is_dedicated) {
        connection_free(db);
        return;
    }
    if (!db->conn || db->is_broken || db->is_stale || db->generation != pool->generation ||
        PQtransactionStatus(db->conn) != PQTRANS_IDLE) {
        pool->counters.broken++;
        connection_free(db);
        leave_place(pool);
        return;
    }
    pthread_mutex_lock(&pool->lock);
    pool->idle[pool->idle_count++] = db;
    pool->in_use--;
    pthread_cond_signal(&pool->released);
    pthread_mutex_unlock(&pool->lock);
}

bool db_open_dedicated(struct db_pool *pool, enum db_class class, struct db **db_out, struct err *err)
{
    struct db *db = connection_new(pool, class);

    *err = ERR_INIT;
    db->is_dedicated = true;
    *db_out = db;
    if (pool_reconnect(db, err))
        return true;
    connection_free(db);
    *db_out = NULL;
    return false;
}

bool db_is_current(const struct db *db)
{
    pthread_mutex_lock(&db->pool->lock);
    bool is_current = db->generation == db->pool->generation;
    pthread_mutex_unlock(&db->pool->lock);
    return is_current;
}

bool db_pool_check(struct db_pool *pool, struct err *err)
{
    struct db *db;

    if (!db_acquire(pool, DB_INTERACTIVE, 5000, &db, err))
        return false;
    bool ok = db_exec(db, "SELECT 1", DB_NO_ARGS, NULL, err);
    db_release(&db);
    return ok;
}

bool db_pool_wait(struct db_pool *pool, unsigned wait_ms, struct err *err)
{
    int64_t deadline_us = clock_monotonic_us() + (int64_t)wait_ms * 1000;
    const struct timespec nap = { 0, 50 * 1000 * 1000 };

    for (;;) {
        pthread_mutex_lock(&pool->lock);
        pool->retry_us = 0;
        pthread_mutex_unlock(&pool->lock);
        if (db_pool_check(pool, err))
            return true;
        if (clock_monotonic_us() > deadline_us)
            return false;
        nanosleep(&nap, NULL);
    }
}

bool db_pool_reset(struct db_pool *pool, const char *conninfo, struct err *err)
{
    *err = ERR_INIT;
    if (conninfo && !check_conninfo(conninfo, err))
        return false;
    pthread_mutex_lock(&pool->lock);
    if (conninfo) {
        talloc_free(pool->conninfo);
        pool->conninfo = talloc_strdup(pool, conninfo);
    }
    pool->generation++;
    pool->retry_us = 0;
    while (pool->idle_count > 0) {
        connection_free(pool->idle[--pool->idle_count]);
        pool->open--;
    }
    pthread_cond_broadcast(&pool->released);
    pthread_mutex_unlock(&pool->lock);
    return true;
}

void pool_count_round_trip(struct db_pool *pool, int64_t us)
{
    pool->counters.round_trips++;
    pool->counters.round_trip_us += (uint64_t)us;
}

void pool_count(struct db_pool *pool, enum pool_event event)
{
    switch (event) {
    case POOL_COMMIT:
        pool->counters.commits++;
        return;
    case POOL_ROLLBACK:
        pool->counters.rollbacks++;
        return;
    case POOL_UNKNOWN_COMMIT:
        pool->counters.unknown_commits++;
        return;
    case POOL_RETRY:
        pool->counters.retries++;
        return;
    }
}

void db_pool_stats(const struct db_pool *pool_in, struct db_pool_stats *stats_out)
{
    struct db_pool *pool = (struct db_pool *)(uintptr_t)pool_in; /* the lock is not part of what it says */

    pthread_mutex_lock(&pool->lock);
    *stats_out = (struct db_pool_stats){ .size = pool->size,
                                         .open = pool->open,
                                         .in_use = pool->in_use,
                                         .waiting = pool->waiting,
                                         .is_down = pool->is_down };
    pthread_mutex_unlock(&pool->lock);
    stats_out->acquired = pool->counters.acquired;
    stats_out->timed_out = pool->counters.timed_out;
    stats_out->refused = pool->counters.refused;
    stats_out->connected = pool->counters.connected;
    stats_out->connect_failed = pool->counters.connect_failed;
    stats_out->broken = pool->counters.broken;
    stats_out->wait_us = pool->counters.wait_us;
    stats_out->round_trips = pool->counters.round_trips;
    stats_out->round_trip_us = pool->counters.round_trip_us;
    stats_out->commits = pool->counters.commits;
    stats_out->rollbacks = pool->counters.rollbacks;
    stats_out->unknown_commits = pool->counters.unknown_commits;
    stats_out->retries = pool->counters.retries;
}
