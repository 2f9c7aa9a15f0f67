/* test_changes.c -- STORE, EXPUNGE, COPY and MOVE against a naive model, seen through two caches and from scratch. */
#include "world.h"

#include "mailbox/copy.h"
#include "mailbox/expunge.h"
#include "mailbox/read.h"
#include "mailbox/snapshot_write.h"

#include <pthread.h>

static struct world *world;
static int64_t inbox;

static struct uid_set uids_of(uint32_t first, uint32_t last)
{
    struct uid_set uids = UID_SET_INIT(world);

    uid_set_add(&uids, first, last);
    return uids;
}

static struct flags_result store(enum flags_operation operation, uint64_t flags, uint32_t first,
                                 uint32_t last)
{
    struct flags_change change = { .operation = operation,
                                   .flags = { .system = flags },
                                   .allowed = ~UINT64_C(0),
                                   .unchanged_since = UINT64_MAX };
    struct uid_set uids = uids_of(first, last);
    struct flags_result result = { .view = NULL };
    struct err err = ERR_INIT;

    OK(flags_store(world->ada, inbox, &uids, &change, world, &result, &err));
    return result;
}

static uint64_t flags_at(const struct view *view, uint32_t uid)
{
    struct view_message m = { .flags = 0 };

    assert_true(view_find(view, uid, &m));
    return m.flags;
}

static void a_store_is_seen_at_once_by_all_sessions(void **state)
{
    struct flags_result result;
    struct err err = ERR_INIT;
    struct view *view;
    uint64_t before;

    (void)state;
    world_deliver(world, ADA, inbox, 0, 10);
    OK(view_latest(world->ada, inbox, VIEW_TRUST_WAKE, &view, &err));
    before = view_modseq(view);
    view_release(&view);
    result = store(FLAGS_ADD, FLAG_SEEN, 3, 7);
    assert_int_equal(uid_set_size(&result.changed), 5);
    assert_int_equal(result.modseq, before + 1);
    OK(view_latest(world->ada, inbox, VIEW_TRUST_WAKE, &view, &err));
    assert_ptr_equal(view, result.view);
    assert_int_equal(view_unseen(view), 5);
    view_release(&view);
    flags_result_release(&result);
    result = store(FLAGS_ADD, FLAG_SEEN, 3, 7);
    assert_true(uid_set_is_empty(&result.changed));
    assert_int_equal(result.modseq, before + 1);
    flags_result_release(&result);
    result = store(FLAGS_REPLACE, FLAG_FLAGGED, 7, 8);
    assert_int_equal(flags_at(result.view, 7), FLAG_FLAGGED);
    assert_int_equal(flags_at(result.view, 8), FLAG_FLAGGED);
    assert_int_equal(flags_at(result.view, 6), FLAG_SEEN);
    flags_result_release(&result);
    result = store(FLAGS_REMOVE, FLAG_SEEN, 1, UINT32_MAX);
    assert_int_equal(uid_set_size(&result.changed), 4);
    flags_result_release(&result);
}

static void unchanged_since_names_who_was_late(void **state)
{
    struct flags_change change = { .operation = FLAGS_ADD,
                                   .flags = { .system = FLAG_DELETED },
                                   .allowed = ~UINT64_C(0) };
    struct uid_set all = uids_of(1, 100);
    struct flags_result result;
    struct err err = ERR_INIT;

    (void)state;
    world_deliver(world, ADA, inbox, 0, 4);
    result = store(FLAGS_ADD, FLAG_SEEN, 2, 2);
    change.unchanged_since = result.modseq - 1;
    flags_result_release(&result);
    OK(flags_store(world->ada, inbox, &all, &change, world, &result, &err));
    assert_int_equal(uid_set_size(&result.modified), 1);
    assert_true(uid_set_contains(&result.modified, 2));
    assert_int_equal(uid_set_size(&result.changed), 3);
    assert_int_equal(view_deleted(result.view), 3);
    flags_result_release(&result);
}

