/*
 * test_fold.c -- folding the journal changes nothing that anybody can read: cold and warm, from before the fold and after it, what
 * changed since and what vanished since, copies, recovery; and a fold that dies or comes late leaves all as it was.
 */
#include "mailbox/fold.h"

#include "world.h"

#include "mailbox/copy.h"
#include "mailbox/expunge.h"
#include "mailbox/folded.h"
#include "mailbox/maintain.h"
#include "mailbox/purge.h"
#include "mailbox/recover.h"
#include "mailbox/verify.h"

#include <pthread.h>
#include <signal.h>

#include <sys/wait.h>
#include <unistd.h>

static struct world *world;
static int64_t inbox;

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

static struct uid_set uids_of(uint32_t first, uint32_t last)
{
    struct uid_set set = UID_SET_INIT(world);

    uid_set_add(&set, first, last);
    return set;
}

static void store_in(struct mailbox *mailbox, enum flags_operation operation, uint64_t flags, uint32_t first,
                     uint32_t last)
{
    struct flags_change change = { .operation = operation,
                                   .flags = { .system = flags },
                                   .allowed = ~UINT64_C(0),
                                   .unchanged_since = UINT64_MAX };
    void *arena = talloc_new(NULL);
    struct uid_set uids = UID_SET_INIT(arena);
    struct flags_result result = { .view = NULL };
    struct err err = ERR_INIT;

    uid_set_add(&uids, first, last);
    OK(flags_store(mailbox, inbox, &uids, &change, arena, &result, &err));
    flags_result_release(&result);
    talloc_free(arena);
}

static void store(enum flags_operation operation, uint64_t flags, uint32_t first, uint32_t last)
{
    store_in(world->ada, operation, flags, first, last);
}

static void expunge(uint32_t first, uint32_t last)
{
    struct uid_set uids = uids_of(first, last);
    struct expunge_result result;
    struct err err = ERR_INIT;

    OK(folder_expunge(world->ada, inbox, &uids, EXPUNGE_ALL, world, &result, &err));
    expunge_result_release(&result);
}

static int64_t rows_of_kind(int kind)
{
    static const char *const sql[] = {
        NULL,
        "SELECT count(*) FROM folder_change WHERE folder_id = $1 AND kind = 1",
        "SELECT count(*) FROM folder_change WHERE folder_id = $1 AND kind = 2",
        "SELECT count(*) FROM folder_change WHERE folder_id = $1 AND kind = 3",
    };

    return kit_store_number(world->store, sql[kind], inbox);
}

static uint64_t fold(void)
{
    struct err err = ERR_INIT;
    uint64_t rows;

    OK(fold_folder(world->store->group, ADA, inbox, &rows, &err));
    return rows;
}

/* The folder as somebody reads who knows nothing yet: from the snapshot where there is one. */
static struct view *cold(void)
{
    struct mailbox *mailbox;
    struct err err = ERR_INIT;
    struct view *view;

    mailbox_cache_clear(world->other_cache);
    OK(mailbox_open(world->other_cache, world->store->group, ADA, &mailbox, &err));
    OK(view_latest(mailbox, inbox, VIEW_CHECK, &view, &err));
    mailbox_close(&mailbox);
    return view;
}

static void assert_same(const struct view *a, const struct view *b)
{
    struct view_at at = view_from(a, 1), other = view_from(b, 1);

    assert_int_equal(view_count(a), view_count(b));
    assert_int_equal(view_modseq(a), view_modseq(b));
    assert_int_equal(view_unseen(a), view_unseen(b));
    for (struct view_message m, n; view_next(&at, &m) && view_next(&other, &n);) {
        assert_int_equal(m.uid, n.uid);
        assert_int_equal(m.flags, n.flags);
        assert_int_equal(m.modseq, n.modseq);
        assert_int_equal(m.message_id, n.message_id);
    }
    for (uint64_t since = 0; since <= view_modseq(a); since++) {
        struct uid_set changed = view_changed_since(world, a, since);
        struct uid_set again = view_changed_since(world, b, since);

        assert_true(uid_set_equals(&changed, &again));
    }
}

static struct uid_set vanished_since(uint64_t modseq)
{
    struct view *view = cold();
    struct mailbox *mailbox;
    struct uid_set vanished;
    struct err err = ERR_INIT;

    mailbox_cache_clear(world->other_cache);
    OK(mailbox_open(world->other_cache, world->store->group, ADA, &mailbox, &err));
    OK(view_expunged_since(mailbox, view, modseq, NULL, world, &vanished, &err));
    mailbox_close(&mailbox);
    view_release(&view);
    return vanished;
}

static void tell(const struct verify_difference *difference, void *arg)
{
    (void)arg;
    print_message("%s: %lld, should be %lld\n", difference->what, (long long)difference->found,
                  (long long)difference->right);
}

