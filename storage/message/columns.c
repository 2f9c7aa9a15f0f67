/*
 * columns.c -- the packed form: a version byte, flags, date, then texts, each with its length before it.
 * The order of `texts` is the stored order: new ones go to the end.
 */
#include "message/columns.h"

#include <stddef.h>

enum { VERSION = 1 };
enum { HAS_DATE = 1, IS_REPLY = 2, HAS_ATTACHMENT = 4 };

static const size_t texts[] = {
    offsetof(struct message_columns, subject),     offsetof(struct message_columns, base_subject),
    offsetof(struct message_columns, from),        offsetof(struct message_columns, to),
    offsetof(struct message_columns, cc),          offsetof(struct message_columns, bcc),
    offsetof(struct message_columns, from_sort),   offsetof(struct message_columns, to_sort),
    offsetof(struct message_columns, cc_sort),     offsetof(struct message_columns, from_display),
    offsetof(struct message_columns, to_display),  offsetof(struct message_columns, message_id),
    offsetof(struct message_columns, in_reply_to),
};

static void add_text(struct buf *out, struct span text)
{
    buf_add_varint(out, span_length(text));
    buf_add_span(out, text);
}

static bool take_text(struct span *in, struct span *text_out)
{
    uint64_t length;

    if (!span_take_varint(in, &length) || length > span_length(*in))
        return false;
    *text_out = span_of(in->p, (size_t)length);
    in->p += length;
    return true;
}

void columns_pack(struct buf *out, const struct message_columns *columns)
{
    buf_add_byte(out, VERSION);
    buf_add_byte(out, (char)((columns->has_date ? HAS_DATE : 0) | (columns->is_reply ? IS_REPLY : 0) |
                             (columns->has_attachment ? HAS_ATTACHMENT : 0)));
    buf_add_signed_varint(out, columns->sent_us);
    buf_add_signed_varint(out, columns->sent_zone_minutes);
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        struct span text;
        memcpy(&text, (const char *)columns + texts[i], sizeof text);
        add_text(out, text);
    }
    buf_add_varint(out, columns->reference_count);
    for (size_t i = 0; i < columns->reference_count; i++)
        add_text(out, columns->references[i]);
}

static bool take_head(struct span *in, struct message_columns *columns)
{
    int64_t zone;

    if (span_length(*in) < 2 || *in->p != VERSION)
        return false;
    columns->has_date = in->p[1] & HAS_DATE;
    columns->is_reply = in->p[1] & IS_REPLY;
    columns->has_attachment = in->p[1] & HAS_ATTACHMENT;
    in->p += 2;
    if (!span_take_signed_varint(in, &columns->sent_us) || !span_take_signed_varint(in, &zone) ||
        zone < INT32_MIN || zone > INT32_MAX)
        return false;
    columns->sent_zone_minutes = (int32_t)zone;
    return true;
}

struct span columns_text(struct span packed, enum columns_text which)
{
    static const size_t number_of[] = {
        [COLUMNS_SUBJECT] = 0, [COLUMNS_FROM] = 2, [COLUMNS_TO] = 3, [COLUMNS_CC] = 4, [COLUMNS_BCC] = 5
    };
    struct message_columns head;
    struct span text;

    if (!take_head(&packed, &head))
        return (struct span){ 0 };
    for (size_t i = 0; i <= number_of[which]; i++)
        if (!take_text(&packed, &text))
            return (struct span){ 0 };
    return text;
}

bool columns_unpack(struct span packed, struct message_columns *columns_out)
{
    uint64_t count;

    if (!take_head(&packed, columns_out))
        return false;
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        struct span text;
        if (!take_text(&packed, &text))
            return false;
        memcpy((char *)columns_out + texts[i], &text, sizeof text);
    }
    if (!span_take_varint(&packed, &count) || count > COLUMNS_REFERENCES_MAX)
        return false;
    columns_out->reference_count = (size_t)count;
    for (size_t i = 0; i < count; i++)
        if (!take_text(&packed, &columns_out->references[i]))
            return false;
    return true;
}
