/* test_group.c -- which database is which, ids of rows and ids for outsiders. */
#include "group/group.h"

#include "group/store.h"
#include "kit/store.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
/* cmocka wants setjmp, stdarg and stddef first */
#include <cmocka.h>
#include <talloc.h>
#include <unistd.h>

#define OK(call)                                                                                             \
    do {                                                                                                     \
        if (!(call))                                                                                         \
            fail_msg("%s: %s / %s", #call, err.user, err.log);                                               \
    } while (0)

static struct kit_store *store;

static void a_foreign_database_is_refused_before_anything_is_written(void **state)
{
    struct groups *groups;
    struct group *group;
    struct db *db;
    struct err err;

    (void)state;
    OK(groups_open(NULL, &(struct groups_options){ .pool_size = 2 }, &groups, &err));
    OK(groups_put(groups, 2, store->conninfo, &err));
    OK(group_find(groups, 2, &group, &err));
    assert_false(group_acquire(group, DB_INTERACTIVE, &db, &err));
    assert_int_equal(err.kind, ERR_BUSY);
    assert_non_null(strstr(err.log, "belongs to group 1"));
    assert_false(group_initialise(group_pool(group), 2, &err));
    assert_int_equal(err.kind, ERR_CONFLICT);
    groups_close(&groups);
}

static void a_removed_or_unknown_group_is_busy(void **state)
{
    struct groups *groups;
    struct group *group;
    struct db *db;
    struct err err;
    size_t count;

    (void)state;
    OK(groups_open(NULL, &(struct groups_options){ .pool_size = 2 }, &groups, &err));
    assert_false(group_find(groups, 1, &group, &err));
    assert_int_equal(err.kind, ERR_BUSY);
    OK(groups_put(groups, 1, store->conninfo, &err));
    OK(group_find(groups, 1, &group, &err));
    OK(group_acquire(group, DB_INTERACTIVE, &db, &err));
    db_release(&db);
    groups_remove(groups, 1);
    assert_false(group_acquire(group, DB_INTERACTIVE, &db, &err));
    assert_int_equal(err.kind, ERR_BUSY);
    talloc_free(groups_ids(groups, NULL, &count));
    assert_int_equal(count, 0);
    OK(groups_put(groups, 1, store->conninfo, &err));
    OK(group_acquire(group, DB_INTERACTIVE, &db, &err));
    db_release(&db);
    groups_close(&groups);
}

/* As the directory is looked at. */
struct lessons {
    struct groups *groups;
    bool is_there;
    _Atomic int count, running, most;
};

static void learn(void *argument)
{
    struct lessons *lessons = argument;
    struct err err;
    int running = atomic_fetch_add(&lessons->running, 1) + 1;

    atomic_fetch_add(&lessons->count, 1);
    if (running > lessons->most)
        lessons->most = running;
    usleep(50000);
    if (lessons->is_there)
        OK(groups_put(lessons->groups, 1, store->conninfo, &err));
    atomic_fetch_sub(&lessons->running, 1);
}

static void *find_new_group(void *argument)
{
    const struct lessons *lessons = argument;
    struct group *group;
    struct err err;

    return group_find(lessons->groups, 1, &group, &err) ? group : NULL;
}

static void a_group_that_is_not_known_is_looked_for_at_once_by_one_thread(void **state)
{
    enum { ASKERS = 8 };
    struct lessons lessons = { .is_there = true };
    const struct groups_options options = { .pool_size = 2, .learn = learn, .learn_argument = &lessons };
    pthread_t threads[ASKERS];
    struct group *group;
    struct err err;

    (void)state;
    OK(groups_open(NULL, &options, &lessons.groups, &err));
    for (int i = 0; i < ASKERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, find_new_group, &lessons), 0);
    for (int i = 0; i < ASKERS; i++) {
        void *found;
        pthread_join(threads[i], &found);
        assert_non_null(found);
    }
    assert_int_equal(lessons.count, 1);
    assert_int_equal(lessons.most, 1);
    assert_false(group_find(lessons.groups, 7, &group, &err)); /* within the same second */
    assert_int_equal(err.kind, ERR_BUSY);
    assert_int_equal(lessons.count, 1);
    usleep(1000000);
    groups_remove(lessons.groups, 1);
    OK(group_find(lessons.groups, 1, &group, &err)); /* it was put back */
    assert_int_equal(lessons.count, 2);
    groups_close(&lessons.groups);
}

