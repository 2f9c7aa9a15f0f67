/* test_callout.c -- when the primary is asked, what is remembered of it, and for how long. */
#include "callout/callout.h"

#include "base/clock.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
/* cmocka wants setjmp, stdarg and stddef first */
#include <cmocka.h>
#include <string.h>
#include <talloc.h>
#include <time.h>

/* A primary that has ada, and what else is said of it. */
struct primary {
    atomic_uint probes, inside, most_inside;
    bool is_away, catches_all, is_unsure;
    long takes_ms;
};

static int64_t now = US_PER_S;

static int64_t now_us(void)
{
    return now;
}

static bool probe(void *arg, const char *domain, const char *const *addresses, size_t count,
                  enum callout_verdict *verdicts_out)
{
    struct primary *p = arg;
    unsigned inside = atomic_fetch_add(&p->inside, 1) + 1;

    (void)domain;
    if (inside > atomic_load(&p->most_inside))
        atomic_store(&p->most_inside, inside);
    atomic_fetch_add(&p->probes, 1);
    if (p->takes_ms)
        nanosleep(&(struct timespec){ .tv_nsec = p->takes_ms * 1000000 }, NULL);
    for (size_t i = 0; i < count; i++)
        verdicts_out[i] = p->is_unsure                                              ? CALLOUT_UNSURE
                          : p->catches_all || strncmp(addresses[i], "ada@", 4) == 0 ? CALLOUT_TAKES
                                                                                    : CALLOUT_REFUSES;
    atomic_fetch_sub(&p->inside, 1);
    return !p->is_away;
}

static struct callout *callout_of(struct primary *primary)
{
    return callout_new(NULL, &(struct callout_options){ .probe = probe, .arg = primary, .now_us = now_us });
}

static void answers_are_remembered_for_their_time(void **state)
{
    struct primary primary = { .is_away = false };
    struct callout *c = callout_of(&primary);

    (void)state;
    for (int i = 0; i < 3; i++) {
        assert_true(callout_ask(c, "backed.test", "ada@backed.test"));
        assert_false(callout_ask(c, "backed.test", "eve@backed.test"));
    }
    assert_int_equal(atomic_load(&primary.probes), 2);
    now += (CALLOUT_REFUSED_S + 1) * US_PER_S;
    assert_false(callout_ask(c, "backed.test", "eve@backed.test"));
    assert_true(callout_ask(c, "backed.test", "ada@backed.test"));
    assert_int_equal(atomic_load(&primary.probes), 3);
    now += (CALLOUT_TAKEN_S + 1) * US_PER_S;
    assert_true(callout_ask(c, "backed.test", "ada@backed.test"));
    assert_int_equal(atomic_load(&primary.probes), 4);
    talloc_free(c);
}

static void a_primary_that_is_off_is_left_alone(void **state)
{
    struct primary primary = { .is_away = true };
    struct callout *c = callout_of(&primary);

    (void)state;
    for (int i = 0; i < 100; i++)
        assert_true(callout_ask(c, "backed.test", "eve@backed.test"));
    assert_int_equal(atomic_load(&primary.probes), 1);
    assert_true(callout_ask(c, "other.test", "eve@other.test")); /* another domain is its own matter */
    assert_int_equal(atomic_load(&primary.probes), 2);
    now += (CALLOUT_AWAY_S + 1) * US_PER_S;
    primary.is_away = false;
    assert_false(callout_ask(c, "backed.test", "eve@backed.test"));
    talloc_free(c);
}

static void a_primary_that_takes_all_is_not_asked_again(void **state)
{
    struct primary primary = { .catches_all = true };
    struct callout *c = callout_of(&primary);
    char address[64];

    (void)state;
    for (int i = 0; i < 100; i++) {
        snprintf(address, sizeof address, "n%d@backed.test", i);
        assert_true(callout_ask(c, "backed.test", address));
    }
    assert_int_equal(atomic_load(&primary.probes), 1);
    now += (CALLOUT_CATCHES_S + 1) * US_PER_S;
    primary.catches_all = false;
    assert_false(callout_ask(c, "backed.test", "n100@backed.test"));
    talloc_free(c);
}

