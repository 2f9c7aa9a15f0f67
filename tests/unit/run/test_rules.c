/* test_rules.c -- the motor's tables and pure rules: steps of states, pauses that grow, concurrency that adapts. */
#include "run/destination.h"
#include "run/schedule.h"
#include "run/state.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
/* cmocka wants setjmp, stdarg and stddef first */
#include <cmocka.h>

#define S INT64_C(1000000)

static void what_is_final_has_no_steps_and_everything_else_leads_on(void **state)
{
    (void)state;
    for (int i = 0; i < RUN_STATES; i++) {
        const struct run_state_row *row = run_state_row((enum run_state)i);
        assert_non_null(row->name);
        assert_int_equal(row->is_final, row->steps == 0);
        if (row->is_final)
            assert_int_equal(row->end, QUEUE_END_GONE);
    }
    assert_true(run_state_may(RUN_WAITING, RUN_TAKEN));
    assert_true(run_state_may(RUN_TAKEN, RUN_DELIVERED));
    assert_false(run_state_may(RUN_WAITING, RUN_DELIVERED));
    assert_false(run_state_may(RUN_TAKEN, RUN_HELD));
    assert_false(run_state_may(RUN_FAILED, RUN_WAITING));
}

static void pauses_grow_to_their_limit_and_differ(void **state)
{
    int64_t first = 0;
    bool differs = false;

    (void)state;
    for (unsigned attempt = 1; attempt < 200; attempt++) {
        int64_t plain = attempt > 6 ? 3600 * S : 60 * S << (attempt - 1);
        plain = plain > 3600 * S ? 3600 * S : plain;
        int64_t pause = schedule_pause_us(attempt, 60 * S, 3600 * S);
        assert_true(pause >= plain * 3 / 4);
        assert_true(pause <= plain * 5 / 4);
    }
    for (int i = 0; i < 20; i++) {
        int64_t pause = schedule_pause_us(1, 60 * S, 3600 * S);
        differs = differs || (first && pause != first);
        first = pause;
    }
    assert_true(differs);
}

static struct destination made(size_t jobs)
{
    struct destination d;

    destination_init(&d, "mx example.org", 20);
    d.job_count = jobs;
    return d;
}

static void success_opens_more_connections_up_to_the_limit(void **state)
{
    struct destination d = made(1000);
    int64_t now = S;

    (void)state;
    assert_int_equal(d.limit, DESTINATION_FIRST_LIMIT);
    for (int i = 0; i < 100; i++) {
        destination_start(&d, now);
        destination_end(&d, NEWS_TAKEN, now, S / 10, 60 * S);
    }
    assert_int_equal(d.limit, 20);
}

static void a_destination_that_cannot_be_reached_pauses_and_is_probed_alone(void **state)
{
    struct destination d = made(1000);
    int64_t now = S;

    (void)state;
    destination_start(&d, now);
    destination_start(&d, now);
    destination_end(&d, NEWS_UNREACHED, now, S, 60 * S);
    assert_false(destination_may_start(&d, now + 59 * S, true));
    destination_end(&d, NEWS_UNREACHED, now + S, S, 600 * S); /* failed together with the first */
    assert_int_equal(d.failures, 1);
    now += 60 * S;
    assert_true(destination_may_start(&d, now, true));
    destination_start(&d, now);
    assert_false(destination_may_start(&d, now, true)); /* one alone */
    destination_end(&d, NEWS_TAKEN, now, S, 60 * S);
    assert_int_equal(d.failures, 0);
    destination_start(&d, now);
    assert_true(destination_may_start(&d, now, true));
}

static void it_listens_to_421_and_450(void **state)
{
    struct destination d = made(1000);

    (void)state;
    d.limit = 16;
    destination_start(&d, S);
    destination_start(&d, S);
    destination_end(&d, NEWS_CLOSES, S, S, 60 * S);
    assert_int_equal(d.limit, 8);
    assert_false(destination_is_paused(&d, S)); /* the other connection is served */
    destination_end(&d, NEWS_LATER, S, S, 60 * S);
    assert_int_equal(d.limit, 7);
    destination_start(&d, S);
    destination_end(&d, NEWS_CLOSES, S, S, 60 * S);
    assert_true(destination_is_paused(&d, S));
}

static void slow_ones_wait_for_room_among_the_slow(void **state)
{
    struct destination d = made(10);

    (void)state;
    destination_start(&d, S);
    destination_end(&d, NEWS_TAKEN, S, 6 * S, 60 * S);
    assert_true(d.is_slow);
    assert_false(destination_may_start(&d, S, false));
    assert_true(destination_may_start(&d, S, true));
}

static void a_rate_is_kept(void **state)
{
    struct destination d = made(10);

    (void)state;
    d.per_minute = 60;
    destination_start(&d, 10 * S);
    assert_false(destination_may_start(&d, 10 * S + S / 2, true));
    assert_true(destination_may_start(&d, 11 * S, true));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_final_has_no_steps_and_everything_else_leads_on),
        cmocka_unit_test(pauses_grow_to_their_limit_and_differ),
        cmocka_unit_test(success_opens_more_connections_up_to_the_limit),
        cmocka_unit_test(a_destination_that_cannot_be_reached_pauses_and_is_probed_alone),
        cmocka_unit_test(it_listens_to_421_and_450),
        cmocka_unit_test(slow_ones_wait_for_room_among_the_slow),
        cmocka_unit_test(a_rate_is_kept),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
