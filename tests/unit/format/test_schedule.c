/* test_schedule.c -- hours of the week: what is written, what is open, when it opens. */
#include "base/clock.h"
#include "format/schedule.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
/* cmocka wants setjmp, stdarg and stddef first */
#include <cmocka.h>

/* Monday 2031-01-06 is the first day; hours are UTC. */
static int64_t at(int day, int hour, int minute)
{
    struct tm tm = { .tm_year = 131, .tm_mon = 0, .tm_mday = 6 + day, .tm_hour = hour, .tm_min = minute };

    return (int64_t)timegm(&tm) * US_PER_S;
}

static const struct {
    const char *text;
    int day, hour, minute;
    bool is_open;
    int opens_day, opens_hour, opens_minute; /* where it is closed; day < 0: never */
} cases[] = {
    { "always", 3, 12, 0, true, 0, 0, 0 },
    { "never", 3, 12, 0, false, -1, 0, 0 },
    { "20:00-06:00", 0, 5, 59, true, 0, 0, 0 },
    { "20:00-06:00", 0, 6, 0, false, 0, 20, 0 },
    { "Mo-Fr 20:00-06:00", 4, 23, 0, true, 0, 0, 0 },
    { "Mo-Fr 20:00-06:00", 5, 5, 0, true, 0, 0, 0 },
    { "Mo-Fr 20:00-06:00", 5, 20, 0, false, 7, 20, 0 },
    { "Mo-Fr 20:00-06:00", 0, 5, 0, false, 0, 20, 0 },
    { "mo-fr 20:00-6:00 ,  SA+su 0:00-24:00", 6, 23, 59, true, 0, 0, 0 },
    { "Sa-Mo 10:00-11:00", 0, 10, 30, true, 0, 0, 0 },
    { "Sa-Mo 10:00-11:00", 1, 10, 30, false, 5, 10, 0 },
    { "Sunday 22:00-02:00", 0, 1, 59, true, 0, 0, 0 },
    { "Sunday 22:00-02:00", 0, 2, 0, false, 6, 22, 0 },
    { "Wed 12:00-12:01", 2, 12, 0, true, 0, 0, 0 },
    { "Wed 12:00-12:01", 2, 12, 1, false, 9, 12, 0 },
    { "We 12:00-12:00", 3, 11, 59, true, 0, 0, 0 },
};

static void what_is_open(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct schedule schedule;
        int64_t now = at(cases[i].day, cases[i].hour, cases[i].minute) + 30 * US_PER_S;
        int64_t opens = cases[i].is_open ? now
                        : cases[i].opens_day < 0
                            ? 0
                            : at(cases[i].opens_day, cases[i].opens_hour, cases[i].opens_minute);

        print_message("  %s\n", cases[i].text);
        assert_true(schedule_parse(span_text(cases[i].text), &schedule));
        assert_int_equal(schedule_is_open(&schedule, now), cases[i].is_open);
        assert_int_equal(schedule_opens_us(&schedule, now), opens);
    }
}

static void what_is_no_schedule(void **state)
{
    static const char *const texts[] = { "",
                                         "Mo",
                                         "20:00",
                                         "20:00-",
                                         "25:00-26:00",
                                         "24:01-1:00",
                                         "10:60-11:00",
                                         "Xx 10:00-11:00",
                                         "M 1:00-2:00",
                                         "Mo- 1:00-2:00",
                                         "always ",
                                         "1:00-2:00,",
                                         "1:00-2:00 x",
                                         "Mo+ 1:00-2:00",
                                         "1:00 - 2:0a",
                                         "Mondays 1:00-2:00",
                                         "1000:00-2:00" };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        struct schedule schedule;

        print_message("  '%s'\n", texts[i]);
        assert_false(schedule_parse(span_text(texts[i]), &schedule));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(what_is_open),
                                        cmocka_unit_test(what_is_no_schedule) };

    setenv("TZ", "UTC", 1);
    tzset();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
