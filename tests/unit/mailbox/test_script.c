/* test_script.c -- scripts, the automatic reply and marks as rows; and a filing whose plan was made for another script. */
#include "world.h"

#include "mailbox/script.h"

#include <string.h>

static struct world *world;
#define GROUP world->store->group

static int setup(void **state)
{
    (void)state;
    world = world_open();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    world_close(world);
    return 0;
}

static int64_t version(int64_t mailbox_id)
{
    return kit_store_number(world->store, "SELECT script_version FROM mailbox WHERE mailbox_id = $1",
                            mailbox_id);
}

static void test_life_of_a_script(void **state)
{
    void *arena = talloc_new(NULL);
    struct err err = ERR_INIT;
    struct script *list;
    struct span content;
    size_t count;
    int64_t first;

    (void)state;
    OK(script_put(GROUP, ADA, "one", span_text("keep;"), NULL, &err));
    OK(script_put(GROUP, ADA, "two", span_text("discard;"), NULL, &err));
    assert_int_equal(version(ADA), 0); /* none is active: nothing runs */
    OK(script_activate(GROUP, ADA, "one", &err));
    assert_true((first = version(ADA)) > 0);
    OK(script_list(GROUP, ADA, arena, &list, &count, &err));
    assert_int_equal(count, 2);
    assert_string_equal(list[0].name, "one");
    assert_true(list[0].is_active && !list[1].is_active);
    assert_int_equal(list[0].bytes, 5);
    OK(script_activate(GROUP, ADA, "two", &err));
    OK(script_list(GROUP, ADA, arena, &list, &count, &err));
    assert_true(!list[0].is_active && list[1].is_active);
    REFUSED(script_delete(GROUP, ADA, "two", &err), ERR_DEPENDED_ON);
    OK(script_put(GROUP, ADA, "two", span_text("stop;"), NULL, &err)); /* stays active */
    assert_true(version(ADA) > first);
    OK(script_get(GROUP, ADA, arena, "two", &content, &err));
    assert_true(span_equals_text(content, "stop;"));
    OK(script_rename(GROUP, ADA, "two", "three", &err));
    REFUSED(script_rename(GROUP, ADA, "three", "one", &err), ERR_EXISTS);
    REFUSED(script_rename(GROUP, ADA, "none", "four", &err), ERR_NOT_FOUND);
    REFUSED(script_get(GROUP, ADA, arena, "two", &content, &err), ERR_NOT_FOUND);
    OK(script_activate(GROUP, ADA, NULL, &err));
    assert_int_equal(version(ADA), 0);
    OK(script_delete(GROUP, ADA, "three", &err));
    OK(script_delete(GROUP, ADA, "one", &err));
    talloc_free(arena);
}

static void test_names(void **state)
{
    static const struct {
        const char *what, *name;
        bool is_valid;
    } names[] = {
        { "a word", "main", true },
        { "spaces and accents", "R\xc3\xa8gles d'\xc3\xa9t\xc3\xa9", true },
        { "nothing", "", false },
        { "a slash", "a/b", false },
        { "a line end", "a\nb", false },
        { "a control character of two bytes", "a\xc2\x85", false },
        { "a line separator", "a\xe2\x80\xa8", false },
        { "no UTF-8", "a\xff", false },
    };
    char longest[SCRIPT_NAME_MAX * 2 + 3];
    struct err err = ERR_INIT;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (script_name_is_valid(span_text(names[i].name)) != names[i].is_valid)
            fail_msg("%s", names[i].what);
    for (int i = 0; i < SCRIPT_NAME_MAX + 1; i++)
        memcpy(longest + 2 * i, "\xc3\xa9", 2); /* characters count, not bytes */
    assert_true(script_name_is_valid(span_of(longest, SCRIPT_NAME_MAX * 2)));
    assert_false(script_name_is_valid(span_of(longest, SCRIPT_NAME_MAX * 2 + 2)));
    REFUSED(script_put(GROUP, ADA, "a/b", span_text("keep;"), NULL, &err), ERR_INVALID);
}

static void test_limits(void **state)
{
    const struct script_limits limits = { .script_bytes = 10, .scripts = 2 };
    struct err err = ERR_INIT;

    (void)state;
    OK(script_put(GROUP, BOB, "one", span_text("keep;"), &limits, &err));
    OK(script_put(GROUP, BOB, "two", span_text("keep;"), &limits, &err));
    REFUSED(script_put(GROUP, BOB, "three", span_text("keep;"), &limits, &err), ERR_LIMIT);
    assert_true(script_is_too_many(&err));
    REFUSED(script_has_room(GROUP, BOB, "three", 5, &limits, &err), ERR_LIMIT);
    OK(script_put(GROUP, BOB, "two", span_text("discard;"), &limits, &err)); /* in its own place */
    OK(script_has_room(GROUP, BOB, "two", 10, &limits, &err));
    REFUSED(script_has_room(GROUP, BOB, "two", 11, &limits, &err), ERR_LIMIT);
    assert_false(script_is_too_many(&err));
    REFUSED(script_put(GROUP, BOB, "two", span_text("discard; #123"), &limits, &err), ERR_LIMIT);
    REFUSED(script_put(GROUP, 99, "one", span_text("keep;"), &limits, &err), ERR_NOT_FOUND);
}

