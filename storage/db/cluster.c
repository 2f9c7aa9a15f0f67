/*
 * cluster.c -- the life of the private postmaster: start or adopt, tend, stop.
 */
#include "db/cluster.h"

#include "base/clock.h"
#include "base/log.h"
#include "db/cluster_make.h"
#include "db/rehearsed.h"
#include "db/statement.h"

#include <errno.h>
#include <libpq-fe.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <talloc.h>
#include <time.h>
#include <unistd.h>

enum {
    READY_S = 60,
    RECOVERY_S = 3600,
    STOP_S = 60,
    POLL_MS = 20,
    FIRST_BACKOFF_MS = 200,
    LONGEST_BACKOFF_MS = 5000,
    STABLE_S = 5,
    TRY_MS = 5000
};

struct cluster {
    struct cluster_paths paths;
    struct account account;
    char *postgres;
    enum child_life life;
    pid_t pid;     /* 0: does not run */
    bool is_child; /* not adopted: we can wait for it */
    unsigned failures;
    int64_t retry_us, launched_us;
};

static void nap(void)
{
    const struct timespec duration = { 0, POLL_MS * 1000 * 1000 };

    nanosleep(&duration, NULL);
}

static char *conninfo_of(const void *owner, const struct cluster_paths *paths, const char *database)
{
    return talloc_asprintf(owner, "host='%s' port=%d user=chappe dbname='%s'", paths->run, CLUSTER_PORT,
                           database);
}

char *cluster_conninfo(const void *owner, const struct cluster *cluster, const char *database)
{
    return conninfo_of(owner, &cluster->paths, database);
}

/* The postmaster that has the cluster open, if any: its pid stands in postmaster.pid, and, lest that be an old file
 * and another program, it has the data folder as working directory. */
static pid_t running_postmaster(const void *scratch, const struct cluster_paths *paths)
{
    char line[32] = "", here[4096], real[4096];
    FILE *file = fopen(talloc_asprintf(scratch, "%s/postmaster.pid", paths->data), "re");

    if (!file)
        return 0;
    if (!fgets(line, sizeof line, file))
        line[0] = '\0';
    fclose(file);
    pid_t pid = (pid_t)atoi(line);
    if (pid <= 1 || !realpath(paths->data, real))
        return 0;
    ssize_t length = readlink(talloc_asprintf(scratch, "/proc/%d/cwd", (int)pid), here, sizeof here - 1);
    if (length < 0)
        return 0;
    here[length] = '\0';
    return strcmp(here, real) == 0 ? pid : 0;
}

static bool is_gone(struct cluster *cluster)
{
    int status;

    if (cluster->pid == 0)
        return true;
    if (cluster->is_child) {
        pid_t ended = waitpid(cluster->pid, &status, WNOHANG);
        return ended == cluster->pid || (ended < 0 && errno == ECHILD);
    }
    return kill(cluster->pid, 0) < 0 && errno == ESRCH;
}

static bool launch(struct cluster *cluster, struct err *err)
{
    const char *argv[] = { cluster->postgres, "-D", cluster->paths.data, NULL };

    unlink(cluster->paths.start_log);
    cluster->is_child = true;
    cluster->launched_us = clock_monotonic_us();
    return cluster_child_start(&cluster->account, argv, cluster->paths.start_log, cluster->life,
                               &cluster->pid, err);
}

static bool fail_to_start(struct cluster *cluster, struct err *err)
{
    char tail[300];

    log_tail(cluster->paths.start_log, tail, sizeof tail);
    err_log(err, "postgres in %s: %s", cluster->paths.data, tail);
    return err_set(err, ERR_BUSY, "The private database did not start: %.180s", tail);
}

/* PQPING_REJECT is recovery after a crash: it may take as long as it takes. A postmaster that was killed may leave
 * sessions behind that hold the shared memory for a moment: so one that ends at once is started again. */
