/* test_queue.c -- rows of the queue: in, taken by one of two, settled by the holder of the lease only, gone with the last one. */
#include "queue/queue.h"

#include "base/clock.h"
#include "db/statement.h"
#include "kit/directory.h"
#include "kit/pg.h"
#include "queue/admin.h"
#include "queue/motor.h"
#include "queue/recall.h"
#include "queue/settle.h"
#include "queue/take.h"
#include "trace/event.h"
#include "trace/row.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
/* cmocka wants setjmp, stdarg and stddef first */
#include <cmocka.h>
#include <pthread.h>
#include <string.h>
#include <talloc.h>

struct fixture {
    struct kit_directory *kit;
    struct db_pool *pool;
    int64_t motor;
    struct err err;
};

#define OK(call)                                                                                             \
    do {                                                                                                     \
        if (!(call))                                                                                         \
            fail_msg("%s: %s / %s", #call, f->err.user, f->err.log);                                         \
    } while (0)

static int set_up(void **state)
{
    struct fixture *f = talloc_zero(NULL, struct fixture);

    f->kit = kit_directory(f);
    f->pool = directory_pool(f->kit->directory, DIRECTORY_LOOKS_UP);
    OK(queue_motor_begin(f->pool, "test", &f->motor, &f->err));
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    talloc_free(*state);
    return 0;
}

static int64_t count_rows(struct fixture *f, const char *sql)
{
    struct db_rows *rows;
    struct db_row row;
    struct db *db = kit_pg_acquire(f->pool);

    OK(db_query_built(db, f, sql, DB_NO_ARGS, &rows, &f->err));
    db_release(&db);
    assert_true(db_rows_at(rows, 0, &row));
    return db_get_i64(&row, 0);
}

/* A message to `count` addresses u0@domain, u1@domain ...; due now. */
static void put(struct fixture *f, const char *name, const char *domain, size_t count, struct span bytes)
{
    struct queue_recipient *list = talloc_zero_array(f, struct queue_recipient, (unsigned)count);
    int64_t now_us = clock_now_us();
    struct queue_new new = { .message = { .name = name,
                                          .organisation_id = f->kit->ada_org,
                                          .sender = "ada@example.org",
                                          .origin = "test",
                                          .received_us = now_us,
                                          .expires_us = now_us + 3600 * US_PER_S },
                             .bytes = bytes,
                             .recipients = list,
                             .recipient_count = count };

    for (size_t i = 0; i < count; i++)
        list[i] = (struct queue_recipient){ .address = talloc_asprintf(list, "u%zu@%s", i, domain),
                                            .lane = domain,
                                            .next_try_us = now_us,
                                            .overdue_us = now_us + 1800 * US_PER_S };
    OK(queue_put(f->pool, &(const struct queue_new *){ &new }, 1, &f->err));
}

static struct queue_catch *take(struct fixture *f, const char *lane, size_t most)
{
    struct queue_wish wish = { lane, most };
    struct queue_catch *catch;

    OK(queue_take(f->pool, f, f->motor, queue_lease_new(f->motor), &wish, 1, 1 << 20, clock_now_us(), &catch,
                  &f->err));
    return catch;
}

static struct queue_settlement settlement(const struct queue_taken *row, enum queue_end end)
{
    return (struct queue_settlement){ .recipient_id = row->recipient_id,
                                      .message_id = row->message->message_id,
                                      .lease = row->lease,
                                      .end = end,
                                      .next_try_us = clock_now_us() + 60 * US_PER_S,
                                      .overdue_us = row->recipient.overdue_us,
                                      .was_tried = true,
                                      .code = 450,
                                      .enhanced = "4.2.1",
                                      .text = "later",
                                      .host = "mx" };
}

static void a_message_comes_back_as_it_went_in(void **state)
{
    struct fixture *f = *state;
    static const size_t sizes[] = { 0, 10, 60000, 70000, 262144, 5000000 };

    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        char *bytes = talloc_size(f, sizes[i] + 1);
        char *lane = talloc_asprintf(f, "size%zu.example", i);
        struct span got;
        for (size_t k = 0; k < sizes[i]; k++)
            bytes[k] = (char)(k * 2654435761u >> 13);
        put(f, "m1", lane, 1, span_of(bytes, sizes[i]));
        struct queue_catch *catch = take(f, lane, 10);
        assert_int_equal(queue_catch_count(catch), 1);
        const struct queue_taken *row = queue_catch_row(catch, 0);
        assert_string_equal(row->recipient.address, talloc_asprintf(f, "u0@%s", lane));
        assert_string_equal(row->message->sender, "ada@example.org");
        OK(queue_taken_bytes(f->pool, f, row, &got, &f->err));
        assert_int_equal(span_length(got), sizes[i]);
        assert_memory_equal(got.p, bytes, sizes[i]);
    }
}

