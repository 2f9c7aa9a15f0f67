/* test_batch.c -- what fits into one NOTIFY, and payloads that nobody of ours wrote. */
#include "bridge/batch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
/* cmocka wants setjmp, stdarg and stddef first */
#include <cmocka.h>

static struct batch_entry entries[BATCH_ENTRIES_MAX];

static void what_is_written_is_read(void **state)
{
    const struct batch_entry given[] = { { 4242, 17 }, { 0, 0 }, { INT64_MAX, INT64_MAX }, { 1, 0 } };
    char text[BATCH_PAYLOAD_SIZE];
    uint64_t sender;
    size_t count;

    (void)state;
    assert_int_equal(batch_write(text, UINT64_C(0xfedcba9876543210), given, 4), 4);
    assert_string_equal(text, "1 fedcba9876543210 4242:17 0:0 9223372036854775807:9223372036854775807 1:0");
    assert_true(batch_read(span_text(text), &sender, entries, &count));
    assert_true(sender == UINT64_C(0xfedcba9876543210));
    assert_int_equal(count, 4);
    assert_memory_equal(entries, given, sizeof given);
}

static void as_many_as_fit_go_into_one(void **state)
{
    static struct batch_entry given[BATCH_ENTRIES_MAX * 2];
    char text[BATCH_PAYLOAD_SIZE];
    uint64_t sender;
    size_t count, done = 0, batches = 0;

    (void)state;
    for (size_t i = 0; i < BATCH_ENTRIES_MAX * 2; i++)
        given[i] = (struct batch_entry){ (int64_t)(INT64_MAX - i), INT64_MAX };
    while (done < BATCH_ENTRIES_MAX * 2) {
        size_t written = batch_write(text, 1, given + done, BATCH_ENTRIES_MAX * 2 - done);
        assert_true(written > 190 || done + written == BATCH_ENTRIES_MAX * 2);
        assert_true(strlen(text) < 8000);
        assert_true(batch_read(span_text(text), &sender, entries, &count));
        assert_int_equal(count, written);
        assert_memory_equal(entries, given + done, count * sizeof *given);
        done += written;
        batches++;
    }
    assert_true(batches <= BATCH_ENTRIES_MAX * 2 / 190 + 1);
    for (size_t i = 0; i < BATCH_ENTRIES_MAX; i++) /* the shortest ones: all that can be read fit */
        given[i] = (struct batch_entry){ 1, 1 };
    assert_int_equal(batch_write(text, 1, given, BATCH_ENTRIES_MAX), (BATCH_PAYLOAD_SIZE - 1 - 18) / 4);
}

static void each_mailbox_once_with_the_newest(void **state)
{
    struct batch_entry given[] = { { 7, 3 }, { 5, 9 }, { 7, 8 }, { 7, 4 }, { 5, 0 }, { 6, 1 }, { 5, 11 } };

    (void)state;
    assert_int_equal(batch_join(given, 7), 3);
    assert_int_equal(given[0].mailbox_id, 5);
    assert_int_equal(given[0].modseq, 0); /* somebody did not know: look */
    assert_int_equal(given[1].mailbox_id, 6);
    assert_int_equal(given[2].mailbox_id, 7);
    assert_int_equal(given[2].modseq, 8);
    assert_int_equal(batch_join(given, 0), 0);
}

static void strangers_are_not_believed(void **state)
{
    static const struct {
        const char *what, *text;
    } payloads[] = {
        { "nothing", "" },
        { "no entry", "1 0123456789abcdef" },
        { "a space at the end", "1 0123456789abcdef 1:2 " },
        { "another version", "2 0123456789abcdef 1:2" },
        { "a short sender", "1 0123456789abcde 1:2" },
        { "a long sender", "1 0123456789abcdef0 1:2" },
        { "capitals", "1 0123456789ABCDEF 1:2" },
        { "no modseq", "1 0123456789abcdef 1" },
        { "an empty modseq", "1 0123456789abcdef 1:" },
        { "an empty mailbox", "1 0123456789abcdef :1" },
        { "a sign", "1 0123456789abcdef -1:2" },
        { "zeros in front", "1 0123456789abcdef 01:2" },
        { "two spaces", "1 0123456789abcdef  1:2" },
        { "one more than a bigint", "1 0123456789abcdef 9223372036854775808:2" },
        { "far more than a bigint", "1 0123456789abcdef 1:99999999999999999999999999" },
        { "something after it", "1 0123456789abcdef 1:2;DROP TABLE item" },
        { "other words", "wake up" },
    };
    static char long_one[3 * BATCH_PAYLOAD_SIZE] = "1 0123456789abcdef";
    static const char with_nul[] = "1 0123456789abcdef 1:2\0 1:3";
    uint64_t sender;
    size_t count;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(payloads); i++)
        if (batch_read(span_text(payloads[i].text), &sender, entries, &count))
            fail_msg("%s was believed", payloads[i].what);
    assert_false(batch_read(span_of(with_nul, sizeof with_nul - 1), &sender, entries, &count));
    for (size_t at = strlen(long_one); at < sizeof long_one - 5; at += 4)
        memcpy(long_one + at, " 1:1", 5);
    assert_false(batch_read(span_text(long_one), &sender, entries, &count));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read),
        cmocka_unit_test(as_many_as_fit_go_into_one),
        cmocka_unit_test(each_mailbox_once_with_the_newest),
        cmocka_unit_test(strangers_are_not_believed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
