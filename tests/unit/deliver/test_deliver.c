/* test_deliver.c -- what comes through the door: once, to everybody, under the right numbers, or not at all. */
#include "deliver/deliver.h"

#include "base/clock.h"
#include "db/statement.h"
#include "group/quota.h"
#include "group/store.h"
#include "kit/mail.h"
#include "kit/store.h"
#include "mailbox/flags.h"

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
static struct deliver *deliver;

/* One letter to one mailbox; the target with its results. */
static struct filing_target send(int64_t mailbox_id, struct span mail)
{
    void *arena = talloc_new(NULL);
    struct deliver_recipient recipient = { .group_id = KIT_GROUP_ID,
                                           .address = "ada@example.org",
                                           .target = { .mailbox_id = mailbox_id } };
    struct err err = ERR_INIT;

    OK(deliver_message(deliver, message_prepare(arena, mail), clock_now_us(), &recipient, 1, &err));
    talloc_free(arena);
    return recipient.target;
}

static int64_t count(const char *sql, int64_t id)
{
    return kit_store_number(store, sql, id);
}

/* The counters of mailbox and folder are what their memberships add up to. */
static void assert_counters_are_true(int64_t mailbox_id)
{
    assert_int_equal(
        count(
            "SELECT count(*) FROM mailbox m WHERE mailbox_id = $1 AND (used_bytes, used_messages) IS DISTINCT FROM"
            " (SELECT (coalesce(sum(b.size), 0)::bigint, count(b.size)) FROM folder f"
            "    JOIN membership b USING (folder_id) WHERE f.mailbox_id = m.mailbox_id)",
            mailbox_id),
        0);
    assert_int_equal(
        count("SELECT count(*) FROM folder f WHERE mailbox_id = $1"
              "   AND (messages, bytes, unseen, deleted, uidnext) IS DISTINCT FROM"
              " (SELECT (count(*), coalesce(sum(size), 0)::bigint, count(*) FILTER (WHERE flags & 1 = 0),"
              "          count(*) FILTER (WHERE flags & 8 <> 0), coalesce(max(uid), 0) + 1)"
              "    FROM membership b WHERE b.folder_id = f.folder_id)",
              mailbox_id),
        0);
}

static void twenty_recipients_share_one_body(void **state)
{
    void *arena = talloc_new(NULL);
    struct deliver_recipient to[20];
    struct err err;

    (void)state;
    for (int i = 0; i < 20; i++) {
        kit_store_mailbox(store, 100 + i, 0, 0);
        to[i] = (struct deliver_recipient){ .group_id = KIT_GROUP_ID, .target = { .mailbox_id = 100 + i } };
    }
    OK(deliver_message(deliver, message_prepare(arena, kit_mail(arena, 1, 4000, NULL, NULL)), 12345, to, 20,
                       &err));
    for (int i = 0; i < 20; i++) {
        assert_true(to[i].target.is_filed);
        assert_int_equal(to[i].target.uid, 1);
        assert_int_equal(to[i].target.message_id, to[0].target.message_id);
        assert_counters_are_true(100 + i);
    }
    assert_int_equal(count("SELECT count(*) FROM body WHERE message_id = $1", to[0].target.message_id), 1);
    assert_int_equal(count("SELECT count(*) FROM item WHERE message_id = $1", to[0].target.message_id), 20);
    assert_int_equal(
        count("SELECT received_us FROM membership WHERE message_id = $1 LIMIT 1", to[0].target.message_id),
        12345);
    /* The same bytes again: another item, the same message. */
    struct filing_target again = send(100, kit_mail(arena, 1, 4000, NULL, NULL));
    assert_true(again.is_filed);
    assert_int_equal(again.message_id, to[0].target.message_id);
    assert_int_equal(again.uid, 2);
    assert_true(again.item_id != to[0].target.item_id);
    talloc_free(arena);
}

/* ---- copies from a queue, which may be filed again by whoever does not know that they were */

struct copy {
    int64_t mailbox_id, row_id;
    struct filing_target target;
};

static void file_copies(struct copy *copies, size_t n, int number)
{
    void *arena = talloc_new(NULL);
    struct deliver_recipient to[8] = { 0 };
    uint8_t receipts[8][FILING_RECEIPT_BYTES];
    struct err err = ERR_INIT;

    for (size_t i = 0; i < n; i++) {
        filing_receipt(receipts[i], copies[i].row_id, 1000000);
        to[i] = (struct deliver_recipient){
            .group_id = KIT_GROUP_ID, .target = { .mailbox_id = copies[i].mailbox_id, .receipt = receipts[i] }
        };
    }
    OK(deliver_message(deliver, message_prepare(arena, kit_mail(arena, number, 3000, NULL, NULL)), 1, to, n,
                       &err));
    for (size_t i = 0; i < n; i++)
        copies[i].target = to[i].target;
    talloc_free(arena);
}