/* Message number n of a batch: n recipients, n times a letter as bytes. */
static struct queue_new *numbered(struct fixture *f, size_t n)
{
    struct queue_new *new = talloc_zero(f, struct queue_new);
    int64_t now_us = clock_now_us();
    char *bytes = talloc_size(new, n * 50000);

    memset(bytes, (int)('a' + n), n * 50000);
    new->bytes = span_of(bytes, n * 50000);
    new->message = (struct queue_message){ .name = talloc_asprintf(new, "batch%zu", n),
                                           .sender = talloc_asprintf(new, "s%zu@example.org", n),
                                           .organisation_id = n == 2 ? 0 : f->kit->ada_org,
                                           .envid = n == 1 ? "e1" : NULL,
                                           .needs_tls = n == 3,
                                           .origin = "test",
                                           .received_us = now_us,
                                           .expires_us = now_us + US_PER_S };
    new->recipients = talloc_zero_array(new, struct queue_recipient, (unsigned)n);
    new->recipient_count = n;
    for (size_t i = 0; i < n; i++)
        new->recipients[i] =
            (struct queue_recipient){ .address = talloc_asprintf(new, "r%zu-%zu@b.example", n, i),
                                      .lane = "b.example",
                                      .orcpt = i == 1 ? "orcpt" : NULL,
                                      .next_try_us = now_us,
                                      .overdue_us = now_us + US_PER_S };
    return new;
}

static void messages_go_in_together_and_keep_apart(void **state)
{
    struct fixture *f = *state;
    const struct queue_new *batch[] = { numbered(f, 1), numbered(f, 2), numbered(f, 3) };
    struct queue_new *bad = numbered(f, 4);

    OK(queue_put(f->pool, batch, 3, &f->err));
    assert_int_equal(count_rows(f, "SELECT count(*) FROM queue_message"), 3);
    struct queue_catch *catch = take(f, "b.example", 100);
    assert_int_equal(queue_catch_count(catch), 6);
    for (size_t i = 0; i < 6; i++) {
        const struct queue_taken *row = queue_catch_row(catch, i);
        size_t n = (size_t)(row->message->name[5] - '0');
        struct span got;
        assert_int_equal(row->recipient.address[1] - '0', n);
        assert_string_equal(row->message->sender, talloc_asprintf(f, "s%zu@example.org", n));
        assert_int_equal(row->message->needs_tls, n == 3);
        assert_int_equal(row->message->envid != NULL, n == 1);
        assert_int_equal(row->recipient.orcpt != NULL, row->recipient.address[3] == '1');
        OK(queue_taken_bytes(f->pool, f, row, &got, &f->err));
        assert_int_equal(span_length(got), n * 50000);
        assert_int_equal(got.p[n * 50000 - 1], 'a' + n);
    }
    bad->message.subject = "\xff";
    const struct queue_new *mixed[] = { numbered(f, 1), bad };
    assert_false(queue_put(f->pool, mixed, 2, &f->err));
    assert_int_equal(f->err.kind, ERR_INVALID);
    assert_int_equal(count_rows(f, "SELECT count(*) FROM queue_message"), 3);
}

