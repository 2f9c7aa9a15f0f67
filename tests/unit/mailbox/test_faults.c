/* test_faults.c -- what was acknowledged is there after PostgreSQL was killed, and trouble is called temporary. */
#include "world.h"

#include "mailbox/copy.h"
#include "mailbox/expunge.h"
#include "mailbox/verify.h"

#include "group/store.h"

#include <pthread.h>
#include <time.h>

static struct world *world;
static int64_t inbox;

enum { MESSAGES = 64, WRITERS = 4 };

/* One writer owns the flag of its own keyword bit on all messages and knows what it was last told about each. */
struct writer {
    pthread_t thread;
    uint64_t flag;
    bool acknowledged[MESSAGES + 1]; /* the flag is set, as far as was acknowledged */
    bool is_certain[MESSAGES + 1];   /* the last answer for it was not "unknown" or "temporary" */
    int acknowledged_count, refused_count;
    atomic_bool *stop;
};

static void *write_flags(void *arg)
{
    struct writer *writer = arg;
    unsigned seed = (unsigned)writer->flag;

    while (!atomic_load(writer->stop)) {
        uint32_t uid = 1 + (uint32_t)rand_r(&seed) % MESSAGES;
        bool sets = rand_r(&seed) % 2;
        struct uid_set one = UID_SET_INIT(NULL);
        struct flags_change change = { .operation = sets ? FLAGS_ADD : FLAGS_REMOVE,
                                       .flags = { .system = writer->flag },
                                       .allowed = ~UINT64_C(0),
                                       .unchanged_since = UINT64_MAX };
        struct flags_result result;
        struct err err = ERR_INIT;
        void *arena = talloc_new(NULL);

        uid_set_add_one(&one, uid);
        if (flags_store(world->ada, inbox, &one, &change, arena, &result, &err)) {
            writer->acknowledged[uid] = sets;
            writer->is_certain[uid] = true;
            writer->acknowledged_count++;
            flags_result_release(&result);
        } else {
            if (!err_is_temporary(err.kind))
                fail_msg("%s: %s / %s", err_kind_name(err.kind), err.user, err.log);
            if (err.kind == ERR_UNKNOWN || writer->acknowledged[uid] != sets)
                writer->is_certain[uid] = false;
            writer->refused_count++;
        }
        talloc_free(one.runs);
        talloc_free(arena);
    }
    return NULL;
}

static void wait_until_up(void)
{
    struct err err = ERR_INIT;

    OK(db_pool_wait(group_pool(world->store->group), 20000, &err));
}

static void check_writer(const struct writer *writer)
{
    struct err err = ERR_INIT;
    struct view *view;

    mailbox_cache_clear(world->cache);
    OK(view_latest(world->ada, inbox, VIEW_CHECK, &view, &err));
    for (uint32_t uid = 1; uid <= MESSAGES; uid++) {
        struct view_message m;

        assert_true(view_find(view, uid, &m));
        if (writer->is_certain[uid])
            assert_int_equal((m.flags & writer->flag) != 0, writer->acknowledged[uid]);
    }
    view_release(&view);
}

static void tell_nothing(const struct verify_difference *difference, void *arg)
{
    (void)arg;
    print_error("%s: %ld instead of %ld\n", difference->what, (long)difference->found,
                (long)difference->right);
}

static void acknowledged_flags_survive_kills(void **state)
{
    static const uint64_t flags[WRITERS] = { FLAG_SEEN, FLAG_FLAGGED, FLAG_ANSWERED, FLAG_DRAFT };
    struct writer writers[WRITERS] = { { .flag = 0 } };
    atomic_bool stop = false;
    struct err err = ERR_INIT;
    uint64_t differences;

    (void)state;
    world_deliver(world, ADA, inbox, 0, MESSAGES);
    for (int i = 0; i < WRITERS; i++) {
        writers[i].flag = flags[i];
        writers[i].stop = &stop;
        for (uint32_t uid = 1; uid <= MESSAGES; uid++)
            writers[i].is_certain[uid] = true;
        pthread_create(&writers[i].thread, NULL, write_flags, &writers[i]);
    }
    for (int kill = 0; kill < 6; kill++) {
        nanosleep(&(struct timespec){ .tv_nsec = 150000000 + kill * 37000000 }, NULL);
        kit_pg_crash();
        wait_until_up();
    }
    atomic_store(&stop, true);
    for (int i = 0; i < WRITERS; i++)
        pthread_join(writers[i].thread, NULL);
    for (int i = 0; i < WRITERS; i++) {
        check_writer(&writers[i]);
        assert_true(writers[i].acknowledged_count > 10);
    }
    OK(verify_mailbox(world->ada, VERIFY_REPORT, tell_nothing, NULL, &differences, &err));
    assert_int_equal(differences, 0);
}

