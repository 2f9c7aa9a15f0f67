/* test_run.c -- the motor with its real queue and a next server that does as it is told. */
#include "run/run.h"

#include "base/clock.h"
#include "db/statement.h"
#include "kit/directory.h"
#include "kit/pg.h"
#include "queue/admin.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
/* cmocka wants setjmp, stdarg and stddef first */
#include <cmocka.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <talloc.h>
#include <unistd.h>

#define S US_PER_S

struct fixture {
    struct kit_directory *kit;
    struct db_pool *pool;
    struct run *run;
    struct err err;
};

#define OK(call)                                                                                             \
    do {                                                                                                     \
        if (!(call))                                                                                         \
            fail_msg("%s: %s / %s", #call, f->err.user, f->err.log);                                         \
    } while (0)

/* ---- the next servers: by the domain */

static _Atomic int active, most_active, calls, recipients_sent, down_calls, later_left;

static bool find_route(void *arg, const void *owner, const struct run_question *question, struct route *route,
                       struct err *err)
{
    (void)arg;
    (void)err;
    *route = (struct route){ .kind = ROUTE_MX,
                             .destination =
                                 talloc_asprintf(owner, "mx %s", question->domain ? question->domain : ""),
                             .reason = "test" };
    if (!question->domain) { /* a mailbox; there are no stores here */
        route->kind = ROUTE_WAIT;
        return true;
    }
    if (strcmp(question->domain, "none.example") == 0)
        route->kind = ROUTE_NONE;
    if (strcmp(question->domain, "wait.example") == 0) {
        route->kind = ROUTE_WAIT;
        route->opens_us = clock_now_us() + 3600 * S;
    }
    return true;
}

static void answer(struct outbound_recipient *r, enum outbound_verdict verdict, unsigned code,
                   const char *enhanced)
{
    r->verdict = verdict;
    r->code = code;
    r->enhanced = enhanced;
    r->text = "said so";
    r->host = code ? "mx.test" : NULL;
}

static void send_it(void *arg, const void *owner, const struct route *route,
                    const struct outbound_message *message, struct outbound_recipient *list, size_t count)
{
    int now = atomic_fetch_add(&active, 1) + 1, most = atomic_load(&most_active);

    (void)arg;
    (void)owner;
    (void)message;
    while (now > most && !atomic_compare_exchange_weak(&most_active, &most, now))
        ;
    atomic_fetch_add(&calls, 1);
    bool is_down = strcmp(route->destination, "mx down.example") == 0;
    bool is_slow = strcmp(route->destination, "mx slow.example") == 0;
    if (is_down)
        atomic_fetch_add(&down_calls, 1);
    usleep(is_slow ? 300000 : 2000);
    for (size_t i = 0; i < count; i++) {
        if (is_down)
            answer(&list[i], OUTBOUND_DEFERRED, 0, "4.4.1");
        else if (strncmp(list[i].address, "bad", 3) == 0)
            answer(&list[i], OUTBOUND_FAILED, 550, "5.1.1");
        else if (strncmp(list[i].address, "later", 5) == 0 && atomic_fetch_sub(&later_left, 1) > 0)
            answer(&list[i], OUTBOUND_DEFERRED, 450, "4.2.1");
        else {
            answer(&list[i], OUTBOUND_RELAYED, 250, "2.0.0");
            atomic_fetch_add(&recipients_sent, 1);
        }
    }
    atomic_fetch_sub(&active, 1);
}

/* ---- the world */

static int set_up(void **state)
{
    struct fixture *f = talloc_zero(NULL, struct fixture);

    f->kit = kit_directory(f);
    f->pool = directory_pool(f->kit->directory, DIRECTORY_LOOKS_UP);
    active = most_active = calls = recipients_sent = down_calls = later_left = 0;
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    run_stop(&f->run, 2000);
    talloc_free(f);
    return 0;
}

static void start(struct fixture *f)
{
    struct run_options options = { .directory = f->kit->directory,
                                   .host_name = "mail.example.org",
                                   .server = "test",
                                   .threads = 20,
                                   .per_destination = 4,
                                   .retry_min_us = S / 5,
                                   .retry_max_us = S / 2,
                                   .ways = { .route = find_route, .send = send_it } };

    OK(run_start(f, &options, &f->run, &f->err));
}

static void put(struct fixture *f, const char *sender, const char *local, const char *domain, size_t count,
                int64_t lifetime_us)
{
    struct queue_recipient *list = talloc_zero_array(f, struct queue_recipient, (unsigned)count);
    int64_t now_us = clock_now_us();
    struct queue_new new = { .message = { .name = "m",
                                          .organisation_id = f->kit->ada_org,
                                          .sender = sender,
                                          .origin = "test",
                                          .received_us = now_us,
                                          .expires_us = now_us + lifetime_us },
                             .bytes = span_text("Return-Path: <x>\r\nSubject: s\r\n\r\nb\r\n"),
                             .recipients = list,
                             .recipient_count = count };

    for (size_t i = 0; i < count; i++)
        list[i] = (struct queue_recipient){ .address = talloc_asprintf(list, "%s%zu@%s", local, i, domain),
                                            .lane = domain,
                                            .next_try_us = now_us,
                                            .overdue_us = now_us + lifetime_us };
    OK(queue_put(f->pool, &(const struct queue_new *){ &new }, 1, &f->err));
}

static int64_t number(struct fixture *f, const char *sql)
{
    struct db_rows *rows;
    struct db_row row;
    struct db *db = kit_pg_acquire(f->pool);

    OK(db_query_built(db, f, sql, DB_NO_ARGS, &rows, &f->err));
    db_release(&db);
    assert_true(db_rows_at(rows, 0, &row));
    return db_get_i64(&row, 0);
}

static void wait_until(struct fixture *f, const char *sql, int64_t wanted)
{
    int64_t end_us = clock_monotonic_us() + 30 * S, got;

    while ((got = number(f, sql)) != wanted && clock_monotonic_us() < end_us)
        usleep(20000);
    if (got != wanted)
        fail_msg("%s is %lld, not %lld", sql, (long long)got, (long long)wanted);
}

#define ROWS "SELECT count(*) FROM queue_recipient"

/* ---- what it does */

static void a_domain_that_is_down_does_not_slow_the_others(void **state)
{
    struct fixture *f = *state;

    for (int i = 0; i < 60; i++)
        put(f, "a@z.example", "u", "down.example", 5, 3600 * S);
    for (int i = 0; i < 30; i++)
        put(f, "a@z.example", "u", talloc_asprintf(f, "d%d.example", i), 2, 3600 * S);
    start(f);
    wait_until(f, ROWS " WHERE lane <> 'down.example'", 0);
    assert_int_equal(recipients_sent, 60);
    assert_int_equal(number(f, ROWS), 300);
    assert_true(down_calls < 30); /* probes, not sixty messages */
}

static void connections_to_one_destination_are_bounded(void **state)
{
    struct fixture *f = *state;

    for (int i = 0; i < 20; i++)
        put(f, "a@z.example", "u", "slow.example", 1, 3600 * S);
    start(f);
    wait_until(f, ROWS, 0);
    assert_true(most_active <= 4);
    assert_int_equal(calls, 20);
}

static void a_thousand_recipients_go_in_one_call(void **state)
{
    struct fixture *f = *state;

    put(f, "a@z.example", "u", "many.example", 900, 3600 * S);
    start(f);
    wait_until(f, ROWS, 0);
    assert_int_equal(recipients_sent, 900);
    assert_true(calls <= 6);
}

static void failures_become_one_notice_to_a_sender_here(void **state)
{
    struct fixture *f = *state;

    kit_user(f->kit, "ada@example.org", NULL);
    put(f, "ada@example.org", "bad", "b.example", 3, 3600 * S);
    put(f, "ada@example.org", "x", "none.example", 1, 3600 * S);
    put(f, "", "bad", "b.example", 1, 3600 * S);
    put(f, "stranger@far.example", "bad", "b.example", 1, 3600 * S);
    start(f);
    wait_until(f, ROWS " WHERE lane LIKE '%.example' AND lane <> 'far.example'", 0);
    wait_until(f, "SELECT count(*) FROM queue_message WHERE sender = '' AND origin = 'notice'", 2);
    /* the stranger's notice left through the same motor */
    assert_int_equal(number(f, ROWS " WHERE address = 'ada@example.org'"), 2);
}

static void later_means_later_and_then_it_goes(void **state)
{
    struct fixture *f = *state;

    later_left = 2;
    put(f, "a@z.example", "later", "b.example", 1, 3600 * S);
    start(f);
    wait_until(f, ROWS, 0);
    assert_int_equal(calls, 3);
    assert_int_equal(recipients_sent, 1);
}

static void a_way_that_is_closed_waits_and_time_ends_all_the_same(void **state)
{
    struct fixture *f = *state;

    kit_user(f->kit, "ada@example.org", NULL);
    put(f, "ada@example.org", "x", "wait.example", 3, 3 * S);
    start(f);
    wait_until(f,
               ROWS " WHERE lane = 'wait.example' AND state = 0 AND next_try_us >"
                    " (extract(epoch FROM now()) * 1000000)::bigint + 1800000000",
               3);
    assert_int_equal(calls, 0);
    wait_until(f, ROWS " WHERE lane = 'wait.example'", 0);
    assert_int_equal(number(f, "SELECT count(*) FROM queue_message WHERE origin = 'notice'"), 1);
}

static void what_an_administrator_retries_ignores_the_pause(void **state)
{
    struct fixture *f = *state;
    size_t count;

    put(f, "a@z.example", "u", "down.example", 1, 3600 * S);
    start(f);
    run_set_retry(f->run, 3600 * S, 3600 * S);
    int64_t end_us = clock_monotonic_us() + 20 * S;
    while (down_calls < 1 && clock_monotonic_us() < end_us)
        usleep(10000);
    wait_until(f, ROWS " WHERE state = 0 AND attempts = 1", 1);
    int before = down_calls;
    OK(queue_retry_domain(f->pool, "down.example", &count, &f->err));
    assert_int_equal(count, 1);
    while (down_calls == before && clock_monotonic_us() < end_us)
        usleep(10000);
    assert_true(down_calls > before);
}

static void stopping_gives_everything_back(void **state)
{
    struct fixture *f = *state;

    for (int i = 0; i < 40; i++)
        put(f, "a@z.example", "u", "slow.example", 1, 3600 * S);
    start(f);
    while (calls == 0)
        usleep(1000);
    run_stop(&f->run, 5000);
    assert_int_equal(number(f, ROWS " WHERE state = 1"), 0);
    assert_int_equal(number(f, ROWS), 40 - recipients_sent);
    assert_int_equal(number(f, "SELECT count(*) FROM queue_motor"), 0);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(a_domain_that_is_down_does_not_slow_the_others),
        T(connections_to_one_destination_are_bounded),
        T(a_thousand_recipients_go_in_one_call),
        T(failures_become_one_notice_to_a_sender_here),
        T(later_means_later_and_then_it_goes),
        T(a_way_that_is_closed_waits_and_time_ends_all_the_same),
        T(what_an_administrator_retries_ignores_the_pause),
        T(stopping_gives_everything_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