static void bytes_come_along_as_far_as_there_is_room(void **state)
{
    struct fixture *f = *state;
    char *bytes = talloc_size(f, 30000);
    struct queue_wish wish = { "a.example", 100 };
    struct queue_catch *catch;
    struct span got;

    for (size_t k = 0; k < 30000; k++)
        bytes[k] = (char)(k * 2654435761u >> 13);
    for (int i = 0; i < 5; i++)
        put(f, "m", "a.example", 1, span_of(bytes, 30000));
    OK(queue_take(f->pool, f, f->motor, queue_lease_new(f->motor), &wish, 1, 70000, clock_now_us(), &catch,
                  &f->err));
    assert_int_equal(queue_catch_count(catch), 5);
    assert_in_range(queue_catch_bytes(catch), 1, 70000);
    for (size_t i = 0; i < 5; i++) {
        OK(queue_taken_bytes(f->pool, f, queue_catch_row(catch, i), &got, &f->err));
        assert_int_equal(span_length(got), 30000);
        assert_memory_equal(got.p, bytes, 30000);
    }
}

static void what_is_taken_is_not_taken_again(void **state)
{
    struct fixture *f = *state;

    put(f, "m", "a.example", 5, span_text("x"));
    assert_int_equal(queue_catch_count(take(f, "a.example", 3)), 3);
    assert_int_equal(queue_catch_count(take(f, "a.example", 10)), 2);
    assert_int_equal(queue_catch_count(take(f, "a.example", 10)), 0);
}

/* Where the copy was in another server's queue before: the receipt in its mailbox comes along. */
static void a_receipt_stays_with_its_row(void **state)
{
    static const uint8_t receipt[QUEUE_COPY_RECEIPT_BYTES] = "another server's";
    struct fixture *f = *state;
    int64_t now_us = clock_now_us();
    struct queue_recipient list[] = {
        { .address = "a@a.example", .lane = "a.example", .next_try_us = now_us, .receipt = receipt },
        { .address = "b@a.example", .lane = "a.example", .next_try_us = now_us },
    };
    struct queue_new new = {
        .message = { .name = "m", .sender = "", .origin = "test", .expires_us = INT64_MAX },
        .bytes = span_text("x"),
        .recipients = list,
        .recipient_count = 2
    };

    OK(queue_put(f->pool, (const struct queue_new *const[]){ &new }, 1, &f->err));
    struct queue_catch *catch = take(f, "a.example", 10);
    assert_int_equal(queue_catch_count(catch), 2);
    for (size_t i = 0; i < 2; i++) {
        const struct queue_taken *row = queue_catch_row(catch, i);
        if (*row->recipient.address == 'a')
            assert_memory_equal(row->recipient.receipt, receipt, sizeof receipt);
        else
            assert_null(row->recipient.receipt);
    }
}

static void the_last_row_takes_its_message_along(void **state)
{
    struct fixture *f = *state;
    struct queue_settlement list[2];

    put(f, "m", "a.example", 2, span_text("x"));
    struct queue_catch *catch = take(f, "a.example", 10);
    list[0] = settlement(queue_catch_row(catch, 0), QUEUE_END_GONE);
    list[1] = settlement(queue_catch_row(catch, 1), QUEUE_END_WAITS);
    OK(queue_settle(f->pool, list, 2, NULL, NULL, &f->err));
    assert_int_equal(count_rows(f, "SELECT count(*) FROM queue_message"), 1);
    assert_int_equal(count_rows(f, "SELECT count(*) FROM queue_recipient WHERE state = 0 AND attempts = 1"
                                   " AND last_code = 450"),
                     1);
    assert_int_equal(queue_catch_count(take(f, "a.example", 10)), 0); /* not due yet */
    OK(queue_retry_domain(f->pool, "a.example", &(size_t){ 0 }, &f->err));
    catch = take(f, "a.example", 10);
    assert_int_equal(queue_catch_row(catch, 0)->attempts, 1);
    list[0] = settlement(queue_catch_row(catch, 0), QUEUE_END_GONE);
    OK(queue_settle(f->pool, list, 1, NULL, NULL, &f->err));
    assert_int_equal(count_rows(f, "SELECT count(*) FROM queue_message"), 0);
    assert_int_equal(count_rows(f, "SELECT count(*) FROM queue_body"), 0);
}

static struct trace_row *told(struct fixture *f, const char *id)
{
    struct trace_row *row = talloc(f, struct trace_row);

    trace_row_init(row, row);
    row->at_us = clock_now_us();
    row->id = id;
    event_begin(&row->events, row->at_us, "relayed");
    event_end(&row->events);
    return row;
}

