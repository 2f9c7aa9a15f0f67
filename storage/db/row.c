/*
 * row.c -- columns of a binary result as C values.
 */
#include "base/log.h"
#include "db/connection.h"

#include <stdlib.h>
#include <talloc.h>

enum {
    BOOL = 16,
    BYTEA = 17,
    CHAR = 18,
    NAME = 19,
    INT8 = 20,
    INT2 = 21,
    INT4 = 23,
    TEXT = 25,
    OID_TYPE = 26,
    JSON = 114,
    FLOAT8 = 701,
    BPCHAR = 1042,
    VARCHAR = 1043,
    UUID = 2950,
    JSONB = 3802,
    FIRST_USER_TYPE = 16384
};

static int free_result(struct db_rows *rows)
{
    PQclear(rows->result);
    return 0;
}

struct db_rows *rows_new(const void *owner, PGresult *result)
{
    struct db_rows *rows = talloc(owner, struct db_rows);

    rows->result = result;
    talloc_set_destructor(rows, free_result);
    return rows;
}

size_t db_rows_count(const struct db_rows *rows)
{
    return (size_t)PQntuples(rows->result);
}

bool db_rows_at(const struct db_rows *rows, size_t number, struct db_row *row_out)
{
    if (number >= db_rows_count(rows))
        return false;
    *row_out = (struct db_row){ rows, (int)number };
    return true;
}

/* The statement and the function that reads it disagree: a bug that no caller can handle. */
static void mismatch(const struct db_row *row, int column)
{
    log_event(LOG_LEVEL_ERROR, "db.column-type", log_i64("column", column),
              log_text("name", PQfname(row->rows->result, column)),
              log_i64("type", (int64_t)PQftype(row->rows->result, column)));
    abort();
}

bool db_is_null(const struct db_row *row, int column)
{
    if (column >= PQnfields(row->rows->result))
        abort();
    return PQgetisnull(row->rows->result, row->number, column);
}

static const unsigned char *bytes_of(const struct db_row *row, int column)
{
    return (const unsigned char *)PQgetvalue(row->rows->result, row->number, column);
}

static int length_of(const struct db_row *row, int column)
{
    return PQgetlength(row->rows->result, row->number, column);
}

static uint64_t big_endian(const unsigned char *p, size_t width)
{
    uint64_t value = 0;

    for (size_t i = 0; i < width; i++)
        value = value << 8 | p[i];
    return value;
}

static int64_t signed_of(const unsigned char *p, size_t width)
{
    unsigned shift = (unsigned)(64 - 8 * width);

    return (int64_t)(big_endian(p, width) << shift) >> shift;
}

int64_t db_get_i64(const struct db_row *row, int column)
{
    if (db_is_null(row, column))
        return 0;
    switch (PQftype(row->rows->result, column)) {
    case BOOL:
    case INT2:
    case INT4:
    case INT8:
        return signed_of(bytes_of(row, column), (size_t)length_of(row, column));
    case OID_TYPE:
        return (int64_t)big_endian(bytes_of(row, column), 4);
    default:
        mismatch(row, column);
        return 0;
    }
}

int32_t db_get_i32(const struct db_row *row, int column)
{
    int64_t value = db_get_i64(row, column);

    if (value < INT32_MIN || value > INT32_MAX)
        mismatch(row, column);
    return (int32_t)value;
}

uint32_t db_get_u32(const struct db_row *row, int column)
{
    int64_t value = db_get_i64(row, column);

    if (value < 0 || value > UINT32_MAX)
        mismatch(row, column);
    return (uint32_t)value;
}

bool db_get_bool(const struct db_row *row, int column)
{
    return db_get_i64(row, column) != 0;
}

double db_get_f64(const struct db_row *row, int column)
{
    double value;

    if (db_is_null(row, column))
        return 0;
    if (PQftype(row->rows->result, column) != FLOAT8)
        mismatch(row, column);
    uint64_t bits = big_endian(bytes_of(row, column), 8);
    memcpy(&value, &bits, sizeof value);
    return value;
}

struct span db_get_bytes(const struct db_row *row, int column)
{
    if (db_is_null(row, column))
        return (struct span){ NULL, NULL };
    return span_of(bytes_of(row, column), (size_t)length_of(row, column));
}

struct span db_get_text(const struct db_row *row, int column)
{
    struct span text = db_get_bytes(row, column);
    Oid type = PQftype(row->rows->result, column);

    switch (type) {
    case JSONB:
        return text.p ? span_part(text, 1, SIZE_MAX) : text; /* after the version byte */
    case TEXT:
    case VARCHAR:
    case BPCHAR:
    case NAME:
    case CHAR:
    case JSON:
    case BYTEA:
    case UUID:
        return text;
    default:
        if (type < FIRST_USER_TYPE) /* citext and enumerations are text on the wire, too */
            mismatch(row, column);
        return text;
    }
}

char *db_copy_text(const void *owner, const struct db_row *row, int column)
{
    struct span text = db_get_text(row, column);

    return text.p ? span_copy(owner, text) : NULL;
}

enum { ARRAY_HEADER = 12, ARRAY_DIMENSION = 8 };

/* Elements of a one-dimensional array, and where the first begins. */
static size_t open_array(const struct db_row *row, int column, Oid a, Oid b, const unsigned char **first_out)
{
    if (db_is_null(row, column))
        return 0;
    const unsigned char *p = bytes_of(row, column);
    if (length_of(row, column) < ARRAY_HEADER)
        mismatch(row, column);
    uint64_t dimensions = big_endian(p, 4), element = big_endian(p + 8, 4);
    if (dimensions > 1 || (element != a && element != b))
        mismatch(row, column);
    *first_out = p + ARRAY_HEADER + ARRAY_DIMENSION;
    return dimensions == 0 ? 0 : (size_t)big_endian(p + ARRAY_HEADER, 4);
}

/* The next element; p == NULL for SQL NULL. */
static struct span take_element(const unsigned char **p)
{
    uint32_t length = (uint32_t)big_endian(*p, 4);
    struct span element = { NULL, NULL };

    *p += 4;
    if (length == UINT32_MAX)
        return element;
    element = span_of(*p, length);
    *p += length;
    return element;
}

static int64_t element_number(struct span element)
{
    return element.p ? signed_of((const unsigned char *)element.p, span_length(element)) : 0;
}

int64_t *db_get_i64_array(const void *owner, const struct db_row *row, int column, size_t *count_out)
{
    const unsigned char *p = NULL;
    size_t count = open_array(row, column, INT8, INT4, &p);
    int64_t *values = talloc_array(owner, int64_t, (unsigned)count);

    for (size_t i = 0; i < count; i++)
        values[i] = element_number(take_element(&p));
    *count_out = count;
    return values;
}

int32_t *db_get_i32_array(const void *owner, const struct db_row *row, int column, size_t *count_out)
{
    const unsigned char *p = NULL;
    size_t count = open_array(row, column, INT4, INT2, &p);
    int32_t *values = talloc_array(owner, int32_t, (unsigned)count);

    for (size_t i = 0; i < count; i++)
        values[i] = (int32_t)element_number(take_element(&p));
    *count_out = count;
    return values;
}

struct span *db_get_span_array(const void *owner, const struct db_row *row, int column, size_t *count_out)
{
    const unsigned char *p = NULL;
    size_t count = open_array(row, column, TEXT, BYTEA, &p);
    struct span *values = talloc_array(owner, struct span, (unsigned)count);

    for (size_t i = 0; i < count; i++)
        values[i] = take_element(&p);
    *count_out = count;
    return values;
}
