/*
 * encode.c -- arguments in PostgreSQL's binary format: big-endian numbers, arrays with their header.
 */
#include "base/buf.h"
#include "db/connection.h"

#include <assert.h>

/* Object ids of the built-in types; fixed since they exist (pg_type.dat). */
static const struct {
    Oid oid, element;
} types[DB_TYPES] = {
    [DB_BOOL] = { 16, 0 },          [DB_I16] = { 21, 0 },
    [DB_I32] = { 23, 0 },           [DB_I64] = { 20, 0 },
    [DB_TEXT] = { 25, 0 },          [DB_BYTES] = { 17, 0 },
    [DB_UUID] = { 2950, 0 },        [DB_JSONB] = { 3802, 0 },
    [DB_F64] = { 701, 0 },          [DB_I32_ARRAY] = { 1007, 23 },
    [DB_I64_ARRAY] = { 1016, 20 },  [DB_BOOL_ARRAY] = { 1000, 16 },
    [DB_TEXT_ARRAY] = { 1009, 25 }, [DB_BYTES_ARRAY] = { 1001, 17 },
};

static void put_big_endian(unsigned char *to, uint64_t value, size_t width)
{
    for (size_t i = 0; i < width; i++)
        to[i] = (unsigned char)(value >> (8 * (width - 1 - i)));
}

static void add_number(struct buf *buf, uint64_t value, size_t width)
{
    put_big_endian((unsigned char *)buf_reserve(buf, width), value, width);
    buf->length += width;
}

static void add_element(struct buf *buf, const struct db_value *value, size_t i)
{
    switch (value->type) {
    case DB_I32_ARRAY:
        add_number(buf, 4, 4);
        add_number(buf, (uint32_t)value->i32s[i], 4);
        return;
    case DB_I64_ARRAY:
        add_number(buf, 8, 4);
        add_number(buf, (uint64_t)value->i64s[i], 8);
        return;
    case DB_BOOL_ARRAY:
        add_number(buf, 1, 4);
        add_number(buf, value->bools[i], 1);
        return;
    default:
        if (!value->spans[i].p) {
            add_number(buf, UINT32_MAX, 4);
            return;
        }
        add_number(buf, span_length(value->spans[i]), 4);
        buf_add_span(buf, value->spans[i]);
    }
}

static bool has_null(const struct db_value *value)
{
    if (value->type != DB_TEXT_ARRAY && value->type != DB_BYTES_ARRAY)
        return false;
    for (size_t i = 0; i < value->count; i++)
        if (!value->spans[i].p)
            return true;
    return false;
}

static void add_array(struct buf *buf, const struct db_value *value)
{
    add_number(buf, value->count > 0, 4); /* dimensions */
    add_number(buf, has_null(value), 4);
    add_number(buf, types[value->type].element, 4);
    if (value->count == 0)
        return;
    add_number(buf, value->count, 4);
    add_number(buf, 1, 4); /* lower bound */
    for (size_t i = 0; i < value->count; i++)
        add_element(buf, value, i);
}

static void encode_number(struct encoded_args *out, int i, uint64_t value, size_t width)
{
    put_big_endian(out->fixed[i], value, width);
    out->values[i] = (const char *)out->fixed[i];
    out->lengths[i] = (int)width;
}

static void encode_in_scratch(struct encoded_args *out, int i, const struct db_value *value)
{
    out->offsets[i] = out->scratch->length;
    if (value->type == DB_JSONB) {
        buf_add_byte(out->scratch, 1); /* version of the format */
        buf_add_span(out->scratch, value->bytes);
    } else {
        add_array(out->scratch, value);
    }
    out->lengths[i] = (int)(out->scratch->length - out->offsets[i]);
}

static void encode_one(struct encoded_args *out, int i, const struct db_value *value)
{
    uint64_t bits;

    switch (value->type) {
    case DB_BOOL:
        encode_number(out, i, (uint64_t)value->i64, 1);
        return;
    case DB_I16:
        encode_number(out, i, (uint64_t)value->i64, 2);
        return;
    case DB_I32:
        encode_number(out, i, (uint64_t)value->i64, 4);
        return;
    case DB_I64:
        encode_number(out, i, (uint64_t)value->i64, 8);
        return;
    case DB_F64:
        memcpy(&bits, &value->f64, sizeof bits);
        encode_number(out, i, bits, 8);
        return;
    case DB_TEXT:
    case DB_BYTES:
    case DB_UUID:
        out->values[i] = value->bytes.p ? value->bytes.p : "";
        out->lengths[i] = (int)span_length(value->bytes);
        return;
    default:
        encode_in_scratch(out, i, value);
    }
}

void args_encode(struct db_args args, struct buf *scratch, struct encoded_args *out)
{
    assert(args.count <= DB_ARGS_MAX);
    out->count = (int)args.count;
    out->scratch = scratch;
    for (int i = 0; i < out->count; i++) {
        const struct db_value *value = &args.values[i];
        out->types[i] = types[value->type].oid;
        out->formats[i] = 1;
        out->values[i] = NULL;
        out->lengths[i] = 0;
        out->offsets[i] = SIZE_MAX;
        if (!value->is_null)
            encode_one(out, i, value);
    }
    for (int i = 0; i < out->count; i++) /* only now does the scratch stay where it is */
        if (out->offsets[i] != SIZE_MAX)
            out->values[i] = scratch->p + out->offsets[i];
}