/* What is told is written with the settlement, and only by whom it is the settlement of. */
static void a_trace_stands_and_falls_with_the_lease(void **state)
{
    struct fixture *f = *state;
    struct queue_settlement one;
    uint64_t freed;

    put(f, "m", "a.example", 2, span_text("x"));
    struct queue_catch *catch = take(f, "a.example", 1);
    one = settlement(queue_catch_row(catch, 0), QUEUE_END_GONE);
    one.trace = told(f, "good");
    OK(queue_settle(f->pool, &one, 1, NULL, NULL, &f->err));
    assert_int_equal(count_rows(f, "SELECT count(*) FROM trace WHERE trace_id = 'good'"), 1);
    catch = take(f, "a.example", 1);
    OK(queue_motor_end(f->pool, f->motor, &freed, &f->err));
    one = settlement(queue_catch_row(catch, 0), QUEUE_END_GONE);
    one.trace = told(f, "lost");
    OK(queue_settle(f->pool, &one, 1, NULL, NULL, &f->err));
    assert_true(one.is_lost);
    assert_int_equal(count_rows(f, "SELECT count(*) FROM trace WHERE trace_id = 'lost'"), 0);
}

/* Who held it stands in the message's trace, in the same transaction as the audit row. */
static void an_act_is_told(void **state)
{
    struct fixture *f = *state;
    struct queue_filter filter = { .message = "m", .state = -1 };
    struct queue_act_result result;

    put(f, "m", "a.example", 2, span_text("x"));
    OK(queue_act(f->kit->directory, &kit_root, 0, QUEUE_HOLD, &filter, NULL, NULL, &result, &f->err));
    assert_int_equal(result.done, 2);
    OK(queue_act(f->kit->directory, &kit_root, f->kit->ada_org, QUEUE_DELETE, &filter, NULL, NULL, &result,
                 &f->err));
    assert_int_equal(
        count_rows(f, "SELECT count(*) FROM trace WHERE trace_id = 'm' AND organisation_id IS NOT NULL"
                      " AND events->0->>'event' IN ('held', 'deleted') AND events->0->>'by' <> ''"),
        2);
}

static void a_dead_motor_s_rows_are_another_s_and_its_word_counts_no_more(void **state)
{
    struct fixture *f = *state;
    uint64_t freed;

    put(f, "m", "a.example", 3, span_text("x"));
    struct queue_catch *before = take(f, "a.example", 10);
    OK(queue_motor_end(f->pool, f->motor, &freed, &f->err));
    assert_int_equal(freed, 3);
    OK(queue_motor_begin(f->pool, "test", &f->motor, &f->err));
    struct queue_catch *after = take(f, "a.example", 2); /* the third one waits */
    struct queue_settlement list[3];
    for (size_t i = 0; i < 3; i++)
        list[i] = settlement(queue_catch_row(before, i), QUEUE_END_GONE);
    OK(queue_settle(f->pool, list, 3, NULL, NULL, &f->err));
    for (size_t i = 0; i < 3; i++)
        assert_true(list[i].is_lost);
    assert_int_equal(count_rows(f, "SELECT count(*) FROM queue_recipient"), 3);
    list[0] = settlement(queue_catch_row(after, 0), QUEUE_END_GONE);
    OK(queue_settle(f->pool, list, 1, NULL, NULL, &f->err));
    assert_false(list[0].is_lost);
}

static void silence_buries_a_motor(void **state)
{
    struct fixture *f = *state;
    int64_t other;
    uint64_t freed;
    bool is_known;

    put(f, "m", "a.example", 1, span_text("x"));
    take(f, "a.example", 10);
    OK(queue_motor_begin(f->pool, "other", &other, &f->err));
    OK(queue_motor_beat(f->pool, other, &is_known, &freed, &f->err));
    assert_true(is_known);
    assert_int_equal(freed, 0);
    struct db *db = kit_pg_acquire(f->pool);
    OK(db_exec(db, "UPDATE queue_motor SET beat_us = beat_us - 16000000 WHERE server = 'test'", DB_NO_ARGS,
               NULL, &f->err));
    db_release(&db);
    OK(queue_motor_beat(f->pool, other, &is_known, &freed, &f->err));
    assert_int_equal(freed, 1);
    OK(queue_motor_beat(f->pool, f->motor, &is_known, &freed, &f->err));
    assert_false(is_known);
}

