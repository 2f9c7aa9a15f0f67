/*
 * pack_codec.c -- version byte, then one zstd frame: count, UIDs, lengths and numbers, then all strings.
 */
#include "mailbox/pack_codec.h"

#include "message/columns.h"

#include <talloc.h>
#include <zstd.h>

enum { PACK_VERSION = 1, ZSTD_LEVEL = 1 };
/* A pack of messages with huge headers may be large, but what we allocate for one has an end. */
static const unsigned long long RAW_BYTES_MAX = 64ULL << 20;

static struct span first_of(enum pack_part part, const struct pack_row *row)
{
    return part == PACK_SHOWN ? row->envelope : row->columns;
}

static struct span second_of(enum pack_part part, const struct pack_row *row)
{
    return part == PACK_SHOWN ? row->body_structure : row->preview;
}

static void encode_numbers(enum pack_part part, const struct pack_row *rows, size_t count, struct buf *raw)
{
    uint32_t uid = 0;
    int64_t thread = 0, saved = 0;

    buf_add_varint(raw, count);
    for (size_t i = 0; i < count; i++) {
        buf_add_varint(raw, rows[i].uid - uid);
        uid = rows[i].uid;
        buf_add_varint(raw, span_length(first_of(part, &rows[i])));
        buf_add_varint(raw, span_length(second_of(part, &rows[i])));
        if (part == PACK_SHOWN)
            continue;
        buf_add_varint(raw, rows[i].header_size);
        buf_add_signed_varint(raw, (int64_t)((uint64_t)rows[i].thread_id - (uint64_t)thread)); /* may wrap */
        buf_add_signed_varint(raw, rows[i].saved_us - saved);
        thread = rows[i].thread_id;
        saved = rows[i].saved_us;
    }
}

void pack_encode(enum pack_part part, const struct pack_row *rows, size_t count, struct buf *out)
{
    struct buf raw = BUF_INIT(NULL);
    size_t bound;

    encode_numbers(part, rows, count, &raw);
    for (size_t i = 0; i < count; i++) {
        buf_add_span(&raw, first_of(part, &rows[i]));
        buf_add_span(&raw, second_of(part, &rows[i]));
    }
    bound = ZSTD_compressBound(raw.length);
    buf_add_byte(out, PACK_VERSION);
    out->length += ZSTD_compress(buf_reserve(out, bound), bound, raw.p, raw.length, ZSTD_LEVEL);
    talloc_free(raw.p);
}

/* Numbers of one row; the lengths become offsets, which start at *offset. */
static bool take_cell(struct pack *pack, uint32_t i, struct span *in, uint64_t *offset)
{
    uint64_t gap, first, second, header_size = 0;
    int64_t thread = 0, saved = 0;
    const struct pack_cell *before = i ? &pack->cells[i - 1] : NULL;
    uint64_t uid = i ? pack->uids[i - 1] : 0;

    if (!span_take_varint(in, &gap) || gap == 0 || (uid += gap) > UINT32_MAX || gap > UINT32_MAX ||
        !span_take_varint(in, &first) || !span_take_varint(in, &second) || first > RAW_BYTES_MAX ||
        second > RAW_BYTES_MAX || *offset + first + second > RAW_BYTES_MAX)
        return false;
    if (pack->part == PACK_SEARCHED &&
        (!span_take_varint(in, &header_size) || header_size > UINT32_MAX ||
         !span_take_signed_varint(in, &thread) || !span_take_signed_varint(in, &saved) ||
         (before && __builtin_add_overflow(saved, before->saved_us, &saved))))
        return false;
    if (before)
        thread = (int64_t)((uint64_t)thread + (uint64_t)before->thread_id);
    pack->uids[i] = (uint32_t)uid;
    pack->cells[i] = (struct pack_cell){ .first = (uint32_t)*offset,
                                         .second = (uint32_t)(*offset + first),
                                         .end = (uint32_t)(*offset + first + second),
                                         .header_size = (uint32_t)header_size,
                                         .thread_id = thread,
                                         .saved_us = saved };
    *offset += first + second;
    return true;
}

static bool take_pack(struct pack *pack, struct span raw)
{
    uint64_t count, offset = 0;

    if (!span_take_varint(&raw, &count) || count == 0 || count > PACK_MESSAGES_MAX)
        return false;
    pack->count = (uint32_t)count;
    pack->uids = talloc_array(pack, uint32_t, pack->count);
    pack->cells = talloc_array(pack, struct pack_cell, pack->count);
    for (uint32_t i = 0; i < pack->count; i++)
        if (!take_cell(pack, i, &raw, &offset))
            return false;
    for (uint32_t i = 0; i < pack->count; i++) {
        pack->cells[i].first += (uint32_t)(raw.p - pack->bytes);
        pack->cells[i].second += (uint32_t)(raw.p - pack->bytes);
        pack->cells[i].end += (uint32_t)(raw.p - pack->bytes);
    }
    return offset == span_length(raw);
}

static void gather_subjects(struct pack *pack)
{
    struct span *subjects = talloc_array(NULL, struct span, pack->count);
    uint32_t end = 0;

    pack->subject_ends = talloc_array(pack, uint32_t, pack->count);
    for (uint32_t i = 0; i < pack->count; i++) {
        const struct pack_cell *cell = &pack->cells[i];
        subjects[i] =
            columns_text(span_of(pack->bytes + cell->first, cell->second - cell->first), COLUMNS_SUBJECT);
        pack->subject_ends[i] = end += (uint32_t)span_length(subjects[i]);
    }
    pack->subjects = talloc_size(pack, end + 1);
    for (uint32_t i = 0; i < pack->count; i++)
        if (!span_is_empty(subjects[i]))
            memcpy(pack->subjects + pack->subject_ends[i] - span_length(subjects[i]), subjects[i].p,
                   span_length(subjects[i]));
    talloc_free(subjects);
}

struct pack *pack_decode(enum pack_part part, struct span data)
{
    struct pack *pack;
    unsigned long long raw_bytes;

    if (!span_take_byte(&data, PACK_VERSION))
        return NULL;
    raw_bytes = ZSTD_getFrameContentSize(data.p, span_length(data));
    if (raw_bytes == ZSTD_CONTENTSIZE_ERROR || raw_bytes == ZSTD_CONTENTSIZE_UNKNOWN ||
        raw_bytes > RAW_BYTES_MAX)
        return NULL;
    pack = talloc_zero(NULL, struct pack);
    atomic_init(&pack->references, 1);
    pack->part = part;
    pack->bytes = talloc_size(pack, raw_bytes + 1);
    if (ZSTD_decompress(pack->bytes, raw_bytes, data.p, span_length(data)) != raw_bytes ||
        !take_pack(pack, span_of(pack->bytes, raw_bytes))) {
        talloc_free(pack);
        return NULL;
    }
    if (part == PACK_SEARCHED)
        gather_subjects(pack);
    pack->memory = talloc_total_size(pack);
    return pack;
}