static void a_copy_under_a_receipt_is_filed_once(void **state)
{
    struct copy first[] = { { 140, 1 }, { 141, 2 } };
    struct copy again[] = { { 140, 1 }, { 141, 2 }, { 142, 3 }, { 140, 4 } };

    (void)state;
    for (int64_t id = 140; id < 143; id++)
        kit_store_mailbox(store, id, 0, 0);
    file_copies(first, 2, 77);
    assert_true(first[0].target.is_filed && !first[0].target.was_filed);
    file_copies(again, 4, 77);
    for (size_t i = 0; i < 4; i++) {
        assert_true(again[i].target.is_filed);
        assert_int_equal(again[i].target.was_filed, i < 2);
    }
    assert_int_equal(again[3].target.uid, 2); /* another row is another copy */
    for (int64_t id = 140; id < 143; id++)
        assert_counters_are_true(id);
    file_copies(again, 4, 77);
    assert_int_equal(count("SELECT messages FROM folder WHERE mailbox_id = $1 AND name = 'INBOX'", 140), 2);
    assert_int_equal(count("SELECT messages FROM folder WHERE mailbox_id = $1 AND name = 'INBOX'", 142), 1);
}

static void *file_the_same(void *argument)
{
    struct copy copy = { 145, 99 };

    (void)argument;
    for (int i = 0; i < 20; i++) {
        file_copies(&copy, 1, 78);
        if (!copy.target.is_filed)
            return "not filed";
    }
    return NULL;
}

static void of_eight_who_file_the_same_copy_one_does(void **state)
{
    pthread_t threads[8];

    (void)state;
    kit_store_mailbox(store, 145, 0, 0);
    for (int i = 0; i < 8; i++)
        pthread_create(&threads[i], NULL, file_the_same, NULL);
    for (int i = 0; i < 8; i++) {
        void *trouble;
        pthread_join(threads[i], &trouble);
        assert_null(trouble);
    }
    assert_int_equal(count("SELECT messages FROM folder WHERE mailbox_id = $1 AND name = 'INBOX'", 145), 1);
    assert_counters_are_true(145);
}

static void each_recipient_has_an_answer_of_its_own(void **state)
{
    void *arena = talloc_new(NULL);
    struct deliver_recipient to[] = {
        { .group_id = KIT_GROUP_ID, .target = { .mailbox_id = 130 } },
        { .group_id = KIT_GROUP_ID, .target = { .mailbox_id = 131 } },
        { .group_id = KIT_GROUP_ID, .target = { .mailbox_id = 999999 } },
        { .group_id = KIT_GROUP_ID, .target = { .mailbox_id = 130, .folder_id = 888888 } },
        { .group_id = 77, .target = { .mailbox_id = 130 } },
        { .group_id = KIT_GROUP_ID, .target = { .mailbox_id = 130, .special_use = "\\Junk" } },
    };
    static const enum err_kind kinds[] = { ERR_NONE,      ERR_QUOTA, ERR_NOT_FOUND,
                                           ERR_NOT_FOUND, ERR_BUSY,  ERR_NONE };
    struct err err;

    (void)state;
    kit_store_mailbox(store, 130, 0, 0);
    kit_store_mailbox(store, 131, 1000, 0);
    OK(deliver_message(deliver, message_prepare(arena, kit_mail(arena, 2, 4000, NULL, NULL)), 1, to,
                       COUNT_OF(to), &err));
    for (size_t i = 0; i < COUNT_OF(to); i++) {
        assert_int_equal(to[i].target.err.kind, kinds[i]);
        assert_int_equal(to[i].target.is_filed, kinds[i] == ERR_NONE);
    }
    assert_int_equal(to[5].target.filed_folder_id, to[0].target.filed_folder_id); /* no Junk: INBOX */
    OK(store_dismount(store->group, KIT_STORE_ID, &err));
    assert_int_equal(send(130, kit_mail(arena, 3, 100, NULL, NULL)).err.kind, ERR_BUSY);
    OK(store_mount(store->group, KIT_STORE_ID, &err));
    assert_true(send(130, kit_mail(arena, 3, 100, NULL, NULL)).is_filed);
    assert_counters_are_true(130);
    assert_counters_are_true(131);
    talloc_free(arena);
}

struct sender {
    pthread_t thread;
    int64_t mailbox_id;
    int number, letters, filed, full, other;
    int64_t uids[1000];
    bool same_content;
};

