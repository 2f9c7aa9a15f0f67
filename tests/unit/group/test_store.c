/* test_store.c -- mailboxes as rows: made, deleted, reconnected; limits of mailbox, domain and organisation. */
#include "group/store.h"

#include "group/quota.h"
#include "kit/store.h"

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

static struct kit_store *store;

static void a_mailbox_has_its_folders_once(void **state)
{
    const struct mailbox_options options = { .mailbox_id = 10,
                                             .store_id = KIT_STORE_ID,
                                             .organisation_id = KIT_ORGANISATION_ID,
                                             .domain_id = KIT_DOMAIN_ID };
    struct err err;

    (void)state;
    OK(mailbox_create(store->group, &options, &err));
    OK(mailbox_create(store->group, &options, &err));
    assert_int_equal(kit_store_number(store, "SELECT count(*) FROM folder WHERE mailbox_id = $1", 10), 6);
    assert_int_equal(kit_store_number(store, "SELECT count(*) FROM subscription WHERE mailbox_id = $1", 10),
                     6);
    assert_int_equal(
        kit_store_number(store, "SELECT count(DISTINCT uidvalidity) FROM folder WHERE mailbox_id = $1", 10),
        6);
    assert_int_equal(
        kit_store_number(store, "SELECT next_uidvalidity FROM mailbox WHERE mailbox_id = $1", 10), 7);
    kit_store_mailbox(store, 11, 0, 0);
    assert_int_equal(kit_store_number(store, "SELECT count(*) FROM folder WHERE mailbox_id = $1", 11), 1);
}

static void what_is_everybodys_is_open_from_the_start(void **state)
{
    const struct mailbox_options options = { .mailbox_id = 19,
                                             .store_id = KIT_STORE_ID,
                                             .organisation_id = KIT_ORGANISATION_ID,
                                             .domain_id = KIT_DOMAIN_ID,
                                             .is_inbox_only = true,
                                             .anyone_rights = "lrip" };
    struct err err;

    (void)state;
    OK(mailbox_create(store->group, &options, &err));
    OK(mailbox_create(store->group, &options, &err));
    assert_int_equal(kit_store_number(store,
                                      "SELECT count(*) FROM mailbox_right WHERE mailbox_id = $1"
                                      "   AND identifier = 'anyone' AND rights = 'lrip'",
                                      19),
                     1);
    assert_int_equal(
        kit_store_number(store,
                         "SELECT r.organisation_id FROM folder_right r JOIN folder f USING (folder_id)"
                         " WHERE f.mailbox_id = $1 AND r.rights = 'lrip'",
                         19),
        KIT_ORGANISATION_ID);
}

static void a_deleted_mailbox_is_absent_until_reconnected(void **state)
{
    const struct mailbox_options options = { .mailbox_id = 12,
                                             .store_id = KIT_STORE_ID,
                                             .organisation_id = KIT_ORGANISATION_ID,
                                             .domain_id = KIT_DOMAIN_ID };
    struct mailbox_usage usage;
    struct err err;

    (void)state;
    OK(mailbox_create(store->group, &options, &err));
    OK(mailbox_delete(store->group, 12, &err));
    assert_false(mailbox_delete(store->group, 12, &err));
    assert_int_equal(err.kind, ERR_NOT_FOUND);
    assert_false(mailbox_usage(store->group, 12, &usage, &err));
    assert_int_equal(err.kind, ERR_NOT_FOUND);
    assert_false(mailbox_has_room(store->group, 12, 1, &err));
    assert_int_equal(err.kind, ERR_NOT_FOUND);
    assert_false(mailbox_create(store->group, &options, &err));
    assert_int_equal(err.kind, ERR_EXISTS);
    OK(mailbox_reconnect(store->group, 12, &err));
    OK(mailbox_has_room(store->group, 12, 1, &err));
}

static void a_dismounted_store_is_temporary(void **state)
{
    struct err err;

    (void)state;
    kit_store_mailbox(store, 13, 0, 0);
    OK(store_dismount(store->group, KIT_STORE_ID, &err));
    assert_false(mailbox_has_room(store->group, 13, 1, &err));
    assert_int_equal(err.kind, ERR_BUSY);
    assert_false(mailbox_check_mounted(store->group, 13, &err));
    assert_int_equal(err.kind, ERR_BUSY);
    OK(store_mount(store->group, KIT_STORE_ID, &err));
    OK(mailbox_check_mounted(store->group, 13, &err));
    assert_false(store_remove(store->group, KIT_STORE_ID, &err));
    assert_int_equal(err.kind, ERR_DEPENDED_ON);
}