static void keywords_are_bits_until_they_are_used_up(void **state)
{
    struct span name;
    struct flags_change change = { .operation = FLAGS_ADD,
                                   .flags = { .keywords = &name, .keyword_count = 1 },
                                   .allowed = ~UINT64_C(0),
                                   .unchanged_since = UINT64_MAX };
    struct uid_set one = uids_of(1, 1);
    struct flags_result result;
    struct err err = ERR_INIT;

    (void)state;
    world_deliver(world, ADA, inbox, 0, 1);
    for (int i = 0; i < KEYWORDS_MAX; i++) {
        name = span_text(talloc_asprintf(world, "$Word%d", i));
        OK(flags_store(world->ada, inbox, &one, &change, world, &result, &err));
        assert_int_equal(keyword_bit(view_keywords(result.view), name), KEYWORD_FIRST_BIT + i);
        flags_result_release(&result);
    }
    name = span_text("one-more");
    REFUSED(flags_store(world->ada, inbox, &one, &change, world, &result, &err), ERR_LIMIT);
    name = span_text("bad word");
    REFUSED(flags_store(world->ada, inbox, &one, &change, world, &result, &err), ERR_INVALID);
    name = span_text("$WORD55");
    change.operation = FLAGS_REMOVE;
    OK(flags_store(world->ada, inbox, &one, &change, world, &result, &err));
    assert_int_equal(flags_at(result.view, 1) >> 63, 0);
    assert_string_equal(flag_name(view_keywords(result.view), 63), "$Word55");
    flags_result_release(&result);
    name = span_text("unheard-of");
    OK(flags_store(world->ada, inbox, &one, &change, world, &result, &err));
    assert_true(uid_set_is_empty(&result.changed));
    flags_result_release(&result);
}

static int64_t number_of(const char *sql, int64_t id)
{
    return kit_store_number(world->store, sql, id);
}

static const char USED_BYTES[] = "SELECT used_bytes FROM mailbox WHERE mailbox_id = $1";
static const char USED_MESSAGES[] = "SELECT used_messages FROM mailbox WHERE mailbox_id = $1";

static void an_expunge_gives_the_quota_back(void **state)
{
    struct expunge_result expunged;
    struct flags_result result;
    struct err err = ERR_INIT;
    struct uid_set some = uids_of(2, 4), vanished, known = uids_of(1, 3);
    struct view *view;
    uint64_t before;

    (void)state;
    world_deliver(world, ADA, inbox, 0, 6);
    result = store(FLAGS_ADD, FLAG_DELETED, 3, 6);
    before = result.modseq;
    flags_result_release(&result);
    OK(folder_expunge(world->ada, inbox, &some, EXPUNGE_DELETED, world, &expunged, &err));
    assert_int_equal(uid_set_size(&expunged.expunged), 2);
    assert_int_equal(view_count(expunged.view), 4);
    assert_int_equal(number_of(USED_MESSAGES, ADA), 4);
    assert_int_equal(number_of(USED_BYTES, ADA), view_bytes(expunged.view));
    expunge_result_release(&expunged);
    OK(folder_expunge(world->ada, inbox, NULL, EXPUNGE_DELETED, world, &expunged, &err));
    assert_int_equal(uid_set_size(&expunged.expunged), 2);
    expunge_result_release(&expunged);
    OK(folder_expunge(world->ada, inbox, NULL, EXPUNGE_DELETED, world, &expunged, &err));
    assert_true(uid_set_is_empty(&expunged.expunged));
    expunge_result_release(&expunged);

    OK(view_latest(world->ada, inbox, VIEW_TRUST_WAKE, &view, &err));
    for (int clears = 0; clears < 2; clears++) {
        OK(view_expunged_since(world->ada, view, before, NULL, world, &vanished, &err));
        assert_int_equal(uid_set_size(&vanished), 4);
        OK(view_expunged_since(world->ada, view, before, &known, world, &vanished, &err));
        assert_int_equal(uid_set_size(&vanished), 1);
        OK(view_expunged_since(world->ada, view, before + 1, NULL, world, &vanished, &err));
        assert_int_equal(uid_set_size(&vanished), 2);
        OK(view_expunged_since(world->ada, view, view_modseq(view), NULL, world, &vanished, &err));
        assert_int_equal(uid_set_size(&vanished), 0);
        mailbox_cache_clear(world->cache); /* then from the journal */
    }
    view_release(&view);
}

