/* test_date.c -- dates as mail writes them, and that no number in them can do harm. */
#include "format/date.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const struct {
    const char *what, *text, *utc; /* NULL: no date */
    int zone;
} mail_dates[] = {
    { "as it should be", "Fri, 21 Nov 1997 09:55:06 -0600", "1997-11-21T15:55:06Z", -360 },
    { "no weekday", "21 Nov 1997 09:55:06 -0600", "1997-11-21T15:55:06Z", -360 },
    { "no seconds", "21 Nov 1997 09:55 +0000", "1997-11-21T09:55:00Z", 0 },
    { "comments", "Thu,\r\n 13\r\n  Feb\r\n 1969 23:32:54 -0330 (Newfoundland (Time))",
      "1969-02-14T03:02:54Z", -210 },
    { "two digits, this century", "21 Nov 49 09:55:06 GMT", "2049-11-21T09:55:06Z", 0 },
    { "two digits, the last one", "21 Nov 97 09:55:06 GMT", "1997-11-21T09:55:06Z", 0 },
    { "three digits", "1 Jan 131 00:00:00 GMT", "2031-01-01T00:00:00Z", 0 },
    { "obsolete zone", "21 Nov 97 09:55:06 PDT", "1997-11-21T16:55:06Z", -420 },
    { "military zone says nothing", "21 Nov 97 09:55:06 K", "1997-11-21T09:55:06Z", 0 },
    { "GMT with offset", "21 Nov 1997 09:55:06 GMT+0100", "1997-11-21T08:55:06Z", 60 },
    { "zone with colon", "21 Nov 1997 09:55:06 +01:00", "1997-11-21T08:55:06Z", 60 },
    { "no zone", "21 Nov 1997 09:55:06", "1997-11-21T09:55:06Z", 0 },
    { "month spelt out", "1 January 2031 00:00:00 +0000", "2031-01-01T00:00:00Z", 0 },
    { "hyphens", "Mon, 1-Jan-2031 00:00:00 +0000", "2031-01-01T00:00:00Z", 0 },
    { "asctime", "Thu Nov 20 21:00:00 2031", "2031-11-20T21:00:00Z", 0 },
    { "asctime with zone", "Thu Nov 20 21:00:00 CET 2031", "2031-11-20T20:00:00Z", 60 },
    { "leap day", "29 Feb 2032 00:00:00 +0000", "2032-02-29T00:00:00Z", 0 },
    { "no leap day", "29 Feb 2031 00:00:00 +0000", NULL, 0 },
    { "leap second", "31 Dec 2016 23:59:60 +0000", "2017-01-01T00:00:00Z", 0 },
    { "after 2038", "19 Jan 2038 03:14:08 +0000", "2038-01-19T03:14:08Z", 0 },
    { "the last year", "31 Dec 9999 23:59:59 +0000", "9999-12-31T23:59:59Z", 0 },
    { "year 10000", "1 Jan 10000 00:00:00 +0000", NULL, 0 },
    { "year far beyond", "1 Jan 99999999999999999999 00:00:00 +0000", NULL, 0 },
    { "hour 24", "1 Jan 2031 24:00:00 +0000", NULL, 0 },
    { "month 13", "1 Xyz 2031 00:00:00 +0000", NULL, 0 },
    { "absurd zone", "1 Jan 2031 00:00:00 +9999", "2031-01-01T00:00:00Z", 0 },
    { "words", "yesterday evening", NULL, 0 },
    { "nothing", "", NULL, 0 },
    { "only a comment", "((((((", NULL, 0 },
};

static void mail_dates_are_read_tolerantly(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(mail_dates); i++) {
        struct date date;
        char text[DATE_TEXT_MAX];

        print_message("  %s\n", mail_dates[i].what);
        assert_int_equal(date_parse(span_text(mail_dates[i].text), &date), mail_dates[i].utc != NULL);
        if (!mail_dates[i].utc)
            continue;
        date_render_utc(text, date.us);
        assert_string_equal(text, mail_dates[i].utc);
        assert_int_equal(date.zone_minutes, mail_dates[i].zone);
    }
}

