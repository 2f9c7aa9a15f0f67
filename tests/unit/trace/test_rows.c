/* test_rows.c -- the table: found by what was told, page by page; each organisation its own; days that come, go and were missing. */
#include "trace/find.h"
#include "trace/later.h"
#include "trace/term.h"
#include "trace/trace.h"

#include "base/clock.h"
#include "db/statement.h"
#include "directory/tracing.h"
#include "kit/directory.h"
#include "kit/pg.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
/* cmocka wants setjmp, stdarg and stddef first */
#include <cmocka.h>
#include <string.h>
#include <talloc.h>

#define DAY_US (INT64_C(86400) * US_PER_S)

struct fixture {
    struct kit_directory *kit;
    struct db_pool *owner; /* as the owner of the database */
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
    f->owner = kit_pg_pool(f, f->kit->conninfo, NULL, 2);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    talloc_free(*state);
    return 0;
}

static int64_t number(struct fixture *f, const char *sql)
{
    struct db *db = kit_pg_acquire(f->owner);
    struct db_rows *rows;
    struct db_row row;

    OK(db_query_built(db, f, sql, DB_NO_ARGS, &rows, &f->err));
    db_release(&db);
    assert_true(db_rows_at(rows, 0, &row));
    return db_get_i64(&row, 0);
}

static const char *id_at(const void *owner, int64_t us)
{
    return talloc_asprintf(owner, "%013" PRIx64 "001", (uint64_t)us);
}

/* A message that came at that time from ada to `to`. */
static void put(struct fixture *f, int64_t at_us, int64_t organisation_id, const char *to)
{
    struct trace *trace = trace_new(f, id_at(f, at_us));
    struct trace_row row;

    trace->sender = "ada@example.org";
    trace->peer = "192.0.2.7";
    trace_add_target(trace, &(struct trace_target){ .organisation_id = organisation_id, .address = to });
    trace_event(trace, 0, at_us, "arrived");
    trace_event_end(trace);
    trace_row_of(trace, f, organisation_id, at_us, &row);
    OK(tracing_add(f->kit->directory, &row, 1, &f->err));
}

static size_t find(struct fixture *f, const struct actor *actor, struct trace_filter filter, size_t limit,
                   const char ***ids)
{
    size_t count;

    OK(tracing_find(f->kit->directory, actor, f, &filter, limit, ids, &count, &f->err));
    return count;
}

static void test_found_by_terms_and_by_page(void **state)
{
    struct fixture *f = *state;
    int64_t now_us = clock_now_us();
    int64_t bob = trace_term(TRACE_TERM_RECIPIENT, span_text("bob@example.org"));
    int64_t both[] = { bob, trace_term(TRACE_TERM_PEER, span_text("192.0.2.7")) };
    int64_t none[] = { bob, trace_term(TRACE_TERM_PEER, span_text("192.0.2.8")) };
    const char **ids;

    for (int i = 0; i < 5; i++)
        put(f, now_us - i * US_PER_S, f->kit->ada_org, i % 2 ? "eve@example.org" : "bob@example.org");
    assert_int_equal(find(f, &kit_root, (struct trace_filter){ .term_count = 0 }, 10, &ids), 5);
    assert_string_equal(ids[0], id_at(f, now_us));
    assert_int_equal(find(f, &kit_root, (struct trace_filter){ .terms = both, .term_count = 2 }, 10, &ids),
                     3);
    assert_int_equal(find(f, &kit_root, (struct trace_filter){ .terms = none, .term_count = 2 }, 10, &ids),
                     0);
    assert_int_equal(find(f, &kit_root, (struct trace_filter){ .terms = &bob, .term_count = 1 }, 2, &ids), 2);
    const char *second = ids[1];
    assert_int_equal(find(f, &kit_root,
                          (struct trace_filter){ .terms = &bob, .term_count = 1, .before = second }, 2, &ids),
                     1);
    assert_string_equal(ids[0], id_at(f, now_us - 4 * US_PER_S));
    assert_int_equal(find(f, &kit_root, (struct trace_filter){ .since_us = now_us - 1500000 }, 10, &ids), 2);
    assert_int_equal(find(f, &kit_root, (struct trace_filter){ .until_us = now_us - 1500000 }, 10, &ids), 3);
}

static void test_an_organisation_sees_its_own(void **state)
{
    struct fixture *f = *state;
    int64_t now_us = clock_now_us();
    struct actor ada = { .name = "ada", .organisation_id = f->kit->ada_org };
    int64_t sender = trace_term(TRACE_TERM_SENDER, span_text("ada@example.org"));
    struct trace_filter filter = { .terms = &sender, .term_count = 1 };
    struct trace_found *rows;
    const char **ids;
    size_t count;

    put(f, now_us, f->kit->ada_org, "bob@example.org");
    put(f, now_us - 1, f->kit->bob_org, "eve@example.net");
    assert_int_equal(find(f, &kit_root, filter, 10, &ids), 2);
    assert_int_equal(find(f, &ada, filter, 10, &ids), 1);
    assert_string_equal(ids[0], id_at(f, now_us));
    const char *other = id_at(f, now_us - 1);
    OK(tracing_load(f->kit->directory, &ada, f, &other, 1, 0, &rows, &count, &f->err));
    assert_int_equal(count, 0);
    OK(tracing_load(f->kit->directory, &kit_root, f, &other, 1, 0, &rows, &count, &f->err));
    assert_int_equal(count, 1);
}