static bool wait_until_ready(struct cluster *cluster, struct err *err)
{
    int64_t start_us = clock_monotonic_us();
    char *conninfo =
        talloc_asprintf(cluster, "%s connect_timeout=2", cluster_conninfo(cluster, cluster, "postgres"));
    bool is_ready = false, has_ended = false;

    while (!is_ready && !has_ended) {
        int64_t waited_s = (clock_monotonic_us() - start_us) / US_PER_S;
        PGPing answer = PQping(conninfo);
        is_ready = answer == PQPING_OK;
        if (!is_ready && is_gone(cluster)) {
            cluster->pid = 0;
            has_ended = waited_s > 5 || !launch(cluster, err);
        }
        if (!is_ready && waited_s > (answer == PQPING_REJECT ? RECOVERY_S : READY_S))
            has_ended = true;
        if (!is_ready)
            nap();
    }
    talloc_free(conninfo);
    return is_ready || fail_to_start(cluster, err);
}

static bool start(struct cluster *cluster, const struct cluster_options *options, struct err *err)
{
    char *binaries;

    cluster->pid = running_postmaster(cluster, &cluster->paths);
    if (cluster->pid) {
        log_event(LOG_LEVEL_INFO, "db.cluster.adopted", log_i64("pid", cluster->pid));
        return wait_until_ready(cluster, err);
    }
    if (!cluster_binaries(cluster, options, &cluster->paths, &binaries, err) ||
        !cluster_make(options, &cluster->paths, &cluster->account, binaries, err))
        return false;
    cluster->postgres = talloc_asprintf(cluster, "%s/postgres", binaries);
    return launch(cluster, err) && wait_until_ready(cluster, err);
}

bool cluster_start(const void *owner, const struct cluster_options *options, struct cluster **cluster_out,
                   struct err *err)
{
    struct cluster *cluster = talloc_zero(owner, struct cluster);
    char *binaries;

    *err = ERR_INIT;
    cluster->life = options->is_for_tests ? CHILD_DIES_WITH_US : CHILD_OUTLIVES_US;
    cluster_paths_of(cluster, options->directory, &cluster->paths);
    bool ok = cluster_account_find(cluster, options->run_as, &cluster->account, err);
    if (ok && cluster->account.uid == 0)
        ok = err_set(err, ERR_INVALID, "PostgreSQL does not run as root: name a user for it.");
    ok = ok && start(cluster, options, err);
    if (ok && !cluster->postgres) { /* adopted: needed when it must be started again */
        ok = cluster_binaries(cluster, options, &cluster->paths, &binaries, err);
        if (ok)
            cluster->postgres = talloc_asprintf(cluster, "%s/postgres", binaries);
    }
    if (!ok) {
        if (cluster->is_child && cluster->pid)
            cluster_stop(&cluster);
        talloc_free(cluster);
        return false;
    }
    *cluster_out = cluster;
    return true;
}

static bool stop_with(struct cluster *cluster, int signal_number, int seconds)
{
    int64_t deadline_us = clock_monotonic_us() + seconds * US_PER_S;

    kill(cluster->pid, signal_number);
    while (!is_gone(cluster)) {
        if (clock_monotonic_us() > deadline_us)
            return false;
        nap();
    }
    return true;
}

void cluster_stop(struct cluster **cluster)
{
    if (!*cluster)
        return;
    if (!is_gone(*cluster) && !stop_with(*cluster, SIGINT, STOP_S)) {
        log_event(LOG_LEVEL_WARNING, "db.cluster.stopped-hard", log_i64("pid", (*cluster)->pid));
        stop_with(*cluster, SIGQUIT, STOP_S);
    }
    TALLOC_FREE(*cluster);
}

void cluster_leave(struct cluster **cluster)
{
    TALLOC_FREE(*cluster);
}

bool cluster_tend(struct cluster *cluster, struct err *err)
{
    int64_t now_us = clock_monotonic_us();

    if (!is_gone(cluster)) {
        /* Longer than a start that fails takes: when it dies now it was killed, and everybody waits for it. */
        if (now_us > cluster->launched_us + STABLE_S * US_PER_S)
            cluster->failures = 0;
        return true;
    }
    if (cluster->pid) {
        int64_t wait_ms = (int64_t)FIRST_BACKOFF_MS << (cluster->failures < 6 ? cluster->failures : 6);
        cluster->failures++;
        cluster->retry_us = now_us + (wait_ms > LONGEST_BACKOFF_MS ? LONGEST_BACKOFF_MS : wait_ms) * 1000;
        (void)fail_to_start(cluster, err);
        log_event(LOG_LEVEL_ERROR, "db.cluster.died", log_i64("pid", cluster->pid),
                  log_text("said", err->log));
        cluster->pid = 0;
    }
    if (now_us >= cluster->retry_us) {
        pid_t other = running_postmaster(cluster, &cluster->paths); /* somebody started it by hand */
        cluster->pid = other;
        cluster->is_child = false;
        if (other || launch(cluster, err))
            log_event(LOG_LEVEL_INFO, "db.cluster.restarted", log_i64("pid", cluster->pid));
    }
    return err_set(err, ERR_BUSY, "The private database is starting.");
}

