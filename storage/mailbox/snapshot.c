/*
 * snapshot.c -- version byte, then one zstd frame: for each chunk its number of messages and seven columns.
 */
#include "mailbox/snapshot.h"

#include "mailbox/view_build.h"

#include <talloc.h>
#include <zstd.h>

enum { SNAPSHOT_VERSION = 1, ZSTD_LEVEL = 1, BYTES_PER_MESSAGE_MAX = 70 };

static void encode_fixed(const struct chunk_fixed *fixed, struct buf *raw)
{
    uint32_t uid = 0;
    int64_t received = 0, message = 0, item = 0;

    for (uint32_t i = 0; i < fixed->count; i++) {
        buf_add_varint(raw, fixed->uid[i] - uid);
        uid = fixed->uid[i];
    }
    for (uint32_t i = 0; i < fixed->count; i++)
        buf_add_varint(raw, fixed->size[i]);
    for (uint32_t i = 0; i < fixed->count; i++) {
        buf_add_signed_varint(raw, fixed->received_us[i] - received);
        received = fixed->received_us[i];
    }
    for (uint32_t i = 0; i < fixed->count; i++) {
        buf_add_signed_varint(raw, fixed->message_id[i] - message);
        message = fixed->message_id[i];
    }
    for (uint32_t i = 0; i < fixed->count; i++) {
        buf_add_signed_varint(raw, (int64_t)((uint64_t)fixed->item_id[i] - (uint64_t)item)); /* may wrap */
        item = fixed->item_id[i];
    }
}

static void encode_chunk(const struct chunk *chunk, struct buf *raw)
{
    int64_t modseq = 0;

    buf_add_varint(raw, chunk->count);
    encode_fixed(chunk->fixed, raw);
    for (uint32_t i = 0; i < chunk->count; i++)
        buf_add_varint(raw, chunk->flags[i]);
    for (uint32_t i = 0; i < chunk->count; i++) {
        buf_add_signed_varint(raw, (int64_t)chunk->modseq[i] - modseq);
        modseq = (int64_t)chunk->modseq[i];
    }
}

void snapshot_encode(const struct view *view, struct buf *out)
{
    struct buf raw = BUF_INIT(NULL);
    size_t bound, length;

    for (uint32_t c = 0; c < view->chunk_count; c++)
        encode_chunk(view->chunks[c], &raw);
    bound = ZSTD_compressBound(raw.length);
    buf_add_byte(out, SNAPSHOT_VERSION);
    length = ZSTD_compress(buf_reserve(out, bound), bound, raw.p ? raw.p : "", raw.length, ZSTD_LEVEL);
    out->length += length;
    talloc_free(raw.p);
}

/* Items have numbers all over: differences of them wrap. */
static bool take_items(struct span *in, uint32_t count, struct view_message *messages)
{
    uint64_t value = 0;
    int64_t difference;

    for (uint32_t i = 0; i < count; i++) {
        if (!span_take_signed_varint(in, &difference))
            return false;
        value += (uint64_t)difference;
        messages[i].item_id = (int64_t)value;
    }
    return true;
}

/* Columns of differences; `previous` + difference must not wrap. */
static bool take_signed_column(struct span *in, uint32_t count, struct view_message *messages, size_t offset)
{
    int64_t value = 0, difference;

    for (uint32_t i = 0; i < count; i++) {
        if (!span_take_signed_varint(in, &difference) || __builtin_add_overflow(value, difference, &value))
            return false;
        memcpy((char *)&messages[i] + offset, &value, sizeof value);
    }
    return true;
}

static bool take_chunk(struct span *in, uint32_t count, struct view_message *messages)
{
    uint64_t value, uid = 0;

    for (uint32_t i = 0; i < count; i++) {
        if (!span_take_varint(in, &value) || value == 0 || value > UINT32_MAX || (uid += value) > UINT32_MAX)
            return false;
        messages[i].uid = (uint32_t)uid;
    }
    for (uint32_t i = 0; i < count; i++) {
        if (!span_take_varint(in, &value) || value > UINT32_MAX)
            return false;
        messages[i].size = (uint32_t)value;
    }
    if (!take_signed_column(in, count, messages, offsetof(struct view_message, received_us)) ||
        !take_signed_column(in, count, messages, offsetof(struct view_message, message_id)) ||
        !take_items(in, count, messages))
        return false;
    for (uint32_t i = 0; i < count; i++)
        if (!span_take_varint(in, &messages[i].flags))
            return false;
    return take_signed_column(in, count, messages, offsetof(struct view_message, modseq));
}

static bool take_chunks(struct span raw, uint64_t messages, struct view_builder *into)
{
    struct view_message *chunk = talloc_zero_array(NULL, struct view_message, VIEW_CHUNK_MESSAGES);
    uint64_t count, total = 0;
    bool is_good = true;

    while (is_good && !span_is_empty(raw)) {
        is_good = span_take_varint(&raw, &count) && count > 0 && count <= VIEW_CHUNK_MESSAGES &&
                  take_chunk(&raw, (uint32_t)count, chunk);
        for (uint32_t i = 0; is_good && i < count; i++)
            is_good = view_builder_append(into, &chunk[i]);
        total += count;
    }
    talloc_free(chunk);
    return is_good && total == messages;
}

bool snapshot_decode(struct span data, uint64_t messages, struct view_builder *into)
{
    unsigned long long raw_bytes;
    char *raw;
    bool is_good;

    if (!span_take_byte(&data, SNAPSHOT_VERSION))
        return false;
    raw_bytes = ZSTD_getFrameContentSize(data.p, span_length(data));
    if (raw_bytes == ZSTD_CONTENTSIZE_ERROR || raw_bytes == ZSTD_CONTENTSIZE_UNKNOWN ||
        messages > UINT32_MAX || raw_bytes > (messages + 1) * BYTES_PER_MESSAGE_MAX)
        return false;
    raw = talloc_size(NULL, raw_bytes + 1);
    is_good = ZSTD_decompress(raw, raw_bytes, data.p, span_length(data)) == raw_bytes &&
              take_chunks(span_of(raw, raw_bytes), messages, into);
    talloc_free(raw);
    return is_good;
}