static const struct {
    const char *what;
    int64_t used, quota, domain, organisation, size;
    enum err_kind kind;
} rooms[] = {
    { "no limit at all", 1000000, 0, 0, 0, 1000000, ERR_NONE },
    { "fits to the byte", 900, 1000, 0, 0, 100, ERR_NONE },
    { "one byte more does not", 900, 1000, 0, 0, 101, ERR_QUOTA },
    { "the domain is full", 900, 0, 950, 0, 51, ERR_QUOTA },
    { "the organisation is full", 900, 0, 0, 950, 51, ERR_QUOTA },
    { "all three have room", 900, 1000, 1000, 1000, 100, ERR_NONE },
};

static void room_is_what_the_narrowest_limit_leaves(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rooms); i++) {
        int64_t id = 100 + (int64_t)i, organisation = 1000 + id, domain = 2000 + id;
        struct err err = ERR_INIT;

        print_message("  %s\n", rooms[i].what);
        OK(mailbox_create(store->group,
                          &(struct mailbox_options){ .mailbox_id = id,
                                                     .store_id = KIT_STORE_ID,
                                                     .organisation_id = organisation,
                                                     .domain_id = domain,
                                                     .is_inbox_only = true },
                          &err));
        kit_store_exec(store, "UPDATE mailbox SET used_bytes = 900 WHERE mailbox_id = $1", id);
        if (rooms[i].used != 900)
            kit_store_exec(store, "UPDATE mailbox SET used_bytes = 1000000 WHERE mailbox_id = $1", id);
        OK(mailbox_set_quota(store->group, id, rooms[i].quota, 0, &err));
        OK(quota_root_set(store->group, QUOTA_ROOT_DOMAIN, domain, rooms[i].domain, &err));
        OK(quota_root_set(store->group, QUOTA_ROOT_ORGANISATION, organisation, rooms[i].organisation, &err));
        err = ERR_INIT;
        assert_int_equal(mailbox_has_room(store->group, id, rooms[i].size, &err), rooms[i].kind == ERR_NONE);
        assert_int_equal(err.kind, rooms[i].kind);
    }
}

static void a_root_counts_what_is_there_and_what_comes_and_goes(void **state)
{
    const struct mailbox_options second = {
        .mailbox_id = 201, .store_id = KIT_STORE_ID, .organisation_id = 7, .domain_id = 77
    };
    struct mailbox_options first = second;
    struct mailbox_usage usage;
    struct err err;

    (void)state;
    first.mailbox_id = 200;
    OK(mailbox_create(store->group, &first, &err));
    kit_store_exec(store, "UPDATE mailbox SET used_bytes = 500 WHERE mailbox_id = $1", 200);
    OK(quota_root_set(store->group, QUOTA_ROOT_DOMAIN, 77, 10000, &err));
    OK(mailbox_create(store->group, &second, &err));
    OK(mailbox_usage(store->group, 201, &usage, &err));
    assert_int_equal(usage.domain_used_bytes, 500);
    assert_int_equal(usage.domain_quota_bytes, 10000);
    OK(mailbox_delete(store->group, 200, &err));
    OK(mailbox_usage(store->group, 201, &usage, &err));
    assert_int_equal(usage.domain_used_bytes, 0);
    OK(mailbox_reconnect(store->group, 200, &err));
    OK(mailbox_usage(store->group, 201, &usage, &err));
    assert_int_equal(usage.domain_used_bytes, 500);
    OK(quota_root_set(store->group, QUOTA_ROOT_DOMAIN, 77, 0, &err));
    OK(mailbox_usage(store->group, 201, &usage, &err));
    assert_int_equal(usage.domain_quota_bytes, 0);
}

