/* test_span.c -- taking from untrusted bytes: what is consumed, and what is refused whole. */
#include "base/buf.h"
#include "base/span.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <talloc.h>

static const struct {
    const char *what, *text;
    bool ok;
    uint32_t value;
    const char *rest;
} numbers[] = {
    { "stops at the first other byte", "42 NOOP", true, 42, " NOOP" },
    { "the largest that fits", "4294967295", true, 4294967295, "" },
    { "one more does not wrap to 0", "4294967296", false, 0, "4294967296" },
    { "far more than 64 bits", "99999999999999999999999", false, 0, "99999999999999999999999" },
    { "no digit at all", "x1", false, 0, "x1" },
    { "nothing", "", false, 0, "" },
};

static void numbers_are_taken_whole_or_not(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(numbers); i++) {
        struct span in = span_text(numbers[i].text);
        uint32_t value = 0;

        print_message("  %s\n", numbers[i].what);
        assert_int_equal(span_take_u32(&in, &value), numbers[i].ok);
        assert_int_equal(value, numbers[i].value);
        assert_true(span_equals_text(in, numbers[i].rest));
    }
}

static void lines_end_with_crlf_lf_or_the_input(void **state)
{
    struct span in = span_text("one\r\ntwo\nthree"), line;

    (void)state;
    assert_true(span_take_line(&in, &line) && span_equals_text(line, "one"));
    assert_true(span_take_line(&in, &line) && span_equals_text(line, "two"));
    assert_true(span_take_line(&in, &line) && span_equals_text(line, "three"));
    assert_false(span_take_line(&in, &line));
}

static void varints_round_trip(void **state)
{
    static const int64_t values[] = { 0, 1, -1, 127, 128, -64, -65, INT64_MAX, INT64_MIN };
    void *arena = talloc_new(NULL);
    struct buf buf = BUF_INIT(arena);
    struct span in;
    int64_t value;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(values); i++)
        buf_add_signed_varint(&buf, values[i]);
    in = buf_span(&buf);
    for (size_t i = 0; i < COUNT_OF(values); i++) {
        assert_true(span_take_signed_varint(&in, &value));
        assert_true(value == values[i]);
    }
    assert_true(span_is_empty(in));
    assert_false(span_take_signed_varint(&in, &value));
    talloc_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_taken_whole_or_not),
        cmocka_unit_test(lines_end_with_crlf_lf_or_the_input),
        cmocka_unit_test(varints_round_trip),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
