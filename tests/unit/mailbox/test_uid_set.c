/* test_uid_set.c -- runs stay sorted, disjoint and apart, whatever is added; text and bytes come back. */
#include "mailbox/uid_set.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
/* cmocka wants setjmp, stdarg and stddef first */
#include <cmocka.h>
#include <talloc.h>

static const struct {
    const char *what, *text;
    uint32_t star;
    bool is_taken;
    const char *rendered, *rest;
} texts[] = {
    { "one number", "7", 9, true, "7", "" },
    { "neighbours join", "1,2,3:4,5", 9, true, "1:5", "" },
    { "order does not matter", "9,2:4,7", 9, true, "2:4,7,9", "" },
    { "a range may be backwards", "5:2", 9, true, "2:5", "" },
    { "star is the last number", "*", 9, true, "9", "" },
    { "a range to star below its start", "12:*", 9, true, "9:12", "" },
    { "star in an empty folder names nothing", "*,3", 0, true, "3", "" },
    { "what follows is left", "1:3 FLAGS", 9, true, "1:3", " FLAGS" },
    { "overlaps join", "1:10,5:20,20:30", 9, true, "1:30", "" },
    { "the largest number", "4294967295", 9, true, "4294967295", "" },
    { "the largest range", "1:4294967295", 9, true, "1:4294967295", "" },
    { "0 is refused", "0", 9, false, "", "0" },
    { "0 in a range is refused", "1:0", 9, false, "", "1:0" },
    { "one more than fits", "4294967296", 9, false, "", "4294967296" },
    { "nothing", "", 9, false, "", "" },
    { "a comma without a number", "1,", 9, false, "", "1," },
    { "a colon without a number", "1:", 9, false, "", "1:" },
};

static void text_is_taken_or_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        void *arena = talloc_new(NULL);
        struct uid_set set = UID_SET_INIT(arena);
        struct span in = span_text(texts[i].text);
        struct buf out = BUF_INIT(arena);
        bool is_taken = uid_set_take(&in, texts[i].star, &set);

        print_message("%s\n", texts[i].what);
        assert_int_equal(is_taken, texts[i].is_taken);
        assert_true(span_equals_text(in, texts[i].rest));
        uid_set_render(&out, &set);
        assert_true(span_equals_text(buf_span(&out), texts[i].rendered));
        talloc_free(arena);
    }
}

enum { SPACE = 300 };

static void check_shape(const struct uid_set *set, const bool *model)
{
    uint64_t size = 0;

    for (size_t i = 0; i < set->count; i++) {
        assert_true(set->runs[i].first <= set->runs[i].last);
        if (i)
            assert_true(set->runs[i].first > set->runs[i - 1].last + 1);
    }
    for (uint32_t n = 1; n < SPACE; n++) {
        assert_int_equal(uid_set_contains(set, n), model[n]);
        size += model[n];
    }
    assert_int_equal(uid_set_size(set), size);
}

static void fill(struct uid_set *set, bool *model)
{
    int times = rand() % 40;

    memset(model, 0, SPACE);
    for (int i = 0; i < times; i++) {
        uint32_t first = (uint32_t)(1 + rand() % (SPACE - 20)), last = first + (uint32_t)(rand() % 19);

        uid_set_add(set, first, last);
        for (uint32_t n = first; n <= last; n++)
            model[n] = true;
    }
}

static void sets_behave_like_sets(void **state)
{
    (void)state;
    srand(1);
    for (int round = 0; round < 2000; round++) {
        void *arena = talloc_new(NULL);
        struct uid_set a = UID_SET_INIT(arena), b = UID_SET_INIT(arena), back = UID_SET_INIT(arena), both,
                       rest;
        bool in_a[SPACE], in_b[SPACE], expected[SPACE];
        struct buf packed = BUF_INIT(arena);
        struct uid_set_at at = UID_SET_START(&a);
        uint32_t uid, before = 0;

        fill(&a, in_a);
        fill(&b, in_b);
        check_shape(&a, in_a);
        both = uid_set_intersect(arena, &a, &b);
        rest = uid_set_subtract(arena, &a, &b);
        for (int n = 0; n < SPACE; n++)
            expected[n] = in_a[n] && in_b[n];
        check_shape(&both, expected);
        for (int n = 0; n < SPACE; n++)
            expected[n] = in_a[n] && !in_b[n];
        check_shape(&rest, expected);
        uid_set_pack(&packed, &a);
        assert_true(uid_set_unpack(buf_span(&packed), &back));
        assert_true(uid_set_equals(&a, &back));
        for (uint64_t left = uid_set_size(&a); left; left--) {
            assert_true(uid_set_next(&at, &uid));
            assert_true(uid > before && in_a[uid]);
            before = uid;
        }
        assert_false(uid_set_next(&at, &uid));
        talloc_free(arena);
    }
}

static void the_ends_of_the_number_space_hold(void **state)
{
    void *arena = talloc_new(NULL);
    struct uid_set set = UID_SET_INIT(arena), back = UID_SET_INIT(arena);
    struct uid_set rest, one = UID_SET_INIT(arena);
    struct buf packed = BUF_INIT(arena);

    (void)state;
    uid_set_add_one(&set, UINT32_MAX);
    uid_set_add_one(&set, 1);
    uid_set_add_one(&set, 0);
    assert_int_equal(uid_set_size(&set), 2);
    uid_set_pack(&packed, &set);
    assert_true(uid_set_unpack(buf_span(&packed), &back));
    assert_true(uid_set_equals(&set, &back));
    uid_set_add(&set, 1, UINT32_MAX);
    assert_int_equal(set.count, 1);
    uid_set_add_one(&one, UINT32_MAX);
    rest = uid_set_subtract(arena, &set, &one);
    assert_int_equal(uid_set_last(&rest), UINT32_MAX - 1);
    talloc_free(arena);
}

static void damaged_bytes_are_refused(void **state)
{
    struct uid_set none = UID_SET_INIT(NULL);

    (void)state;
    assert_false(uid_set_unpack(span_of("", 0), &none));
    assert_false(uid_set_unpack(span_of("\x7f\x01\x01", 3), &none));
    assert_int_equal(none.count, 0);
    for (int round = 0; round < 20000; round++) {
        void *arena = talloc_new(NULL);
        struct uid_set set = UID_SET_INIT(arena);
        struct buf packed = BUF_INIT(arena);
        char bytes[12];
        size_t length = (size_t)(rand() % 12);

        for (size_t i = 0; i < length; i++)
            bytes[i] = (char)rand();
        if (uid_set_unpack(span_of(bytes, length), &set)) {
            for (size_t i = 1; i < set.count; i++)
                assert_true(set.runs[i].first > set.runs[i - 1].last + 1);
            uid_set_pack(&packed, &set);
            assert_true(packed.length <= length);
        }
        talloc_free(arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_is_taken_or_refused),
        cmocka_unit_test(sets_behave_like_sets),
        cmocka_unit_test(the_ends_of_the_number_space_hold),
        cmocka_unit_test(damaged_bytes_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