static int64_t make_folder(struct mailbox *mailbox, const struct mailbox_reader *owner, const char *name)
{
    struct folder *folder = NULL;
    struct err err = ERR_INIT;

    OK(folder_create(mailbox, owner, name, NULL, world, &folder, &err));
    return folder->folder_id;
}

static void a_copy_is_the_same_item_and_a_move_costs_nothing(void **state)
{
    int64_t target = make_folder(world->ada, &world->as_ada, "Target");
    struct uid_set some = uids_of(2, 3);
    struct copy_result copied;
    struct view_message there, here;
    struct view *view;
    struct err err = ERR_INIT;
    int64_t used;

    (void)state;
    world_deliver(world, ADA, inbox, FLAG_ANSWERED, 4);
    world_deliver(world, ADA, target, 0, 1);
    used = number_of(USED_BYTES, ADA);
    OK(folder_copy(world->ada, inbox, &some, world->ada, target, COPY_KEEP, world, &copied, &err));
    assert_int_equal(uid_set_first(&copied.destination_uids), 2);
    assert_int_equal(uid_set_last(&copied.destination_uids), 3);
    assert_true(uid_set_equals(&copied.source_uids, &some));
    OK(view_latest(world->ada, target, VIEW_TRUST_WAKE, &view, &err));
    assert_true(view_find(view, 2, &there) && view_find(copied.source, 2, &here));
    assert_int_equal(there.item_id, here.item_id);
    assert_int_equal(there.flags, FLAG_ANSWERED);
    assert_int_equal(there.received_us, here.received_us);
    assert_int_equal(number_of(USED_MESSAGES, ADA), 7);
    assert_true(number_of(USED_BYTES, ADA) > used);
    view_release(&view);
    copy_result_release(&copied);

    OK(folder_copy(world->ada, inbox, &some, world->ada, target, COPY_MOVE, world, &copied, &err));
    assert_int_equal(view_count(copied.source), 2);
    assert_int_equal(number_of(USED_MESSAGES, ADA), 7);
    copy_result_release(&copied);
    OK(folder_copy(world->ada, inbox, &some, world->ada, target, COPY_MOVE, world, &copied, &err));
    assert_true(uid_set_is_empty(&copied.destination_uids));
    copy_result_release(&copied);
    some = uids_of(1, UINT32_MAX);
    OK(folder_copy(world->ada, target, &some, world->ada, target, COPY_MOVE, world, &copied, &err));
    assert_int_equal(view_count(copied.source), 5);
    assert_int_equal(uid_set_first(&copied.destination_uids), 6);
    OK(view_latest(world->ada, target, VIEW_CHECK, &view, &err));
    assert_ptr_equal(view, copied.source);
    view_release(&view);
    copy_result_release(&copied);
}