/* ---- many takers at once: each row has one */

struct taker {
    struct fixture *f;
    size_t got, rounds;
};

static void *take_all(void *argument)
{
    struct taker *taker = argument;
    void *arena = talloc_new(NULL);
    struct err err;

    for (size_t empty = 0; empty < 3;) {
        struct queue_wish wish = { "busy.example", 7 };
        struct queue_catch *catch;
        if (!queue_take(taker->f->pool, arena, taker->f->motor, queue_lease_new(taker->f->motor), &wish, 1,
                        1 << 20, clock_now_us(), &catch, &err))
            break;
        size_t count = queue_catch_count(catch);
        empty = count ? 0 : empty + 1;
        taker->got += count;
        struct queue_settlement list[7];
        for (size_t i = 0; i < count; i++)
            list[i] = settlement(queue_catch_row(catch, i), QUEUE_END_GONE);
        if (count > 0 && !queue_settle(taker->f->pool, list, count, NULL, NULL, &err))
            break;
    }
    talloc_free(arena);
    return NULL;
}

static void two_who_take_never_have_the_same(void **state)
{
    enum { MESSAGES = 30, EACH = 10, THREADS = 4 };
    struct fixture *f = *state;
    struct taker takers[THREADS];
    pthread_t threads[THREADS];
    size_t got = 0;

    for (int i = 0; i < MESSAGES; i++)
        put(f, "m", "busy.example", EACH, span_text("x"));
    for (int i = 0; i < THREADS; i++) {
        takers[i] = (struct taker){ .f = f };
        pthread_create(&threads[i], NULL, take_all, &takers[i]);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        got += takers[i].got;
    }
    assert_int_equal(got, MESSAGES * EACH);
    assert_int_equal(count_rows(f, "SELECT count(*) FROM queue_message"), 0);
    assert_int_equal(count_rows(f, "SELECT count(*) FROM queue_body"), 0);
}

static void lanes_are_found_in_a_ring(void **state)
{
    struct fixture *f = *state;
    struct queue_lane *lanes;
    size_t count;

    for (int i = 0; i < 5; i++)
        put(f, "m", talloc_asprintf(f, "d%d.example", i), 3, span_text("x"));
    OK(queue_lanes(f->pool, f, "", 3, &lanes, &count, &f->err));
    assert_int_equal(count, 3);
    assert_string_equal(lanes[0].name, "d0.example");
    OK(queue_lanes(f->pool, f, lanes[2].name, 3, &lanes, &count, &f->err));
    assert_int_equal(count, 2);
    assert_string_equal(lanes[1].name, "d4.example");
}

/* ---- notices in the same transaction */

static bool one_notice(void *arg, const void *owner, struct queue_settlement *list, size_t count,
                       struct queue_new **notices_out, size_t *notice_count_out, struct err *err)
{
    struct queue_new *new = talloc_zero(owner, struct queue_new);

    (void)arg;
    (void)err;
    for (size_t i = 0; i < count; i++)
        if (!list[i].is_lost && list[i].wants_notice)
            *notice_count_out = 1;
    new->message = (struct queue_message){ .name = "n", .sender = "", .origin = "notice", .expires_us = 1 };
    new->bytes = span_text("Subject: sorry\r\n\r\n");
    new->recipients = talloc_zero(owner, struct queue_recipient);
    new->recipients[0] = (struct queue_recipient){ .address = "ada@example.org", .lane = "example.org" };
    new->recipient_count = 1;
    *notices_out = new;
    return true;
}