static void *send_many(void *arg)
{
    struct sender *sender = arg;

    for (int i = 0; i < sender->letters; i++) {
        void *arena = talloc_new(NULL);
        int number = sender->same_content ? i : sender->number * 1000 + i;
        struct filing_target target = send(sender->mailbox_id, kit_mail(arena, number, 2000, NULL, NULL));
        if (target.is_filed)
            sender->uids[sender->filed++] = target.uid;
        else if (target.err.kind == ERR_QUOTA)
            sender->full++;
        else
            sender->other++;
        talloc_free(arena);
    }
    return NULL;
}

static void run_senders(struct sender *senders, size_t senders_count)
{
    for (size_t i = 0; i < senders_count; i++)
        assert_int_equal(pthread_create(&senders[i].thread, NULL, send_many, &senders[i]), 0);
    for (size_t i = 0; i < senders_count; i++)
        pthread_join(senders[i].thread, NULL);
}

static void of_twenty_at_once_exactly_the_one_that_fits_comes_in(void **state)
{
    int filed = 0, full = 0;

    (void)state;
    for (int round = 0; round < 5; round++) {
        struct sender senders[20] = { 0 };
        int64_t mailbox_id = 200 + round;
        kit_store_mailbox(store, mailbox_id, 3000, 0);
        for (int i = 0; i < 20; i++)
            senders[i] = (struct sender){ .mailbox_id = mailbox_id, .number = 100 * round + i, .letters = 1 };
        run_senders(senders, 20);
        for (int i = 0; i < 20; i++) {
            filed += senders[i].filed;
            full += senders[i].full;
        }
        assert_counters_are_true(mailbox_id);
    }
    assert_int_equal(filed, 5);
    assert_int_equal(full, 95);
}

static void a_domain_limit_holds_over_all_its_mailboxes(void **state)
{
    struct sender senders[10] = { 0 };
    struct err err;
    int filed = 0;

    (void)state;
    for (int i = 0; i < 10; i++) {
        OK(mailbox_create(store->group,
                          &(struct mailbox_options){ .mailbox_id = 220 + i,
                                                     .store_id = KIT_STORE_ID,
                                                     .organisation_id = 9,
                                                     .domain_id = 99,
                                                     .is_inbox_only = true },
                          &err));
        senders[i] = (struct sender){ .mailbox_id = 220 + i, .number = 5000 + i, .letters = 5 };
    }
    OK(quota_root_set(store->group, QUOTA_ROOT_DOMAIN, 99, 7 * 2100, &err));
    run_senders(senders, 10);
    for (int i = 0; i < 10; i++)
        filed += senders[i].filed;
    assert_int_equal(filed, 7);
    assert_int_equal(
        count("SELECT r.used_bytes - (SELECT sum(used_bytes) FROM mailbox WHERE domain_id = 99)::bigint"
              "  FROM quota_root r WHERE kind = 'domain' AND owner_id = $1",
              99),
        0);
}

static int by_number(const void *a, const void *b)
{
    const int64_t *left = a, *right = b;
    return (*left > *right) - (*left < *right);
}

static void eight_threads_into_one_mailbox_leave_no_gap(void **state)
{
    enum { THREADS = 8, LETTERS = 100 };
    static struct sender senders[THREADS];
    static int64_t uids[THREADS * LETTERS];

    (void)state;
    kit_store_mailbox(store, 300, 0, 0);
    for (int i = 0; i < THREADS; i++)
        senders[i] = (struct sender){ .mailbox_id = 300, .number = 10 + i, .letters = LETTERS };
    run_senders(senders, THREADS);
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(senders[i].filed, LETTERS);
        for (int k = 1; k < LETTERS; k++)
            assert_true(senders[i].uids[k - 1] < senders[i].uids[k]);
        memcpy(uids + i * LETTERS, senders[i].uids, LETTERS * sizeof *uids);
    }
    qsort(uids, COUNT_OF(uids), sizeof *uids, by_number);
    for (size_t i = 0; i < COUNT_OF(uids); i++)
        assert_int_equal(uids[i], i + 1);
    assert_counters_are_true(300);
}