static const struct {
    const char *text;
    bool ok;
} imap_dates[] = {
    { "17-Jul-1996 02:44:25 -0700", true },  { " 7-Jul-1996 02:44:25 -0700", true },
    { "07-jul-1996 02:44:25 +0000", true },  { "17-Jul-96 02:44:25 -0700", false },
    { "17-Jul-1996 02:44:25", false },       { "17-Jul-1996 02:44:25 PST", false },
    { "17-Jul-1996 2:44:25 -0700", false },  { "31-Apr-2031 00:00:00 +0000", false },
    { "17-Jul--001 00:00:00 +0000", false }, { "17-Jul-1996 02:44:25 -0700 ", false },
    { "17-Jul-9999 23:59:59 -2359", true },  { "", false },
};

static void imap_dates_are_exact(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(imap_dates); i++) {
        struct date date;

        print_message("  \"%s\"\n", imap_dates[i].text);
        assert_int_equal(date_parse_imap(span_text(imap_dates[i].text), &date), imap_dates[i].ok);
    }
}

static void dates_survive_rendering(void **state)
{
    static const int64_t times[] = {
        0, 1, -1, INT64_C(1924905599999999), INT64_C(-62167219200000000), INT64_C(253402300799000000)
    };
    static const int zones[] = { 0, 60, -210, 840, -720 };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(times); i++)
        for (size_t j = 0; j < COUNT_OF(zones); j++) {
            struct date date = { times[i], zones[j] }, back;
            char text[DATE_TEXT_MAX];
            int64_t second = times[i] - ((times[i] % 1000000) + 1000000) % 1000000;
            bool is_inside = times[i] > INT64_C(-62160000000000000) && times[i] < INT64_C(253402200000000000);

            date_render_imap(text, date);
            assert_true(date_parse_imap(span_text(text), &back));
            if (is_inside)
                assert_true(back.us == second && back.zone_minutes == zones[j]);
            date_render(text, date);
            assert_true(date_parse(span_text(text), &back));
            if (is_inside)
                assert_true(back.us == second && back.zone_minutes == zones[j]);
            date_render_utc(text, times[i]);
            assert_true(date_parse_utc(span_text(text), &back.us));
            assert_true(back.us == times[i]);
        }
}

static void extremes_do_not_overflow(void **state)
{
    char text[DATE_TEXT_MAX];

    (void)state;
    date_render(text, (struct date){ INT64_MAX, 1439 });
    assert_string_equal(text, "Fri, 31 Dec 9999 23:59:59 +2359");
    date_render(text, (struct date){ INT64_MIN, -1439 });
    assert_string_equal(text, "Sat, 01 Jan 0000 00:00:00 -2359");
    date_render_utc(text, INT64_MIN);
    assert_string_equal(text, "0000-01-01T00:00:00Z");
    assert_true(date_day((struct date){ INT64_MAX, -5000 }) > 0);
}

static void days_are_those_of_the_dates_own_zone(void **state)
{
    struct date date;
    int64_t day;

    (void)state;
    assert_true(date_parse(span_text("1 Feb 1994 23:30:00 -0800"), &date));
    assert_true(date_parse_imap_day(span_text("1-Feb-1994"), &day));
    assert_true(date_day(date) == day);
    assert_false(date_parse_imap_day(span_text("1-Feb-94"), &day));
    assert_false(date_parse_imap_day(span_text("1-Feb-1994 "), &day));
    for (int64_t d = -1000000; d < 3000000; d += 997) {
        int64_t year;
        int month, day_of_month;

        date_of_days(d, &year, &month, &day_of_month);
        assert_true(date_days_of(year, month, day_of_month) == d);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mail_dates_are_read_tolerantly),
        cmocka_unit_test(imap_dates_are_exact),
        cmocka_unit_test(dates_survive_rendering),
        cmocka_unit_test(extremes_do_not_overflow),
        cmocka_unit_test(days_are_those_of_the_dates_own_zone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
