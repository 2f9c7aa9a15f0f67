/* test_policy.c -- quota, asked at RCPT: full is said at once, room is believed for a moment, trouble is never "full". */
#include "kit/store.h"
#include "policy/policy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <talloc.h>

enum { FREE_ID = 1, SMALL_ID = 2, GONE_ID = 3 };

static struct kit_store *store;
static struct policy *policy;

static enum err_kind ask(int64_t mailbox_id, int64_t group_id, int64_t size_bytes)
{
    const struct policy_question question = { .sender = "x@example.com", .size_bytes = size_bytes };
    const struct resolve_target target = { .mailbox_id = mailbox_id, .group_id = group_id };
    struct err err = ERR_INIT;
    bool may = policy_check(policy, &question, &target, &err);

    assert_int_equal(may, err.kind == ERR_NONE || may);
    return may ? ERR_NONE : err.kind;
}

static void quota_is_asked(void **state)
{
    (void)state;
    assert_int_equal(ask(FREE_ID, KIT_GROUP_ID, 0), ERR_NONE);
    assert_int_equal(ask(FREE_ID, KIT_GROUP_ID, 1 << 20), ERR_NONE); /* believed */
    assert_int_equal(ask(SMALL_ID, KIT_GROUP_ID, 0), ERR_NONE);
    assert_int_equal(ask(SMALL_ID, KIT_GROUP_ID, 1000), ERR_NONE);
    assert_int_equal(ask(SMALL_ID, KIT_GROUP_ID, 1001), ERR_QUOTA);
    kit_store_exec(store, "UPDATE mailbox SET used_bytes = 1000 WHERE mailbox_id = $1", SMALL_ID);
    assert_int_equal(ask(SMALL_ID, KIT_GROUP_ID, 0), ERR_QUOTA);
}

static void what_is_not_there_is_told_apart(void **state)
{
    (void)state;
    assert_int_equal(ask(GONE_ID, KIT_GROUP_ID, 0), ERR_NOT_FOUND);
    assert_int_equal(ask(FREE_ID, 77, 300 << 20), ERR_BUSY); /* a storage group that nobody knows */
}

static int set_up(void **state)
{
    struct policy_options options = { 0 };
    struct err err = ERR_INIT;

    store = kit_store_open(NULL);
    kit_store_mailbox(store, FREE_ID, 0, 0);
    kit_store_mailbox(store, SMALL_ID, 1000, 0);
    options.groups = store->groups;
    (void)state;
    return policy_open(store, &options, &policy, &err) ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    policy_close(&policy);
    kit_store_close(store);
    talloc_free(store);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quota_is_asked),
        cmocka_unit_test(what_is_not_there_is_told_apart),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