pid_t cluster_pid(const struct cluster *cluster)
{
    return cluster->pid;
}

bool cluster_find_conninfo(const void *owner, const char *directory, const char *database,
                           char **conninfo_out, struct err *err)
{
    void *scratch = talloc_new(NULL);
    struct cluster_paths paths;
    struct stat found;

    cluster_paths_of(scratch, directory, &paths);
    bool exists = stat(talloc_asprintf(scratch, "%s/PG_VERSION", paths.data), &found) == 0;
    if (exists)
        *conninfo_out = conninfo_of(owner, &paths, database);
    else
        err_set(err, ERR_NOT_FOUND, "There is no private database in %s.", directory);
    talloc_free(scratch);
    return exists;
}

static bool is_plain_name(const char *name)
{
    size_t length = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_");

    return length > 0 && length <= 63 && name[length] == '\0';
}

static bool create_database(struct db *db, const char *database, struct err *err)
{
    static const char EXISTS[] = "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)";
    char sql[200];
    struct db_row row;

    if (!db_one_row(db, NULL, EXISTS, DB_ARGS(db_text(database)), &row, err))
        return false;
    bool exists = db_get_bool(&row, 0);
    talloc_free((void *)(uintptr_t)row.rows);
    if (exists)
        return true;
    snprintf(sql, sizeof sql, "CREATE DATABASE %s ENCODING 'UTF8' TEMPLATE template0", database);
    if (db_exec_script(db, sql, err))
        return true;
    return strcmp(db_last_failure(db)->sqlstate, "42P04") == 0; /* made by another just now */
}

bool db_create_database(const char *conninfo, const char *database, struct err *err)
{
    struct db_pool_options options = { .conninfo = conninfo, .size = 1 };
    struct db_pool *pool;
    struct db *db;
    bool ok = false;

    *err = ERR_INIT;
    if (!is_plain_name(database))
        return err_set(err, ERR_INVALID, "The name of a database has small letters, digits and _ only.");
    if (db_pool_open(NULL, &options, &pool, err)) {
        if (db_acquire(pool, DB_UNLIMITED, 1000, &db, err)) {
            ok = create_database(db, database, err);
            db_release(&db);
        }
        db_pool_close(&pool);
    }
    return ok;
}

/* Over a connection of its own, which no rehearsal knows of. */
static bool may(const char *conninfo, const char *sql, const char *refusal, struct err *err)
{
    struct db_pool_options options = { .conninfo = conninfo, .size = 1 };
    struct db_pool *pool;
    struct db *db;
    bool ok = false;

    *err = ERR_INIT;
    if (!db_pool_open(NULL, &options, &pool, err))
        return false;
    if (pool_acquire(pool, DB_INTERACTIVE, TRY_MS, &db, err)) {
        struct db_row row;
        ok = db_one_row(db, NULL, sql, DB_NO_ARGS, &row, err);
        if (ok) {
            ok = db_get_bool(&row, 0) || err_set(err, ERR_DENIED, "%s", refusal);
            talloc_free((void *)(uintptr_t)row.rows);
        }
        db_release(&db);
    }
    db_pool_close(&pool);
    return ok;
}

bool db_may_create_database(const char *conninfo, struct err *err)
{
    static const char CREATES[] = "SELECT rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user";

    return may(conninfo, CREATES,
               "The login of the directory's database server may not create databases there.", err);
}

bool db_may_make_tables(const char *conninfo, struct err *err)
{
    static const char MAKES[] = "SELECT coalesce(has_schema_privilege(current_schema(), 'CREATE'), false)";

    return may(conninfo, MAKES, "The login of that database may not make tables in it.", err);
}

bool cluster_create_database(struct cluster *cluster, const char *database, struct err *err)
{
    char *conninfo = cluster_conninfo(cluster, cluster, "postgres");
    bool ok = db_create_database(conninfo, database, err);

    talloc_free(conninfo);
    return ok;
}
