/* test_sampler.c -- counters of the roles as the statistics read them. */
#include "main/sampler.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
/* cmocka wants setjmp, stdarg and stddef first */
#include <cmocka.h>

static const char text[] = "# HELP chappe_sent_total Sent\n"
                           "# TYPE chappe_sent_total counter\n"
                           "chappe_sent_total{verdict=\"delivered\"} 12\n"
                           "chappe_sent_total{verdict=\"failed\"} 3\n"
                           "chappe_sent_total_other 100\n"
                           "chappe_one_total 7\n"
                           "chappe_none_total\n"
                           "chappe_last_total 5";

static const struct {
    const char *what, *metric, *label;
    int64_t sum;
} rows[] = {
    { "all of its values", "chappe_sent_total", NULL, 15 },
    { "those of one label", "chappe_sent_total", "\"failed\"", 3 },
    { "one without labels", "chappe_one_total", NULL, 7 },
    { "a longer name is another", "chappe_sent", NULL, 0 },
    { "a line without a value", "chappe_none_total", NULL, 0 },
    { "the last, without a line end", "chappe_last_total", NULL, 5 },
    { "one that is not there", "chappe_absent_total", NULL, 0 },
};

static void sums(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        print_message("  %s\n", rows[i].what);
        assert_int_equal(sampler_sum(text, rows[i].metric, rows[i].label), rows[i].sum);
    }
    assert_int_equal(sampler_sum("", "chappe_one_total", NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(sums) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
