/* test_put_alone.c -- a message that comes alone is stored by other statements than one among several, and to the same effect. */
#include "queue/queue.h"

#include "base/clock.h"
#include "db/statement.h"
#include "kit/directory.h"
#include "kit/pg.h"
#include "trace/event.h"
#include "trace/row.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
/* cmocka wants setjmp, stdarg and stddef first */
#include <cmocka.h>
#include <string.h>
#include <talloc.h>

#define NOW_US INT64_C(1700000000000000)
enum { BYTES = 700000 }; /* three pieces */

struct fixture {
    struct kit_directory *kit;
    struct db_pool *pool;
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

static struct queue_recipient *recipients(struct fixture *f)
{
    static const uint8_t receipt[QUEUE_COPY_RECEIPT_BYTES] = { 1, 2, 3 };
    struct queue_recipient *list = talloc_zero_array(f, struct queue_recipient, 2);

    list[0] = (struct queue_recipient){ .address = "a@x.example",
                                        .sender = "srs@example.org",
                                        .asked = "asked@x.example",
                                        .why = "redirect",
                                        .flags = QUEUE_IS_RELAY,
                                        .notify = QUEUE_NOTIFY_SUCCESS,
                                        .orcpt_type = "rfc822",
                                        .orcpt = "o@x.example",
                                        .lane = "x.example",
                                        .next_try_us = NOW_US,
                                        .overdue_us = NOW_US + 1 };
    list[1] = (struct queue_recipient){ .address = "b@x.example",
                                        .group_id = 3,
                                        .mailbox_id = 4,
                                        .target = "{\"folder\": \"é\"}",
                                        .lane = "group 3",
                                        .receipt = receipt,
                                        .is_held = true };
    return list;
}

static struct trace_row *trace_of(struct fixture *f, const char *name, bool is_begin)
{
    struct trace_row *row = talloc(f, struct trace_row);

    trace_row_init(row, f);
    row->id = name;
    row->at_us = NOW_US;
    row->organisation_id = f->kit->ada_org;
    row->is_begin = is_begin;
    row->sender = "ada@example.org";
    row->message_id = "m@example.org";
    row->login = "ada";
    row->peer = "192.0.2.1";
    trace_row_add_term(row, -5);
    trace_row_add_term(row, 7);
    event_begin(&row->events, NOW_US, "queued");
    event_text(&row->events, "to", "a@x.example");
    event_end(&row->events);
    return row;
}

static struct queue_new *full_message(struct fixture *f, const char *name, struct span bytes)
{
    struct queue_new *new = talloc(f, struct queue_new);

    *new = (struct queue_new){ .message = { .name = name,
                                            .organisation_id = f->kit->ada_org,
                                            .sender = "ada@example.org",
                                            .login_id = 12,
                                            .login = "ada",
                                            .origin = "submission",
                                            .ret = QUEUE_RET_HDRS,
                                            .envid = "e1",
                                            .body = QUEUE_8BITMIME,
                                            .needs_smtputf8 = true,
                                            .needs_tls = true,
                                            .deliver_by_us = NOW_US + 2,
                                            .deliver_by_mode = QUEUE_BY_RETURN,
                                            .priority = -4,
                                            .received_us = NOW_US,
                                            .expires_us = NOW_US + 3,
                                            .subject = "été",
                                            .language = "fr",
                                            .path = "1 2" },
                               .bytes = bytes,
                               .recipients = recipients(f),
                               .recipient_count = 2,
                               .traces = trace_of(f, name, true),
                               .trace_count = 1 };
    return new;
}

static struct queue_new *empty_message(struct fixture *f, const char *name)
{
    struct queue_new *new = talloc(f, struct queue_new);
    struct queue_recipient *r = talloc_zero(f, struct queue_recipient);

    *r = (struct queue_recipient){ .address = "c@y.example", .lane = "y.example" };
    *new = (struct queue_new){
        .message = { .name = name, .sender = "", .origin = "notice", .received_us = NOW_US },
        .recipients = r,
        .recipient_count = 1
    };
    return new;
}

static void assert_one_of_each_kind(struct fixture *f, const char *table, const char *but, int64_t rows,
                                    int64_t kinds)
{
    char *sql = talloc_asprintf(f, "SELECT count(*) FROM %s", table);

    assert_int_equal(count_rows(f, sql), rows);
    sql = talloc_asprintf(f, "SELECT count(DISTINCT to_jsonb(t) %s) FROM %s t", but, table);
    assert_int_equal(count_rows(f, sql), kinds);
}

static void alone_it_is_stored_as_among_others(void **state)
{
    struct fixture *f = *state;
    char *letters = talloc_size(f, BYTES);

    for (size_t i = 0; i < BYTES; i++)
        letters[i] = (char)(i * 2654435761u >> 13);
    struct span bytes = span_of(letters, BYTES);
    const struct queue_new *alone = full_message(f, "alone", bytes), *empty = empty_message(f, "empty");
    const struct queue_new *together[] = { full_message(f, "one", bytes), empty_message(f, "other"),
                                           full_message(f, "two", bytes) };
    OK(queue_put(f->pool, &alone, 1, &f->err));
    OK(queue_put(f->pool, &empty, 1, &f->err));
    OK(queue_put(f->pool, together, 3, &f->err));

    assert_one_of_each_kind(f, "queue_message", "- 'message_id' - 'name'", 5, 2);
    assert_one_of_each_kind(f, "queue_recipient", "- 'message_id' - 'recipient_id'", 8, 3);
    assert_one_of_each_kind(f, "queue_body", "- 'message_id'", 9, 3);
    assert_one_of_each_kind(f, "trace", "- 'trace_id'", 3, 1);
    assert_int_equal(
        count_rows(f, "SELECT count(*) FROM queue_message m WHERE recipients ="
                      " (SELECT count(*) FROM queue_recipient r WHERE r.message_id = m.message_id)"),
        5);
    assert_int_equal(
        count_rows(
            f, "SELECT count(*) FROM queue_message m WHERE size ="
               " (SELECT 262144 * greatest(count(*) - 1, 0) + CASE WHEN count(*) > 0 THEN 175712 ELSE 0 END"
               "    FROM queue_body b WHERE b.message_id = m.message_id)"),
        5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(alone_it_is_stored_as_among_others, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