/* One mailbox row that somebody else holds keeps one committer, not the mail of everybody else. */
static void a_mailbox_that_is_locked_holds_up_no_other(void **state)
{
    enum { OTHERS = 8 };
    static struct sender waiting[4];
    void *arena = talloc_new(NULL);
    struct db *db;
    struct err err;

    (void)state;
    for (int i = 0; i <= OTHERS; i++)
        kit_store_mailbox(store, 700 + i, 0, 0);
    OK(group_acquire(store->group, DB_INTERACTIVE, &db, &err));
    OK(db_exec(db, "BEGIN", DB_NO_ARGS, NULL, &err));
    OK(db_exec(db, "SELECT FROM mailbox WHERE mailbox_id = 700 FOR UPDATE", DB_NO_ARGS, NULL, &err));
    for (size_t i = 0; i < COUNT_OF(waiting); i++) {
        waiting[i] = (struct sender){ .mailbox_id = 700, .number = 40 + (int)i, .letters = 3 };
        assert_int_equal(pthread_create(&waiting[i].thread, NULL, send_many, &waiting[i]), 0);
        nanosleep(&(struct timespec){ .tv_nsec = 20000000 }, NULL); /* one in hand, the others queued */
    }
    for (int i = 1; i <= OTHERS; i++)
        assert_true(send(700 + i, kit_mail(arena, 7000 + i, 500, NULL, NULL)).is_filed);
    /* all of them while the first still waits */
    assert_int_equal(count("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND $1 > 0"
                           "   AND datname = current_database()",
                           1),
                     1);
    OK(db_exec(db, "ROLLBACK", DB_NO_ARGS, NULL, &err));
    db_release(&db);
    for (size_t i = 0; i < COUNT_OF(waiting); i++) {
        pthread_join(waiting[i].thread, NULL);
        assert_int_equal(waiting[i].filed, 3);
    }
    assert_counters_are_true(700);
    talloc_free(arena);
}

/* Two doors on one database, as two roles have them. */
static void *send_many_elsewhere(void *arg)
{
    struct sender *sender = arg;
    struct groups *groups;
    struct deliver *other;
    struct err err;

    if (!groups_open(NULL, &(struct groups_options){ .pool_size = 4 }, &groups, &err) ||
        !groups_put(groups, KIT_GROUP_ID, store->conninfo, &err) ||
        !deliver_open(NULL, &(struct deliver_options){ .groups = groups }, &other, &err))
        abort();
    for (int i = 0; i < sender->letters; i++) {
        void *arena = talloc_new(NULL);
        struct deliver_recipient to = { .group_id = KIT_GROUP_ID,
                                        .target = { .mailbox_id = sender->mailbox_id } };
        if (!deliver_message(other, message_prepare(arena, kit_mail(arena, i, 2000, "Same", NULL)), 1, &to, 1,
                             &err))
            abort();
        sender->filed += to.target.is_filed;
        talloc_free(arena);
    }
    deliver_close(&other);
    groups_close(&groups);
    return NULL;
}

static void the_same_content_at_once_is_stored_once(void **state)
{
    struct sender senders[4] = { 0 };

    (void)state;
    for (int i = 0; i < 4; i++) {
        kit_store_mailbox(store, 320 + i, 0, 0);
        senders[i] = (struct sender){ .mailbox_id = 320 + i, .letters = 60 };
        assert_int_equal(pthread_create(&senders[i].thread, NULL, send_many_elsewhere, &senders[i]), 0);
    }
    for (int i = 0; i < 4; i++)
        pthread_join(senders[i].thread, NULL);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(senders[i].filed, 60);
        assert_counters_are_true(320 + i);
    }
    assert_int_equal(
        count("SELECT count(DISTINCT message_id) FROM item WHERE mailbox_id BETWEEN $1 AND $1 + 3", 320), 60);
}

static struct deliver_append append_of(void *arena, int number, size_t length, int64_t mailbox_id,
                                       int64_t folder_id)
{
    return (struct deliver_append){ .draft =
                                        message_prepare(arena, kit_mail(arena, number, length, NULL, NULL)),
                                    .received_us = 7,
                                    .target = { .mailbox_id = mailbox_id, .folder_id = folder_id } };
}

static bool refuse(struct db *db, void *arg, struct err *err)
{
    (void)db, (void)arg;
    return err_set(err, ERR_CONFLICT, "no");
}

static bool count_call(struct db *db, void *arg, struct err *err)
{
    ++*(int *)arg;
    return db_exec(db, "UPDATE mailbox SET modseq = modseq + 1 WHERE mailbox_id = 340", DB_NO_ARGS, NULL,
                   err);
}