static void another_mailbox_gets_items_of_its_own(void **state)
{
    struct span word = span_text("$Forwarded");
    struct flags_change change = { .operation = FLAGS_ADD,
                                   .flags = { .system = FLAG_SEEN, .keywords = &word, .keyword_count = 1 },
                                   .allowed = ~UINT64_C(0),
                                   .unchanged_since = UINT64_MAX };
    int64_t bobs = world_inbox(world, world->bob);
    struct uid_set all = uids_of(1, 3);
    struct flags_result stored;
    struct copy_result copied;
    struct view_message m;
    struct view *view;
    struct err err = ERR_INIT;
    int64_t used;

    (void)state;
    world_deliver(world, BOB, bobs, 0, 1);
    world_deliver(world, ADA, inbox, 0, 3);
    used = number_of(USED_BYTES, ADA);
    OK(flags_store(world->ada, inbox, &all, &change, world, &stored, &err));
    flags_result_release(&stored);
    OK(folder_copy(world->ada, inbox, &all, world->bob, bobs, COPY_KEEP, world, &copied, &err));
    OK(view_latest(world->bob, bobs, VIEW_TRUST_WAKE, &view, &err));
    assert_int_equal(view_count(view), 4);
    assert_int_equal(view_unseen(view), 1);
    assert_true(view_find(view, 3, &m));
    assert_true(m.flags & (UINT64_C(1) << keyword_bit(view_keywords(view), word)));
    assert_int_equal(number_of("SELECT count(DISTINCT i.thread_id) FROM item i WHERE mailbox_id = $1", BOB),
                     4);
    assert_int_equal(number_of("SELECT count(*) FROM message WHERE $1 > 0", 1), 4);
    view_release(&view);
    copy_result_release(&copied);

    kit_store_exec(world->store, "UPDATE mailbox SET quota_messages = 6 WHERE mailbox_id = $1", BOB);
    REFUSED(folder_copy(world->ada, inbox, &all, world->bob, bobs, COPY_MOVE, world, &copied, &err),
            ERR_QUOTA);
    assert_int_equal(number_of(USED_MESSAGES, BOB), 4);
    assert_int_equal(number_of(USED_MESSAGES, ADA), 3);
    all = uids_of(2, 3);
    OK(folder_copy(world->ada, inbox, &all, world->bob, bobs, COPY_MOVE, world, &copied, &err));
    copy_result_release(&copied);
    assert_int_equal(number_of(USED_MESSAGES, BOB), 6);
    assert_int_equal(number_of(USED_MESSAGES, ADA), 1);
    assert_true(number_of(USED_BYTES, ADA) < used);
    assert_int_equal(number_of("SELECT sum(size)::bigint FROM membership m JOIN folder f USING (folder_id)"
                               " WHERE f.mailbox_id = $1",
                               BOB),
                     number_of(USED_BYTES, BOB));
}

/* The folder as rows alone tell it equals the view in every message and counter. */
static void check_from_scratch(struct mailbox *mailbox, int64_t folder_id, const struct view *view)
{
    struct view_read truth;
    struct err err = ERR_INIT;
    struct db *db;
    struct view_at a = view_from(view, 1), b;
    struct view_message m, n;

    OK(group_acquire(world->store->group, DB_INTERACTIVE, &db, &err));
    OK(view_read_rows(db, mailbox, folder_id, &truth, &err));
    db_release(&db);
    assert_int_equal(view_count(truth.view), view_count(view));
    assert_int_equal(view_modseq(truth.view), view_modseq(view));
    assert_int_equal(view_uidnext(truth.view), view_uidnext(view));
    b = view_from(truth.view, 1);
    while (view_next(&a, &m)) {
        assert_true(view_next(&b, &n));
        assert_memory_equal(&m, &n, sizeof m);
    }
    assert_int_equal(number_of("SELECT messages FROM folder WHERE folder_id = $1", folder_id),
                     view_count(view));
    assert_int_equal(number_of("SELECT unseen FROM folder WHERE folder_id = $1", folder_id),
                     view_unseen(view));
    assert_int_equal(number_of("SELECT deleted FROM folder WHERE folder_id = $1", folder_id),
                     view_deleted(view));
    assert_int_equal(number_of("SELECT bytes FROM folder WHERE folder_id = $1", folder_id), view_bytes(view));
    view_read_release(&truth);
}

static void check_all(struct mailbox *mailbox, const int64_t *folders, size_t count)
{
    struct err err = ERR_INIT;

    for (size_t i = 0; i < count; i++) {
        struct view *view;

        OK(view_latest(mailbox, folders[i], VIEW_TRUST_WAKE, &view, &err));
        check_from_scratch(mailbox, folders[i], view);
        view_release(&view);
    }
}