static void a_database_that_is_down_is_temporary_trouble(void **state)
{
    struct uid_set one = UID_SET_INIT(world);
    struct expunge_result expunged;
    struct copy_result copied;
    struct folder *folder;
    struct err err = ERR_INIT;
    struct view *view;

    (void)state;
    world_deliver(world, ADA, inbox, 0, 2);
    uid_set_add_one(&one, 1);
    kit_pg_stop();
    REFUSED(view_latest(world->ada, inbox, VIEW_CHECK, &view, &err), ERR_BUSY);
    REFUSED(folder_find(world->ada, &world->as_ada, "INBOX", 0, world, &folder, &err), ERR_BUSY);
    REFUSED(folder_expunge(world->ada, inbox, &one, EXPUNGE_ALL, world, &expunged, &err), ERR_BUSY);
    REFUSED(folder_copy(world->ada, inbox, &one, world->ada, inbox, COPY_KEEP, world, &copied, &err),
            ERR_BUSY);
    kit_pg_start();
    wait_until_up();
    OK(view_latest(world->ada, inbox, VIEW_CHECK, &view, &err));
    assert_int_equal(view_count(view), 2);
    view_release(&view);
}

static void bytes_travel_between_storage_groups(void **state)
{
    char *conninfo = kit_pg_database(world, &db_schema_group);
    struct uid_set all = UID_SET_INIT(world);
    struct span word = span_text("$Label");
    struct flags_change change = { .operation = FLAGS_ADD,
                                   .flags = { .system = FLAG_SEEN, .keywords = &word, .keyword_count = 1 },
                                   .allowed = ~UINT64_C(0),
                                   .unchanged_since = UINT64_MAX };
    struct flags_result stored;
    struct copy_result copied;
    struct view_message m, before;
    struct mailbox *far;
    struct group *group;
    struct err err = ERR_INIT;
    struct view *view;
    struct span here, there;
    struct folder *folder = NULL;

    (void)state;
    OK(groups_put(world->store->groups, 2, conninfo, &err));
    OK(group_find(world->store->groups, 2, &group, &err));
    OK(group_initialise(group_pool(group), 2, &err));
    OK(store_put(group, &(struct store_options){ .store_id = 9, .name = "far" }, &err));
    OK(mailbox_create(
        group,
        &(struct mailbox_options){
            .mailbox_id = 77, .store_id = 9, .organisation_id = KIT_ORGANISATION_ID, .domain_id = 1 },
        &err));
    OK(mailbox_open(world->cache, group, 77, &far, &err));
    OK(folder_find(far, &(struct mailbox_reader){ 5, 77, KIT_ORGANISATION_ID }, "INBOX", 0, world, &folder,
                   &err));

    world_deliver(world, ADA, inbox, 0, 70);
    uid_set_add(&all, 1, UINT32_MAX);
    OK(flags_store(world->ada, inbox, &all, &change, world, &stored, &err));
    assert_true(view_find(stored.view, 66, &before));
    flags_result_release(&stored);
    OK(folder_copy(world->ada, inbox, &all, far, folder->folder_id, COPY_MOVE, world, &copied, &err));
    assert_int_equal(uid_set_size(&copied.destination_uids), 70);
    assert_int_equal(view_count(copied.source), 0);
    copy_result_release(&copied);
    OK(view_latest(far, folder->folder_id, VIEW_TRUST_WAKE, &view, &err));
    assert_int_equal(view_count(view), 70);
    assert_int_equal(view_unseen(view), 0);
    assert_true(view_find(view, 66, &m));
    assert_int_equal(m.received_us, before.received_us);
    assert_true(m.flags & (UINT64_C(1) << keyword_bit(view_keywords(view), word)));
    OK(message_read(world->store->group, world, before.message_id, 0, before.size, &here, &err));
    OK(message_read(group, world, m.message_id, 0, m.size, &there, &err));
    assert_true(span_equals(here, there));
    view_release(&view);
    mailbox_close(&far);
}

static int set_up(void **state)
{
    (void)state;
    world = world_open();
    inbox = world_inbox(world, world->ada);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    world_close(world);
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(bytes_travel_between_storage_groups),
        TEST(acknowledged_flags_survive_kills),
        TEST(a_database_that_is_down_is_temporary_trouble),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