static void several_appends_come_all_or_not_at_all(void **state)
{
    void *arena = talloc_new(NULL);
    struct deliver_append appends[3];
    static const char *const keywords[] = { "$Work", "todo", NULL };
    struct err err;
    int calls = 0;

    (void)state;
    kit_store_mailbox(store, 340, 10000, 0);
    int64_t inbox = count("SELECT folder_id FROM folder WHERE mailbox_id = $1", 340);
    for (int i = 0; i < 3; i++)
        appends[i] = append_of(arena, 900 + i, 3000, 340, inbox);
    appends[0].target.keywords = keywords;
    appends[1].target.flags = FLAG_SEEN | FLAG_DELETED;
    OK(deliver_appends(deliver, KIT_GROUP_ID, appends, 3, NULL, NULL, &err));
    for (int i = 0; i < 3; i++)
        assert_int_equal(appends[i].target.uid, i + 1);
    assert_int_equal(appends[0].target.filed_flags, 3 << 8);
    assert_int_equal(count("SELECT array_length(keywords, 1) FROM mailbox WHERE mailbox_id = $1", 340), 2);
    assert_counters_are_true(340);
    /* Nothing of these fits together with the first of them. */
    appends[0] = append_of(arena, 910, 500, 340, inbox);
    appends[1] = append_of(arena, 911, 900, 340, inbox);
    assert_false(deliver_appends(deliver, KIT_GROUP_ID, appends, 2, NULL, NULL, &err));
    assert_int_equal(err.kind, ERR_QUOTA);
    assert_int_equal(count("SELECT uidnext FROM folder WHERE folder_id = $1", inbox), 4);
    /* `before` runs in the transaction; where it refuses nothing is stored, and what it did goes with the rest. */
    assert_false(deliver_appends(deliver, KIT_GROUP_ID, appends, 1, refuse, NULL, &err));
    assert_int_equal(err.kind, ERR_CONFLICT);
    int64_t modseq = count("SELECT modseq FROM mailbox WHERE mailbox_id = $1", 340);
    appends[1] = append_of(arena, 911, 9000, 340, inbox);
    assert_false(deliver_appends(deliver, KIT_GROUP_ID, appends + 1, 1, count_call, &calls, &err));
    assert_int_equal(err.kind, ERR_QUOTA);
    assert_int_equal(calls, 1);
    assert_int_equal(count("SELECT modseq FROM mailbox WHERE mailbox_id = $1", 340), modseq);
    OK(deliver_appends(deliver, KIT_GROUP_ID, appends, 1, count_call, &calls, &err));
    assert_int_equal(appends[0].target.uid, 4);
    assert_int_equal(count("SELECT modseq FROM mailbox WHERE mailbox_id = $1", 340), modseq + 2);
    assert_counters_are_true(340);
    talloc_free(arena);
}

static void a_large_message_is_staged_and_read_in_pieces(void **state)
{
    void *arena = talloc_new(NULL);
    struct span mail = kit_mail(arena, 1000, 3 * MESSAGE_CHUNK_BYTES + 1000, NULL, NULL), bytes;
    struct message_meta meta;
    struct err err;

    (void)state;
    kit_store_mailbox(store, 350, 0, 0);
    struct filing_target first = send(350, mail), second = send(350, mail);
    assert_true(first.is_filed && second.is_filed);
    assert_int_equal(first.message_id, second.message_id);
    assert_int_equal(count("SELECT count(*) FROM body WHERE message_id = $1", first.message_id), 4);
    assert_int_equal(count("SELECT count(*) + $1 FROM body_staged", 0), 0);
    assert_int_equal(count("SELECT count(DISTINCT message_id) FROM body WHERE chunk > $1", 0), 1);
    OK(message_meta(store->group, arena, first.message_id, &meta, &err));
    assert_int_equal(meta.size_bytes, span_length(mail));
    OK(message_read(store->group, arena, first.message_id, 0, span_length(mail) + 10, &bytes, &err));
    assert_true(span_equals(bytes, mail));
    OK(message_read(store->group, arena, first.message_id, MESSAGE_CHUNK_BYTES - 3, 10, &bytes, &err));
    assert_true(span_equals(bytes, span_part(mail, MESSAGE_CHUNK_BYTES - 3, 10)));
    talloc_free(arena);
}

static void what_was_staged_and_refused_is_gone_at_once(void **state)
{
    void *arena = talloc_new(NULL);
    struct deliver_append appends[2];
    struct err err;

    (void)state;
    kit_store_mailbox(store, 355, 400000, 0);
    int64_t inbox = count("SELECT folder_id FROM folder WHERE mailbox_id = $1", 355);
    assert_int_equal(send(355, kit_mail(arena, 1001, 500000, NULL, NULL)).err.kind, ERR_QUOTA);
    appends[0] = append_of(arena, 1002, 500000, 355, inbox);
    assert_false(deliver_appends(deliver, KIT_GROUP_ID, appends, 1, NULL, NULL, &err));
    assert_int_equal(err.kind, ERR_QUOTA);
    appends[0] = append_of(arena, 1003, 300000, 355, inbox);
    appends[1] = append_of(arena, 1004, 300000, 355, inbox);
    assert_false(deliver_appends(deliver, KIT_GROUP_ID, appends, 2, NULL, NULL, &err));
    assert_int_equal(count("SELECT count(*) + $1 FROM body_staged", 0), 0);
    assert_int_equal(count("SELECT count(*) + $1 FROM body b WHERE NOT EXISTS"
                           " (SELECT 1 FROM message m WHERE m.message_id = b.message_id)",
                           0),
                     0);
    talloc_free(arena);
}

