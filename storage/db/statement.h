/*
 * statement.h -- running SQL with typed arguments and reading typed columns.
 *
 * A statement is a string constant beside the one function that runs it. It is prepared by itself on first
 * use on each connection, keyed by its address: never pass text that was assembled (db_query_built() is for
 * that). Arguments and results travel in binary. An argument has the SQL type that its constructor names;
 * where a column has another type, cast in the statement ($3::inet takes db_text).
 *
 *     static const char TAKE[] = "UPDATE folder SET uidnext = uidnext + $2 WHERE folder_id = $1 RETURNING uidnext";
 *     struct db_row row;
 *     if (!db_one_row(db, arena, TAKE, DB_ARGS(db_i64(folder_id), db_i64(count)), &row, err))
 *         return false;
 *     *next_out = db_get_i64(&row, 0);
 *
 * Round trips  every call below is one, and BEGIN and what was queued by db_queue() travel with it. Several
 *              statements in one round trip: db/pipeline.h.
 * Ownership    rows belong to the talloc context given as `owner`; spans got from a row live as long as they do.
 * Errors       by SQLSTATE, see db/transaction.h; db_last_failure() tells details to the few who decide on them.
 *              A statement that fails inside with_transaction() dooms that transaction: return false from it.
 */
#ifndef DB_STATEMENT_H
#define DB_STATEMENT_H

#include "base/err.h"
#include "base/span.h"
#include "db/pool.h"

enum db_type {
    DB_BOOL,
    DB_I16,
    DB_I32,
    DB_I64,
    DB_TEXT,
    DB_BYTES,
    DB_UUID,
    DB_JSONB,
    DB_F64,
    DB_I32_ARRAY,
    DB_I64_ARRAY,
    DB_BOOL_ARRAY,
    DB_TEXT_ARRAY,
    DB_BYTES_ARRAY,
    DB_TYPES
};

/* One argument. Built by the constructors below; what it points at must live until the call returns
 * (db_pipeline_add() and db_queue() copy, too). */
struct db_value {
    enum db_type type;
    bool is_null;
    size_t count; /* of the elements of an array */
    union {
        int64_t i64;
        double f64;
        struct span bytes;
        const int64_t *i64s;
        const int32_t *i32s;
        const bool *bools;
        const struct span *spans;
    };
};

struct db_args {
    size_t count;
    const struct db_value *values;
};

enum { DB_ARGS_MAX = 64 };
#define DB_ARGS(...)                                                                                         \
    ((struct db_args){ sizeof((const struct db_value[]){ __VA_ARGS__ }) / sizeof(struct db_value),           \
                       (const struct db_value[]){ __VA_ARGS__ } })
#define DB_NO_ARGS ((struct db_args){ 0, NULL })

static inline struct db_value db_null(enum db_type type)
{
    return (struct db_value){ .type = type, .is_null = true };
}
static inline struct db_value db_bool(bool value)
{
    return (struct db_value){ .type = DB_BOOL, .i64 = value };
}
static inline struct db_value db_i16(int16_t value)
{
    return (struct db_value){ .type = DB_I16, .i64 = value };
}
static inline struct db_value db_i32(int32_t value)
{
    return (struct db_value){ .type = DB_I32, .i64 = value };
}
/* bigint: ids, sizes, modseq, and times (microseconds since 1970, base/clock.h) */
static inline struct db_value db_i64(int64_t value)
{
    return (struct db_value){ .type = DB_I64, .i64 = value };
}
/* bigint for UIDs, which do not fit into integer */
static inline struct db_value db_u32(uint32_t value)
{
    return (struct db_value){ .type = DB_I64, .i64 = value };
}
static inline struct db_value db_f64(double value)
{
    return (struct db_value){ .type = DB_F64, .f64 = value };
}
/* text must be UTF-8 without NUL, else ERR_INVALID; a NULL span or pointer is SQL NULL */
static inline struct db_value db_span_text(struct span text)
{
    return (struct db_value){ .type = DB_TEXT, .is_null = text.p == NULL, .bytes = text };
}
static inline struct db_value db_text(const char *text)
{
    return db_span_text(span_text(text));
}
static inline struct db_value db_jsonb(const char *json)
{
    return (struct db_value){ .type = DB_JSONB, .is_null = json == NULL, .bytes = span_text(json) };
}
/* bytea; a span with p == NULL is an empty one, not NULL */
static inline struct db_value db_bytes(struct span bytes)
{
    return (struct db_value){ .type = DB_BYTES, .bytes = bytes };
}
static inline struct db_value db_uuid(const unsigned char uuid[16])
{
    return (struct db_value){ .type = DB_UUID, .bytes = span_of(uuid, 16) };
}
static inline struct db_value db_i64_array(const int64_t *values, size_t count)
{
    return (struct db_value){ .type = DB_I64_ARRAY, .count = count, .i64s = values };
}
static inline struct db_value db_i32_array(const int32_t *values, size_t count)
{
    return (struct db_value){ .type = DB_I32_ARRAY, .count = count, .i32s = values };
}
static inline struct db_value db_bool_array(const bool *values, size_t count)
{
    return (struct db_value){ .type = DB_BOOL_ARRAY, .count = count, .bools = values };
}
/* in the two arrays of spans an element with p == NULL is SQL NULL */
static inline struct db_value db_text_array(const struct span *values, size_t count)
{
    return (struct db_value){ .type = DB_TEXT_ARRAY, .count = count, .spans = values };
}
static inline struct db_value db_bytes_array(const struct span *values, size_t count)
{
    return (struct db_value){ .type = DB_BYTES_ARRAY, .count = count, .spans = values };
}

