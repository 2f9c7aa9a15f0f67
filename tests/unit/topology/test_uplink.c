/* test_uplink.c -- when failures with domains are the connector's own, and how much a connector carries. */
#include "topology/traffic.h"
#include "topology/uplink.h"

#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <talloc.h>

static void several_silent_domains_are_the_uplink(void **state)
{
    struct uplinks *u = uplinks_new(NULL);

    (void)state;
    assert_int_equal(uplink_note(u, 1, NULL, "a.example", UPLINK_SILENT), UPLINK_NOTHING);
    assert_int_equal(uplink_note(u, 1, NULL, "a.example", UPLINK_SILENT), UPLINK_NOTHING); /* the same one */
    assert_int_equal(uplink_note(u, 1, NULL, "b.example", UPLINK_SILENT), UPLINK_NOTHING);
    assert_int_equal(uplink_note(u, 2, NULL, "c.example", UPLINK_SILENT), UPLINK_NOTHING); /* another's */
    assert_int_equal(uplink_note(u, 1, NULL, "c.example", UPLINK_SILENT), UPLINK_FAILED);
    assert_int_equal(uplink_note(u, 1, NULL, "a.example", UPLINK_SILENT), UPLINK_FAILED); /* still */
    assert_int_equal(uplink_note(u, 1, NULL, "d.example", UPLINK_REACHED), UPLINK_WORKS);
    assert_int_equal(uplink_note(u, 1, NULL, "d.example", UPLINK_REACHED), UPLINK_NOTHING);
    assert_int_equal(uplink_note(u, 1, NULL, "a.example", UPLINK_SILENT),
                     UPLINK_NOTHING); /* from the beginning */
    talloc_free(u);
}

static void a_success_in_between_is_no_failure(void **state)
{
    struct uplinks *u = uplinks_new(NULL);

    (void)state;
    for (int i = 0; i < 20; i++) {
        char domain[] = "a.example";
        domain[0] = (char)('a' + i);
        assert_int_equal(uplink_note(u, 1, NULL, domain, UPLINK_SILENT), UPLINK_NOTHING);
        (void)uplink_note(u, 1, NULL, "good.example", UPLINK_REACHED);
    }
    talloc_free(u);
}

static void a_source_that_is_not_there(void **state)
{
    struct uplinks *u = uplinks_new(NULL);
    const char *source;
    int64_t id;

    (void)state;
    assert_false(uplink_take_probe(u, u, &id, &source));
    assert_int_equal(uplink_note(u, 7, "192.0.2.9", "a.example", UPLINK_NO_SOURCE), UPLINK_FAILED);
    assert_false(uplink_take_probe(u, u, &id, &source)); /* not yet */
    assert_int_equal(uplink_note(u, 7, "192.0.2.9", "b.example", UPLINK_SILENT), UPLINK_FAILED);
    /* the administrator gave it another one */
    assert_int_equal(uplink_note(u, 7, "192.0.2.10", "b.example", UPLINK_SILENT), UPLINK_NOTHING);
    assert_int_equal(uplink_note(u, 7, "192.0.2.10", "b.example", UPLINK_REACHED), UPLINK_WORKS);
    talloc_free(u);
}

static void an_alarm_once_in_an_hour(void **state)
{
    struct traffic *t = traffic_new(NULL);
    int64_t hour_us = 3600 * US_PER_S, now_us = 1000 * hour_us;
    int alarms = 0;

    (void)state;
    for (int i = 0; i < 10; i++)
        alarms += traffic_count(t, 1, 5, now_us + i);
    assert_int_equal(alarms, 1);
    assert_false(traffic_count(t, 2, 5, now_us));
    assert_false(traffic_count(t, 3, 0, now_us)); /* nobody asked */
    for (int i = 0; i < 5; i++)
        assert_false(traffic_count(t, 1, 5, now_us + hour_us + i));
    assert_true(traffic_count(t, 1, 5, now_us + hour_us + 9));
    talloc_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(several_silent_domains_are_the_uplink),
        cmocka_unit_test(a_success_in_between_is_no_failure),
        cmocka_unit_test(a_source_that_is_not_there),
        cmocka_unit_test(an_alarm_once_in_an_hour),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