static void who_is_unsure_is_asked_again(void **state)
{
    struct primary primary = { .is_unsure = true };
    struct callout *c = callout_of(&primary);

    (void)state;
    assert_true(callout_ask(c, "backed.test", "eve@backed.test"));
    primary.is_unsure = false;
    assert_false(callout_ask(c, "backed.test", "eve@backed.test"));
    talloc_free(c);
}

struct asker {
    struct callout *callout;
    int number;
};

static void *ask_many(void *arg)
{
    const struct asker *asker = arg;
    char address[64];

    for (int i = 0; i < 50; i++) {
        snprintf(address, sizeof address, "t%d.%d@backed.test", asker->number, i);
        (void)callout_ask(asker->callout, "backed.test", address);
    }
    return NULL;
}

static void few_ask_at_once(void **state)
{
    struct primary primary = { .takes_ms = 1 };
    struct callout *c = callout_of(&primary);
    struct asker askers[16];
    pthread_t threads[16];

    (void)state;
    for (int i = 0; i < 16; i++) {
        askers[i] = (struct asker){ c, i };
        assert_int_equal(pthread_create(&threads[i], NULL, ask_many, &askers[i]), 0);
    }
    for (int i = 0; i < 16; i++)
        pthread_join(threads[i], NULL);
    assert_true(atomic_load(&primary.most_inside) <= CALLOUT_AT_ONCE);
    talloc_free(c);
}

static void memory_is_bounded(void **state)
{
    struct primary primary = { .is_away = false };
    struct callout *c = callout_of(&primary);
    char address[128], domain[64];
    size_t before = talloc_total_size(c);

    (void)state;
    for (int i = 0; i < CALLOUT_ADDRESSES * 2; i++) {
        snprintf(domain, sizeof domain, "d%d.test", i % (CALLOUT_DOMAINS * 3));
        snprintf(address, sizeof address, "n%d@%s", i, domain);
        assert_false(callout_ask(c, domain, address));
    }
    assert_int_equal(talloc_total_size(c), before);
    assert_false(callout_ask(c, domain, address)); /* the last one is still known */
    assert_int_equal(atomic_load(&primary.probes), CALLOUT_ADDRESSES * 2);
    talloc_free(c);
}

static void refusals_that_are_not_about_the_recipient_count_for_nothing(void **state)
{
    static const struct {
        unsigned code;
        const char *enhanced;
        enum callout_verdict verdict;
    } replies[] = {
        { 250, "2.1.5", CALLOUT_TAKES },   { 251, "", CALLOUT_TAKES },
        { 550, "5.1.1", CALLOUT_REFUSES }, { 550, "", CALLOUT_REFUSES },
        { 553, "5.1.3", CALLOUT_REFUSES }, { 550, "5.2.1", CALLOUT_REFUSES },
        { 550, "5.7.1", CALLOUT_UNSURE },  { 552, "5.2.2", CALLOUT_UNSURE },
        { 554, "5.7.1", CALLOUT_UNSURE },  { 450, "4.2.0", CALLOUT_UNSURE },
        { 421, "4.3.2", CALLOUT_UNSURE },  { 503, "5.5.1", CALLOUT_UNSURE },
        { 0, "4.4.1", CALLOUT_UNSURE },    { 354, "", CALLOUT_UNSURE },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(replies); i++)
        assert_int_equal(callout_verdict_of(replies[i].code, replies[i].enhanced), replies[i].verdict);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_are_remembered_for_their_time),
        cmocka_unit_test(a_primary_that_is_off_is_left_alone),
        cmocka_unit_test(a_primary_that_takes_all_is_not_asked_again),
        cmocka_unit_test(who_is_unsure_is_asked_again),
        cmocka_unit_test(few_ask_at_once),
        cmocka_unit_test(memory_is_bounded),
        cmocka_unit_test(refusals_that_are_not_about_the_recipient_count_for_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