static void read_all(const struct filing_target *targets, const struct span *mails, size_t n)
{
    void *arena = talloc_new(NULL);
    int64_t ids[100];
    struct message_meta *metas;
    struct span *headers;
    struct message_sweep_item item;
    struct err err;
    size_t seen = 0;

    for (size_t i = 0; i < n; i++)
        ids[i] = targets[i].message_id;
    ids[n] = 987654321; /* not there */
    OK(message_metas(store->group, arena, ids, n + 1, &metas, &err));
    OK(message_headers(store->group, arena, ids, n + 1, &headers, &err));
    struct message_sweep *sweep = message_sweep_open(arena, store->group, ids, n + 1);
    for (; message_sweep_next(sweep, &item, &err); seen++) {
        assert_int_equal(item.number, seen);
        if (seen == n) {
            assert_null(item.bytes.p);
            assert_null(headers[seen].p);
            assert_int_equal(metas[seen].message_id, 0);
            continue;
        }
        assert_true(span_equals(item.bytes, mails[seen]));
        assert_int_equal(metas[seen].message_id, ids[seen]);
        assert_int_equal(metas[seen].size_bytes, span_length(mails[seen]));
        assert_true(span_equals(headers[seen], span_part(mails[seen], 0, metas[seen].header_bytes)));
        assert_true(span_equals_text(span_part(metas[seen].envelope, 0, 1), "("));
        if (seen == 40)
            message_sweep_rest(sweep);
    }
    assert_int_equal(err.kind, ERR_NONE);
    assert_int_equal(seen, n + 1);
    message_sweep_close(&sweep);
    talloc_free(arena);
}

static void what_was_filed_reads_back_cached_or_not(void **state)
{
    void *arena = talloc_new(NULL);
    struct filing_target targets[90];
    struct span mails[90];

    (void)state;
    kit_store_mailbox(store, 360, 0, 0);
    for (int i = 0; i < 90; i++) {
        mails[i] = kit_mail(arena, 2000 + i, (size_t)i * 100, NULL, NULL);
        targets[i] = send(360, mails[i]);
        assert_true(targets[i].is_filed);
    }
    read_all(targets, mails, 90);
    message_cache_set_limit(0);
    read_all(targets, mails, 90);
    message_cache_set_limit(64 << 20);
    read_all(targets, mails, 90);
    talloc_free(arena);
}

static void replies_join_their_conversation(void **state)
{
    void *arena = talloc_new(NULL);

    (void)state;
    kit_store_mailbox(store, 370, 0, 0);
    struct filing_target first = send(370, kit_mail(arena, 3001, 100, "Dinner", NULL));
    struct filing_target reply = send(370, kit_mail(arena, 3002, 100, "Re: Dinner", "3001@example.org"));
    struct filing_target second = send(370, kit_mail(arena, 3003, 100, "RE: dinner", "3002@example.org"));
    struct filing_target other = send(370, kit_mail(arena, 3004, 100, "Lunch", "3001@example.org"));
    struct filing_target early = send(370, kit_mail(arena, 3006, 100, "Re: Tea", "3005@example.org"));
    struct filing_target late = send(370, kit_mail(arena, 3005, 100, "Tea", NULL));
    assert_int_equal(first.thread_id, first.item_id);
    assert_int_equal(reply.thread_id, first.thread_id);
    assert_int_equal(second.thread_id, first.thread_id);
    assert_int_equal(other.thread_id, other.item_id);
    assert_int_equal(late.thread_id, early.thread_id);
    talloc_free(arena);
}