static void a_notice_enters_with_the_end_it_tells_of_and_only_then(void **state)
{
    struct fixture *f = *state;
    struct queue_settlement one;

    put(f, "m", "a.example", 1, span_text("x"));
    one = settlement(queue_catch_row(take(f, "a.example", 1), 0), QUEUE_END_GONE);
    one.wants_notice = true;
    one.lease++;
    OK(queue_settle(f->pool, &one, 1, one_notice, NULL, &f->err));
    assert_true(one.is_lost);
    assert_int_equal(count_rows(f, "SELECT count(*) FROM queue_message WHERE sender = ''"), 0);
    one.lease--;
    OK(queue_settle(f->pool, &one, 1, one_notice, NULL, &f->err));
    assert_int_equal(count_rows(f, "SELECT count(*) FROM queue_message WHERE sender = ''"), 1);
    assert_int_equal(count_rows(f, "SELECT count(*) FROM queue_message"), 1);
    assert_int_equal(count_rows(f, "SELECT count(*) FROM queue_body"), 1);
}

/* ---- what happens once */

static void under_one_receipt_a_message_is_put_once(void **state)
{
    static const uint8_t receipt[QUEUE_COPY_RECEIPT_BYTES] = "once and only o",
                         other[QUEUE_COPY_RECEIPT_BYTES] = "another";
    struct fixture *f = *state;
    struct queue_recipient to = { .address = "a@a.example", .lane = "a.example" };
    char *large = talloc_zero_size(f, 5 << 20);
    struct queue_new new = { .message = { .name = "m", .sender = "", .origin = "test", .expires_us = 1 },
                             .bytes = span_of(large, 5 << 20),
                             .recipients = &to,
                             .recipient_count = 1 };

    for (int i = 0; i < 3; i++)
        OK(queue_put_once(f->pool, receipt, &new, &f->err));
    assert_int_equal(f->err.kind, ERR_NONE);
    assert_int_equal(count_rows(f, "SELECT count(*) FROM queue_message"), 1);
    assert_int_equal(count_rows(f, "SELECT count(*) FROM queue_recipient"), 1);
    assert_int_equal(count_rows(f, "SELECT count(*) FROM queue_body"), 20);
    OK(queue_put_once(f->pool, other, &new, &f->err));
    assert_int_equal(count_rows(f, "SELECT count(*) FROM queue_message"), 2);
}

struct wanted {
    size_t calls, once;
};

static bool count_once(void *arg, const void *owner, struct queue_settlement *list, size_t count,
                       struct queue_new **notices_out, size_t *notice_count_out, struct err *err)
{
    struct wanted *wanted = arg;

    (void)owner;
    (void)err;
    wanted->calls++;
    for (size_t i = 0; i < count; i++)
        wanted->once += !list[i].is_lost && !list[i].was_once;
    *notices_out = NULL;
    *notice_count_out = 0;
    return true;
}

static void of_two_rows_for_one_copy_one_has_what_follows(void **state)
{
    static const uint8_t receipt[QUEUE_COPY_RECEIPT_BYTES] = "of a copy";
    struct fixture *f = *state;
    struct queue_settlement list[3];
    struct wanted wanted = { 0 };
    struct queue_catch *catch;

    put(f, "m", "a.example", 4, span_text("x"));
    catch = take(f, "a.example", 4);
    for (size_t i = 0; i < 3; i++) {
        list[i] = settlement(queue_catch_row(catch, i), QUEUE_END_GONE);
        list[i].wants_notice = true;
        list[i].once = receipt;
    }
    list[0].lease++; /* lost: it claims nothing */
    OK(queue_settle(f->pool, list, 1, count_once, &wanted, &f->err));
    assert_true(list[0].is_lost);
    list[0].lease--;
    wanted.once = 0;
    OK(queue_settle(f->pool, list, 2, count_once, &wanted, &f->err)); /* together */
    assert_int_equal(wanted.once, 1);
    OK(queue_settle(f->pool, &list[2], 1, count_once, &wanted, &f->err)); /* and later */
    assert_int_equal(wanted.once, 1);
    assert_true(list[2].was_once && !list[2].is_lost);
    assert_int_equal(count_rows(f, "SELECT count(*) FROM queue_recipient"), 1);
}

/* ---- administrators */

static int64_t act(struct fixture *f, enum queue_act what, const struct queue_filter *filter, const char *to)
{
    static const struct queue_recipient target = { .address = "new@b.example", .lane = "b.example" };
    struct queue_act_result result;

    OK(queue_act(f->kit->directory, &kit_root, 0, what, filter, to, &target, &result, &f->err));
    return result.done;
}