static void random_change(struct mailbox *mailbox, const int64_t *folders, unsigned *seed)
{
    int64_t folder = folders[rand_r(seed) % 3], other = folders[rand_r(seed) % 3];
    uint32_t first = (uint32_t)(1 + rand_r(seed) % 60);
    void *arena = talloc_new(NULL);
    struct uid_set uids = UID_SET_INIT(arena);
    struct span word = span_text(talloc_asprintf(arena, "w%d", rand_r(seed) % 5));
    struct flags_change change = { .operation = (enum flags_operation)(rand_r(seed) % 3),
                                   .flags = { .system = (uint64_t)(rand_r(seed) % 32),
                                              .keywords = &word,
                                              .keyword_count = (size_t)(rand_r(seed) % 2) },
                                   .allowed = ~UINT64_C(0),
                                   .unchanged_since = UINT64_MAX };
    struct flags_result stored;
    struct expunge_result expunged;
    struct copy_result copied;
    struct err err = ERR_INIT;

    uid_set_add(&uids, first, first + (uint32_t)(rand_r(seed) % 9));
    switch (rand_r(seed) % 8) {
    case 0:
    case 1:
        world_deliver(world, ADA, folder, (uint64_t)(rand_r(seed) % 32), 1 + rand_r(seed) % 4);
        break;
    case 2:
        OK(folder_expunge(mailbox, folder, rand_r(seed) % 3 ? &uids : NULL, EXPUNGE_DELETED, arena, &expunged,
                          &err));
        expunge_result_release(&expunged);
        break;
    case 3:
        OK(folder_copy(mailbox, folder, &uids, mailbox, other, rand_r(seed) % 2 ? COPY_MOVE : COPY_KEEP,
                       arena, &copied, &err));
        copy_result_release(&copied);
        break;
    default:
        OK(flags_store(mailbox, folder, &uids, &change, arena, &stored, &err));
        flags_result_release(&stored);
    }
    talloc_free(arena);
}

static const char SUM_BYTES[] =
    "SELECT sum(bytes)::bigint FROM folder WHERE mailbox_id = $1 AND deleted_us IS NULL";

/* Two processes change one mailbox in turn; sometimes a snapshot is taken, sometimes a cache forgets all. */
static void whatever_happens_views_equal_the_rows(void **state)
{
    int64_t folders[3] = { inbox, make_folder(world->ada, &world->as_ada, "A"),
                           make_folder(world->ada, &world->as_ada, "B") };
    struct mailbox *mailboxes[2] = { world->ada, NULL };
    struct err err = ERR_INIT;
    unsigned seed = 5;

    (void)state;
    OK(mailbox_open(world->other_cache, world->store->group, ADA, &mailboxes[1], &err));
    for (int round = 0; round < 1500; round++) {
        struct mailbox *mailbox = mailboxes[rand_r(&seed) % 2];

        random_change(mailbox, folders, &seed);
        if (round % 40 == 0) {
            /* The other process has no bus here; a wake-up of the machine's bus stands for its datagram. */
            mailbox_announce(world->cache, KIT_GROUP_ID, ADA, 0);
            check_all(mailboxes[0], folders, 3);
            check_all(mailboxes[1], folders, 3);
        }
        if (round % 100 == 0) {
            struct view *view;

            OK(view_latest(mailbox, folders[round % 3], VIEW_CHECK, &view, &err));
            OK(snapshot_write(world->store->group, view, &err));
            view_release(&view);
        }
        if (round % 130 == 0)
            mailbox_cache_clear(round % 260 ? world->cache : world->other_cache);
    }
    assert_int_equal(number_of(USED_BYTES, ADA), number_of(SUM_BYTES, ADA));
    mailbox_close(&mailboxes[1]);
}

struct worker {
    struct mailbox *mailbox;
    int64_t folders[3];
    unsigned seed;
    pthread_t thread;
};

