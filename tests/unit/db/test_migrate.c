/*
 * test_migrate.c -- schemas grow once, in order, whoever starts at the same time, and never backwards.
 */
#include "db/migrate.h"

#include "db/statement.h"
#include "kit/pg.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
/* cmocka wants setjmp, stdarg and stddef first */
#include <cmocka.h>
#include <talloc.h>

#define OK(call)                                                                                             \
    do {                                                                                                     \
        if (!(call))                                                                                         \
            fail_msg("%s: %s / %s", #call, err.user, err.log);                                               \
    } while (0)

static const struct db_migration steps[] = {
    { 1, "0001_a", "CREATE TABLE a (i int); INSERT INTO a VALUES (1);" },
    { 2, "0002_b", "SELECT pg_sleep(0.05); UPDATE a SET i = i + 1; CREATE TABLE b (i int);" },
    { 3, "0003_c", "UPDATE a SET i = i * 10;" },
};
static const struct db_migration broken[] = {
    { 1, "0001_a", "CREATE TABLE a (i int); INSERT INTO a VALUES (1);" },
    { 2, "0002_b", "UPDATE a SET i = 99; SELECT nonsense;" },
};
static const struct db_migration changed[] = { { 1, "0001_a", "CREATE TABLE a (i bigint);" } };

static const struct db_schema two = { "s", steps, 2 }, three = { "s", steps, 3 }, bad = { "s", broken, 2 },
                              other = { "s", changed, 1 };

static int64_t value_of_a(struct db_pool *pool)
{
    struct db *db = kit_pg_acquire(pool);
    struct db_row row;
    struct err err;
    void *scratch = talloc_new(NULL);

    OK(db_one_row(db, scratch, "SELECT i FROM a", DB_NO_ARGS, &row, &err));
    int64_t value = db_get_i64(&row, 0);
    talloc_free(scratch);
    db_release(&db);
    return value;
}

static void once_and_in_order(void **state)
{
    void *owner = talloc_new(NULL);
    struct db_pool *pool = kit_pg_pool(owner, kit_pg_database(owner, NULL), NULL, 2);
    struct err err;

    (void)state;
    assert_false(db_schema_check(pool, &two, &err));
    assert_int_equal(err.kind, ERR_CONFLICT);
    OK(db_migrate(pool, &two, &err));
    OK(db_migrate(pool, &two, &err));
    assert_int_equal(value_of_a(pool), 2);
    OK(db_schema_check(pool, &two, &err));
    assert_false(db_schema_check(pool, &three, &err));
    OK(db_migrate(pool, &three, &err));
    assert_int_equal(value_of_a(pool), 20);
    assert_false(db_migrate(pool, &two, &err)); /* the database is newer */
    assert_int_equal(err.kind, ERR_CONFLICT);
    assert_false(db_migrate(pool, &other, &err));
    assert_int_equal(err.kind, ERR_CONFLICT);
    talloc_free(owner);
}

static void a_failure_leaves_what_was_before(void **state)
{
    void *owner = talloc_new(NULL);
    struct db_pool *pool = kit_pg_pool(owner, kit_pg_database(owner, NULL), NULL, 2);
    struct err err;

    (void)state;
    assert_false(db_migrate(pool, &bad, &err));
    assert_int_equal(value_of_a(pool), 1);
    OK(db_migrate(pool, &three, &err)); /* goes on where it stopped */
    assert_int_equal(value_of_a(pool), 20);
    talloc_free(owner);
}

struct node {
    char *conninfo;
    struct err err;
    bool ok;
};

static void *node_main(void *arg)
{
    struct node *node = arg;
    struct db_pool *pool = kit_pg_pool(NULL, node->conninfo, NULL, 1);

    node->ok = db_migrate(pool, &three, &node->err);
    db_pool_close(&pool);
    return NULL;
}

static void several_nodes_at_once(void **state)
{
    void *owner = talloc_new(NULL);
    char *conninfo = kit_pg_database(owner, NULL);
    struct node nodes[4];
    pthread_t threads[4];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(nodes); i++) {
        nodes[i] = (struct node){ .conninfo = conninfo };
        pthread_create(&threads[i], NULL, node_main, &nodes[i]);
    }
    for (size_t i = 0; i < COUNT_OF(nodes); i++) {
        pthread_join(threads[i], NULL);
        if (!nodes[i].ok)
            fail_msg("%s / %s", nodes[i].err.user, nodes[i].err.log);
    }
    struct db_pool *pool = kit_pg_pool(owner, conninfo, NULL, 1);
    assert_int_equal(value_of_a(pool), 20);
    talloc_free(owner);
}

static void what_is_embedded_is_numbered(void **state)
{
    static const struct db_schema *const schemas[] = { &db_schema_directory, &db_schema_group };

    (void)state;
    for (size_t s = 0; s < COUNT_OF(schemas); s++)
        for (size_t i = 0; i < schemas[s]->count; i++)
            assert_int_equal(schemas[s]->migrations[i].number, (int)i + 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(once_and_in_order),
        cmocka_unit_test(a_failure_leaves_what_was_before),
        cmocka_unit_test(several_nodes_at_once),
        cmocka_unit_test(what_is_embedded_is_numbered),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
