/*
 * test_cluster.c -- the private PostgreSQL: made, found again, adopted, brought back, and refused when unsafe.
 */
#include "db/cluster.h"

#include "db/statement.h"
#include "db/transaction.h"
#include "kit/pg.h"

#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
/* cmocka wants setjmp, stdarg and stddef first */
#include <cmocka.h>
#include <talloc.h>

#define OK(call)                                                                                             \
    do {                                                                                                     \
        if (!(call))                                                                                         \
            fail_msg("%s: %s / %s", #call, err.user, err.log);                                               \
    } while (0)

static struct cluster_options options_of(const char *directory)
{
    return (struct cluster_options){ .directory = directory, .run_as = kit_pg_user() };
}

static void check(const char *conninfo, bool is_good, const char *word)
{
    struct db_pool *pool = kit_pg_pool(NULL, conninfo, NULL, 1);
    struct err err = ERR_INIT;
    bool ok = db_check_settings(pool, &err);

    if (ok != is_good || (word && !strstr(err.user, word)))
        fail_msg("%s / %s", err.user, err.log);
    db_pool_close(&pool);
}

static void run_sql(const char *conninfo, const char *sql)
{
    struct db_pool *pool = kit_pg_pool(NULL, conninfo, NULL, 1);
    struct db *db = kit_pg_acquire(pool);
    struct err err;

    OK(db_exec_script(db, sql, &err));
    db_release(&db);
    db_pool_close(&pool);
}

struct waiting_commit {
    const char *conninfo;
    struct err err;
    bool ok;
};

static bool insert(struct db *db, void *arg, struct err *err)
{
    (void)arg;
    return db_exec(db, "INSERT INTO waits VALUES (1)", DB_NO_ARGS, NULL, err);
}

static void *commit_main(void *arg)
{
    struct waiting_commit *commit = arg;
    struct db_pool *pool = kit_pg_pool(NULL, commit->conninfo, NULL, 1);

    commit->ok = with_pool_transaction(pool, DB_INTERACTIVE, insert, NULL, &commit->err);
    db_pool_close(&pool);
    return NULL;
}

/* The standby is away, and somebody cancels the COMMIT that waits for it: PostgreSQL says COMMIT with a warning. */
static void a_commit_without_its_standby_is_unknown(const char *conninfo)
{
    static const char CANCEL[] =
        "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'";
    struct waiting_commit commit = { .conninfo = conninfo };
    struct db_pool *pool = kit_pg_pool(NULL, conninfo, NULL, 1);
    struct db *db = kit_pg_acquire(pool);
    struct db_rows *rows;
    struct db_row row;
    pthread_t thread;
    struct err err;
    size_t cancelled = 0;

    run_sql(conninfo, "CREATE TABLE waits (i int)");
    run_sql(conninfo, "ALTER SYSTEM SET synchronous_standby_names = 'nobody'");
    run_sql(conninfo, "SELECT pg_reload_conf()");
    usleep(300 * 1000);
    pthread_create(&thread, NULL, commit_main, &commit);
    for (int i = 0; i < 200 && cancelled == 0; i++) {
        usleep(20 * 1000);
        OK(db_query(db, NULL, CANCEL, DB_NO_ARGS, &rows, &err));
        cancelled = db_rows_count(rows);
        talloc_free(rows);
    }
    pthread_join(thread, NULL);
    assert_int_equal(cancelled, 1);
    assert_false(commit.ok);
    assert_int_equal(commit.err.kind, ERR_UNKNOWN);
    OK(db_one_row(db, NULL, "SELECT count(*) FROM waits", DB_NO_ARGS, &row, &err));
    assert_int_equal(db_get_i64(&row, 0), 1);
    talloc_free((void *)(uintptr_t)row.rows);
    run_sql(conninfo, "ALTER SYSTEM RESET synchronous_standby_names");
    run_sql(conninfo, "SELECT pg_reload_conf()");
    usleep(300 * 1000);
    db_release(&db);
    db_pool_close(&pool);
}

static void its_life(void **state)
{
    void *owner = talloc_new(NULL);
    const char *folder = kit_folder();
    struct cluster_options options = options_of(folder);
    struct cluster *cluster = NULL, *second = NULL;
    struct err err;
    char *found;

    (void)state;
    assert_false(cluster_find_conninfo(owner, folder, "postgres", &found, &err));
    assert_int_equal(err.kind, ERR_NOT_FOUND);
    OK(cluster_start(owner, &options, &cluster, &err));
    OK(cluster_find_conninfo(owner, folder, "postgres", &found, &err));
    assert_string_equal(found, cluster_conninfo(owner, cluster, "postgres"));
    check(found, true, NULL);
    OK(cluster_create_database(cluster, "chappe_group_1", &err));
    OK(cluster_create_database(cluster, "chappe_group_1", &err));
    assert_false(cluster_create_database(cluster, "x; DROP DATABASE y", &err));
    assert_int_equal(err.kind, ERR_INVALID);

    pid_t pid = cluster_pid(cluster);
    OK(cluster_start(owner, &options, &second, &err)); /* as after a kill -9 of the supervisor */
    assert_int_equal(cluster_pid(second), pid);
    cluster_leave(&second);

    kill(pid, SIGKILL);
    for (int i = 0; i < 400 && (!cluster_tend(cluster, &err) || cluster_pid(cluster) == pid); i++)
        usleep(50 * 1000);
    assert_int_not_equal(cluster_pid(cluster), pid);
    struct db_pool *pool = kit_pg_pool(owner, found, NULL, 1);
    OK(db_pool_wait(pool, 20000, &err));
    db_pool_close(&pool);

    a_commit_without_its_standby_is_unknown(found);
    run_sql(found, "ALTER DATABASE postgres SET synchronous_commit = off");
    check(found, false, "synchronous_commit");
    run_sql(found, "ALTER DATABASE postgres RESET synchronous_commit");
    run_sql(found, "CREATE ROLE other; ALTER ROLE other SET synchronous_commit = 'off'");
    check(found, false, "other");
    run_sql(found, "DROP ROLE other");
    check(found, true, NULL);
    run_sql(found, "ALTER SYSTEM SET fsync = off");
    run_sql(found, "SELECT pg_reload_conf()");
    usleep(300 * 1000);
    check(found, false, "fsync");
    cluster_stop(&cluster);
    assert_int_equal(kill(pid, 0), -1);
    OK(cluster_start(owner, &options, &cluster, &err));
    check(found, false, "fsync"); /* what an administrator set is not overwritten, but refused */
    cluster_stop(&cluster);
    talloc_free(owner);
}

static void a_long_path_gets_a_short_socket(void **state)
{
    void *owner = talloc_new(NULL);
    char path[200];
    struct err err;
    struct cluster *cluster;

    (void)state;
    snprintf(path, sizeof path, "%s/%0100d", kit_folder(), 7);
    struct cluster_options options = options_of(path);
    options.is_for_tests = true;
    OK(cluster_start(owner, &options, &cluster, &err));
    char *conninfo = cluster_conninfo(owner, cluster, "postgres");
    assert_non_null(strstr(conninfo, "/tmp/chappe-"));
    run_sql(conninfo, "SELECT 1");
    cluster_stop(&cluster);
    char *folder = talloc_strdup(owner, strstr(conninfo, "/tmp/"));
    *strchr(folder, '\'') = '\0';
    assert_int_equal(rmdir(folder), 0);
    talloc_free(owner);
}

static void a_half_made_cluster_is_made_again(void **state)
{
    void *owner = talloc_new(NULL);
    const char *folder = kit_folder();
    struct cluster_options options = options_of(folder);
    struct cluster *cluster;
    struct err err;
    char path[200];

    (void)state;
    options.is_for_tests = true;
    snprintf(path, sizeof path, "%s/data.new", folder);
    assert_int_equal(mkdir(path, 0700), 0);
    struct stat owner_of;
    assert_int_equal(stat(folder, &owner_of), 0);
    assert_int_equal(chown(path, owner_of.st_uid, owner_of.st_gid), 0);
    snprintf(path, sizeof path, "%s/data.new/PG_VERSION", folder);
    FILE *file = fopen(path, "we");
    fputs("15\n", file);
    fclose(file);
    OK(cluster_start(owner, &options, &cluster, &err));
    cluster_stop(&cluster);
    talloc_free(owner);
}

static void trouble_is_told(void **state)
{
    struct cluster_options options = { .directory = "/tmp/chappe-none", .run_as = "no-such-user" };
    struct cluster *cluster;
    struct err err;

    (void)state;
    assert_false(cluster_start(NULL, &options, &cluster, &err));
    assert_int_equal(err.kind, ERR_INVALID);
    assert_non_null(strstr(err.user, "no-such-user"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(its_life),
        cmocka_unit_test(a_long_path_gets_a_short_socket),
        cmocka_unit_test(a_half_made_cluster_is_made_again),
        cmocka_unit_test(trouble_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