static void one_warning_at_eighty_percent_and_again_only_after_falling_below(void **state)
{
    void *arena = talloc_new(NULL);
    static const char COUNT[] = "SELECT used_messages FROM mailbox WHERE mailbox_id = $1";

    (void)state;
    kit_store_mailbox(store, 380, 10000, 0);
    assert_true(send(380, kit_mail(arena, 4001, 6000, NULL, NULL)).is_filed);
    assert_int_equal(count(COUNT, 380), 1);
    assert_true(send(380, kit_mail(arena, 4002, 2400, NULL, NULL)).is_filed);
    assert_int_equal(count(COUNT, 380), 3); /* and the warning */
    assert_true(send(380, kit_mail(arena, 4003, 100, NULL, NULL)).is_filed);
    assert_int_equal(count(COUNT, 380), 4);
    assert_counters_are_true(380);
    /* As if the owner had cleaned up, and filled it once more. */
    kit_store_exec(store, "UPDATE mailbox SET used_bytes = 1000 WHERE mailbox_id = $1", 380);
    assert_true(send(380, kit_mail(arena, 4004, 300, NULL, NULL)).is_filed);
    assert_int_equal(count(COUNT, 380), 5);
    assert_true(send(380, kit_mail(arena, 4005, 7000, NULL, NULL)).is_filed);
    assert_int_equal(count(COUNT, 380), 7);
    talloc_free(arena);
}

static uint64_t round_trips(void)
{
    struct db_pool_stats stats;

    db_pool_stats(group_pool(store->group), &stats);
    return stats.round_trips;
}

/* The least of some, because now and then one has to take a new block of ids, too. */
static void an_ordinary_delivery_is_one_round_trip(void **state)
{
    void *arena = talloc_new(NULL);
    uint64_t least = UINT64_MAX;

    (void)state;
    kit_store_mailbox(store, 390, 0, 0);
    for (int i = 0; i < 5; i++) {
        uint64_t before = round_trips();
        assert_true(send(390, kit_mail(arena, 4100 + i, 3000, NULL, NULL)).is_filed);
        if (round_trips() - before < least)
            least = round_trips() - before;
    }
    assert_int_equal(least, 1);
    assert_counters_are_true(390);
    talloc_free(arena);
}

/* Text that stays as large as it is: its body travels in a statement of its own. */
static struct span noise(void *arena, int number, size_t length)
{
    char *text = talloc_array(arena, char, (unsigned)length + 200);
    unsigned seed = (unsigned)number;
    int head = snprintf(text, 200, "Message-ID: <%d@noise.example>\r\nSubject: Noise\r\n\r\n", number);

    for (size_t i = (size_t)head; i < length; i++)
        text[i] = (char)(i % 70 == 0 ? '\r' : i % 70 == 1 ? '\n' : 33 + rand_r(&seed) % 90);
    return span_of(text, length);
}

static void a_delivery_that_is_not_ordinary_leaves_nothing_behind(void **state)
{
    static const char ORPHANS[] =
        "SELECT count(*) + 0 * $1 FROM body b WHERE NOT EXISTS (SELECT FROM message WHERE message_id = b.message_id)"
        "   AND NOT EXISTS (SELECT FROM body_staged WHERE message_id = b.message_id)";
    void *arena = talloc_new(NULL);
    struct span mail = noise(arena, 1, 150000);

    (void)state;
    kit_store_mailbox(store, 391, 0, 0);
    kit_store_mailbox(store, 392, 160000, 0);
    struct filing_target first = send(391, mail), again = send(391, mail), full;
    assert_true(first.is_filed && again.is_filed);
    assert_int_equal(again.message_id, first.message_id);
    assert_int_equal(again.uid, first.uid + 1);
    assert_true(send(392, noise(arena, 2, 150000)).is_filed); /* above 80 %, but it fits */
    full = send(392, noise(arena, 3, 150000));
    assert_false(full.is_filed);
    assert_int_equal(full.err.kind, ERR_QUOTA);
    assert_int_equal(count(ORPHANS, 0), 0);
    assert_counters_are_true(391);
    assert_counters_are_true(392);
    talloc_free(arena);
}

/* Troubles: once each time they are called. Whatever was answered must hold. */
static void shoot_connections(void)
{
    struct err err;
    struct db *db;

    if (group_acquire(store->group, DB_INTERACTIVE, &db, &err)) {
        (void)!db_exec(db,
                       "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
                       " AND datname = current_database() AND random() < 0.5",
                       DB_NO_ARGS, NULL, &err);
        db_release(&db);
    }
    nanosleep(&(struct timespec){ .tv_nsec = 30000000 }, NULL);
}

/* The postmaster is killed, and with it a COMMIT whose answer never comes: the receipt tells. */
static void crash_database(void)
{
    nanosleep(&(struct timespec){ .tv_nsec = 150000000 }, NULL);
    kit_pg_crash();
}

