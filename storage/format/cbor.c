/* cbor.c -- heads, strings, maps; nothing is allocated. */
#include "format/cbor.h"

enum {
    INITIAL_INLINE = 23,
    INITIAL_ONE_BYTE = 24,
    INITIAL_EIGHT_BYTES = 27,
    SIMPLE_FALSE = 20,
    SIMPLE_NULL = 22
};

/* The argument behind an initial byte: in its own five bits, or in the 1, 2, 4 or 8 bytes that follow (RFC 8949, 3). */
static bool take_argument(struct span *in, unsigned initial, uint64_t *argument_out)
{
    unsigned detail = initial & 31;
    size_t width;
    uint64_t value = 0;

    if (detail <= INITIAL_INLINE) {
        *argument_out = detail;
        return true;
    }
    if (detail > INITIAL_EIGHT_BYTES)
        return false;
    width = (size_t)1 << (detail - INITIAL_ONE_BYTE);
    if (span_length(*in) < width)
        return false;
    for (size_t i = 0; i < width; i++)
        value = value << 8 | (unsigned char)in->p[i];
    in->p += width;
    *argument_out = value;
    return true;
}

static bool take_string(struct span *in, struct cbor_item *item)
{
    if (item->number > span_length(*in))
        return false;
    item->bytes = span_of(in->p, (size_t)item->number);
    in->p += item->number;
    return true;
}

bool cbor_take(struct span *in, struct cbor_item *item_out)
{
    struct span rest = *in;
    struct cbor_item item = { .kind = CBOR_SIMPLE };
    unsigned initial;

    if (!rest.p || span_is_empty(rest))
        return false;
    initial = (unsigned char)*rest.p++;
    item.kind = (enum cbor_kind)(initial >> 5);
    if (!take_argument(&rest, initial, &item.number))
        return false;
    switch (item.kind) {
    case CBOR_UNSIGNED:
    case CBOR_NEGATIVE:
    case CBOR_ARRAY:
    case CBOR_MAP:
        break;
    case CBOR_BYTES:
    case CBOR_TEXT:
        if (!take_string(&rest, &item))
            return false;
        break;
    case CBOR_SIMPLE:
        if ((initial & 31) < SIMPLE_FALSE || (initial & 31) > SIMPLE_NULL)
            return false;
        break;
    default: /* 6: tags */
        return false;
    }
    *in = rest;
    *item_out = item;
    return true;
}

static bool skip(struct span *in, unsigned depth)
{
    struct cbor_item item;
    uint64_t inside;

    if (!cbor_take(in, &item))
        return false;
    inside = item.kind == CBOR_ARRAY || item.kind == CBOR_MAP ? item.number : 0;
    /* each takes at least a byte: a head that promises more than there can be is refused before it is counted */
    if (inside > span_length(*in) || (inside > 0 && depth == 0))
        return false;
    if (item.kind == CBOR_MAP)
        inside *= 2;
    for (uint64_t i = 0; i < inside; i++)
        if (!skip(in, depth - 1))
            return false;
    return true;
}

bool cbor_take_whole(struct span *in, struct span *item_out)
{
    struct span rest = *in;

    if (!skip(&rest, CBOR_DEPTH_MAX))
        return false;
    *item_out = (struct span){ in->p, rest.p };
    *in = rest;
    return true;
}

bool cbor_take_map(struct span *in, cbor_each *each, void *arg)
{
    struct span whole, value;
    struct cbor_item map, key;

    if (!cbor_take_whole(in, &whole) || !cbor_take(&whole, &map) || map.kind != CBOR_MAP)
        return false;
    for (uint64_t i = 0; i < map.number; i++)
        if (!cbor_take(&whole, &key) || key.kind == CBOR_ARRAY || key.kind == CBOR_MAP ||
            !cbor_take_whole(&whole, &value) || !each(&key, value, arg))
            return false;
    return true;
}

static bool is_one(struct span value, struct cbor_item *item)
{
    return cbor_take(&value, item) && span_is_empty(value);
}

bool cbor_bytes(struct span value, struct span *bytes_out)
{
    struct cbor_item item;

    if (!is_one(value, &item) || item.kind != CBOR_BYTES)
        return false;
    *bytes_out = item.bytes;
    return true;
}

bool cbor_text(struct span value, struct span *text_out)
{
    struct cbor_item item;

    if (!is_one(value, &item) || item.kind != CBOR_TEXT)
        return false;
    *text_out = item.bytes;
    return true;
}

bool cbor_item_integer(const struct cbor_item *item, int64_t *number_out)
{
    if ((item->kind != CBOR_UNSIGNED && item->kind != CBOR_NEGATIVE) || item->number > INT64_MAX)
        return false;
    *number_out = item->kind == CBOR_UNSIGNED ? (int64_t)item->number : -1 - (int64_t)item->number;
    return true;
}

bool cbor_integer(struct span value, int64_t *number_out)
{
    struct cbor_item item;

    return is_one(value, &item) && cbor_item_integer(&item, number_out);
}
