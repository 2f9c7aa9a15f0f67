/* test_moderation.c -- rows that a settlement holds; of two who decide one does, and nobody for another organisation. */
#include "queue/moderation.h"

#include "base/clock.h"
#include "db/statement.h"
#include "kit/directory.h"
#include "kit/pg.h"
#include "queue/motor.h"
#include "queue/settle.h"
#include "queue/take.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
/* cmocka wants setjmp, stdarg and stddef first */
#include <cmocka.h>
#include <pthread.h>
#include <string.h>
#include <talloc.h>

struct fixture {
    struct kit_directory *kit;
    struct directory *directory;
    struct db_pool *pool;
    int64_t motor, held; /* the number of what is held */
    struct err err;
};

#define OK(call)                                                                                             \
    do {                                                                                                     \
        if (!(call))                                                                                         \
            fail_msg("%s: %s / %s", #call, f->err.user, f->err.log);                                         \
    } while (0)

static int64_t count(struct fixture *f, const char *sql)
{
    struct db_rows *rows;
    struct db_row row;
    struct db *db = kit_pg_acquire(f->pool);

    OK(db_query_built(db, f, sql, DB_NO_ARGS, &rows, &f->err));
    db_release(&db);
    assert_true(db_rows_at(rows, 0, &row));
    return db_get_i64(&row, 0);
}

/* One letter is made with the settlement that holds. */
static bool make_letter(void *arg, const void *owner, struct queue_settlement *settlements, size_t n,
                        struct queue_new **notices_out, size_t *notice_count_out, struct err *err)
{
    struct queue_new *letter = talloc_zero(owner, struct queue_new);
    struct queue_recipient *recipient = talloc_zero(owner, struct queue_recipient);

    (void)settlements;
    (void)n;
    (void)err;
    (void)arg;
    *recipient = (struct queue_recipient){ .address = "mod@example.org", .lane = "letters" };
    *letter = (struct queue_new){ .message = { .name = "letter", .sender = "", .origin = "letter" },
                                  .bytes = span_text("Subject: decide\r\n\r\n"),
                                  .recipients = recipient,
                                  .recipient_count = 1 };
    *notices_out = letter;
    *notice_count_out = 1;
    return true;
}

/* Two rows of one message, held together. */
static void hold(struct fixture *f)
{
    struct queue_recipient rows[] = {
        { .address = "a@example.org", .lane = "lists", .flags = QUEUE_IS_POST },
        { .address = "b@example.org", .lane = "lists", .flags = QUEUE_IS_POST }
    };
    const char *const moderators[] = { "mod@example.org", "other@example.org" };
    int64_t now_us = clock_now_us(), lease = queue_lease_new(f->motor), ids[2];
    struct queue_new new = { .message = { .name = "m1",
                                          .organisation_id = f->kit->ada_org,
                                          .sender = "ada@example.org",
                                          .origin = "test",
                                          .received_us = now_us,
                                          .expires_us = now_us + 3600 * US_PER_S },
                             .bytes = span_text("Subject: hello\r\n\r\nx\r\n"),
                             .recipients = rows,
                             .recipient_count = 2 };
    const struct queue_wish wish = { "lists", 10 };
    struct queue_settlement settlements[2];
    struct queue_catch *catch;

    OK(queue_put(f->pool, (const struct queue_new *const[]){ &new }, 1, &f->err));
    OK(queue_take(f->pool, f, f->motor, lease, &wish, 1, 1 << 20, now_us + US_PER_S, &catch, &f->err));
    assert_int_equal(queue_catch_count(catch), 2);
    for (size_t i = 0; i < 2; i++)
        ids[i] = queue_catch_row(catch, i)->recipient_id;
    const struct queue_hold together = { .organisation_id = f->kit->ada_org,
                                         .rows = ids,
                                         .row_count = 2,
                                         .cause = "a@example.org",
                                         .moderators = moderators,
                                         .moderator_count = 2,
                                         .expires_us = now_us + 86400 * US_PER_S };
    for (size_t i = 0; i < 2; i++)
        settlements[i] =
            (struct queue_settlement){ .recipient_id = ids[i],
                                       .message_id = queue_catch_row(catch, i)->message->message_id,
                                       .lease = lease,
                                       .end = QUEUE_END_HELD,
                                       .wants_notice = i == 0,
                                       .hold = i == 0 ? &together : NULL };
    OK(queue_settle(f->pool, settlements, 2, make_letter, NULL, &f->err));
    assert_false(settlements[0].is_lost || settlements[1].is_lost);
    f->held = ids[0];
}

static int set_up(void **state)
{
    struct fixture *f = talloc_zero(NULL, struct fixture);

    f->kit = kit_directory(f);
    f->directory = f->kit->directory;
    f->pool = directory_pool(f->directory, DIRECTORY_LOOKS_UP);
    OK(queue_motor_begin(f->pool, "test", &f->motor, &f->err));
    hold(f);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    talloc_free(*state);
    return 0;
}

static void what_is_held_stands_once_and_is_not_taken(void **state)
{
    struct fixture *f = *state;
    struct moderation_entry *entries;
    const struct queue_wish wish = { "lists", 10 };
    struct queue_catch *catch;
    size_t n;

    OK(moderation_list(f->directory, &kit_root, f, 0, 0, 0, &entries, &n, &f->err));
    assert_int_equal(n, 1);
    assert_int_equal(entries[0].moderation_id, f->held);
    assert_int_equal(entries[0].recipient_count, 2);
    assert_int_equal(entries[0].moderator_count, 2);
    assert_string_equal(entries[0].sender, "ada@example.org");
    assert_int_equal(count(f, "SELECT count(*) FROM queue_message WHERE name = 'm1'"), 1);
    assert_int_equal(count(f, "SELECT count(*) FROM queue_message WHERE name = 'letter'"), 1);
    OK(queue_take(f->pool, f, f->motor, queue_lease_new(f->motor), &wish, 1, 1 << 20, INT64_MAX / 2, &catch,
                  &f->err));
    assert_int_equal(queue_catch_count(catch), 0);
}

static void an_approval_lets_all_rows_go_on(void **state)
{
    struct fixture *f = *state;
    const struct actor mod = { .name = "mod@example.org" };

    OK(moderation_decide(f->directory, &mod, f->held, MODERATION_APPROVE, NULL, &f->err));
    assert_int_equal(
        count(f,
              "SELECT count(*) FROM queue_recipient WHERE state = 0 AND flags = 16 + 64 AND target IS NULL"),
        2);
    assert_int_equal(count(f, "SELECT count(*) FROM audit WHERE action = 'moderation.approve'"
                              " AND actor = 'mod@example.org' AND object = 'a@example.org'"),
                     1);
    assert_false(moderation_decide(f->directory, &mod, f->held, MODERATION_REJECT, "no", &f->err));
    assert_int_equal(f->err.kind, ERR_NOT_FOUND);
}

static void a_rejection_has_its_reason(void **state)
{
    struct fixture *f = *state;
    char *longest = talloc_zero_array(f, char, MODERATION_REASON_MAX + 2);

    memset(longest, 'x', MODERATION_REASON_MAX + 1);
    assert_false(moderation_decide(f->directory, &kit_root, f->held, MODERATION_REJECT, longest, &f->err));
    assert_int_equal(f->err.kind, ERR_INVALID);
    OK(moderation_decide(f->directory, &kit_root, f->held, MODERATION_REJECT, "not \"here\"", &f->err));
    assert_int_equal(count(f, "SELECT count(*) FROM queue_recipient WHERE state = 0 AND flags = 16 + 128"
                              " AND target ->> 'reason' = 'not \"here\"'"),
                     2);
}

static void another_organisation_sees_and_decides_nothing(void **state)
{
    struct fixture *f = *state;
    const struct actor beta = { .name = "beta", .organisation_id = f->kit->bob_org };
    struct moderation_entry *entries, entry;
    size_t n;

    OK(moderation_list(f->directory, &beta, f, f->kit->ada_org, 0, 0, &entries, &n, &f->err));
    assert_int_equal(n, 0);
    assert_false(moderation_find(f->directory, &beta, f, f->held, &entry, &f->err));
    assert_int_equal(f->err.kind, ERR_NOT_FOUND);
    assert_false(moderation_decide(f->directory, &beta, f->held, MODERATION_APPROVE, NULL, &f->err));
    assert_int_equal(f->err.kind, ERR_NOT_FOUND);
    OK(moderation_find(f->directory, &kit_root, f, f->held, &entry, &f->err));
}

struct decider {
    struct fixture *f;
    enum moderation_verdict verdict;
    bool done;
    struct err err;
};

static void *decide(void *arg)
{
    struct decider *d = arg;

    d->done = moderation_decide(d->f->directory, &kit_root, d->f->held, d->verdict, NULL, &d->err);
    return NULL;
}

static void of_many_at_once_one_decides(void **state)
{
    enum { DECIDERS = 6 };
    struct fixture *f = *state;
    struct decider deciders[DECIDERS];
    pthread_t threads[DECIDERS];
    size_t done = 0;

    for (size_t i = 0; i < DECIDERS; i++) {
        deciders[i] = (struct decider){ f, i % 2 ? MODERATION_APPROVE : MODERATION_REJECT, false, ERR_INIT };
        assert_int_equal(pthread_create(&threads[i], NULL, decide, &deciders[i]), 0);
    }
    for (size_t i = 0; i < DECIDERS; i++) {
        pthread_join(threads[i], NULL);
        done += deciders[i].done;
        if (!deciders[i].done)
            assert_int_equal(deciders[i].err.kind, ERR_NOT_FOUND);
    }
    assert_int_equal(done, 1);
    assert_int_equal(count(f, "SELECT count(*) FROM audit WHERE action LIKE 'moderation.%'"), 1);
}

static void what_nobody_decides_ends(void **state)
{
    struct fixture *f = *state;
    size_t n;

    OK(moderation_tidy(f->directory, clock_now_us(), &n, &f->err));
    assert_int_equal(n, 0);
    OK(moderation_tidy(f->directory, clock_now_us() + 2 * 86400 * US_PER_S, &n, &f->err));
    assert_int_equal(n, 1);
    assert_int_equal(count(f, "SELECT count(*) FROM queue_recipient WHERE state = 0 AND flags = 16 + 256"),
                     2);
    assert_int_equal(count(f, "SELECT count(*) FROM moderation"), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_held_stands_once_and_is_not_taken),
        TEST(an_approval_lets_all_rows_go_on),
        TEST(a_rejection_has_its_reason),
        TEST(another_organisation_sees_and_decides_nothing),
        TEST(of_many_at_once_one_decides),
        TEST(what_nobody_decides_ends),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