static void test_an_event_of_one_organisation_is_not_in_anothers_row(void **state)
{
    struct fixture *f = *state;
    struct trace *trace = trace_new(f, "x");
    struct trace_row row;
    size_t count;

    trace_add_target(trace, &(struct trace_target){ .organisation_id = 1, .address = "a@one.test" });
    trace_add_target(trace, &(struct trace_target){ .organisation_id = 2, .address = "b@two.test" });
    event_text(trace_event(trace, 1, 1, "first"), "to", "a@one.test");
    trace_event_end(trace);
    event_text(trace_event(trace, 2, 2, "second"), "to", "b@two.test");
    trace_event_end(trace);
    trace_row_of(trace, f, 2, 3, &row);
    assert_null(strstr(buf_text(&row.events), "one.test"));
    assert_non_null(strstr(buf_text(&row.events), "two.test"));
    trace_organisations(trace, f, &count);
    assert_int_equal(count, 2);
    trace->organisation_id = 1; /* its sender sees all */
    trace_row_of(trace, f, 1, 3, &row);
    assert_non_null(strstr(buf_text(&row.events), "two.test"));
    struct trace_mark mark = trace_mark(trace);
    trace_event(trace, 0, 4, "third");
    trace_event_end(trace);
    trace_back(trace, mark);
    trace_row_of(trace, f, 1, 3, &row);
    assert_null(strstr(buf_text(&row.events), "third"));
}

#define DAYS "SELECT count(*) FROM pg_inherits WHERE inhparent = 'trace'::regclass"

static void test_days_come_and_go(void **state)
{
    struct fixture *f = *state;
    int64_t now_us = clock_now_us();
    uint64_t dropped;

    put(f, now_us, f->kit->ada_org, "bob@example.org");
    OK(tracing_tend(f->kit->directory, now_us + 5 * DAY_US, 30, &dropped, &f->err));
    assert_int_equal(dropped, 0);
    assert_int_equal(number(f, "SELECT count(*) FROM trace"), 1);
    OK(tracing_tend(f->kit->directory, now_us + 30 * DAY_US, 30, &dropped, &f->err));
    assert_int_equal(dropped, 1); /* yesterday's */
    assert_int_equal(number(f, "SELECT count(*) FROM trace"), 1);
    OK(tracing_tend(f->kit->directory, now_us + 31 * DAY_US, 30, &dropped, &f->err));
    assert_int_equal(number(f, "SELECT count(*) FROM trace"), 0);
    int64_t days = number(f, DAYS);
    OK(tracing_tend(f->kit->directory, now_us + 31 * DAY_US, 30, &dropped, &f->err));
    assert_int_equal(dropped, 0);
    assert_int_equal(number(f, DAYS), days);
}

/* Housekeeping was down for a month: nothing is refused, nothing lost, and the rows move to their days. */
static void test_a_missing_day_fails_nothing(void **state)
{
    struct fixture *f = *state;
    int64_t then_us = clock_now_us() + 40 * DAY_US;
    uint64_t dropped;

    put(f, then_us, f->kit->ada_org, "bob@example.org");
    put(f, then_us + DAY_US, f->kit->ada_org, "bob@example.org");
    assert_int_equal(number(f, "SELECT count(*) FROM trace_default"), 2);
    OK(tracing_tend(f->kit->directory, then_us + 2 * DAY_US, 30, &dropped, &f->err));
    assert_int_equal(number(f, "SELECT count(*) FROM trace_default"), 0);
    assert_int_equal(number(f, "SELECT count(*) FROM trace"), 2);
    put(f, then_us + 5, f->kit->ada_org, "bob@example.org");
    assert_int_equal(number(f, "SELECT count(*) FROM trace_default"), 0);
}

struct book {
    size_t written, calls;
    bool is_down;
};

static bool write_book(void *arg, void *const *entries, size_t count, struct err *err)
{
    struct book *book = arg;

    (void)entries;
    book->calls++;
    if (book->is_down)
        return err_set(err, ERR_BUSY, "down");
    book->written += count;
    return true;
}

static void test_later_is_bounded_and_writes_at_its_end(void **state)
{
    struct fixture *f = *state;
    struct book book = { .written = 0 };
    struct later *later;

    OK(later_open(f, "test", write_book, &book, &later, &f->err));
    for (int i = 0; i < 20; i++)
        later_add(later, talloc_new(NULL));
    later_close(&later);
    assert_int_equal(book.written, 20);
    book = (struct book){ .is_down = true };
    OK(later_open(f, "test", write_book, &book, &later, &f->err));
    for (int i = 0; i < LATER_ENTRIES_MAX + 1000; i++)
        later_add(later, talloc_new(NULL));
    later_close(&later); /* ends although the database is down */
    assert_true(book.calls > 0);
    assert_int_equal(book.written, 0);
    later_add(NULL, talloc_new(NULL));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_found_by_terms_and_by_page),
        TEST(test_an_organisation_sees_its_own),
        TEST(test_an_event_of_one_organisation_is_not_in_anothers_row),
        TEST(test_days_come_and_go),
        TEST(test_a_missing_day_fails_nothing),
        TEST(test_later_is_bounded_and_writes_at_its_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
