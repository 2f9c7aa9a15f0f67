/*
 * pool.h -- connections to one database, shared by the worker threads of a process.
 *
 * A pool knows how to reach its database (any libpq conninfo, several hosts included) and never has more
 * than `size` connections open. A worker takes one for the duration of a command and gives it back. While
 * the database cannot be reached a breaker is open: nobody waits for a connection that cannot come, all
 * fail at once with ERR_BUSY, and one caller at a time probes after a jittered back-off of at most 5 s.
 * A connection that broke while it lay idle is noticed and replaced before it is handed out.
 *
 * A pool may be opened `by_key`: its statements for DB_INTERACTIVE all go by keys, so each is planned once a connection
 * instead of at every run (which costs more than running it), and by index, whatever the tables held at that moment.
 *
 * Every session runs with: jit off, lock_timeout 5 s, statement_timeout of its class, UTF8, the pool's
 * application_name, connect_timeout 5 s, keepalives 10/5/3, tcp_user_timeout 15 s.
 *
 * Ownership  db_pool_open() gives the pool under a talloc context; db_pool_close() takes it back. A connection
 *            (struct db) belongs to the thread that acquired it until db_release().
 * Errors     ERR_BUSY where the database is down, or all connections are in use until the deadline.
 * Threads    all pool functions may be called from any thread; a struct db by one thread at a time.
 */
#ifndef DB_POOL_H
#define DB_POOL_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

struct db_pool;
struct db; /* one connection: statements are run on it (db/statement.h, db/transaction.h) */

/* How long a statement may run before the server cancels it (ERR_BUSY). */
enum db_class {
    DB_INTERACTIVE, /* somebody waits: 20 s */
    DB_SEARCH,      /* a search over bodies: 30 s */
    DB_BACKGROUND,  /* housekeeping, imports: 10 min */
    DB_UNLIMITED,   /* migrations: none */
    DB_KEYED, /* statements that all go by keys, some hundred times a second (the queue): 20 s. Whatever the pool, each is
                       planned once a connection, by index and nested loops, whatever the tables held at that moment */
    DB_CLASSES
};

struct db_pool_options {
    const char *conninfo;         /* libpq: "host=... dbname=..." or postgresql:// */
    const char *application_name; /* "chappe smtp"; NULL: "chappe" */
    unsigned size;                /* most connections open at once; 0: 8 */
    const char *role; /* SET ROLE after connecting (the non-owner role of row-level security); NULL: none */
    bool by_key;
};

/* Copies the options; connects when first used, so it succeeds while the database is down.
 * ERR_INVALID for a conninfo that libpq cannot parse. */
MUST_CHECK bool db_pool_open(const void *owner, const struct db_pool_options *options,
                             struct db_pool **pool_out, struct err *err);
/* All connections must have been released. Accepts and sets NULL. */
void db_pool_close(struct db_pool **pool);

/* A connection for statements of `class`, waiting at most `wait_ms` for another thread's release. While the pool may grow, those of
 * DB_KEYED and those of the other classes stay apart: what a session is set to need not change from one to the next.
 * ERR_BUSY at once while the breaker is open. */
MUST_CHECK bool db_acquire(struct db_pool *pool, enum db_class class, unsigned wait_ms, struct db **db_out,
                           struct err *err);
/* Gives it back: rolls back what was left open; a broken one is closed. Accepts and sets NULL. */
void db_release(struct db **db);

/* A connection of its own beside the pool's number, for a thread that needs one all its life (committers,
 * listeners). When it breaks, statements on it fail with ERR_BUSY and the next one reconnects. */
MUST_CHECK bool db_open_dedicated(struct db_pool *pool, enum db_class class, struct db **db_out,
                                  struct err *err);

/* False once the pool was reset: the database may be elsewhere now. For whoever keeps a connection and asks nothing on it. */
bool db_is_current(const struct db *db);

/* Connects where nothing is open and runs one trivial round trip, for health pages and start-up. */
MUST_CHECK bool db_pool_check(struct db_pool *pool, struct err *err);
/* Waits until db_pool_check() succeeds, at most `wait_ms`; ignores the breaker. */
MUST_CHECK bool db_pool_wait(struct db_pool *pool, unsigned wait_ms, struct err *err);

/* Idle connections are closed and those in use after their release: the next ones connect anew (another
 * conninfo may be given, else NULL). For failover and configuration reload. */
MUST_CHECK bool db_pool_reset(struct db_pool *pool, const char *conninfo, struct err *err);

/* For /metrics: gauges of now, counters since the pool was opened. */
struct db_pool_stats {
    unsigned size, open, in_use, waiting; /* connections and threads now */
    bool is_down;                         /* the breaker is open */
    uint64_t acquired, timed_out, refused, connected, connect_failed, broken;
    uint64_t wait_us;                    /* spent waiting in db_acquire() */
    uint64_t round_trips, round_trip_us; /* statements and pipelines: number and time until the last result */
    uint64_t commits, rollbacks, unknown_commits, retries;
};
/* A snapshot; the counters are not all of the same instant. */
void db_pool_stats(const struct db_pool *pool, struct db_pool_stats *stats_out);

#endif
