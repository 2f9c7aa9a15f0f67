/* test_bridge.c -- two machines on one directory and one storage group: what one does is heard on the other. */
#include "bridge/bridge.h"

#include "base/clock.h"
#include "base/wake.h"
#include "db/notify.h"
#include "directory/server.h"
#include "kit/directory.h"
#include "kit/store.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>
/* cmocka wants setjmp, stdarg and stddef first */
#include <cmocka.h>
#include <talloc.h>

#define OK(call)                                                                                             \
    do {                                                                                                     \
        if (!(call))                                                                                         \
            fail_msg("%s: %s / %s", #call, err.user, err.log);                                               \
    } while (0)

static struct err err;

/* What a session or a motor would be. */
struct ear {
    struct wake_subscription *subscription;
    _Atomic uint64_t modseq; /* the last one that was heard */
    atomic_int told, looks;  /* how often, with and without a modseq */
};

struct machine {
    struct wake_bus *bus;
    struct bridge *bridge;
    struct ear ear;
};

struct fixture {
    const char *folder;
    struct kit_directory *directory;
    struct kit_store *store;
    struct machine a, b;
};

enum { MAILBOX = 7 };

static void hear(void *argument, int64_t group_id, int64_t mailbox_id, uint64_t modseq)
{
    struct ear *ear = argument;

    (void)group_id;
    (void)mailbox_id;
    if (modseq)
        atomic_store(&ear->modseq, modseq);
    atomic_fetch_add(modseq ? &ear->told : &ear->looks, 1);
}

static void start_bridge(struct fixture *f, struct machine *machine, const char *name)
{
    const struct bridge_options options = { .wake = machine->bus,
                                            .directory = f->directory->directory,
                                            .groups = f->store->groups,
                                            .lock_path = talloc_asprintf(f, "%s/%s.lock", f->folder, name) };

    OK(bridge_start(&options, &machine->bridge, &err));
}

static void start(struct fixture *f, struct machine *machine, const char *name)
{
    OK(wake_start(NULL, name, &machine->bus, &err));
    machine->ear.subscription = wake_subscribe(machine->bus, KIT_GROUP_ID, MAILBOX, hear, &machine->ear);
    start_bridge(f, machine, name);
}

static void stop(struct machine *machine)
{
    bridge_stop(&machine->bridge);
    wake_unsubscribe(&machine->ear.subscription);
    wake_stop(&machine->bus);
}

static int64_t wait_until(atomic_int *counter, int at_least)
{
    int64_t start_us = clock_monotonic_us();

    while (atomic_load(counter) < at_least && clock_monotonic_us() - start_us < 30 * US_PER_S)
        usleep(1000);
    assert_true(atomic_load(counter) >= at_least);
    return clock_monotonic_us() - start_us;
}

/* Each says "anything" to its own when it can hear the other. */
static void wait_for_both(struct fixture *f)
{
    wait_until(&f->a.ear.looks, 1);
    wait_until(&f->b.ear.looks, 1);
}

/* While its connections are made. */
static void publish_until_heard(struct fixture *f)
{
    for (uint64_t modseq = 2; modseq < 300 && atomic_load(&f->b.ear.modseq) < 2; modseq++) {
        wake_publish(f->a.bus, KIT_GROUP_ID, MAILBOX, modseq);
        usleep(100000);
    }
    assert_true(atomic_load(&f->b.ear.modseq) >= 2);
}

static int set_up(void **state)
{
    struct fixture *f = talloc_zero(NULL, struct fixture);
    int64_t id;

    f->folder = kit_folder();
    f->directory = kit_directory(f);
    f->store = kit_store_open(f);
    OK(server_register(f->directory->directory, "a.example.org", &id, &err));
    OK(server_register(f->directory->directory, "b.example.org", &id, &err));
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    stop(&f->a);
    stop(&f->b);
    kit_store_close(f->store);
    talloc_free(f);
    return 0;
}

static int set_up_machines(void **state)
{
    struct fixture *f;

    set_up(state);
    f = *state;
    start(f, &f->a, "a");
    start(f, &f->b, "b");
    wait_for_both(f);
    return 0;
}

static void a_change_is_heard_on_the_other_machine(void **state)
{
    struct fixture *f = *state;
    int count = atomic_load(&f->b.ear.told), own = atomic_load(&f->a.ear.told);

    for (uint64_t modseq = 1; modseq <= 20; modseq++) {
        wake_publish(f->a.bus, KIT_GROUP_ID, MAILBOX, modseq);
        assert_true(wait_until(&f->b.ear.told, ++count) < US_PER_S);
        assert_true(atomic_load(&f->b.ear.modseq) == modseq);
    }
    usleep(300000); /* nothing comes back to where it was made */
    assert_int_equal(atomic_load(&f->a.ear.told), own + 20);
    wake_publish(f->a.bus, KIT_GROUP_ID, MAILBOX + 1, 99);
    wake_publish(f->a.bus, KIT_GROUP_ID + 1, MAILBOX, 99);
    usleep(300000);
    assert_int_equal(atomic_load(&f->b.ear.told), count);
}

static void a_stream_is_told_in_few_batches(void **state)
{
    struct fixture *f = *state;
    int before = atomic_load(&f->b.ear.told);
    int64_t start_us = clock_monotonic_us();

    for (uint64_t i = 1; i <= 200000; i++)
        wake_publish(f->a.bus, KIT_GROUP_ID, MAILBOX, i);
    int64_t batches_max = (clock_monotonic_us() - start_us) / 25000 + 3;
    while (atomic_load(&f->b.ear.modseq) != 200000 && clock_monotonic_us() - start_us < 20 * US_PER_S)
        usleep(1000);
    assert_true(atomic_load(&f->b.ear.modseq) == 200000);
    assert_true(atomic_load(&f->b.ear.told) - before <= batches_max);
}

/* More mailboxes than a batch tells one by one: all may have changed. */
static void too_many_are_all(void **state)
{
    struct fixture *f = *state;

    usleep(300000); /* what they say when they begin */
    int before = atomic_load(&f->b.ear.looks);
    for (int64_t id = 1000; id < 1000000; id++)
        wake_publish(f->a.bus, KIT_GROUP_ID, id, 1);
    wait_until(&f->b.ear.looks, before + 1);
    assert_int_equal(atomic_load(&f->b.ear.told), 0);
}

static void the_queue_and_the_configuration_are_heard_over_the_directory(void **state)
{
    struct fixture *f = *state;
    struct ear ear = { .modseq = 0 };

    ear.subscription = wake_subscribe(f->b.bus, DIRECTORY_WAKE_GROUP, DIRECTORY_WAKE_CHANGED, hear, &ear);
    for (int i = 0; i < 100 && atomic_load(&ear.looks) == 0; i++) { /* it is another connection */
        wake_publish(f->a.bus, DIRECTORY_WAKE_GROUP, DIRECTORY_WAKE_CHANGED, 0);
        usleep(100000);
    }
    int count = atomic_load(&ear.looks);
    assert_true(count > 0);
    usleep(500000);
    count = atomic_load(&ear.looks);
    wake_publish(f->a.bus, DIRECTORY_WAKE_GROUP, DIRECTORY_WAKE_CHANGED, 0);
    assert_true(wait_until(&ear.looks, count + 1) < US_PER_S);
    wake_unsubscribe(&ear.subscription);
}

static void what_a_stranger_says_is_a_reason_to_look(void **state)
{
    struct fixture *f = *state;
    static const char *const words[] = { "", "wake up", "1 0123456789abcdef", "2 0123456789abcdef 7:1",
                                         "1 0123456789abcdef 7:18446744073709551615" };
    int looks = atomic_load(&f->b.ear.looks);
    struct db *db;

    OK(group_acquire(f->store->group, DB_INTERACTIVE, &db, &err));
    for (int round = 0; round < 20; round++)
        for (size_t i = 0; i < COUNT_OF(words); i++)
            OK(db_notify(db, "chappe_wake", words[i], &err));
    wait_until(&f->b.ear.looks, looks + 1);
    usleep(200000);
    assert_true(atomic_load(&f->b.ear.looks) - looks < 10);              /* not for each */
    OK(db_notify(db, "chappe_wake", "1 0123456789abcdef 7:4711", &err)); /* a third machine */
    for (int i = 0; i < 5000 && atomic_load(&f->b.ear.modseq) != 4711; i++)
        usleep(1000);
    assert_true(atomic_load(&f->b.ear.modseq) == 4711);
    db_release(&db);
}

static void a_lost_connection_is_made_again_and_all_counts_as_changed(void **state)
{
    struct fixture *f = *state;
    int looks = atomic_load(&f->b.ear.looks);

    kit_pg_crash();
    wake_publish(f->a.bus, KIT_GROUP_ID, MAILBOX, 1); /* while nobody can be told */
    wait_until(&f->b.ear.looks, looks + 1);
    publish_until_heard(f);
}

static void a_single_server_says_nothing_until_there_is_another(void **state)
{
    struct fixture *f = *state;
    struct kit_directory *alone = kit_directory(f);
    int64_t id;

    f->directory = alone;
    OK(server_register(alone->directory, "a.example.org", &id, &err));
    start(f, &f->a, "a");
    start(f, &f->b, "b");
    usleep(500000);
    wake_publish(f->a.bus, KIT_GROUP_ID, MAILBOX, 1);
    usleep(500000);
    assert_int_equal(atomic_load(&f->a.ear.looks), 0);
    assert_int_equal(atomic_load(&f->b.ear.told), 0);
    OK(server_register(alone->directory, "b.example.org", &id, &err));
    wait_for_both(f);
    publish_until_heard(f);
}

static void another_process_of_the_machine_takes_over(void **state)
{
    struct fixture *f = *state;
    struct machine second = { .bus = f->a.bus };

    start_bridge(f, &second, "a"); /* the lock is held */
    usleep(300000);
    int looks = atomic_load(&f->a.ear.looks);
    bridge_stop(&f->a.bridge);
    wait_until(&f->a.ear.looks, looks + 1);
    publish_until_heard(f);
    bridge_stop(&second.bridge);
}

struct crowd {
    struct wake_bus *bus;
    atomic_bool is_over;
};

static void *publish(void *argument)
{
    struct crowd *crowd = argument;
    uint64_t modseq = 1;

    while (!atomic_load(&crowd->is_over)) {
        wake_publish(crowd->bus, KIT_GROUP_ID, MAILBOX + (int64_t)(modseq % 50), modseq);
        modseq++;
    }
    return NULL;
}

/* For ThreadSanitizer: it begins and ends while others publish and subscribe. */
static void it_may_end_under_way(void **state)
{
    enum { PUBLISHERS = 4, ROUNDS = 3 };
    struct fixture *f = *state;
    struct crowd crowd = { .bus = f->a.bus };
    pthread_t threads[PUBLISHERS];

    for (int i = 0; i < PUBLISHERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, publish, &crowd), 0);
    for (int round = 0; round < ROUNDS; round++) {
        int looks = atomic_load(&f->a.ear.looks);
        bridge_stop(&f->a.bridge);
        start_bridge(f, &f->a, "a");
        wait_until(&f->a.ear.looks, looks + 1);
    }
    atomic_store(&crowd.is_over, true);
    for (int i = 0; i < PUBLISHERS; i++)
        pthread_join(threads[i], NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up_machines, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_change_is_heard_on_the_other_machine),
        TEST(a_stream_is_told_in_few_batches),
        TEST(too_many_are_all),
        TEST(the_queue_and_the_configuration_are_heard_over_the_directory),
        TEST(what_a_stranger_says_is_a_reason_to_look),
        TEST(another_process_of_the_machine_takes_over),
        TEST(it_may_end_under_way),
        cmocka_unit_test_setup_teardown(a_single_server_says_nothing_until_there_is_another, set_up,
                                        tear_down),
        TEST(a_lost_connection_is_made_again_and_all_counts_as_changed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
