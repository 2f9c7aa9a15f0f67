/* test_maildrop_lock.c -- two registries of storage groups are as two processes: each has a presence of its own. */
#include "world.h"

#include "db/statement.h"
#include "group/presence.h"
#include "mailbox/maildrop_lock.h"

#include <time.h>

static struct world *world;
static struct groups *elsewhere;
static struct group *here, *there;

static const char END_PRESENCES[] =
    "SELECT count(pg_terminate_backend(pid)) FROM pg_locks WHERE locktype = 'advisory' AND granted AND $1 = $1"
    "   AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";

static void one_process_at_a_time(void **state)
{
    struct err err = ERR_INIT;

    (void)state;
    OK(maildrop_lock_take(here, ADA, &err));
    REFUSED(maildrop_lock_take(there, ADA, &err), ERR_CONFLICT);
    OK(maildrop_lock_take(there, BOB, &err)); /* another mailbox */
    OK(maildrop_lock_take(here, ADA, &err));  /* a row that it left behind is its own */
    maildrop_lock_release(there, ADA);        /* not theirs */
    REFUSED(maildrop_lock_take(there, ADA, &err), ERR_CONFLICT);
    maildrop_lock_release(here, ADA);
    OK(maildrop_lock_take(there, ADA, &err));
    maildrop_lock_release(there, ADA);
    maildrop_lock_release(there, BOB);
    assert_int_equal(kit_store_number(world->store, "SELECT count(*) FROM maildrop_lock WHERE $1 = $1", 1),
                     0);
}

static void what_a_dead_process_had_is_free(void **state)
{
    struct err err = ERR_INIT;

    (void)state;
    OK(maildrop_lock_take(there, ADA, &err));
    REFUSED(maildrop_lock_take(here, ADA, &err), ERR_CONFLICT);
    groups_close(&elsewhere); /* what the kernel does for a process that is killed */
    for (int i = 0; i < 100 && !maildrop_lock_take(here, ADA, &err); i++)
        nanosleep(&(struct timespec){ .tv_nsec = 20000000 }, NULL);
    OK(maildrop_lock_take(here, ADA, &err));
    maildrop_lock_release(here, ADA);
}

/* A failover: every connection breaks, nobody has died. The next use makes the presence hold again. */
static void a_broken_connection_is_made_again(void **state)
{
    struct err err = ERR_INIT;
    int64_t before, after;

    (void)state;
    OK(group_presence(here, &before, &err));
    OK(maildrop_lock_take(here, ADA, &err));
    assert_int_equal(kit_store_number(world->store, END_PRESENCES, 1), 1);
    nanosleep(&(struct timespec){ .tv_sec = 1, .tv_nsec = 100000000 }, NULL);
    OK(group_presence(here, &after, &err));
    assert_int_equal(before, after);
    REFUSED(maildrop_lock_take(there, ADA, &err), ERR_CONFLICT);
    maildrop_lock_release(here, ADA);
}

static int set_up(void **state)
{
    struct err err = ERR_INIT;

    (void)state;
    world = world_open();
    here = world->store->group;
    OK(groups_open(world, &(struct groups_options){ .application_name = "elsewhere" }, &elsewhere, &err));
    OK(groups_put(elsewhere, KIT_GROUP_ID, world->store->conninfo, &err));
    OK(group_find(elsewhere, KIT_GROUP_ID, &there, &err));
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    groups_close(&elsewhere);
    world_close(world);
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(one_process_at_a_time),
        TEST(what_a_dead_process_had_is_free),
        TEST(a_broken_connection_is_made_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
