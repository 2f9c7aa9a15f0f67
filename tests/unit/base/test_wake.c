/* test_wake.c -- who hears of a change, and what happens when nobody listens or too much is said. */
#include "base/wake.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

static atomic_int heard;
static _Atomic uint64_t last_modseq;

static void count(void *argument, int64_t group_id, int64_t mailbox_id, uint64_t modseq)
{
    (void)group_id;
    (void)mailbox_id;
    atomic_store(&last_modseq, modseq);
    atomic_fetch_add((atomic_int *)argument, 1);
}

static void wait_for(atomic_int *counter, int at_least)
{
    for (int i = 0; i < 1000 && atomic_load(counter) < at_least; i++)
        usleep(5000);
    assert_true(atomic_load(counter) >= at_least);
}

static void within_one_process(void **state)
{
    struct wake_bus *bus;
    struct wake_subscription *here, *there;
    atomic_int other = 0;
    struct err err = ERR_INIT;

    (void)state;
    atomic_store(&heard, 0);
    assert_true(wake_start(NULL, "test", &bus, &err));
    here = wake_subscribe(bus, 1, 7, count, &heard);
    there = wake_subscribe(bus, 2, 7, count, &other);
    wake_publish(bus, 1, 7, 99);
    assert_int_equal(atomic_load(&heard), 1); /* before the publisher goes on */
    assert_int_equal(atomic_load(&last_modseq), 99);
    assert_int_equal(atomic_load(&other), 0);
    wake_unsubscribe(&here);
    assert_null(here);
    wake_unsubscribe(&here);
    wake_publish(bus, 1, 7, 100);
    assert_int_equal(atomic_load(&heard), 1);
    wake_unsubscribe(&there);
    wake_publish(NULL, 1, 7, 100);
    wake_stop(&bus);
}

static void between_roles(void **state)
{
    char directory[] = "/tmp/chappe-wake-XXXXXX", command[128];
    struct wake_bus *smtp, *mailbox, *dead;
    struct wake_subscription *s;
    struct err err = ERR_INIT;

    (void)state;
    atomic_store(&heard, 0);
    assert_non_null(mkdtemp(directory));
    assert_true(wake_start(directory, "dead", &dead, &err));
    assert_true(wake_start(directory, "smtp", &smtp, &err));
    assert_true(wake_start(directory, "mailbox", &mailbox, &err)); /* later: smtp hears of it by its hello */
    usleep(50 * 1000);
    wake_stop(&dead);
    s = wake_subscribe(mailbox, 3, 4, count, &heard);
    wake_publish(smtp, 3, 5, 1);
    wake_publish(smtp, 3, 4, 42);
    wait_for(&heard, 1);
    assert_int_equal(atomic_load(&last_modseq), 42);
    for (uint64_t i = 0; i < 100000; i++) /* a flood: heard often or as one, but the end is heard */
        wake_publish(smtp, 3, 4, i);
    usleep(300 * 1000);
    atomic_store(&heard, 0);
    wake_publish(smtp, 3, 4, 100000);
    wait_for(&heard, 1);
    wake_unsubscribe(&s);
    wake_stop(&smtp);
    wake_stop(&mailbox);
    snprintf(command, sizeof(command), "rmdir %s/wake && rmdir %s", directory,
             directory); /* the sockets are gone */
    assert_int_equal(system(command), 0);
}

static void a_tap_hears_of_this_machine_only(void **state)
{
    char directory[] = "/tmp/chappe-wake-XXXXXX", command[128];
    struct wake_bus *smtp, *mailbox;
    struct wake_subscription *s, *other, *far;
    atomic_int tapped = 0, others = 0, far_away = 0;
    struct err err = ERR_INIT;

    (void)state;
    atomic_store(&heard, 0);
    assert_non_null(mkdtemp(directory));
    assert_true(wake_start(directory, "smtp", &smtp, &err));
    assert_true(wake_start(directory, "mailbox", &mailbox, &err));
    usleep(50 * 1000);
    s = wake_subscribe(mailbox, 3, 4, count, &heard);
    other = wake_subscribe(mailbox, 3, 5, count, &others);
    far = wake_subscribe(mailbox, 4, 5, count, &far_away);
    wake_tap(smtp, count, &tapped);
    wake_publish(smtp, 3, 4, 1); /* its own, */
    wait_for(&heard, 1);
    wake_publish(mailbox, 3, 4, 2); /* and of another role */
    wait_for(&tapped, 2);
    assert_int_equal(atomic_load(&last_modseq), 2);
    wake_relay(smtp, 3, 4, 7);
    wait_for(&heard, 3);
    assert_int_equal(atomic_load(&last_modseq), 7);
    wake_relay(smtp, 3, WAKE_ANY_MAILBOX, 0);
    wait_for(&heard, 4);
    wait_for(&others, 1);
    assert_int_equal(atomic_load(&far_away), 0);
    wake_relay(smtp, WAKE_ANY_GROUP, WAKE_ANY_MAILBOX, 0);
    wait_for(&far_away, 1);
    assert_int_equal(atomic_load(&tapped), 2);
    wake_tap(smtp, NULL, NULL);
    wake_publish(smtp, 3, 4, 9);
    wait_for(&heard, 6);
    assert_int_equal(atomic_load(&tapped), 2);
    wake_unsubscribe(&s);
    wake_unsubscribe(&other);
    wake_unsubscribe(&far);
    wake_stop(&smtp);
    wake_stop(&mailbox);
    snprintf(command, sizeof(command), "rmdir %s/wake && rmdir %s", directory, directory);
    assert_int_equal(system(command), 0);
}

static void many_subscribers_are_cheap(void **state)
{
    enum { COUNT = 20000 };
    static struct wake_subscription *s[COUNT];
    struct wake_bus *bus;
    struct err err = ERR_INIT;

    (void)state;
    atomic_store(&heard, 0);
    assert_true(wake_start(NULL, "test", &bus, &err));
    for (int i = 0; i < COUNT; i++)
        s[i] = wake_subscribe(bus, i % 3, i + 1, count, &heard);
    for (int i = 0; i < COUNT; i++)
        wake_publish(bus, i % 3, i + 1, 1);
    assert_int_equal(atomic_load(&heard), COUNT);
    for (int i = 0; i < COUNT; i++)
        wake_unsubscribe(&s[i]);
    wake_stop(&bus);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(within_one_process),
        cmocka_unit_test(between_roles),
        cmocka_unit_test(a_tap_hears_of_this_machine_only),
        cmocka_unit_test(many_subscribers_are_cheap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