static void test_automatic_reply(void **state)
{
    const struct automatic_reply reply = {
        .until_us = 500, .subject = "Away", .inside_text = "in", .outside_text = ""
    };
    void *arena = talloc_new(NULL);
    struct script_at_delivery at;
    struct automatic_reply got;
    struct err err = ERR_INIT;
    int64_t before;

    (void)state;
    REFUSED(automatic_reply_get(GROUP, ADA, arena, &got, &err), ERR_NOT_FOUND);
    OK(automatic_reply_set(GROUP, ADA, &reply, &err));
    before = version(ADA);
    assert_true(before > 0); /* it runs without a script, too */
    OK(automatic_reply_get(GROUP, ADA, arena, &got, &err));
    assert_int_equal(got.from_us, 0);
    assert_int_equal(got.until_us, 500);
    assert_string_equal(got.subject, "Away");
    assert_string_equal(got.outside_text, "");
    OK(script_put(GROUP, ADA, "one", span_text("keep;"), NULL, &err));
    OK(script_activate(GROUP, ADA, "one", &err));
    OK(script_at_delivery(GROUP, ADA, arena, &at, &err));
    assert_true(at.has_reply && at.version > before && strcmp(at.name, "one") == 0);
    assert_true(span_equals_text(at.content, "keep;"));
    OK(automatic_reply_remove(GROUP, ADA, &err));
    REFUSED(automatic_reply_remove(GROUP, ADA, &err), ERR_NOT_FOUND);
    OK(script_at_delivery(GROUP, ADA, arena, &at, &err));
    assert_true(!at.has_reply && at.version > 0);
    OK(script_activate(GROUP, ADA, NULL, &err));
    OK(script_at_delivery(GROUP, ADA, arena, &at, &err));
    assert_true(at.version == 0 && !at.name);
    talloc_free(arena);
}

static void test_marks_expire(void **state)
{
    struct script_mark marks[2] = { { "vacation", { 1 }, 1000 }, { "duplicate", { 1 }, 2000 } };
    struct err err = ERR_INIT;
    bool is_marked, is_done;

    (void)state;
    OK(script_mark(GROUP, ADA, marks, 2, &err));
    OK(script_is_marked(GROUP, ADA, "vacation", marks[0].key, 999, &is_marked, &err));
    assert_true(is_marked);
    OK(script_is_marked(GROUP, ADA, "vacation", marks[0].key, 1000, &is_marked, &err));
    assert_false(is_marked);
    OK(script_is_marked(GROUP, BOB, "vacation", marks[0].key, 1, &is_marked, &err));
    assert_false(is_marked);
    marks[0].expires_us = 500; /* an earlier expiry takes nothing back */
    OK(script_mark(GROUP, ADA, marks, 1, &err));
    OK(script_is_marked(GROUP, ADA, "vacation", marks[0].key, 999, &is_marked, &err));
    assert_true(is_marked);
    OK(script_sweep_marks(GROUP, &is_done, &err));
    assert_true(is_done);
    assert_int_equal(
        kit_store_number(world->store, "SELECT count(*) FROM sieve_mark WHERE mailbox_id = $1", ADA), 0);
}

static bool file(struct filing_target *target, struct err *out)
{
    struct err err = ERR_INIT;

    void *arena = talloc_new(NULL);
    struct filing filing = { .draft = message_prepare(arena, span_text("Subject: x\r\n\r\ny\r\n")),
                             .received_us = 1,
                             .targets = target,
                             .target_count = 1 };
    struct filing_batch batch = { .filings = &filing, .count = 1 };
    struct db *db;
    bool done;

    OK(group_acquire(GROUP, DB_INTERACTIVE, &db, &err));
    done = filing_run(GROUP, db, arena, &batch, &err);
    *out = err;
    db_release(&db);
    talloc_free(arena);
    return done;
}

/* The version is compared under the lock; who does not ask is filed as ever. */
static void test_a_plan_for_another_script_is_not_filed(void **state)
{
    struct filing_target target = { .mailbox_id = BOB, .checks_script = true };
    struct err err = ERR_INIT;

    (void)state;
    OK(script_activate(GROUP, BOB, "one", &err));
    OK(file(&target, &err));
    assert_false(target.is_filed);
    assert_int_equal(target.err.kind, ERR_CONFLICT);
    assert_int_equal(target.found_script_version, version(BOB));
    target.script_version = target.found_script_version;
    OK(file(&target, &err));
    assert_true(target.is_filed);
    target = (struct filing_target){ .mailbox_id = BOB };
    OK(file(&target, &err));
    assert_true(target.is_filed);
    OK(script_activate(GROUP, BOB, NULL, &err));
    target = (struct filing_target){ .mailbox_id = BOB, .checks_script = true };
    OK(file(&target, &err));
    assert_true(target.is_filed);
}

/* A mark that a script wanted is no reason to refuse mail. */
static void test_too_many_keywords_of_a_script_are_left_out(void **state)
{
    static const char *keywords[KEYWORDS_MAX + 2];
    struct filing_target target = { .mailbox_id = ADA, .checks_script = true, .keywords = keywords };
    void *arena = talloc_new(NULL);
    struct err err = ERR_INIT;

    (void)state;
    for (int i = 0; i < KEYWORDS_MAX + 1; i++)
        keywords[i] = talloc_asprintf(arena, "keyword%d", i);
    OK(file(&target, &err));
    assert_true(target.is_filed);
    target.checks_script = false;
    OK(file(&target, &err));
    assert_int_equal(target.err.kind, ERR_LIMIT);
    talloc_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_life_of_a_script),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_automatic_reply),
        cmocka_unit_test(test_marks_expire),
        cmocka_unit_test(test_a_plan_for_another_script_is_not_filed),
        cmocka_unit_test(test_too_many_keywords_of_a_script_are_left_out),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