static void many_are_made_at_once_and_each_is_told(void **state)
{
    enum { MANY = 300, FIRST = 1000, THERE = 7, DELETED = 8, SMALL = 9 };
    struct mailbox_options options[MANY];
    enum mailbox_made made[MANY];
    struct mailbox_usage usage;
    struct err err;

    (void)state;
    for (int i = 0; i < MANY; i++)
        options[i] = (struct mailbox_options){ .mailbox_id = FIRST + i,
                                               .store_id = KIT_STORE_ID,
                                               .organisation_id = 8,
                                               .domain_id = 80 + i % 3,
                                               .quota_bytes = i % 2 * 5000,
                                               .is_inbox_only = i == SMALL };
    OK(mailbox_create(store->group, &options[THERE], &err));
    OK(quota_root_set(store->group, QUOTA_ROOT_DOMAIN, 80 + THERE % 3, 9000, &err));
    OK(mailbox_create(store->group, &options[DELETED], &err));
    OK(mailbox_delete(store->group, FIRST + DELETED, &err));
    OK(mailbox_create_many(store->group, options, MANY, made, &err));
    for (int i = 0; i < MANY; i++)
        assert_int_equal(made[i], i == THERE ? MAILBOX_THERE : i == DELETED ? MAILBOX_DELETED : MAILBOX_MADE);
    assert_int_equal(kit_store_number(store,
                                      "SELECT count(*) FROM folder JOIN mailbox USING (mailbox_id)"
                                      " WHERE organisation_id = $1",
                                      8),
                     6 * (MANY - 1) + 1);
    assert_int_equal(
        kit_store_number(store, "SELECT next_uidvalidity FROM mailbox WHERE mailbox_id = $1", FIRST + SMALL),
        2);
    /* counted in the domain's root from the start */
    OK(mailbox_usage(store->group, FIRST + THERE + 3, &usage, &err));
    assert_int_equal(usage.domain_quota_bytes, 9000);
    assert_int_equal(usage.quota_bytes, 0);
    OK(mailbox_create_many(store->group, options, MANY, made, &err));
    assert_int_equal(made[0], MAILBOX_THERE);
    OK(mailbox_create_many(store->group, options, 0, made, &err));
}

static void none_is_made_where_one_cannot_be(void **state)
{
    struct mailbox_options options[2] = {
        { .mailbox_id = 2000, .store_id = KIT_STORE_ID, .organisation_id = 9, .domain_id = 90 },
        { .mailbox_id = 2001, .store_id = 4711, .organisation_id = 9, .domain_id = 90 },
    };
    enum mailbox_made made[2];
    struct err err = ERR_INIT;

    (void)state;
    assert_false(mailbox_create_many(store->group, options, 2, made, &err));
    assert_int_equal(err.kind, ERR_CONFLICT);
    assert_int_equal(kit_store_number(store, "SELECT count(*) FROM mailbox WHERE organisation_id = $1", 9),
                     0);
}

static void a_root_that_is_known_is_left_alone(void **state)
{
    const struct mailbox_options options = {
        .mailbox_id = 2100, .store_id = KIT_STORE_ID, .organisation_id = 10, .domain_id = 91
    };
    struct mailbox_usage usage;
    struct err err;

    (void)state;
    OK(mailbox_create(store->group, &options, &err));
    OK(quota_root_ensure(store->group, QUOTA_ROOT_DOMAIN, 91, 700, &err));
    OK(mailbox_usage(store->group, 2100, &usage, &err));
    assert_int_equal(usage.domain_quota_bytes, 700);
    kit_store_exec(store, "UPDATE quota_root SET used_bytes = 5 WHERE kind = 'domain' AND owner_id = $1", 91);
    OK(quota_root_ensure(store->group, QUOTA_ROOT_DOMAIN, 91, 700, &err));
    OK(mailbox_usage(store->group, 2100, &usage, &err));
    assert_int_equal(usage.domain_used_bytes, 5); /* not counted again */
    OK(quota_root_ensure(store->group, QUOTA_ROOT_DOMAIN, 91, 800, &err));
    OK(mailbox_usage(store->group, 2100, &usage, &err));
    assert_int_equal(usage.domain_quota_bytes, 800);
}

static int open_store(void **state)
{
    *state = talloc_new(NULL);
    store = kit_store_open(*state);
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
        cmocka_unit_test(a_mailbox_has_its_folders_once),
        cmocka_unit_test(what_is_everybodys_is_open_from_the_start),
        cmocka_unit_test(a_deleted_mailbox_is_absent_until_reconnected),
        cmocka_unit_test(a_dismounted_store_is_temporary),
        cmocka_unit_test(room_is_what_the_narrowest_limit_leaves),
        cmocka_unit_test(a_root_counts_what_is_there_and_what_comes_and_goes),
        cmocka_unit_test(many_are_made_at_once_and_each_is_told),
        cmocka_unit_test(none_is_made_where_one_cannot_be),
        cmocka_unit_test(a_root_that_is_known_is_left_alone),
    };

    return cmocka_run_group_tests(tests, open_store, close_store);
}