static uint64_t verify(enum verify_action action)
{
    struct err err = ERR_INIT;
    uint64_t differences = 0;

    OK(verify_mailbox(world->ada, action, tell, NULL, &differences, &err));
    return differences;
}

/* Flags one by one and in runs, set, cleared and replaced, with some expunged in between. */
static void live_a_little(void)
{
    for (uint32_t uid = 1; uid <= 20; uid++)
        store(FLAGS_ADD, uid % 2 ? FLAG_SEEN : FLAG_FLAGGED, uid, uid);
    store(FLAGS_ADD, FLAG_ANSWERED, 5, 15);
    expunge(7, 8);
    store(FLAGS_REMOVE, FLAG_SEEN, 3, 6);
    store(FLAGS_REPLACE, FLAG_DRAFT, 12, 13);
    expunge(19, 20);
    store(FLAGS_ADD, FLAG_SEEN, 1, 30);
}

static void every_reading_stays_the_same(void **state)
{
    struct view *before, *after, *midway;
    struct mailbox *other;
    struct uid_set vanished;
    struct err err = ERR_INIT;

    (void)state;
    world_deliver(world, ADA, inbox, 0, 30);
    OK(mailbox_open(world->other_cache, world->store->group, ADA, &other, &err));
    store(FLAGS_ADD, FLAG_FLAGGED, 2, 9);
    OK(view_latest(other, inbox, VIEW_CHECK, &midway, &err)); /* what an old session knows */
    live_a_little();
    OK(view_latest(world->ada, inbox, VIEW_CHECK, &before, &err));
    vanished = vanished_since(view_modseq(midway));
    assert_int_equal(uid_set_size(&vanished), 4);

    assert_int_equal(fold(), 21); /* four were flagged already */
    assert_int_equal(rows_of_kind(1), 0);
    assert_int_equal(rows_of_kind(2), 2);
    assert_int_equal(rows_of_kind(3), 1);
    OK(view_latest(other, inbox, VIEW_CHECK, &after, &err)); /* from before the fold */
    assert_same(before, after);
    view_release(&after);
    view_release(&midway);
    mailbox_close(&other);
    after = cold();
    assert_same(before, after);
    view_release(&after);
    struct uid_set again = vanished_since(2);
    assert_true(uid_set_equals(&vanished, &again));
    assert_int_equal(verify(VERIFY_REPORT), 0);
    assert_int_equal(fold(), 0); /* nothing to do */
    view_release(&before);
}

static void snapshots_of_before_and_after_fit(void **state)
{
    struct maintain_report report;
    struct view *before, *after;
    struct err err = ERR_INIT;

    (void)state;
    world_deliver(world, ADA, inbox, 0, 30);
    store(FLAGS_ADD, FLAG_FLAGGED, 2, 9);
    OK(maintain_folder(world->ada, inbox, &report, &err));
    live_a_little();
    assert_true(fold() > 0); /* over the snapshot's head */
    store(FLAGS_REMOVE, FLAG_FLAGGED, 1, 4);
    OK(view_latest(world->ada, inbox, VIEW_CHECK, &before, &err));
    after = cold();
    assert_same(before, after);
    view_release(&after);
    assert_int_equal(verify(VERIFY_REPORT), 0);

    OK(maintain_folder(world->ada, inbox, &report, &err));
    world_deliver(world, ADA, inbox, FLAG_SEEN, 3);
    store(FLAGS_ADD, FLAG_ANSWERED, 30, 32);
    assert_int_equal(fold(), 2); /* what was folded is folded again */
    assert_int_equal(rows_of_kind(3), 1);
    view_release(&before);
    OK(view_latest(world->ada, inbox, VIEW_CHECK, &before, &err));
    after = cold();
    assert_same(before, after);
    view_release(&after);
    kit_store_exec(world->store, "UPDATE folder_snapshot SET data = 'noise' WHERE folder_id = $1", inbox);
    after = cold();
    assert_same(before, after);
    view_release(&after);
    assert_true(verify(VERIFY_REPAIR) > 0); /* the snapshot can be made again: it is not what was folded */
    assert_int_equal(verify(VERIFY_REPORT), 0);
    view_release(&before);
}

