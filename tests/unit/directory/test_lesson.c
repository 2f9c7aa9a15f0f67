/* test_lesson.c -- lessons wait, are taken once, and are bounded; who is known is bounded as well. */
#include "base/clock.h"
#include "directory/lesson.h"
#include "directory/resolve.h"
#include "kit/directory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
/* cmocka wants setjmp, stdarg and stddef first */
#include <cmocka.h>
#include <talloc.h>

struct fixture {
    struct kit_directory *kit;
    struct directory *directory;
    struct mailbox_location mailbox;
    struct err err;
};

#define OK(call)                                                                                             \
    do {                                                                                                     \
        if (!(call))                                                                                         \
            fail_msg("%s: %s / %s", #call, f->err.user, f->err.log);                                         \
    } while (0)

static int make(void **state)
{
    struct fixture *f = talloc_zero(NULL, struct fixture);
    struct resolved resolved;
    int64_t ada;

    f->kit = kit_directory(f);
    f->directory = f->kit->directory;
    ada = kit_user(f->kit, "ada@example.org", NULL);
    if (!directory_resolve_id(f->directory, f, ada, &resolved, &f->err))
        return -1;
    f->mailbox = resolved.mailbox;
    *state = f;
    return 0;
}

static int end(void **state)
{
    talloc_free(*state);
    return 0;
}

static struct lesson lesson(const struct fixture *f, int64_t message_id, bool is_spam)
{
    return (struct lesson){ .mailbox_id = f->mailbox.mailbox_id,
                            .storage_group_id = f->mailbox.storage_group_id,
                            .message_id = message_id,
                            .is_spam = is_spam };
}

static void the_last_word_about_a_message_counts(void **state)
{
    struct fixture *f = *state;
    struct lesson said[4], *taken, gone;
    size_t count;
    int64_t left;

    said[0] = lesson(f, 7, true);
    said[1] = lesson(f, 8, true);
    said[2] = lesson(f, 7, false);
    said[3] = (struct lesson){ .mailbox_id = 999999, .storage_group_id = 1, .message_id = 1 };
    OK(lesson_put(f->directory, said, 4, 1000, &f->err));
    OK(lesson_put(f->directory, said + 1, 1, 1000, &f->err));
    OK(lesson_take(f->directory, f, 999, &taken, &count, &f->err));
    assert_int_equal(count, 0);
    OK(lesson_take(f->directory, f, 1000, &taken, &count, &f->err));
    assert_int_equal(count, 2);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(taken[i].is_spam, taken[i].message_id == 8);
        assert_string_equal(taken[i].address, "ada@example.org");
        assert_int_equal(taken[i].tries, 1);
    }
    OK(lesson_take(f->directory, f, 1001, &taken, &count, &f->err));
    assert_int_equal(count, 0); /* somebody has them */
    OK(lesson_take(f->directory, f, 1001 + LESSON_LEASE_S * US_PER_S, &taken, &count, &f->err));
    assert_int_equal(count, 2); /* and died */
    assert_int_equal(taken[0].tries, 2);
    OK(lesson_defer(f->directory, &taken[0], 2000 * US_PER_S, false, &f->err));
    gone = taken[1];
    said[0] = lesson(f, gone.message_id, !gone.is_spam);
    OK(lesson_put(f->directory, said, 1, 1000, &f->err));
    OK(lesson_end(f->directory, &gone, &f->err)); /* the user has said otherwise meanwhile */
    OK(lesson_count(f->directory, &left, &f->err));
    assert_int_equal(left, 2);
    OK(lesson_take(f->directory, f, 2000 * US_PER_S, &taken, &count, &f->err));
    assert_int_equal(count, 2);
    for (size_t i = 0; i < count; i++)
        OK(lesson_end(f->directory, &taken[i], &f->err));
    OK(lesson_count(f->directory, &left, &f->err));
    assert_int_equal(left, 0);
}

