/* test_pace.c -- what stands in for something takes as long. */
#include "auth/pace.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include <cmocka.h>

static void before_the_first_there_is_nothing_to_go_by(void **state)
{
    struct pace pace;

    (void)state;
    pace_open(&pace);
    assert_int_equal(pace_rest_us(&pace, 0), 0);
    pace_note(&pace, 5000);
    assert_int_equal(pace_rest_us(&pace, 1000), 4000);
    assert_int_equal(pace_rest_us(&pace, 5001), 0);
    pace_close(&pace);
}

static void the_last_ones_count_and_none_is_endless(void **state)
{
    bool seen[PACE_KEPT + 1] = { false };
    struct pace pace;

    (void)state;
    pace_open(&pace);
    pace_note(&pace, INT64_C(3600000000));
    assert_int_equal(pace_rest_us(&pace, 0), PACE_MAX_MS * 1000);
    for (unsigned i = 1; i <= PACE_KEPT; i++)
        pace_note(&pace, i);
    for (int i = 0; i < 2000; i++) {
        int64_t rest = pace_rest_us(&pace, 0);
        assert_in_range(rest, 1, PACE_KEPT);
        seen[rest] = true;
    }
    for (unsigned i = 1; i <= PACE_KEPT; i++)
        assert_true(seen[i]);
    pace_close(&pace);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(before_the_first_there_is_nothing_to_go_by),
        cmocka_unit_test(the_last_ones_count_and_none_is_endless),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
