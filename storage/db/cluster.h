/*
 * cluster.h -- the private PostgreSQL that serves where no database is configured.
 *
 * Under the data directory: data/ (the cluster), run/ (its Unix socket; where the path is longer than a socket
 * address allows, a directory in /tmp named after it). Only the user that runs the server can
 * connect (peer authentication, mode 0700, no TCP). Settings are durable: fsync, full_page_writes,
 * synchronous_commit, data checksums.
 *
 * The postmaster is a child in the foreground and dies with SIGINT (fast shutdown). If the supervisor is
 * killed the postmaster goes on, so that sessions of other roles may finish; the next cluster_start() finds it by
 * postmaster.pid and adopts it.
 *
 * Threads  one owner: the supervisor.
 */
#ifndef DB_CLUSTER_H
#define DB_CLUSTER_H

#include "db/pool.h"

#include <sys/types.h>

struct cluster;

struct cluster_options {
    const char *directory; /* absolute; made with mode 0700 where missing */
    const char *run_as;    /* when we are root: the user that owns and runs it; NULL otherwise */
    const char
        *binaries;     /* folder of initdb and postgres; NULL: the newest /usr/lib/postgresql/NN/bin >= 15 */
    bool is_for_tests; /* small, and fsync off: never for mail */
};

/* Makes the cluster where it is missing (initdb into a temporary name, then renamed: a half-made one is never used),
 * writes its settings, starts or adopts the postmaster and waits until it accepts connections (at most 60 s, longer
 * while it recovers after a crash). ERR_INVALID says which package is missing. */
MUST_CHECK bool cluster_start(const void *owner, const struct cluster_options *options,
                              struct cluster **cluster_out, struct err *err);
/* Fast shutdown, waits at most 60 s, then immediate. Accepts and sets NULL. */
void cluster_stop(struct cluster **cluster);
/* Forgets the handle and leaves the postmaster running. Accepts and sets NULL. */
void cluster_leave(struct cluster **cluster);

/* To be called about once a second: starts the postmaster again when it has died, with back-off. False with ERR_BUSY
 * while it does not run. */
MUST_CHECK bool cluster_tend(struct cluster *cluster, struct err *err);
/* Of the postmaster that we started; 0 while none runs. */
pid_t cluster_pid(const struct cluster *cluster);

/* "host=/.../run dbname=NAME user=..."; under `owner`. */
char *cluster_conninfo(const void *owner, const struct cluster *cluster, const char *database);
/* The same for a process that did not start it. ERR_NOT_FOUND: there is no cluster in the directory. */
MUST_CHECK bool cluster_find_conninfo(const void *owner, const char *directory, const char *database,
                                      char **conninfo_out, struct err *err);
/* Creates the database where it is missing (C.UTF-8). ERR_INVALID for a name other than [a-z0-9_]. */
MUST_CHECK bool cluster_create_database(struct cluster *cluster, const char *database, struct err *err);

/* The same on any server: `conninfo` leads to some database there, in which the login may CREATE DATABASE. */
MUST_CHECK bool db_create_database(const char *conninfo, const char *database, struct err *err);
/* Whether the login may do that, without doing it; apart from what the thread rehearses. ERR_DENIED says what it lacks. */
MUST_CHECK bool db_may_create_database(const char *conninfo, struct err *err);
/* Whether the database that `conninfo` leads to can be had, is as safe as all of ours must be, and lets the login make tables. */
MUST_CHECK bool db_may_make_tables(const char *conninfo, struct err *err);

/* For any database, private or not: refuses (ERR_INVALID with the setting and where it comes from) fsync,
 * full_page_writes or synchronous_commit off, also where set for the role or the database; a server before 15; an
 * encoding other than UTF8. */
MUST_CHECK bool db_check_settings(struct db_pool *pool, struct err *err);

#endif