static void assert_answers_hold(int64_t mailbox_id, int letters, int troubles, void (*trouble)(void))
{
    enum { THREADS = 6 };
    static struct sender senders[THREADS];
    int filed = 0, other = 0;
    struct err err;

    for (int i = 0; i < THREADS; i++) {
        kit_store_mailbox(store, mailbox_id + i % 2, 0, 0);
        senders[i] = (struct sender){ .mailbox_id = mailbox_id + i % 2,
                                      .number = (int)mailbox_id + i,
                                      .letters = letters };
        assert_int_equal(pthread_create(&senders[i].thread, NULL, send_many, &senders[i]), 0);
    }
    for (int i = 0; i < troubles; i++)
        trouble();
    for (int i = 0; i < THREADS; i++) {
        pthread_join(senders[i].thread, NULL);
        filed += senders[i].filed;
        other += senders[i].other;
    }
    OK(db_pool_wait(group_pool(store->group), 60000, &err));
    print_message("  %d filed, %d refused for now\n", filed, other);
    assert_int_equal(filed + other, THREADS * letters);
    assert_int_equal(count("SELECT count(*) FROM item WHERE mailbox_id IN ($1, $1 + 1)", mailbox_id), filed);
    assert_counters_are_true(mailbox_id);
    assert_counters_are_true(mailbox_id + 1);
    assert_int_equal(count("SELECT count(*) FROM message m WHERE message_id > $1 AND NOT EXISTS"
                           " (SELECT 1 FROM body b WHERE b.message_id = m.message_id)",
                           0),
                     0);
}

static void answers_hold_while_connections_are_shot(void **state)
{
    (void)state;
    assert_answers_hold(400, 300, 20, shoot_connections);
}

static void answers_hold_while_the_database_crashes(void **state)
{
    (void)state;
    assert_answers_hold(404, 900, 3, crash_database);
}

static void a_crash_of_the_database_is_temporary(void **state)
{
    void *arena = talloc_new(NULL);
    struct filing_target target = { 0 };

    (void)state;
    kit_store_mailbox(store, 410, 0, 0);
    assert_true(send(410, kit_mail(arena, 6000, 500, NULL, NULL)).is_filed);
    kit_pg_stop();
    target = send(410, kit_mail(arena, 6001, 500, NULL, NULL));
    assert_false(target.is_filed);
    assert_true(err_is_temporary(target.err.kind));
    kit_pg_start();
    for (int i = 0; i < 100 && !target.is_filed; i++) {
        target = send(410, kit_mail(arena, 6002, 500, NULL, NULL));
        nanosleep(&(struct timespec){ .tv_nsec = 100000000 }, NULL);
    }
    assert_true(target.is_filed);
    assert_int_equal(target.uid, 2);
    talloc_free(arena);
}

static int open_store(void **state)
{
    struct err err;

    *state = talloc_new(NULL);
    store = kit_store_open(*state);
    return deliver_open(NULL, &(struct deliver_options){ .groups = store->groups }, &deliver, &err) ? 0 : -1;
}

static int close_store(void **state)
{
    deliver_close(&deliver);
    kit_store_close(store);
    talloc_free(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(twenty_recipients_share_one_body),
        cmocka_unit_test(a_copy_under_a_receipt_is_filed_once),
        cmocka_unit_test(of_eight_who_file_the_same_copy_one_does),
        cmocka_unit_test(each_recipient_has_an_answer_of_its_own),
        cmocka_unit_test(of_twenty_at_once_exactly_the_one_that_fits_comes_in),
        cmocka_unit_test(a_domain_limit_holds_over_all_its_mailboxes),
        cmocka_unit_test(eight_threads_into_one_mailbox_leave_no_gap),
        cmocka_unit_test(a_mailbox_that_is_locked_holds_up_no_other),
        cmocka_unit_test(the_same_content_at_once_is_stored_once),
        cmocka_unit_test(several_appends_come_all_or_not_at_all),
        cmocka_unit_test(a_large_message_is_staged_and_read_in_pieces),
        cmocka_unit_test(what_was_staged_and_refused_is_gone_at_once),
        cmocka_unit_test(what_was_filed_reads_back_cached_or_not),
        cmocka_unit_test(replies_join_their_conversation),
        cmocka_unit_test(one_warning_at_eighty_percent_and_again_only_after_falling_below),
        cmocka_unit_test(an_ordinary_delivery_is_one_round_trip),
        cmocka_unit_test(a_delivery_that_is_not_ordinary_leaves_nothing_behind),
        cmocka_unit_test(answers_hold_while_connections_are_shot),
        cmocka_unit_test(answers_hold_while_the_database_crashes),
        cmocka_unit_test(a_crash_of_the_database_is_temporary),
    };

    return cmocka_run_group_tests(tests, open_store, close_store);
}
