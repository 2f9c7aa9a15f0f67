/*
 * mime_pack.c -- the stored form of an index.
 *
 *   version, size, lines, flags, count, then for each part:
 *   parent's distance, number, kind | encoding | bits, header start (from the previous part's), header
 * length, body
 *   length, header lines, body lines, mask of fields, and (start in the header, length) of each field
 *
 * All numbers are varints; a part of a usual message takes about 20 bytes.
 */
#include "format/mime.h"

#include <talloc.h>

enum {
    VERSION = 1,
    IS_TRUNCATED = 1,
    HAS_NUL = 2,
    HAS_8BIT = 4,
    IS_OPAQUE = 64,
    IS_TEXT = 128,
    KIND_MASK = 3,
    ENCODING_SHIFT = 2,
    ENCODING_MASK = 15,
};

static void pack_part(struct buf *out, const struct mime_part *part, uint32_t at, uint64_t before)
{
    unsigned mask = 0;
    unsigned bits = part->kind | (unsigned)part->encoding << ENCODING_SHIFT |
                    (part->is_opaque ? IS_OPAQUE : 0) | (part->is_text ? IS_TEXT : 0);

    buf_add_varint(out, part->parent == MIME_NO_PART ? 0 : at - part->parent);
    buf_add_varint(out, part->number);
    buf_add_varint(out, bits);
    buf_add_varint(out, part->header_start - before);
    buf_add_varint(out, part->body_start - part->header_start);
    buf_add_varint(out, part->body_end - part->body_start);
    buf_add_varint(out, part->header_lines);
    buf_add_varint(out, part->body_lines);
    for (unsigned i = 0; i < MIME_FIELDS; i++)
        mask |= part->has_field[i] ? 1u << i : 0;
    buf_add_varint(out, mask);
    for (unsigned i = 0; i < MIME_FIELDS; i++)
        if (part->has_field[i]) {
            buf_add_varint(out, part->fields[i].offset - part->header_start);
            buf_add_varint(out, part->fields[i].length);
        }
}

void mime_index_pack(struct buf *out, const struct mime_index *index)
{
    uint64_t before = 0;

    buf_add_varint(out, VERSION);
    buf_add_varint(out, index->size);
    buf_add_varint(out, index->lines);
    buf_add_varint(out, (index->is_truncated ? IS_TRUNCATED : 0) | (index->has_nul ? HAS_NUL : 0) |
                            (index->has_8bit ? HAS_8BIT : 0));
    buf_add_varint(out, index->count);
    for (uint32_t i = 0; i < index->count; i++) {
        pack_part(out, &index->parts[i], i, before);
        before = index->parts[i].header_start;
    }
}

static bool take_up_to(struct span *in, uint64_t max, uint64_t *value_out)
{
    return span_take_varint(in, value_out) && *value_out <= max;
}

static bool take_u32(struct span *in, uint64_t max, uint32_t *value_out)
{
    uint64_t value;

    if (!take_up_to(in, max, &value))
        return false;
    *value_out = (uint32_t)value;
    return true;
}

static bool unpack_head(struct span *in, struct mime_index *index)
{
    uint64_t version, bits, count;

    if (!take_up_to(in, VERSION, &version) || version != VERSION ||
        !take_up_to(in, INT64_MAX, &index->size) || !take_up_to(in, index->size, &index->lines) ||
        !take_up_to(in, 7, &bits) || !take_up_to(in, MIME_PARTS_MAX, &count) || count == 0)
        return false;
    index->is_truncated = bits & IS_TRUNCATED;
    index->has_nul = bits & HAS_NUL;
    index->has_8bit = bits & HAS_8BIT;
    index->count = (uint32_t)count;
    return true;
}

static bool unpack_fields(struct span *in, struct mime_part *part)
{
    uint64_t header = part->body_start - part->header_start;
    uint32_t mask;

    if (!take_u32(in, (1u << MIME_FIELDS) - 1, &mask))
        return false;
    for (unsigned i = 0; i < MIME_FIELDS; i++) {
        struct mime_range *range = &part->fields[i];

        part->has_field[i] = mask >> i & 1;
        if (!part->has_field[i])
            continue;
        if (!take_up_to(in, header, &range->offset) ||
            !take_up_to(in, header - range->offset, &range->length))
            return false;
        range->offset += part->header_start;
    }
    return true;
}

/* Every range is checked to lie inside the message, so that a reader may trust an unpacked part. */
static bool unpack_part(struct span *in, uint64_t size, uint32_t at, uint64_t *before, struct mime_part *part)
{
    uint64_t delta, header, body;
    uint32_t up, bits;

    *part = (struct mime_part){ .parent = MIME_NO_PART };
    if (!take_u32(in, at, &up) || (up == 0) != (at == 0) || !take_u32(in, MIME_PARTS_MAX, &part->number) ||
        !take_u32(in, 255, &bits) || !take_up_to(in, size - *before, &delta) ||
        !take_up_to(in, size - *before - delta, &header) ||
        !take_up_to(in, size - *before - delta - header, &body) ||
        !take_u32(in, UINT32_MAX, &part->header_lines) || !take_u32(in, UINT32_MAX, &part->body_lines))
        return false;
    if (at > 0)
        part->parent = at - up;
    part->kind = bits & KIND_MASK;
    part->encoding = bits >> ENCODING_SHIFT & ENCODING_MASK;
    part->is_opaque = bits & IS_OPAQUE;
    part->is_text = bits & IS_TEXT;
    *before = part->header_start = *before + delta;
    part->body_start = part->header_start + header;
    part->body_end = part->body_start + body;
    return part->kind <= MIME_MESSAGE && part->encoding <= MIME_ENCODING_UNKNOWN && unpack_fields(in, part);
}