static void copies_and_the_recovered_keep_their_flags(void **state)
{
    struct uid_set some = uids_of(5, 6);
    struct folder *target = NULL;
    struct copy_result copied;
    struct recoverable *found;
    struct recovered recovered;
    struct view_message message;
    struct err err = ERR_INIT;
    struct view *view;
    bool is_done;
    size_t count;

    (void)state;
    world_deliver(world, ADA, inbox, 0, 30);
    live_a_little();
    assert_true(fold() > 0);
    OK(folder_create(world->ada, &world->as_ada, "Target", NULL, world, &target, &err));
    OK(folder_copy(world->ada, inbox, &some, world->ada, target->folder_id, COPY_KEEP, world, &copied, &err));
    copy_result_release(&copied);
    OK(view_latest(world->ada, target->folder_id, VIEW_CHECK, &view, &err));
    assert_true(view_find(view, 1, &message));
    assert_int_equal(message.flags, FLAG_SEEN | FLAG_ANSWERED);
    view_release(&view);

    OK(mailbox_recoverable(world->store->group, world, ADA, inbox, 10, &found, &count, &err));
    assert_int_equal(count, 4);
    for (size_t i = 0; i < count; i++)
        if (found[i].uid == 7) /* seen by the odd, answered with 5 to 15 */
            OK(mailbox_recover(world->store->group, ADA, &found[i], 1, inbox, &recovered, &err));
    view = cold();
    assert_true(view_find(view, 31, &message));
    assert_int_equal(message.flags, FLAG_SEEN | FLAG_ANSWERED);
    view_release(&view);

    kit_store_exec(world->store, "UPDATE store SET deleted_item_days = 0 WHERE store_id = $1", KIT_STORE_ID);
    OK(purge_expunged(world->store->group, &is_done, &err));
    assert_int_equal(verify(VERIFY_REPORT), 0);
    store(FLAGS_ADD, FLAG_DELETED, 31, 31);
    assert_int_equal(fold(), 1); /* with UIDs in it that are no more */
    assert_int_equal(verify(VERIFY_REPORT), 0);
}

static void what_is_damaged_is_told_and_mended_when_asked(void **state)
{
    struct err err = ERR_INIT;
    uint64_t rows, differences;
    struct mailbox *other;
    struct view *view;

    (void)state;
    world_deliver(world, ADA, inbox, 0, 30);
    live_a_little();
    assert_true(fold() > 0);
    store(FLAGS_REMOVE, FLAG_SEEN, 1, 1);
    kit_store_exec(
        world->store,
        "UPDATE folder_change SET uids = set_byte(uids, length(uids) - 9, get_byte(uids, length(uids) - 9) # 1)"
        " WHERE folder_id = $1 AND kind = 3",
        inbox);
    OK(mailbox_open(world->other_cache, world->store->group, ADA, &other, &err));
    REFUSED(view_latest(other, inbox, VIEW_CHECK, &view, &err), ERR_INTERNAL);
    REFUSED(fold_folder(world->store->group, ADA, inbox, &rows, &err), ERR_INTERNAL);
    OK(verify_mailbox(other, VERIFY_REPORT, tell, NULL, &differences, &err));
    assert_true(differences > 0);
    assert_int_equal(rows_of_kind(1), 1);
    assert_int_equal(rows_of_kind(3), 1);
    OK(verify_mailbox(other, VERIFY_REPAIR, tell, NULL, &differences, &err));
    OK(view_latest(other, inbox, VIEW_CHECK, &view, &err));
    view_release(&view);
    mailbox_close(&other);
    assert_int_equal(verify(VERIFY_REPORT), 0);
}

static void *fold_many_times(void *arg)
{
    (void)arg;
    for (int i = 0; i < 20; i++)
        fold();
    return NULL;
}

static void two_that_fold_and_one_that_stores(void **state)
{
    pthread_t threads[2];
    struct view *before, *after;
    struct err err = ERR_INIT;

    (void)state;
    world_deliver(world, ADA, inbox, 0, 10);
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, fold_many_times, NULL), 0);
    for (uint32_t i = 0; i < 100; i++)
        store(i % 3 ? FLAGS_ADD : FLAGS_REMOVE, FLAG_SEEN, 1 + i % 10, 1 + i % 10);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    fold();
    OK(view_latest(world->ada, inbox, VIEW_TRUST_WAKE, &before, &err));
    after = cold();
    assert_same(before, after);
    view_release(&after);
    view_release(&before);
    assert_int_equal(rows_of_kind(1), 0);
    assert_int_equal(verify(VERIFY_REPORT), 0);
}

