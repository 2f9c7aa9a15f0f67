/* test_rehearsal.c -- what a thread rehearses is seen by itself, and by nobody afterwards. */
#include "db/rehearsal.h"

#include "db/statement.h"
#include "db/transaction.h"
#include "kit/pg.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <talloc.h>

#include <cmocka.h>

static struct db_pool *pool, *other;

static int64_t number(struct db_pool *from, const char *sql)
{
    struct err err = ERR_INIT;
    struct db_row row;
    struct db *db;

    assert_true(db_acquire(from, DB_INTERACTIVE, 5000, &db, &err));
    void *arena = talloc_new(NULL);
    assert_true(db_one_row(db, arena, sql, DB_NO_ARGS, &row, &err));
    int64_t found = db_get_i64(&row, 0);
    talloc_free(arena);
    db_release(&db);
    return found;
}

static bool insert(struct db *db, void *arg, struct err *err)
{
    return db_exec(db, "INSERT INTO rehearsed (n) VALUES ($1)", DB_ARGS(db_i64(*(int64_t *)arg)), NULL, err);
}

static bool insert_and_fail(struct db *db, void *arg, struct err *err)
{
    (void)!insert(db, arg, err);
    return err_set(err, ERR_INVALID, "No.");
}

static bool insert_twice(struct db *db, void *arg, struct err *err)
{
    return insert(db, arg, err) && insert(db, arg, err); /* the second one is a double */
}

static bool do_with(struct db_pool *at, db_work *work, int64_t n)
{
    struct err err = ERR_INIT;

    return with_pool_transaction(at, DB_INTERACTIVE, work, &n, &err);
}

static const char COUNT[] = "SELECT count(*) FROM rehearsed";

static void nothing_stays_of_a_rehearsal(void **state)
{
    (void)state;
    db_rehearsal_begin();
    assert_true(db_is_rehearsing());
    assert_true(do_with(pool, insert, 1));
    assert_int_equal(number(pool, COUNT), 1);
    assert_int_equal(number(other, COUNT), 1); /* pools of one database share what is rehearsed */
    assert_false(do_with(pool, insert_and_fail, 2));
    assert_false(do_with(pool, insert_twice, 3));
    assert_int_equal(number(pool, COUNT), 1); /* a transaction that failed undid itself alone */
    db_rehearsal_end();
    assert_false(db_is_rehearsing());
    assert_int_equal(number(pool, COUNT), 0);
}

static void a_rehearsal_may_be_kept(void **state)
{
    struct err err = ERR_INIT;

    (void)state;
    db_rehearsal_begin();
    assert_true(do_with(pool, insert, 10));
    assert_true(do_with(other, insert, 11));
    assert_true(db_rehearsal_keep(&err));
    assert_false(db_is_rehearsing());
    assert_int_equal(number(other, COUNT), 2);
    assert_true(do_with(pool, insert, 12));
    assert_int_equal(number(pool, COUNT), 3);
}

static void what_failed_outside_of_a_transaction_is_not_kept(void **state)
{
    struct err err = ERR_INIT;
    struct db *db;

    (void)state;
    db_rehearsal_begin();
    assert_true(do_with(pool, insert, 20));
    assert_true(db_acquire(pool, DB_INTERACTIVE, 5000, &db, &err));
    assert_false(db_exec(db, "SELECT 1 / 0", DB_NO_ARGS, NULL, &err));
    db_release(&db);
    assert_false(db_rehearsal_keep(&err));
    assert_int_equal(number(pool, "SELECT count(*) FROM rehearsed WHERE n = 20"), 0);
}

static void *owner;

static int open_pools(void **state)
{
    struct err err = ERR_INIT;

    (void)state;
    owner = talloc_new(NULL);
    char *conninfo = kit_pg_database(owner, NULL);
    pool = kit_pg_pool(owner, conninfo, NULL, 2);
    other = kit_pg_pool(owner, conninfo, NULL, 2);
    struct db *db = kit_pg_acquire(pool);
    bool done = db_exec(db, "CREATE TABLE rehearsed (n bigint PRIMARY KEY)", DB_NO_ARGS, NULL, &err);
    db_release(&db);
    return done ? 0 : -1;
}

static int close_pools(void **state)
{
    (void)state;
    talloc_free(owner);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_stays_of_a_rehearsal),
        cmocka_unit_test(a_rehearsal_may_be_kept),
        cmocka_unit_test(what_failed_outside_of_a_transaction_is_not_kept),
    };
    return cmocka_run_group_tests(tests, open_pools, close_pools);
}
