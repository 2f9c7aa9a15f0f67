/*
 * test_statement.c -- arguments and columns of every type survive the way to the server and back.
 */
#include "db/statement.h"

#include "db/pipeline.h"
#include "db/transaction.h"
#include "kit/pg.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
/* cmocka wants the four above first */
#include <cmocka.h>
#include <talloc.h>

struct fixture {
    void *owner;
    struct db_pool *pool;
    struct db *db;
    struct err err;
};

static int set_up(void **state)
{
    struct fixture *f = talloc_zero(NULL, struct fixture);

    f->owner = f;
    f->pool = kit_pg_pool(f, kit_pg_database(f, NULL), NULL, 3);
    f->db = kit_pg_acquire(f->pool);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    db_release(&f->db);
    talloc_free(f);
    return 0;
}

#define OK(call)                                                                                             \
    do {                                                                                                     \
        if (!(call))                                                                                         \
            fail_msg("%s: %s / %s", #call, f->err.user, f->err.log);                                         \
    } while (0)

static void scalars_come_back(void **state)
{
    struct fixture *f = *state;
    struct db_row row;
    static const char bytes[] = { 0, 1, (char)255, 'x' };

    OK(db_one_row(f->db, f, "SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10",
                  DB_ARGS(db_i64(INT64_MIN), db_i32(-7), db_bool(true), db_text("d\xC3\xA9j\xC3\xA0"),
                          db_bytes(span_of(bytes, 4)), db_u32(UINT32_MAX), db_null(DB_TEXT),
                          db_jsonb("{\"a\": 1}"), db_f64(-0.5), db_bytes(span_of(NULL, 0))),
                  &row, &f->err));
    assert_int_equal(db_get_i64(&row, 0), INT64_MIN);
    assert_int_equal(db_get_i32(&row, 1), -7);
    assert_true(db_get_bool(&row, 2));
    assert_string_equal(db_copy_text(f, &row, 3), "d\xC3\xA9j\xC3\xA0");
    assert_true(span_equals(db_get_bytes(&row, 4), span_of(bytes, 4)));
    assert_int_equal(db_get_u32(&row, 5), UINT32_MAX);
    assert_true(db_is_null(&row, 6));
    assert_null(db_copy_text(f, &row, 6));
    assert_string_equal(db_copy_text(f, &row, 7), "{\"a\": 1}");
    assert_true(db_get_f64(&row, 8) == -0.5);
    assert_false(db_is_null(&row, 9));
    assert_int_equal(span_length(db_get_bytes(&row, 9)), 0);
}

static void arrays_come_back(void **state)
{
    struct fixture *f = *state;
    struct db_row row;
    int64_t numbers[] = { 1, -1, INT64_MAX };
    int32_t smalls[] = { 5 };
    struct span texts[] = { span_text("a"), { NULL, NULL }, span_text("") };
    size_t count;

    OK(db_one_row(f->db, f, "SELECT $1, $2, $3, $4, $5",
                  DB_ARGS(db_i64_array(numbers, 3), db_i32_array(smalls, 1), db_text_array(texts, 3),
                          db_bytes_array(texts, 1), db_i64_array(NULL, 0)),
                  &row, &f->err));
    int64_t *back = db_get_i64_array(f, &row, 0, &count);
    assert_int_equal(count, 3);
    assert_memory_equal(back, numbers, sizeof numbers);
    assert_int_equal(db_get_i32_array(f, &row, 1, &count)[0], 5);
    struct span *texts_back = db_get_span_array(f, &row, 2, &count);
    assert_int_equal(count, 3);
    assert_true(span_equals_text(texts_back[0], "a"));
    assert_null(texts_back[1].p);
    assert_non_null(texts_back[2].p);
    assert_int_equal(span_length(texts_back[2]), 0);
    assert_true(span_equals_text(db_get_span_array(f, &row, 3, &count)[0], "a"));
    db_get_i64_array(f, &row, 4, &count);
    assert_int_equal(count, 0);
}

static void one_row_means_one(void **state)
{
    struct fixture *f = *state;
    struct db_row row;

    assert_false(db_one_row(f->db, f, "SELECT 1 WHERE false", DB_NO_ARGS, &row, &f->err));
    assert_int_equal(f->err.kind, ERR_NOT_FOUND);
    assert_false(db_one_row(f->db, f, "SELECT generate_series(1, 2)", DB_NO_ARGS, &row, &f->err));
    assert_int_equal(f->err.kind, ERR_INTERNAL);
}

static const struct {
    const char *what, *sql;
    enum err_kind kind;
} failures[] = {
    { "unique", "INSERT INTO u VALUES (1), (1)", ERR_EXISTS },
    { "foreign key", "INSERT INTO r VALUES (99)", ERR_CONFLICT },
    { "check", "INSERT INTO u VALUES (-1)", ERR_INTERNAL },
    { "unknown column", "SELECT nonsense FROM u", ERR_INTERNAL },
    { "syntax", "SELEC", ERR_INTERNAL },
    { "bad text for a number", "SELECT 'x'::text::bigint", ERR_INVALID },
    { "lock timeout", "DO $$ BEGIN RAISE lock_not_available; END $$", ERR_BUSY },
    { "disk full", "DO $$ BEGIN RAISE disk_full; END $$", ERR_NO_ROOM },
    { "cancelled", "DO $$ BEGIN RAISE query_canceled; END $$", ERR_BUSY },
};

static void failures_have_kinds_and_do_no_harm(void **state)
{
    struct fixture *f = *state;
    struct db_row row;

    OK(db_exec_script(f->db,
                      "CREATE TABLE u (i int PRIMARY KEY CHECK (i > 0)); CREATE TABLE r (i int REFERENCES u)",
                      &f->err));
    for (size_t i = 0; i < COUNT_OF(failures); i++) {
        assert_false(db_exec(f->db, failures[i].sql, DB_NO_ARGS, NULL, &f->err));
        if (f->err.kind != failures[i].kind)
            fail_msg("%s: %s %s", failures[i].what, err_kind_name(f->err.kind), f->err.log);
        assert_null(strstr(f->err.user, "SELECT"));
        OK(db_one_row(f->db, f, "SELECT 1", DB_NO_ARGS, &row, &f->err));
    }
    assert_false(db_exec(f->db, "INSERT INTO u VALUES (3), (3)", DB_NO_ARGS, NULL, &f->err));
    assert_string_equal(db_last_failure(f->db)->sqlstate, "23505");
    assert_string_equal(db_last_failure(f->db)->constraint, "u_pkey");
}

static void text_with_nul_or_bad_utf8_is_invalid(void **state)
{
    struct fixture *f = *state;

    assert_false(db_exec(f->db, "SELECT $1", DB_ARGS(db_span_text(span_of("a\0b", 3))), NULL, &f->err));
    assert_int_equal(f->err.kind, ERR_INVALID);
    assert_false(db_exec(f->db, "SELECT $1", DB_ARGS(db_text("\xC3\x28")), NULL, &f->err));
    assert_int_equal(f->err.kind, ERR_INVALID);
}

static bool count_rows(const struct db_row *row, void *arg, struct err *err)
{
    int64_t *sum = arg;

    *sum += db_get_i64(row, 0);
    return *sum < 1000000 || err_set(err, ERR_LIMIT, "enough");
}

static void streams_give_each_row(void **state)
{
    struct fixture *f = *state;
    int64_t sum = 0;
    struct db_row row;

    OK(db_stream(f->db, "SELECT generate_series(1, $1)", DB_ARGS(db_i64(1000)), count_rows, &sum, &f->err));
    assert_int_equal(sum, 500500);
    assert_false(
        db_stream(f->db, "SELECT generate_series(1, $1)", DB_ARGS(db_i64(5000)), count_rows, &sum, &f->err));
    assert_int_equal(f->err.kind, ERR_LIMIT);
    sum = 0;
    assert_false(db_stream(f->db, "SELECT 1 / (4 - g) FROM generate_series(1, 9) g", DB_NO_ARGS, count_rows,
                           &sum, &f->err));
    assert_int_equal(f->err.kind, ERR_INVALID);
    OK(db_one_row(f->db, f, "SELECT 1", DB_NO_ARGS, &row, &f->err));
}

static void pipelines_answer_in_order(void **state)
{
    struct fixture *f = *state;
    struct db_rows *rows;
    struct db_row row;

    for (int64_t i = 0; i < 100; i++)
        OK(db_pipeline_add(f->db, "SELECT $1", DB_ARGS(db_i64(i)), &f->err));
    OK(db_pipeline_send(f->db, &f->err));
    for (int64_t i = 0; i < 100; i++) {
        OK(db_pipeline_next(f->db, f, &rows, NULL, &f->err));
        assert_true(db_rows_at(rows, 0, &row));
        assert_int_equal(db_get_i64(&row, 0), i);
    }
    OK(db_pipeline_end(f->db, &f->err));
}

static void a_pipeline_larger_than_all_buffers_does_not_lock_up(void **state)
{
    struct fixture *f = *state;
    char *large = talloc_zero_size(f, 1 << 20);
    struct db_rows *rows;
    struct db_row row;

    for (int i = 0; i < 16; i++)
        OK(db_pipeline_add(f->db, "SELECT $1", DB_ARGS(db_bytes(span_of(large, 1 << 20))), &f->err));
    OK(db_pipeline_send(f->db, &f->err));
    for (int i = 0; i < 16; i++) {
        OK(db_pipeline_next(f->db, f, &rows, NULL, &f->err));
        assert_true(db_rows_at(rows, 0, &row));
        assert_int_equal(span_length(db_get_bytes(&row, 0)), 1 << 20);
        talloc_free(rows);
    }
    OK(db_pipeline_end(f->db, &f->err));
}

static void a_failure_in_a_pipeline_skips_the_rest(void **state)
{
    struct fixture *f = *state;
    struct db_row row;
    struct err first;

    OK(db_exec_script(f->db, "CREATE TABLE p (i bigint PRIMARY KEY)", &f->err));
    OK(db_pipeline_add(f->db, "INSERT INTO p VALUES ($1)", DB_ARGS(db_i64(1)), &f->err));
    OK(db_pipeline_add(f->db, "INSERT INTO p VALUES ($1)", DB_ARGS(db_i64(1)), &f->err));
    OK(db_pipeline_add(f->db, "SELECT 'never prepared'", DB_NO_ARGS, &f->err));
    OK(db_pipeline_send(f->db, &f->err));
    OK(db_pipeline_next(f->db, f, NULL, NULL, &f->err));
    assert_false(db_pipeline_next(f->db, f, NULL, NULL, &first));
    assert_int_equal(first.kind, ERR_EXISTS);
    assert_false(db_pipeline_next(f->db, f, NULL, NULL, &f->err));
    assert_string_equal(f->err.log, first.log);
    assert_false(db_pipeline_end(f->db, &f->err));
    assert_int_equal(f->err.kind, ERR_EXISTS);
    OK(db_one_row(f->db, f, "SELECT count(*) FROM p", DB_NO_ARGS, &row, &f->err));
    assert_int_equal(db_get_i64(&row, 0), 0);
    OK(db_one_row(f->db, f, "SELECT 'never prepared'", DB_NO_ARGS, &row, &f->err));
}

static void what_is_queued_travels_along(void **state)
{
    struct fixture *f = *state;
    struct db_row row;

    OK(db_queue(f->db, "SELECT set_config('a.b', $1, false)", DB_ARGS(db_text("there")), &f->err));
    OK(db_one_row(f->db, f, "SELECT current_setting('a.b')", DB_NO_ARGS, &row, &f->err));
    assert_string_equal(db_copy_text(f, &row, 0), "there");
    OK(db_queue(f->db, "SELECT 1 / $1", DB_ARGS(db_i64(0)), &f->err));
    assert_false(db_one_row(f->db, f, "SELECT 1", DB_NO_ARGS, &row, &f->err));
    assert_int_equal(f->err.kind, ERR_INVALID);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(scalars_come_back),
        TEST(arrays_come_back),
        TEST(one_row_means_one),
        TEST(failures_have_kinds_and_do_no_harm),
        TEST(text_with_nul_or_bad_utf8_is_invalid),
        TEST(streams_give_each_row),
        TEST(pipelines_answer_in_order),
        TEST(a_pipeline_larger_than_all_buffers_does_not_lock_up),
        TEST(a_failure_in_a_pipeline_skips_the_rest),
        TEST(what_is_queued_travels_along),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