static void a_mailbox_has_no_more_than_its_share(void **state)
{
    struct fixture *f = *state;
    struct lesson *many = talloc_array(f, struct lesson, LESSONS_OF_MAILBOX_MAX + 10);
    int64_t left;

    for (int i = 0; i < LESSONS_OF_MAILBOX_MAX + 10; i++)
        many[i] = lesson(f, i + 1, true);
    OK(lesson_put(f->directory, many, LESSONS_OF_MAILBOX_MAX + 10, 1, &f->err));
    OK(lesson_count(f->directory, &left, &f->err));
    assert_int_equal(left, LESSONS_OF_MAILBOX_MAX);
}

static void who_is_known_is_found_until_it_is_spam(void **state)
{
    struct fixture *f = *state;
    struct lesson good, bad;
    struct span keys[2] = { span_text("key one"), span_text("key two") };
    int64_t mailboxes[2] = { 12345, f->mailbox.mailbox_id }, *known;
    uint64_t removed;
    struct lesson put = lesson(f, 1, false), *taken;
    size_t count;

    OK(lesson_put(f->directory, &put, 1, 1, &f->err));
    OK(lesson_take(f->directory, f, 1, &taken, &count, &f->err));
    good = bad = taken[0];
    bad.is_spam = true;
    OK(familiar_learn(f->directory, &good, keys, 2, 5000, &f->err));
    OK(familiar_find(f->directory, f, mailboxes, 2, keys + 1, 1, &known, &count, &f->err));
    assert_int_equal(count, 1);
    assert_int_equal(known[0], f->mailbox.mailbox_id);
    OK(familiar_find(f->directory, f, mailboxes, 1, keys, 2, &known, &count, &f->err));
    assert_int_equal(count, 0);
    OK(familiar_learn(f->directory, &bad, keys, 1, 6000, &f->err));
    OK(familiar_find(f->directory, f, mailboxes, 2, keys, 1, &known, &count, &f->err));
    assert_int_equal(count, 0);
    OK(familiar_tidy(f->directory, 5000 + FAMILIAR_DAYS * INT64_C(86400) * US_PER_S, &removed, &f->err));
    assert_int_equal(removed, 0);
    OK(familiar_tidy(f->directory, 5001 + FAMILIAR_DAYS * INT64_C(86400) * US_PER_S, &removed, &f->err));
    assert_int_equal(removed, 1);
}

static void the_oldest_are_forgotten_where_one_knows_too_many(void **state)
{
    struct fixture *f = *state;
    struct lesson put = lesson(f, 1, false), *taken;
    struct span *keys = talloc_array(f, struct span, FAMILIAR_MAX + 5);
    int64_t mailbox = f->mailbox.mailbox_id, *known;
    uint64_t removed;
    size_t count;

    OK(lesson_put(f->directory, &put, 1, 1, &f->err));
    OK(lesson_take(f->directory, f, 1, &taken, &count, &f->err));
    for (int i = 0; i < FAMILIAR_MAX + 5; i++)
        keys[i] = span_text(talloc_asprintf(keys, "key %d", i));
    OK(familiar_learn(f->directory, &taken[0], keys, 5, 1000, &f->err));
    OK(familiar_learn(f->directory, &taken[0], keys + 5, FAMILIAR_MAX, 2000, &f->err));
    OK(familiar_tidy(f->directory, 3000, &removed, &f->err));
    assert_int_equal(removed, 5);
    OK(familiar_find(f->directory, f, &mailbox, 1, keys, 5, &known, &count, &f->err));
    assert_int_equal(count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_last_word_about_a_message_counts, make, end),
        cmocka_unit_test_setup_teardown(a_mailbox_has_no_more_than_its_share, make, end),
        cmocka_unit_test_setup_teardown(who_is_known_is_found_until_it_is_spam, make, end),
        cmocka_unit_test_setup_teardown(the_oldest_are_forgotten_where_one_knows_too_many, make, end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