static void *work(void *arg)
{
    struct worker *worker = arg;
    struct err err = ERR_INIT;

    for (int round = 0; round < 150; round++) {
        struct view *view;

        random_change(worker->mailbox, worker->folders, &worker->seed);
        OK(view_latest(worker->mailbox, worker->folders[round % 3], VIEW_TRUST_WAKE, &view, &err));
        for (struct view_at at = view_from(view, 1);;) {
            struct view_message m;

            if (!view_next(&at, &m))
                break;
        }
        view_release(&view);
    }
    return NULL;
}

static void writers_at_once_lose_nothing(void **state)
{
    int64_t folders[3] = { inbox, make_folder(world->ada, &world->as_ada, "A"),
                           make_folder(world->ada, &world->as_ada, "B") };
    struct worker workers[6];
    struct mailbox *other;
    struct err err = ERR_INIT;

    (void)state;
    OK(mailbox_open(world->other_cache, world->store->group, ADA, &other, &err));
    for (size_t i = 0; i < COUNT_OF(workers); i++) {
        workers[i] = (struct worker){ .mailbox = i % 3 ? world->ada : other, .seed = (unsigned)i + 11 };
        memcpy(workers[i].folders, folders, sizeof folders);
        assert_int_equal(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
    }
    for (size_t i = 0; i < COUNT_OF(workers); i++)
        pthread_join(workers[i].thread, NULL);
    mailbox_announce(world->cache, KIT_GROUP_ID, ADA, 0);
    check_all(world->ada, folders, 3);
    check_all(other, folders, 3);
    assert_int_equal(number_of(USED_BYTES, ADA), number_of(SUM_BYTES, ADA));
    mailbox_close(&other);
}

static void a_committed_delivery_is_seen_by_the_next_look(void **state)
{
    struct mailbox_cache_stats before, after;
    struct err err = ERR_INIT;
    struct view *view;

    (void)state;
    for (uint32_t i = 1; i <= 50; i++) {
        world_deliver(world, ADA, inbox, 0, 1);
        OK(view_latest(world->ada, inbox, VIEW_TRUST_WAKE, &view, &err));
        assert_int_equal(view_count(view), i);
        view_release(&view);
    }
    mailbox_cache_stats(world->cache, &before);
    for (int i = 0; i < 50; i++) {
        OK(view_latest(world->ada, inbox, VIEW_TRUST_WAKE, &view, &err));
        view_release(&view);
    }
    mailbox_cache_stats(world->cache, &after);
    assert_true(after.view_hits >= before.view_hits + 49);
}

/* Another machine filed it, and nobody woke us: STATUS has told of it, so SELECT must show it. */
static void what_the_folder_row_says_is_not_denied_by_the_view(void **state)
{
    const struct mailbox_reader reader = { ADA, ADA, KIT_ORGANISATION_ID };
    struct err err = ERR_INIT;
    const struct flags_change seen = { .operation = FLAGS_ADD,
                                       .flags = { .system = FLAG_SEEN },
                                       .allowed = ~UINT64_C(0),
                                       .unchanged_since = UINT64_MAX };
    struct uid_set second = uids_of(2, 2);
    struct flags_result stored = { .view = NULL };
    struct mailbox *other;
    struct folder *folder;
    struct view *view;

    (void)state;
    world_deliver(world, ADA, inbox, 0, 3);
    OK(view_latest(world->ada, inbox, VIEW_TRUST_WAKE, &view, &err));
    view_release(&view);
    OK(mailbox_open(world->other_cache, world->store->group, ADA, &other, &err));
    OK(flags_store(other, inbox, &second, &seen, world, &stored, &err));
    flags_result_release(&stored);
    OK(folder_find(world->ada, &reader, "INBOX", 0, world, &folder, &err));
    assert_int_equal(folder->unseen, 2);
    OK(view_latest(world->ada, inbox, VIEW_TRUST_WAKE, &view, &err));
    assert_int_equal(view_unseen(view), 2);
    view_release(&view);
    mailbox_close(&other);
}

/* Anybody with a login to the database can send a notification. */
static void a_modseq_that_never_was_is_asked_for_once(void **state)
{
    struct mailbox_cache_stats before, after;
    struct err err = ERR_INIT;
    struct view *view;

    (void)state;
    world_deliver(world, ADA, inbox, 0, 3);
    wake_relay(world->bus, KIT_GROUP_ID, ADA, INT64_MAX);
    OK(view_latest(world->ada, inbox, VIEW_TRUST_WAKE, &view, &err));
    view_release(&view);
    mailbox_cache_stats(world->cache, &before);
    OK(view_latest(world->ada, inbox, VIEW_TRUST_WAKE, &view, &err));
    view_release(&view);
    mailbox_cache_stats(world->cache, &after);
    assert_int_equal(after.view_hits, before.view_hits + 1);
    world_deliver(world, ADA, inbox, 0, 1);
    OK(view_latest(world->ada, inbox, VIEW_TRUST_WAKE, &view, &err));
    assert_int_equal(view_count(view), 4);
    view_release(&view);
}

/* After a failover that lost commits; the first answer is "try again", the second the truth. */
static void a_database_that_went_back_is_believed(void **state)
{
    struct flags_result result;
    struct err err = ERR_INIT;
    struct view *view;

    (void)state;
    world_deliver(world, ADA, inbox, 0, 3);
    result = store(FLAGS_ADD, FLAG_SEEN, 1, 3);
    flags_result_release(&result);
    kit_store_exec(world->store,
                   "WITH c AS (DELETE FROM folder_change), m AS (UPDATE mailbox SET modseq = modseq - 1)"
                   " UPDATE folder SET modseq = modseq - 1, unseen = 3 WHERE folder_id = $1",
                   inbox);
    REFUSED(view_latest(world->ada, inbox, VIEW_CHECK, &view, &err), ERR_BUSY);
    OK(view_latest(world->ada, inbox, VIEW_CHECK, &view, &err));
    assert_int_equal(view_unseen(view), 3);
    view_release(&view);
}

static void what_nobody_uses_is_dropped(void **state)
{
    struct mailbox_cache *small =
        mailbox_cache_open(&(struct mailbox_cache_options){ .view_bytes_max = 1, .bus = world->bus });
    struct mailbox_cache_stats stats;
    struct mailbox *ada, *bob;
    struct err err = ERR_INIT;
    struct view *view, *other;

    (void)state;
    world_deliver(world, ADA, inbox, 0, 5);
    OK(mailbox_open(small, world->store->group, ADA, &ada, &err));
    OK(mailbox_open(small, world->store->group, BOB, &bob, &err));
    OK(view_latest(ada, inbox, VIEW_TRUST_WAKE, &view, &err));
    OK(view_latest(bob, world_inbox(world, world->bob), VIEW_TRUST_WAKE, &other, &err));
    mailbox_cache_stats(small, &stats);
    assert_int_equal(stats.views, 1);
    assert_int_equal(stats.view_evictions, 1);
    assert_int_equal(view_count(view), 5);
    mailbox_close(&ada);
    view_release(&view);
    view_release(&other);
    mailbox_close(&bob);
    mailbox_cache_stats(small, &stats);
    assert_int_equal(stats.mailboxes, 1);
    mailbox_cache_close(&small);
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
        TEST(a_store_is_seen_at_once_by_all_sessions),
        TEST(unchanged_since_names_who_was_late),
        TEST(keywords_are_bits_until_they_are_used_up),
        TEST(an_expunge_gives_the_quota_back),
        TEST(a_copy_is_the_same_item_and_a_move_costs_nothing),
        TEST(another_mailbox_gets_items_of_its_own),
        TEST(a_committed_delivery_is_seen_by_the_next_look),
        TEST(what_the_folder_row_says_is_not_denied_by_the_view),
        TEST(a_modseq_that_never_was_is_asked_for_once),
        TEST(what_nobody_uses_is_dropped),
        TEST(a_database_that_went_back_is_believed),
        TEST(whatever_happens_views_equal_the_rows),
        TEST(writers_at_once_lose_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