static void acts_by_filter_are_audited(void **state)
{
    struct fixture *f = *state;
    struct queue_filter all = { .domain = "a.example", .state = -1 }, one = all;
    struct queue_entry *entries;
    size_t count;

    put(f, "m", "a.example", 3, span_text("x"));
    assert_int_equal(act(f, QUEUE_HOLD, &all, NULL), 3);
    assert_int_equal(queue_catch_count(take(f, "a.example", 10)), 0);
    OK(queue_list(f->kit->directory, &kit_root, f, 0, &all, 0, 2, &entries, &count, &f->err));
    assert_int_equal(count, 2);
    assert_int_equal(entries[0].state, QUEUE_HELD);
    one.entry = entries[0].entry;
    assert_int_equal(act(f, QUEUE_READDRESS, &one, "new@b.example"), 1);
    assert_int_equal(act(f, QUEUE_RELEASE, &all, NULL), 2);
    assert_int_equal(queue_catch_count(take(f, "a.example", 1)), 1);
    assert_int_equal(act(f, QUEUE_REROUTE, &all, "relay.example:26"), 1); /* the other one is in work */
    struct queue_catch *catch = take(f, "via relay.example:26", 10);
    assert_int_equal(queue_catch_count(catch), 1);
    assert_string_equal(queue_catch_row(catch, 0)->recipient.via, "relay.example:26");
    assert_int_equal(act(f, QUEUE_DELETE, &(struct queue_filter){ .domain = "b.example", .state = -1 }, NULL),
                     1);
    assert_int_equal(count_rows(f, "SELECT count(*) FROM queue_recipient"), 2);
    assert_int_equal(count_rows(f, "SELECT count(*) FROM audit WHERE action LIKE 'queue.%'"), 5);
}

static void an_organisation_s_administrator_meets_its_own_only(void **state)
{
    struct fixture *f = *state;
    struct actor ada = { .name = "ada@example.org", .organisation_id = f->kit->ada_org };
    struct actor bob = { .name = "bob@example.net", .organisation_id = f->kit->bob_org };
    struct queue_filter all = { .domain = "a.example", .state = -1 };
    struct queue_act_result result;
    struct queue_entry *entries;
    size_t count;

    put(f, "m", "a.example", 1, span_text("x"));
    OK(queue_list(f->kit->directory, &bob, f, 0, &all, 0, 10, &entries, &count, &f->err));
    assert_int_equal(count, 0);
    OK(queue_act(f->kit->directory, &bob, 0, QUEUE_DELETE, &all, NULL, NULL, &result, &f->err));
    assert_int_equal(result.done, 0);
    OK(queue_list(f->kit->directory, &ada, f, 0, &all, 0, 10, &entries, &count, &f->err));
    assert_int_equal(count, 1);
    OK(queue_act(f->kit->directory, &ada, 0, QUEUE_DELETE, &all, NULL, NULL, &result, &f->err));
    assert_int_equal(result.done, 1);
    assert_int_equal(count_rows(f, "SELECT count(*) FROM queue_body"), 0);
}

static void a_domain_s_entries_come_in_pages_whatever_their_lane(void **state)
{
    struct fixture *f = *state;
    struct queue_filter all = { .domain = "a.example", .state = -1 }, held = all;
    struct queue_entry *entries;
    int64_t after = 0;
    size_t count, seen = 0;

    held.state = QUEUE_HELD;
    for (int i = 0; i < 4; i++) {
        put(f, "m", i % 2 ? "@1/a.example" : "a.example", 3, span_text("x"));
        put(f, "m", "other.example", 1, span_text("x"));
    }
    do {
        OK(queue_list(f->kit->directory, &kit_root, f, 0, &all, after, 5, &entries, &count, &f->err));
        for (size_t i = 0; i < count; i++) {
            assert_true(entries[i].entry > after);
            assert_null(strstr(entries[i].recipient.lane, "other"));
            after = entries[i].entry;
        }
        seen += count;
    } while (count == 5);
    assert_int_equal(seen, 12);
    OK(queue_list(f->kit->directory, &kit_root, f, 0, &held, 0, 5, &entries, &count, &f->err));
    assert_int_equal(count, 0);
    all.entry = after;
    assert_int_equal(act(f, QUEUE_HOLD, &all, NULL), 1);
    OK(queue_list(f->kit->directory, &kit_root, f, 0, &held, 0, 5, &entries, &count, &f->err));
    assert_int_equal(count, 1);
    assert_int_equal(entries[0].entry, after);
}