struct db_rows; /* a whole result */
struct db_row { /* one row of it; valid as long as the rows are */
    const struct db_rows *rows;
    int number;
};

/* All rows, in memory. No rows is a success. */
MUST_CHECK bool db_query(struct db *db, const void *owner, const char *sql, struct db_args args,
                         struct db_rows **rows_out, struct err *err);
/* How many rows there are. */
size_t db_rows_count(const struct db_rows *rows);
/* True while there is a row `number`: for (size_t i = 0; db_rows_at(rows, i, &row); i++) */
bool db_rows_at(const struct db_rows *rows, size_t number, struct db_row *row_out);

/* The only row; ERR_NOT_FOUND where there is none, ERR_INTERNAL where there are several. */
MUST_CHECK bool db_one_row(struct db *db, const void *owner, const char *sql, struct db_args args,
                           struct db_row *row_out, struct err *err);
/* Runs it; *affected_out (NULL allowed): rows inserted, updated or deleted. */
MUST_CHECK bool db_exec(struct db *db, const char *sql, struct db_args args, uint64_t *affected_out,
                        struct err *err);

/* Hands each row to `each` as it arrives, without holding the result: bodies, exports, scans. A row lives
 * until `each` returns. When `each` returns false (err filled) the rest is read and thrown away. */
typedef bool db_each_row(const struct db_row *row, void *arg, struct err *err);
MUST_CHECK bool db_stream(struct db *db, const char *sql, struct db_args args, db_each_row *each, void *arg,
                          struct err *err);

/* For SQL assembled at run time (from constants, never from input): not kept prepared. */
MUST_CHECK bool db_query_built(struct db *db, const void *owner, const char *sql, struct db_args args,
                               struct db_rows **rows_out, struct err *err);
/* Several statements in one text, without arguments: schema files. Not inside a pipeline. */
MUST_CHECK bool db_exec_script(struct db *db, const char *sql, struct err *err);

/* Sends a statement with the next round trip and throws its result away; if it fails, that round trip fails
 * with its error. For set_config() and the like. */
MUST_CHECK bool db_queue(struct db *db, const char *sql, struct db_args args, struct err *err);

/* Columns count from 0. Getting another type than the column has is a bug and stops the process; the integer
 * getters take any integer column and bool, and refuse (assert) a value that does not fit. */
bool db_is_null(const struct db_row *row, int column);
bool db_get_bool(const struct db_row *row, int column);    /* NULL: false */
int32_t db_get_i32(const struct db_row *row, int column);  /* NULL: 0 */
uint32_t db_get_u32(const struct db_row *row, int column); /* NULL: 0 */
int64_t db_get_i64(const struct db_row *row, int column);  /* NULL: 0 */
double db_get_f64(const struct db_row *row, int column);   /* NULL: 0 */
/* Text, varchar, json, jsonb, uuid (16 bytes), bytea. NULL: p == NULL. Lives as long as the rows. */
struct span db_get_text(const struct db_row *row, int column);
/* bytea; valid while the row is. p is NULL for NULL. */
struct span db_get_bytes(const struct db_row *row, int column);
/* A C string under `owner`; NULL for SQL NULL. */
char *db_copy_text(const void *owner, const struct db_row *row, int column);
/* One-dimensional arrays under `owner`; NULL and an empty array both give count 0. Elements that are NULL: 0, or
 * p == NULL. The spans point into the rows. */
int64_t *db_get_i64_array(const void *owner, const struct db_row *row, int column, size_t *count_out);
/* The same of integer (or smallint) elements. */
int32_t *db_get_i32_array(const void *owner, const struct db_row *row, int column, size_t *count_out);
/* The same of text or bytea elements. */
struct span *db_get_span_array(const void *owner, const struct db_row *row, int column, size_t *count_out);

/* What the server said about the last failed statement of this connection; "" where it did not say. */
struct db_failure {
    char sqlstate[6];
    char constraint[64];
};
/* Of the last statement that failed on this connection; both "" before any did. The connection's; good until the next
 * statement. */
const struct db_failure *db_last_failure(const struct db *db);

#endif
