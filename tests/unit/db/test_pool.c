/*
 * test_pool.c -- a bounded number of connections, and quick refusals while the database is away.
 */
#include "db/pool.h"

#include "base/clock.h"
#include "db/notify.h"
#include "db/statement.h"
#include "kit/pg.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <unistd.h>
/* cmocka wants setjmp, stdarg and stddef first */
#include <cmocka.h>
#include <talloc.h>

#define OK(call)                                                                                             \
    do {                                                                                                     \
        if (!(call))                                                                                         \
            fail_msg("%s: %s / %s", #call, err.user, err.log);                                               \
    } while (0)

static int64_t ms_since(int64_t start_us)
{
    return (clock_monotonic_us() - start_us) / 1000;
}

static void no_more_than_its_size(void **state)
{
    void *owner = talloc_new(NULL);
    struct db_pool *pool = kit_pg_pool(owner, kit_pg_database(owner, NULL), NULL, 2);
    struct db *one = kit_pg_acquire(pool), *two = kit_pg_acquire(pool), *three;
    struct db_pool_stats stats;
    struct err err;

    (void)state;
    int64_t start_us = clock_monotonic_us();
    assert_false(db_acquire(pool, DB_INTERACTIVE, 200, &three, &err));
    assert_int_equal(err.kind, ERR_BUSY);
    assert_in_range(ms_since(start_us), 190, 1500);
    db_release(&one);
    assert_null(one);
    OK(db_acquire(pool, DB_INTERACTIVE, 200, &three, &err));
    db_pool_stats(pool, &stats);
    assert_int_equal(stats.open, 2);
    assert_int_equal(stats.in_use, 2);
    assert_int_equal(stats.timed_out, 1);
    db_release(&two);
    db_release(&three);
    talloc_free(owner);
}

static void use(struct db_pool *pool, enum db_class class)
{
    struct db *db;
    struct err err;

    OK(db_acquire(pool, class, 200, &db, &err));
    OK(db_exec(db, "SELECT 1", DB_NO_ARGS, NULL, &err));
    db_release(&db);
}

/* What runs some hundred times a second does not change the settings of a session back and forth with the others. */
static void keyed_statements_stay_apart_while_there_is_room(void **state)
{
    void *owner = talloc_new(NULL);
    struct db_pool_stats stats;

    (void)state;
    for (unsigned size = 1; size <= 2; size++) {
        struct db_pool *pool = kit_pg_pool(owner, kit_pg_database(owner, NULL), NULL, size);
        for (int i = 0; i < 3; i++) {
            use(pool, DB_INTERACTIVE);
            use(pool, DB_KEYED);
            use(pool, DB_BACKGROUND);
        }
        db_pool_stats(pool, &stats);
        assert_int_equal(stats.open, size); /* with one they share it */
        assert_int_equal(stats.connected, size);
    }
    talloc_free(owner);
}

struct crowd {
    struct db_pool *pool;
    _Atomic int inside, most, failures;
};

static void *visitor(void *arg)
{
    struct crowd *crowd = arg;

    for (int i = 0; i < 20; i++) {
        struct db *db;
        struct err err;
        if (!db_acquire(crowd->pool, DB_INTERACTIVE, 10000, &db, &err)) {
            crowd->failures++;
            continue;
        }
        int inside = ++crowd->inside;
        if (inside > crowd->most)
            crowd->most = inside;
        if (!db_exec(db, "SELECT pg_sleep(0.001)", DB_NO_ARGS, NULL, &err))
            crowd->failures++;
        crowd->inside--;
        db_release(&db);
    }
    return NULL;
}

static void many_threads_share_it(void **state)
{
    void *owner = talloc_new(NULL);
    struct crowd crowd = { .pool = kit_pg_pool(owner, kit_pg_database(owner, NULL), NULL, 3) };
    pthread_t threads[12];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(threads); i++)
        pthread_create(&threads[i], NULL, visitor, &crowd);
    for (size_t i = 0; i < COUNT_OF(threads); i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(crowd.failures, 0);
    assert_in_range(crowd.most, 2, 3);
    talloc_free(owner);
}

static void what_was_left_open_is_rolled_back(void **state)
{
    void *owner = talloc_new(NULL);
    struct db_pool *pool = kit_pg_pool(owner, kit_pg_database(owner, NULL), NULL, 1);
    struct db *db = kit_pg_acquire(pool);
    struct db_row row;
    struct err err;

    (void)state;
    OK(db_exec_script(db, "CREATE TABLE t (i int)", &err));
    OK(db_exec_script(db, "BEGIN; INSERT INTO t VALUES (1)", &err));
    db_release(&db);
    db = kit_pg_acquire(pool);
    OK(db_one_row(db, owner, "SELECT count(*) FROM t", DB_NO_ARGS, &row, &err));
    assert_int_equal(db_get_i64(&row, 0), 0);
    db_release(&db);
    talloc_free(owner);
}

static void each_class_has_its_timeout(void **state)
{
    void *owner = talloc_new(NULL);
    struct db_pool *pool = kit_pg_pool(owner, kit_pg_database(owner, NULL), NULL, 1);
    static const struct {
        enum db_class class;
        const char *timeout;
    } classes[] = {
        { DB_BACKGROUND, "10min" }, { DB_INTERACTIVE, "20s" }, { DB_SEARCH, "30s" }, { DB_UNLIMITED, "0" }
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(classes); i++) {
        struct db *db;
        struct db_row row;
        struct err err;
        OK(db_acquire(pool, classes[i].class, 1000, &db, &err));
        OK(db_one_row(db, owner, "SELECT current_setting('statement_timeout')", DB_NO_ARGS, &row, &err));
        assert_string_equal(db_copy_text(owner, &row, 0), classes[i].timeout);
        db_release(&db);
    }
    talloc_free(owner);
}

static void a_pool_by_key_plans_once_and_by_index_for_whom_somebody_waits(void **state)
{
    void *owner = talloc_new(NULL);
    struct db_pool *pool;
    static const struct {
        enum db_class class;
        const char *settings;
    } classes[] = { { DB_BACKGROUND, "auto on" },
                    { DB_INTERACTIVE, "force_generic_plan off" },
                    { DB_SEARCH, "auto on" },
                    { DB_INTERACTIVE, "force_generic_plan off" } };
    struct db *db;
    struct db_row row;
    struct err err;

    (void)state;
    OK(db_pool_open(
        owner,
        &(struct db_pool_options){ .conninfo = kit_pg_database(owner, NULL), .size = 1, .by_key = true },
        &pool, &err));
    for (size_t i = 0; i < COUNT_OF(classes); i++) {
        OK(db_acquire(pool, classes[i].class, 1000, &db, &err));
        OK(db_one_row(db, owner,
                      "SELECT current_setting('plan_cache_mode') || ' ' || current_setting('enable_seqscan')",
                      DB_NO_ARGS, &row, &err));
        assert_string_equal(db_copy_text(owner, &row, 0), classes[i].settings);
        db_release(&db);
    }
    talloc_free(owner);
}

static void a_database_that_is_away_is_refused_quickly(void **state)
{
    void *owner = talloc_new(NULL);
    struct db_pool *pool = kit_pg_pool(owner, kit_pg_database(owner, NULL), NULL, 4);
    struct db_pool_stats stats;
    struct db *db, *dedicated;
    struct err err;

    (void)state;
    OK(db_pool_check(pool, &err));
    OK(db_open_dedicated(pool, DB_INTERACTIVE, &dedicated, &err));
    kit_pg_stop();
    assert_false(db_acquire(pool, DB_INTERACTIVE, 10000, &db, &err));
    assert_int_equal(err.kind, ERR_BUSY);
    assert_false(db_exec(dedicated, "SELECT 1", DB_NO_ARGS, NULL, &err));
    assert_int_equal(err.kind, ERR_BUSY);
    int64_t start_us = clock_monotonic_us();
    for (int i = 0; i < 1000; i++)
        assert_false(db_acquire(pool, DB_INTERACTIVE, 10000, &db, &err));
    assert_in_range(ms_since(start_us), 0, 1000);
    db_pool_stats(pool, &stats);
    assert_true(stats.is_down);
    assert_in_range(stats.connect_failed, 1, 20); /* not a thousand */
    kit_pg_start();
    start_us = clock_monotonic_us();
    while (!db_acquire(pool, DB_INTERACTIVE, 1000, &db, &err) && ms_since(start_us) < 6000)
        usleep(20 * 1000);
    assert_in_range(ms_since(start_us), 0, 5500);
    OK(db_exec(dedicated, "SELECT 1", DB_NO_ARGS, NULL, &err));
    db_pool_stats(pool, &stats);
    assert_false(stats.is_down);
    db_release(&db);
    db_release(&dedicated);
    talloc_free(owner);
}

static void a_bad_address_is_invalid(void **state)
{
    struct db_pool_options options = { .conninfo = "host=x nonsense" };
    struct db_pool *pool;
    struct err err;

    (void)state;
    assert_false(db_pool_open(NULL, &options, &pool, &err));
    assert_int_equal(err.kind, ERR_INVALID);
}

static void a_reset_changes_the_database(void **state)
{
    void *owner = talloc_new(NULL);
    char *first = kit_pg_database(owner, NULL), *second = kit_pg_database(owner, NULL);
    struct db_pool *pool = kit_pg_pool(owner, first, NULL, 2);
    struct db *held = kit_pg_acquire(pool), *db;
    struct db_row row;
    struct err err;

    (void)state;
    OK(db_pool_reset(pool, second, &err));
    OK(db_one_row(held, owner, "SELECT current_database()", DB_NO_ARGS, &row, &err));
    assert_non_null(strstr(first, db_copy_text(owner, &row, 0)));
    db_release(&held);
    db = kit_pg_acquire(pool);
    OK(db_one_row(db, owner, "SELECT current_database()", DB_NO_ARGS, &row, &err));
    assert_non_null(strstr(second, db_copy_text(owner, &row, 0)));
    db_release(&db);
    talloc_free(owner);
}

static void notifications_arrive(void **state)
{
    void *owner = talloc_new(NULL);
    struct db_pool *pool = kit_pg_pool(owner, kit_pg_database(owner, NULL), NULL, 2);
    struct db *ear, *mouth = kit_pg_acquire(pool);
    char *payload;
    struct err err;

    (void)state;
    OK(db_open_dedicated(pool, DB_INTERACTIVE, &ear, &err));
    assert_false(db_listen(ear, "x; DROP TABLE y", &err));
    assert_int_equal(err.kind, ERR_INVALID);
    OK(db_listen(ear, "wake", &err));
    OK(db_wait_notification(ear, owner, -1, 50, &payload, &err));
    assert_null(payload);
    OK(db_notify(mouth, "wake", "1 2 3", &err));
    OK(db_wait_notification(ear, owner, -1, 2000, &payload, &err));
    assert_string_equal(payload, "1 2 3");
    OK(db_notify(mouth, "wake", "4", &err)); /* heard beside a statement, too */
    OK(db_exec(ear, "SELECT 1", DB_NO_ARGS, NULL, &err));
    OK(db_wait_notification(ear, owner, -1, 2000, &payload, &err));
    assert_string_equal(payload, "4");
    db_release(&mouth);
    db_release(&ear);
    talloc_free(owner);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_more_than_its_size),
        cmocka_unit_test(keyed_statements_stay_apart_while_there_is_room),
        cmocka_unit_test(many_threads_share_it),
        cmocka_unit_test(what_was_left_open_is_rolled_back),
        cmocka_unit_test(each_class_has_its_timeout),
        cmocka_unit_test(a_pool_by_key_plans_once_and_by_index_for_whom_somebody_waits),
        cmocka_unit_test(a_database_that_is_away_is_refused_quickly),
        cmocka_unit_test(a_bad_address_is_invalid),
        cmocka_unit_test(a_reset_changes_the_database),
        cmocka_unit_test(notifications_arrive),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
