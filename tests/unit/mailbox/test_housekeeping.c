/*
 * test_housekeeping.c -- what is expunged can be brought back for a while, then is gone to the last byte; what somebody still has
 * stays; and verify sees every damage, and nothing else.
 */
#include "mailbox/housekeeping.h"

#include "db/statement.h"
#include "group/quota.h"
#include "group/store.h"
#include "kit/mail.h"
#include "kit/store.h"
#include "mailbox/expunge.h"
#include "mailbox/filing.h"
#include "mailbox/flags.h"
#include "mailbox/folder.h"
#include "mailbox/recover.h"
#include "mailbox/verify.h"
#include "mailbox/verify_messages.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
/* cmocka wants setjmp, stdarg and stddef first */
#include <cmocka.h>

#define OK(call)                                                                                             \
    do {                                                                                                     \
        if (!(call))                                                                                         \
            fail_msg("%s: %s / %s", #call, err.user, err.log);                                               \
    } while (0)

static struct kit_store *store;
static struct mailbox_cache *cache;

static struct filing_target file_into(int64_t mailbox_id, int64_t folder_id, struct span mail)
{
    void *arena = talloc_new(NULL);
    struct filing_target target = { .mailbox_id = mailbox_id, .folder_id = folder_id };
    struct filing filing = { .draft = message_prepare(arena, mail), .targets = &target, .target_count = 1 };
    struct filing_batch batch = { .filings = &filing, .count = 1 };
    struct err err;
    struct db *db;

    if (span_length(mail) > MESSAGE_CHUNK_BYTES)
        OK(filing_stage(store->group, filing.draft, &filing.staged_message_id, &err));
    OK(group_acquire(store->group, DB_INTERACTIVE, &db, &err));
    OK(filing_run(store->group, db, arena, &batch, &err));
    db_release(&db);
    assert_true(target.is_filed);
    talloc_free(arena);
    return target;
}

static struct filing_target file(int64_t mailbox_id, struct span mail)
{
    return file_into(mailbox_id, 0, mail);
}

static int64_t count(const char *sql, int64_t id)
{
    return kit_store_number(store, sql, id);
}

static int64_t inbox_of(int64_t mailbox_id)
{
    return count("SELECT folder_id FROM folder WHERE name = 'INBOX' AND mailbox_id = $1", mailbox_id);
}

static void expunge(int64_t mailbox_id, uint32_t first, uint32_t last)
{
    void *arena = talloc_new(NULL);
    struct uid_set uids = UID_SET_INIT(arena);
    struct mailbox *mailbox;
    struct expunge_result result;
    struct err err;

    uid_set_add(&uids, first, last);
    OK(mailbox_open(cache, store->group, mailbox_id, &mailbox, &err));
    OK(folder_expunge(mailbox, inbox_of(mailbox_id), &uids, EXPUNGE_ALL, arena, &result, &err));
    expunge_result_release(&result);
    mailbox_close(&mailbox);
    talloc_free(arena);
}

static void mark_seen(int64_t mailbox_id, uint32_t first, uint32_t last)
{
    void *arena = talloc_new(NULL);
    struct uid_set uids = UID_SET_INIT(arena);
    const struct flags_change change = { .operation = FLAGS_ADD,
                                         .flags = { .system = FLAG_SEEN },
                                         .allowed = ~UINT64_C(0),
                                         .unchanged_since = UINT64_MAX };
    struct mailbox *mailbox;
    struct flags_result result;
    struct err err;

    uid_set_add(&uids, first, last);
    OK(mailbox_open(cache, store->group, mailbox_id, &mailbox, &err));
    OK(flags_store(mailbox, inbox_of(mailbox_id), &uids, &change, arena, &result, &err));
    flags_result_release(&result);
    mailbox_close(&mailbox);
    talloc_free(arena);
}

static void run_jobs(void)
{
    for (int round = 0; round < 3; round++)
        for (size_t i = 0; i < housekeeping_job_count; i++) {
            bool is_done;
            do {
                struct err err;
                OK(housekeeping_jobs[i].run(store->group, &is_done, &err));
            } while (!is_done);
        }
}

/* 1: the period is over for all; 0: it is as usual. */
static void let_period_pass(bool has_passed)
{
    kit_store_exec(store,
                   "UPDATE store SET deleted_item_days = CASE WHEN $1 = 1 THEN -1 ELSE 14 END,"
                   " deleted_mailbox_days = CASE WHEN $1 = 1 THEN -1 ELSE 30 END",
                   has_passed);
}

static char findings[1000];

static void note(void *arg, const struct verify_finding *finding)
{
    (void)arg;
    if (strlen(findings) < sizeof findings - 60)
        sprintf(findings + strlen(findings), "%s%s ", finding->what, finding->is_repaired ? "+" : "");
}

static const char *verify(bool may_repair)
{
    struct verify_totals totals;
    struct err err;

    findings[0] = '\0';
    OK(verify_messages(store->group, &(struct verify_options){ .may_repair = may_repair, .found = note },
                       &totals, &err));
    return findings;
}

static void tell_difference(const struct verify_difference *difference, void *arg)
{
    (void)arg;
    print_message("  %s: found %lld, right %lld\n", difference->what, (long long)difference->found,
                  (long long)difference->right);
}

static void assert_folders_are_right(int64_t mailbox_id)
{
    struct mailbox *mailbox;
    uint64_t differences;
    struct err err;

    OK(mailbox_open(cache, store->group, mailbox_id, &mailbox, &err));
    OK(verify_mailbox(mailbox, VERIFY_REPORT, tell_difference, NULL, &differences, &err));
    assert_int_equal(differences, 0);
    mailbox_close(&mailbox);
}

static void what_is_expunged_comes_back_once_and_goes_for_good(void **state)
{
    void *arena = talloc_new(NULL);
    struct recoverable *found;
    struct recovered recovered;
    struct err err;
    size_t n;

    (void)state;
    kit_store_mailbox(store, 1, 0, 0);
    kit_store_mailbox(store, 2, 0, 0);
    for (int i = 1; i <= 6; i++)
        file(1, kit_mail(arena, i, 1000, NULL, NULL));
    struct filing_target shared = file(2, kit_mail(arena, 6, 1000, NULL, NULL));
    mark_seen(1, 3, 4);
    expunge(1, 2, 3);
    expunge(1, 5, 6);
    OK(mailbox_recoverable(store->group, arena, 1, 0, 100, &found, &n, &err));
    assert_int_equal(n, 4);
    assert_int_equal(found[0].uid, 6); /* the newest first */
    assert_int_equal(found[3].uid, 2);
    assert_int_equal(
        found[3].until_us - found[3].expunged_us,
        count(
            "SELECT s.deleted_item_days FROM store s JOIN mailbox m USING (store_id) WHERE m.mailbox_id = $1",
            1) *
            86400 * INT64_C(1000000));
    OK(mailbox_recoverable(store->group, arena, 1, 0, 1, &found, &n, &err));
    assert_int_equal(n, 1);
    OK(mailbox_recoverable(store->group, arena, 1, 0, 100, &found, &n, &err));
    OK(mailbox_recover(store->group, 1, found + 1, 2, 0, &recovered, &err)); /* 5 and 3 */
    assert_int_equal(recovered.count, 2);
    assert_int_equal(count("SELECT messages FROM folder WHERE folder_id = $1", inbox_of(1)), 4);
    assert_int_equal(count("SELECT uidnext FROM folder WHERE folder_id = $1", inbox_of(1)), 9);
    assert_int_equal(count("SELECT unseen FROM folder WHERE folder_id = $1", inbox_of(1)),
                     2); /* 1 and 5; 3 was read */
    assert_folders_are_right(1);
    assert_false(mailbox_recover(store->group, 1, found + 1, 1, 0, &recovered, &err));
    assert_int_equal(err.kind, ERR_NOT_FOUND);
    struct recoverable live = found[0]; /* a message that was never expunged is not to be doubled */
    live.uid = 1;
    assert_false(mailbox_recover(store->group, 1, &live, 1, 0, &recovered, &err));
    assert_int_equal(err.kind, ERR_NOT_FOUND);
    OK(mailbox_set_quota(store->group, 1, 4500, 0, &err));
    assert_false(mailbox_recover(store->group, 1, found, 1, 0, &recovered, &err));
    assert_int_equal(err.kind, ERR_QUOTA);
    assert_string_equal(verify(false), "");
    run_jobs();
    assert_int_equal(count("SELECT count(*) FROM item WHERE mailbox_id = $1", 1), 6);
    let_period_pass(true);
    run_jobs();
    let_period_pass(false);
    assert_int_equal(count("SELECT count(*) FROM item WHERE mailbox_id = $1", 1), 4);
    assert_int_equal(count("SELECT count(*) + $1 FROM message", 0),
                     5); /* 1, 3, 4, 5, and 6 which the other has */
    assert_int_equal(count("SELECT count(*) + $1 FROM body", 0), 5);
    assert_int_equal(count("SELECT count(*) FROM body WHERE message_id = $1", shared.message_id), 1);
    OK(mailbox_recoverable(store->group, arena, 1, 0, 100, &found, &n, &err));
    assert_int_equal(n, 0);
    assert_folders_are_right(1);
    assert_string_equal(verify(false), "");
    talloc_free(arena);
}

static void deleted_mailboxes_leave_nothing(void **state)
{
    void *arena = talloc_new(NULL);
    struct err err;
    bool is_done;

    (void)state;
    OK(mailbox_create(store->group,
                      &(struct mailbox_options){ .mailbox_id = 10,
                                                 .store_id = KIT_STORE_ID,
                                                 .organisation_id = KIT_ORGANISATION_ID,
                                                 .domain_id = KIT_DOMAIN_ID },
                      &err));
    for (int i = 1; i <= 5; i++)
        file(10, kit_mail(arena, 100 + i, 1000, NULL, NULL));
    OK(housekeeping_jobs[1].run(store->group, &is_done, &err));
    OK(mailbox_delete(store->group, 10, &err));
    run_jobs();
    assert_int_equal(count("SELECT count(*) FROM item WHERE mailbox_id = $1", 10), 5);
    let_period_pass(true);
    run_jobs();
    let_period_pass(false);
    assert_int_equal(count("SELECT count(*) FROM item WHERE mailbox_id = $1", 10), 0);
    assert_int_equal(count("SELECT count(*) FROM folder WHERE mailbox_id = $1", 10), 0);
    assert_int_equal(count("SELECT count(*) FROM mailbox WHERE mailbox_id = $1", 10), 0);
    assert_int_equal(count("SELECT count(*) FROM thread_reference WHERE mailbox_id = $1", 10), 0);
    assert_string_equal(verify(false), "");
    talloc_free(arena);
}

static void what_was_staged_and_forgotten_is_reaped(void **state)
{
    void *arena = talloc_new(NULL);
    struct message_draft *draft =
        message_prepare(arena, kit_mail(arena, 200, 2 * MESSAGE_CHUNK_BYTES, NULL, NULL));
    struct err err;
    int64_t id;

    (void)state;
    OK(filing_stage(store->group, draft, &id, &err));
    run_jobs();
    assert_true(count("SELECT count(*) FROM body WHERE message_id = $1", id) >= 2);
    kit_store_exec(store, "UPDATE body_staged SET created_us = 1 WHERE message_id = $1", id);
    run_jobs();
    assert_int_equal(count("SELECT count(*) FROM body WHERE message_id = $1", id), 0);
    assert_int_equal(count("SELECT count(*) FROM body_staged WHERE message_id = $1", id), 0);
    talloc_free(arena);
}

/* A crash of the database takes away what was committed without waiting for the disk: all of it, or the end. */
static const struct {
    const char *what, *loss;
} losses[] = {
    { "everything",
      "WITH s AS (DELETE FROM body_staged WHERE message_id = $1) DELETE FROM body WHERE message_id = $1" },
    { "the second transaction", "WITH s AS (UPDATE body_staged SET pieces = 16 WHERE message_id = $1)"
                                " DELETE FROM body WHERE message_id = $1 AND chunk >= 16" },
};

static void a_message_whose_pieces_are_lost_is_not_filed(void **state)
{
    (void)state;
    kit_store_mailbox(store, 30, 0, 0);
    for (size_t i = 0; i < COUNT_OF(losses); i++) {
        void *arena = talloc_new(NULL);
        struct span mail = kit_mail(arena, 300 + (int)i, 18 * MESSAGE_CHUNK_BYTES, NULL, NULL);
        struct filing_target target = { .mailbox_id = 30 };
        struct filing filing = { .draft = message_prepare(arena, mail),
                                 .targets = &target,
                                 .target_count = 1 };
        struct filing_batch batch = { .filings = &filing, .count = 1 };
        struct err err = ERR_INIT;
        struct db *db;

        print_message("  %s\n", losses[i].what);
        OK(filing_stage(store->group, filing.draft, &filing.staged_message_id, &err));
        kit_store_exec(store, losses[i].loss, filing.staged_message_id);
        OK(group_acquire(store->group, DB_INTERACTIVE, &db, &err));
        assert_false(filing_run(store->group, db, arena, &batch, &err));
        db_release(&db);
        assert_int_equal(err.kind, ERR_BUSY);
        assert_false(target.is_filed);
        assert_int_equal(count("SELECT count(*) FROM membership m JOIN folder f USING (folder_id)"
                               " WHERE f.mailbox_id = $1",
                               30),
                         0);
        filing_unstage(store->group, filing.staged_message_id);
        assert_int_equal(count("SELECT count(*) FROM body WHERE message_id = $1", filing.staged_message_id),
                         0);
        talloc_free(arena);
    }
}

/* After such a crash an id may come twice. */
static void staging_under_a_foreign_id_leaves_the_other_alone(void **state)
{
    void *arena = talloc_new(NULL);
    struct message_draft *draft =
        message_prepare(arena, kit_mail(arena, 310, 2 * MESSAGE_CHUNK_BYTES, NULL, NULL));
    struct err err = ERR_INIT;
    int64_t mine, other;

    (void)state;
    OK(filing_stage(store->group, draft, &mine, &err));
    kit_store_exec(store, "INSERT INTO body_staged (message_id, pieces, created_us) VALUES ($1, 1, 1)",
                   mine + 1);
    kit_store_exec(store, "INSERT INTO body (message_id, chunk, codec, data) VALUES ($1, 0, 0, '')",
                   mine + 1);
    assert_false(filing_stage(store->group, draft, &other, &err));
    assert_int_equal(count("SELECT count(*) FROM body WHERE message_id = $1", mine + 1), 1);
    assert_int_equal(count("SELECT count(*) FROM body_staged WHERE message_id = $1", mine + 1), 1);
    kit_store_exec(store, "DELETE FROM body_staged WHERE message_id >= $1", mine);
    kit_store_exec(store, "DELETE FROM body WHERE message_id >= $1", mine);
    talloc_free(arena);
}

static const struct {
    const char *what, *damage;
    const char *found, *repaired, *after;
} damages[] = {
    { "a flipped bit", "UPDATE body SET codec = 0 WHERE message_id = $1", "body-size ", "body-size ",
      "body-size " },
    { "a lost body", "DELETE FROM body WHERE message_id = $1", "body-missing ", "body-missing ",
      "body-missing " },
    { "a wrong hash", "UPDATE message SET content_hash = sha256('x') WHERE message_id = $1", "body-hash ",
      "body-hash ", "body-hash " },
    { "another header",
      "UPDATE message SET header = (SELECT header FROM message WHERE message_id <> $1 LIMIT 1)"
      " WHERE message_id = $1",
      "header ", "header ", "header " },
    { "a lost item", "DELETE FROM item WHERE message_id = $1", "membership orphan-message ", "membership+ ",
      "" },
    { "an item in no folder", "DELETE FROM membership WHERE message_id = $1", "orphan-item ", "orphan-item+ ",
      "" },
    { "a message nobody has",
      "WITH i AS (DELETE FROM item WHERE message_id = $1) DELETE FROM membership WHERE message_id = $1",
      "orphan-message ", "orphan-message+ ", "" },
    { "bytes without a message", "INSERT INTO body VALUES ($1 + 1000000, 0, 0, '')", "orphan-body ",
      "orphan-body+ ", "" },
    { "a search row that lies",
      "UPDATE search_text SET messages = messages + 1 WHERE folder_id ="
      " (SELECT folder_id FROM membership WHERE message_id = $1)",
      "search-text ", "search-text+ ", "" },
    { "a search row that is gone",
      "DELETE FROM search_text WHERE folder_id = (SELECT folder_id FROM membership WHERE message_id = $1)",
      "search-text ", "search-text+ ", "" },
};

static void every_damage_is_found_and_mended_where_it_can_be(void **state)
{
    void *arena = talloc_new(NULL);

    (void)state;
    for (size_t i = 0; i < COUNT_OF(damages); i++) {
        int64_t mailbox_id = 20 + (int64_t)i;
        kit_store_mailbox(store, mailbox_id, 0, 0);
        struct filing_target target =
            file(mailbox_id, kit_mail(arena, 300 + (int)i, 1000, damages[i].what, NULL));
        run_jobs();
        assert_string_equal(verify(false), "");
        print_message("  %s\n", damages[i].what);
        kit_store_exec(store, damages[i].damage, target.message_id);
        assert_string_equal(verify(false), damages[i].found);
        assert_string_equal(verify(true), damages[i].repaired);
        assert_string_equal(verify(false), damages[i].after);
        if (*damages[i].after) { /* out of the way of the next row */
            kit_store_exec(store, "DELETE FROM membership WHERE message_id = $1", target.message_id);
            verify(true);
        }
    }
    talloc_free(arena);
}

/* Purged after it was listed, it is not there when it is read. Too large to be remembered whole. */
static void what_cannot_be_read_is_no_fault_of_the_index(void **state)
{
    enum { MAILBOX = 45 };
    void *arena = talloc_new(NULL);

    (void)state;
    kit_store_mailbox(store, MAILBOX, 0, 0);
    struct filing_target target = file(MAILBOX, kit_mail(arena, 350, 2 * MESSAGE_CHUNK_BYTES, "gone", NULL));
    run_jobs();
    assert_string_equal(verify(false), "");
    kit_store_exec(store, "DELETE FROM message WHERE message_id = $1", target.message_id);
    assert_null(strstr(verify(false), "search-text"));
    kit_store_exec(store, "DELETE FROM membership WHERE message_id = $1", target.message_id);
    verify(true);
    talloc_free(arena);
}

/* The same bytes come and go in two mailboxes while housekeeping removes what nobody has. */
struct coming {
    pthread_t thread;
    int64_t mailbox_id;
    _Atomic bool *is_over;
};

static void *come_and_go(void *arg)
{
    struct coming *coming = arg;

    for (int i = 0; i < 60; i++) {
        void *arena = talloc_new(NULL);
        for (int k = 0; k < 3; k++) {
            struct filing_target target =
                file(coming->mailbox_id, kit_mail(arena, 500 + k, 3000, NULL, NULL));
            expunge(coming->mailbox_id, (uint32_t)target.uid, (uint32_t)target.uid);
        }
        talloc_free(arena);
    }
    return NULL;
}

static void *purge_all_the_time(void *arg)
{
    _Atomic bool *is_over = arg;

    while (!*is_over)
        for (size_t i = 0; i < housekeeping_job_count; i++) {
            bool is_done;
            struct err err;
            if (!housekeeping_jobs[i].run(store->group, &is_done, &err))
                abort();
        }
    return NULL;
}

static void purging_never_takes_what_somebody_just_gets(void **state)
{
    struct coming comings[3] = { { .mailbox_id = 50 }, { .mailbox_id = 51 }, { .mailbox_id = 52 } };
    _Atomic bool is_over = false;
    pthread_t purger;

    (void)state;
    let_period_pass(true);
    for (int i = 0; i < 3; i++)
        kit_store_mailbox(store, comings[i].mailbox_id, 0, 0);
    assert_int_equal(pthread_create(&purger, NULL, purge_all_the_time, &is_over), 0);
    for (int i = 0; i < 3; i++)
        assert_int_equal(pthread_create(&comings[i].thread, NULL, come_and_go, &comings[i]), 0);
    for (int i = 0; i < 3; i++)
        pthread_join(comings[i].thread, NULL);
    is_over = true;
    pthread_join(purger, NULL);
    assert_string_equal(verify(false), "");
    run_jobs();
    assert_string_equal(verify(false), "");
    for (int i = 0; i < 3; i++) {
        assert_int_equal(count("SELECT count(*) FROM item WHERE mailbox_id = $1", comings[i].mailbox_id), 0);
        assert_folders_are_right(comings[i].mailbox_id);
    }
    let_period_pass(false);
}

static int open_store(void **state)
{
    *state = talloc_new(NULL);
    store = kit_store_open(*state);
    cache = mailbox_cache_open(&(struct mailbox_cache_options){ .bus = NULL });
    return 0;
}

static int close_store(void **state)
{
    mailbox_cache_close(&cache);
    kit_store_close(store);
    talloc_free(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_expunged_comes_back_once_and_goes_for_good),
        cmocka_unit_test(deleted_mailboxes_leave_nothing),
        cmocka_unit_test(what_was_staged_and_forgotten_is_reaped),
        cmocka_unit_test(a_message_whose_pieces_are_lost_is_not_filed),
        cmocka_unit_test(staging_under_a_foreign_id_leaves_the_other_alone),
        cmocka_unit_test(every_damage_is_found_and_mended_where_it_can_be),
        cmocka_unit_test(what_cannot_be_read_is_no_fault_of_the_index),
        cmocka_unit_test(purging_never_takes_what_somebody_just_gets),
    };

    return cmocka_run_group_tests(tests, open_store, close_store);
}