/* ---- taking back */

static void submit(struct fixture *f, const char *name, size_t recipients)
{
    struct queue_new *new = numbered(f, recipients);

    new->message.name = name;
    new->message.login_id = 7;
    new->message.login = "ada@example.org";
    OK(queue_put(f->pool, &(const struct queue_new *){ new }, 1, &f->err));
}

static void a_message_is_taken_back_whole_or_not_at_all(void **state)
{
    struct fixture *f = *state;
    struct queue_recall recall;
    struct queue_settlement one;

    submit(f, "whole", 3);
    assert_false(queue_recall_hold(f->pool, f, "whole", 0, 8, &recall, &f->err)); /* another's */
    assert_int_equal(f->err.kind, ERR_NOT_FOUND);
    assert_false(queue_recall_hold(f->pool, f, "whole", f->kit->bob_org, 7, &recall, &f->err));
    for (int i = 0; i < 2; i++) { /* again, as after a crash */
        OK(queue_recall_hold(f->pool, f, "whole", 0, 7, &recall, &f->err));
        assert_int_equal(recall.asked_count, 3);
        assert_int_equal(queue_catch_count(take(f, "b.example", 10)), 0);
    }
    OK(queue_recall_end(f->pool, &kit_root, &recall, &f->err));
    OK(queue_recall_end(f->pool, &kit_root, &recall, &f->err));
    assert_int_equal(count_rows(f, "SELECT count(*) FROM queue_message"), 0);
    assert_int_equal(count_rows(f, "SELECT count(*) FROM queue_body"), 0);
    assert_int_equal(count_rows(f, "SELECT count(*) FROM audit WHERE action = 'queue.recall'"), 1);

    submit(f, "leaving", 2); /* one is in work */
    struct queue_catch *catch = take(f, "b.example", 1);
    assert_false(queue_recall_hold(f->pool, f, "leaving", 0, 7, &recall, &f->err));
    assert_int_equal(f->err.kind, ERR_CONFLICT);
    one = settlement(queue_catch_row(catch, 0), QUEUE_END_GONE); /* and has left */
    OK(queue_settle(f->pool, &one, 1, NULL, NULL, &f->err));
    assert_false(queue_recall_hold(f->pool, f, "leaving", 0, 7, &recall, &f->err));
    assert_int_equal(f->err.kind, ERR_CONFLICT);
    assert_int_equal(queue_catch_count(take(f, "b.example", 10)), 1); /* the other one goes on */
}

static void a_filter_that_says_nothing_is_refused(void **state)
{
    struct fixture *f = *state;
    struct queue_act_result result;

    assert_false(queue_act(f->kit->directory, &kit_root, 0, QUEUE_DELETE,
                           &(struct queue_filter){ .state = -1 }, NULL, NULL, &result, &f->err));
    assert_int_equal(f->err.kind, ERR_INVALID);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(a_message_comes_back_as_it_went_in),
        T(messages_go_in_together_and_keep_apart),
        T(bytes_come_along_as_far_as_there_is_room),
        T(a_domain_s_entries_come_in_pages_whatever_their_lane),
        T(a_message_is_taken_back_whole_or_not_at_all),
        T(what_is_taken_is_not_taken_again),
        T(a_receipt_stays_with_its_row),
        T(the_last_row_takes_its_message_along),
        T(a_trace_stands_and_falls_with_the_lease),
        T(an_act_is_told),
        T(a_dead_motor_s_rows_are_another_s_and_its_word_counts_no_more),
        T(silence_buries_a_motor),
        T(two_who_take_never_have_the_same),
        T(lanes_are_found_in_a_ring),
        T(a_notice_enters_with_the_end_it_tells_of_and_only_then),
        T(under_one_receipt_a_message_is_put_once),
        T(of_two_rows_for_one_copy_one_has_what_follows),
        T(acts_by_filter_are_audited),
        T(an_organisation_s_administrator_meets_its_own_only),
        T(a_filter_that_says_nothing_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