enum { TAKERS = 6, TAKEN = 1000 };

static void *take_ids(void *arg)
{
    int64_t *ids = arg;
    struct db *db;
    struct err err;

    if (!group_acquire(store->group, DB_INTERACTIVE, &db, &err))
        abort();
    for (size_t taken = 0, step = 1; taken < TAKEN; taken += step, step = step % 7 + 1) {
        if (step > TAKEN - taken)
            step = TAKEN - taken;
        if (!group_take_ids(store->group, db, GROUP_ITEM_IDS, step, ids + taken, &err))
            abort();
    }
    db_release(&db);
    return NULL;
}

static int by_number(const void *a, const void *b)
{
    const int64_t *left = a, *right = b;
    return (*left > *right) - (*left < *right);
}

static void ids_are_never_given_out_twice(void **state)
{
    static int64_t ids[TAKERS * TAKEN];
    pthread_t threads[TAKERS];

    (void)state;
    for (int i = 0; i < TAKERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, take_ids, ids + i * TAKEN), 0);
    for (int i = 0; i < TAKERS; i++)
        pthread_join(threads[i], NULL);
    qsort(ids, TAKERS * TAKEN, sizeof *ids, by_number);
    assert_true(ids[0] > 0);
    for (int i = 1; i < TAKERS * TAKEN; i++)
        assert_true(ids[i - 1] < ids[i]);
}

static void public_ids_come_back_and_differ_by_kind(void **state)
{
    char folder[GROUP_PUBLIC_ID_SIZE], item[GROUP_PUBLIC_ID_SIZE];
    int64_t id;

    (void)state;
    for (int64_t number = 0; number < 2000; number++) {
        group_public_id(store->group, GROUP_ID_FOLDER, number * 7919, folder);
        group_public_id(store->group, GROUP_ID_ITEM, number * 7919, item);
        assert_int_equal(strlen(folder), GROUP_PUBLIC_ID_SIZE - 1);
        assert_string_not_equal(folder + 1, item + 1);
        assert_true(group_public_id_decode(store->group, GROUP_ID_FOLDER, span_text(folder), &id));
        assert_int_equal(id, number * 7919);
        assert_false(group_public_id_decode(store->group, GROUP_ID_ITEM, span_text(folder), &id));
    }
    static const char *const forged[] = {
        "", "F", "F0000000000000x", "Fzzzzzzzzzzzzz", "F00000000000iO", "f0000000000000"
    };
    for (size_t i = 0; i < COUNT_OF(forged); i++)
        assert_false(group_public_id_decode(store->group, GROUP_ID_FOLDER, span_text(forged[i]), &id));
}

static int open_store(void **state)
{
    *state = talloc_new(NULL);
    store = kit_store_open(*state);
    kit_store_mailbox(store, 1, 0, 0);
    return 0;
}

static int close_store(void **state)
{
    kit_store_close(store);
    talloc_free(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_foreign_database_is_refused_before_anything_is_written),
        cmocka_unit_test(a_removed_or_unknown_group_is_busy),
        cmocka_unit_test(a_group_that_is_not_known_is_looked_for_at_once_by_one_thread),
        cmocka_unit_test(ids_are_never_given_out_twice),
        cmocka_unit_test(public_ids_come_back_and_differ_by_kind),
    };

    return cmocka_run_group_tests(tests, open_store, close_store);
}
