/* test_cbor.c -- CBOR as authenticators write it, and what they do not. */
#include "format/cbor.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
/* cmocka wants setjmp, stdarg and stddef first */
#include <cmocka.h>

#define BYTES(text) (text), sizeof(text) - 1

static const struct {
    const char *what, *bytes;
    size_t length;
    bool ok;
    int64_t number;
} numbers[] = {
    { "zero", BYTES("\x00"), true, 0 },
    { "the largest in the head", BYTES("\x17"), true, 23 },
    { "one byte", BYTES("\x18\xff"), true, 255 },
    { "eight bytes", BYTES("\x1b\x7f\xff\xff\xff\xff\xff\xff\xff"), true, INT64_MAX },
    { "one more does not fit", BYTES("\x1b\x80\x00\x00\x00\x00\x00\x00\x00"), false, 0 },
    { "-7", BYTES("\x26"), true, -7 },
    { "-257", BYTES("\x39\x01\x00"), true, -257 },
    { "the smallest", BYTES("\x3b\x7f\xff\xff\xff\xff\xff\xff\xff"), true, INT64_MIN },
    { "cut off", BYTES("\x19\x01"), false, 0 },
    { "a reserved head", BYTES("\x1c"), false, 0 },
    { "bytes behind", BYTES("\x01\x01"), false, 0 },
    { "nothing", "", 0, false, 0 },
    { "a text", BYTES("\x61g"), false, 0 },
};

static void whole_numbers(void **state)
{
    int64_t number;

    (void)state;
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        bool ok = cbor_integer(span_of(numbers[i].bytes, numbers[i].length), &number);
        if (ok != numbers[i].ok || (ok && number != numbers[i].number))
            fail_msg("%s", numbers[i].what);
    }
}

static const struct {
    const char *what, *bytes;
    size_t length;
    bool ok;
} items[] = {
    { "a map with an array in it", BYTES("\xa1\x61g\x82\x01\x02"), true },
    { "true, false, null", BYTES("\x83\xf5\xf4\xf6"), true },
    { "an endless array", BYTES("\x9f\x01\xff"), false },
    { "endless bytes", BYTES("\x5f\x41x\xff"), false },
    { "a tag", BYTES("\xc0\x01"), false },
    { "a half", BYTES("\xf9\x38\x00"), false },
    { "undefined", BYTES("\xf7"), false },
    { "more than there is", BYTES("\x9b\xff\xff\xff\xff\xff\xff\xff\xff"), false },
    { "bytes longer than what is there", BYTES("\x5b\x00\x00\x00\x01\x00\x00\x00\x00x"), false },
    { "a map without its last value", BYTES("\xa1\x01"), false },
    { "eight deep", BYTES("\x81\x81\x81\x81\x81\x81\x81\x81\x01"), true },
    { "nine deep", BYTES("\x81\x81\x81\x81\x81\x81\x81\x81\x81\x01"), false },
};

static void whole_items(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof items / sizeof *items; i++) {
        struct span in = span_of(items[i].bytes, items[i].length), item;
        bool ok = cbor_take_whole(&in, &item);
        if (ok != items[i].ok || (ok && (!span_is_empty(in) || span_length(item) != items[i].length)) ||
            (!ok && in.p != items[i].bytes))
            fail_msg("%s", items[i].what);
    }
}

static bool count(const struct cbor_item *key, struct span value, void *arg)
{
    int64_t number;

    (void)value;
    ++*(int *)arg;
    return cbor_item_integer(key, &number) && number != 9;
}

static void maps(void **state)
{
    struct span two = span_of("\xa2\x01\x02\x03\x81\x04rest", 10), refused = span_of("\xa1\x09\x01", 3);
    struct span keys = span_of("\xa1\x80\x01", 3), list = span_of("\x80", 1);
    int entries = 0;

    (void)state;
    assert_true(cbor_take_map(&two, count, &entries));
    assert_int_equal(entries, 2);
    assert_true(span_equals_text(two, "rest"));
    assert_false(cbor_take_map(&refused, count, &entries));
    assert_false(cbor_take_map(&keys, count, &entries));
    assert_false(cbor_take_map(&list, count, &entries));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_numbers),
        cmocka_unit_test(whole_items),
        cmocka_unit_test(maps),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