/* Folds in a process of its own that dies at this point. */
static void die_folding(const char *point)
{
    pid_t child = fork();
    int status;

    if (child == 0) {
        struct groups *groups;
        struct group *group;
        struct err err = ERR_INIT;
        uint64_t rows;

        setenv("CRASHPOINT", point, 1);
        if (groups_open(NULL, &(struct groups_options){ .pool_size = 1 }, &groups, &err) &&
            groups_put(groups, KIT_GROUP_ID, world->store->conninfo, &err) &&
            group_find(groups, KIT_GROUP_ID, &group, &err))
            (void)!fold_folder(group, ADA, inbox, &rows, &err);
        _exit(1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

static void dying_between_the_steps_changes_nothing(void **state)
{
    static const char *const points[] = { "fold.after-delete", "fold.before-commit" };
    struct view *before, *after;
    struct err err = ERR_INIT;

    (void)state;
    world_deliver(world, ADA, inbox, 0, 30);
    live_a_little();
    OK(view_latest(world->ada, inbox, VIEW_CHECK, &before, &err));
    for (size_t i = 0; i < COUNT_OF(points); i++) {
        die_folding(points[i]);
        assert_int_equal(rows_of_kind(1), 24);
        assert_int_equal(rows_of_kind(3), 0);
        after = cold();
        assert_same(before, after);
        view_release(&after);
    }
    assert_int_equal(fold(), 24);
    view_release(&before);
}

/* A year of somebody who flags one message at a time. What a row says is UID 1 + n % 100, \Seen set or cleared. */
static void a_hundred_thousand_stores_do_not_stay(void **state)
{
    static const char BYTES[] =
        "SELECT coalesce(sum(pg_column_size(c.*)), 0)::bigint FROM folder_change c WHERE folder_id = $1";
    int64_t before;
    struct err err = ERR_INIT;
    bool is_done = false;

    (void)state;
    world_deliver(world, ADA, inbox, 0, 100);
    kit_store_exec(
        world->store,
        "WITH c AS (INSERT INTO folder_change (folder_id, modseq, kind, uids, clear_bits, set_bits, at_us)"
        "  SELECT $1, 1000 + n, 1, set_byte('\\x010000'::bytea, 1, n % 100), 1, n / 100 % 2, n"
        "    FROM generate_series(0, 99999) AS n),"
        " f AS (UPDATE folder SET modseq = 100999 WHERE folder_id = $1)"
        " UPDATE mailbox SET modseq = 100999 WHERE mailbox_id = 1",
        inbox);
    assert_true(verify(VERIFY_REPAIR) > 0); /* the counters of what was put in by hand */
    before = kit_store_number(world->store, BYTES, inbox);
    OK(fold_step(world->store->group, &is_done, &err));
    assert_true(is_done);
    print_message("100,000 rows of %lld bytes, folded %lld\n", (long long)before,
                  (long long)kit_store_number(world->store, BYTES, inbox));
    assert_int_equal(rows_of_kind(1), 0);
    assert_int_equal(rows_of_kind(3), 1);
    assert_true(kit_store_number(world->store, BYTES, inbox) < 2000);
    assert_int_equal(verify(VERIFY_REPORT), 0);

    for (int i = 0; i < 10; i++)
        store(i % 2 ? FLAGS_ADD : FLAGS_REMOVE, FLAG_SEEN, 1, 1);
    OK(fold_step(world->store->group, &is_done, &err)); /* not worth it yet */
    assert_int_equal(rows_of_kind(1), 10);
}

static void packed_is_what_was_packed(void **state)
{
    struct folded folded = folded_new(world), again;
    struct buf out = BUF_INIT(world);

    (void)state;
    for (uint32_t i = 0; i < FOLDED_MESSAGES_MAX; i++) {
        folded.uids[i] = i == FOLDED_MESSAGES_MAX - 1 ? UINT32_MAX : 3 * i + 1;
        folded.flags[i] = i % 5 ? i % 256 : UINT64_MAX;
        folded.modseqs[i] = i % 7 ? INT64_MAX - i : i;
    }
    folded.count = FOLDED_MESSAGES_MAX;
    folded_pack(&out, &folded);
    assert_true(folded_unpack(world, buf_span(&out), &again));
    assert_int_equal(again.count, folded.count);
    assert_memory_equal(again.uids, folded.uids, folded.count * sizeof *folded.uids);
    assert_memory_equal(again.flags, folded.flags, folded.count * sizeof *folded.flags);
    assert_memory_equal(again.modseqs, folded.modseqs, folded.count * sizeof *folded.modseqs);
    assert_int_equal(folded_find(&again, 301), 100);
    assert_int_equal(folded_find(&again, 302), again.count);
    for (size_t i = 0; i < out.length; i += 97) { /* the checksum sees every bit */
        out.p[i] ^= 4;
        assert_false(folded_unpack(world, buf_span(&out), &again));
        out.p[i] ^= 4;
    }
    assert_false(folded_unpack(world, span_of(out.p, out.length - 1), &again));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(packed_is_what_was_packed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(every_reading_stays_the_same, set_up, tear_down),
        cmocka_unit_test_setup_teardown(snapshots_of_before_and_after_fit, set_up, tear_down),
        cmocka_unit_test_setup_teardown(copies_and_the_recovered_keep_their_flags, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_damaged_is_told_and_mended_when_asked, set_up, tear_down),
        cmocka_unit_test_setup_teardown(two_that_fold_and_one_that_stores, set_up, tear_down),
        cmocka_unit_test_setup_teardown(dying_between_the_steps_changes_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_hundred_thousand_stores_do_not_stay, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