bool mime_index_unpack(const void *owner, struct span packed, struct mime_index *index_out)
{
    uint64_t before = 0;

    *index_out = (struct mime_index){ 0 };
    if (!unpack_head(&packed, index_out))
        return false;
    index_out->parts = talloc_array(owner, struct mime_part, index_out->count);
    for (uint32_t i = 0; i < index_out->count; i++) {
        struct mime_part *part = &index_out->parts[i];

        if (!unpack_part(&packed, index_out->size, i, &before, part))
            return false;
        part->depth = i > 0 ? (uint16_t)(index_out->parts[part->parent].depth + 1) : 0;
    }
    return span_is_empty(packed);
}

/* --- sections, read from the packed form in one forward walk --------------------------------------- */

enum wanted { WHOLE, BODY, HEADER, TEXT, MIME };

static const struct {
    const char *name;
    enum wanted wanted;
} words[] = { { "HEADER", HEADER }, { "TEXT", TEXT }, { "MIME", MIME } };

/* "1.2.HEADER" from its front: the next number, or the word at the end. */
static bool take_number(struct span *section, uint32_t *number_out)
{
    if (!span_take_u32(section, number_out) || *number_out == 0)
        return false;
    return span_is_empty(*section) || (span_take_byte(section, '.') && !span_is_empty(*section));
}

static bool wanted_of(struct span word, bool has_numbers, enum wanted *wanted_out)
{
    if (span_is_empty(word)) {
        *wanted_out = has_numbers ? BODY : WHOLE;
        return true;
    }
    for (size_t i = 0; i < COUNT_OF(words); i++)
        if (span_equals_nocase(word, words[i].name)) {
            *wanted_out = words[i].wanted;
            return *wanted_out != MIME || has_numbers;
        }
    return false;
}

struct walk {
    struct span in;
    uint64_t size, before;
    uint32_t next, count;
    struct mime_part part; /* where we stand, and its index */
    uint32_t at;
    bool is_numbered; /* the part was reached by a number of its own, not as a message around its parts */
};

static bool step(struct walk *walk)
{
    if (walk->next == walk->count ||
        !unpack_part(&walk->in, walk->size, walk->next, &walk->before, &walk->part))
        return false;
    walk->at = walk->next++;
    return true;
}

/* Children stand after their parent, so the walk never turns back. */
static bool step_to_child(struct walk *walk, uint32_t number)
{
    uint32_t parent = walk->at;

    while (step(walk))
        if (walk->part.parent == parent && walk->part.number == number)
            return true;
    return false;
}

/* One number further down. A message is entered without a number: either it is a multipart and the number
 * counts its parts, or the number is 1 and means its body. */
static bool descend(struct walk *walk, uint32_t number)
{
    if (walk->is_numbered && walk->part.kind == MIME_MESSAGE) {
        if (!step_to_child(walk, 0))
            return false;
        walk->is_numbered = false;
    }
    if (walk->part.kind == MIME_MULTIPART)
        return (walk->is_numbered = step_to_child(walk, number));
    if (walk->is_numbered || number != 1)
        return false;
    walk->is_numbered = true;
    return true;
}

static struct mime_range range_of(uint64_t start, uint64_t end)
{
    return (struct mime_range){ start, end - start };
}

static bool fill(struct walk *walk, enum wanted wanted, bool has_numbers, struct mime_section *out)
{
    struct mime_part *part = &walk->part;

    if (has_numbers && (wanted == HEADER || wanted == TEXT) &&
        (part->kind != MIME_MESSAGE || !step_to_child(walk, 0)))
        return false; /* RFC 9051, 6.4.5.1: only where a message stands inside */
    *out = (struct mime_section){ .part = walk->at, .encoding = MIME_7BIT };
    if (wanted == WHOLE)
        out->range = range_of(0, walk->size);
    else if (wanted == HEADER || wanted == MIME)
        out->range = range_of(part->header_start, part->body_start);
    else
        out->range = range_of(part->body_start, part->body_end);
    out->is_leaf_body = wanted == BODY && part->kind == MIME_LEAF;
    if (out->is_leaf_body)
        out->encoding = part->encoding;
    return true;
}

bool mime_section_find(struct span packed, struct span section, struct mime_section *section_out)
{
    struct mime_index head = { 0 };
    struct walk walk = { .in = packed };
    bool has_numbers = false;
    enum wanted wanted;
    uint32_t number;

    if (!unpack_head(&walk.in, &head))
        return false;
    walk.size = head.size;
    walk.count = head.count;
    if (!step(&walk))
        return false;
    while (!span_is_empty(section) && *section.p >= '0' && *section.p <= '9') {
        if (!take_number(&section, &number) || !descend(&walk, number))
            return false;
        has_numbers = true;
    }
    return wanted_of(section, has_numbers, &wanted) && fill(&walk, wanted, has_numbers, section_out);
}
