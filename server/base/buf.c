/*
 * buf.c -- growth by doubling, and the few renderings that are hot.
 */
#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <talloc.h>

enum { FIRST_CAPACITY = 256 };

char *buf_reserve(struct buf *buf, size_t length)
{
    size_t wanted = buf->length + length;
    size_t capacity = buf->capacity ? buf->capacity : FIRST_CAPACITY;

    if (wanted > buf->capacity || !buf->p) {
        while (capacity < wanted)
            capacity *= 2;
        buf->p = talloc_realloc_size(buf->owner, buf->p, capacity);
        buf->capacity = capacity;
    }
    return buf->p + buf->length;
}

void buf_add(struct buf *buf, const void *bytes, size_t length)
{
    if (length == 0)
        return;
    memcpy(buf_reserve(buf, length), bytes, length);
    buf->length += length;
}

void buf_add_span(struct buf *buf, struct span s)
{
    buf_add(buf, s.p, span_length(s));
}

void buf_add_text(struct buf *buf, const char *text)
{
    buf_add(buf, text, strlen(text));
}

void buf_add_byte(struct buf *buf, char byte)
{
    *buf_reserve(buf, 1) = byte;
    buf->length++;
}

void buf_add_u64(struct buf *buf, uint64_t value)
{
    char digits[20];
    char *p = digits + sizeof digits;

    do {
        *--p = (char)('0' + value % 10);
        value /= 10;
    } while (value);
    buf_add(buf, p, (size_t)(digits + sizeof digits - p));
}

void buf_add_i64(struct buf *buf, int64_t value)
{
    if (value < 0)
        buf_add_byte(buf, '-');
    buf_add_u64(buf, value < 0 ? 0 - (uint64_t)value : (uint64_t)value);
}

void buf_add_format(struct buf *buf, const char *format, ...)
{
    va_list args, again;
    int length;

    va_start(args, format);
    va_copy(again, args);
    length = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (length > 0) {
        vsnprintf(buf_reserve(buf, (size_t)length + 1), (size_t)length + 1, format, again);
        buf->length += (size_t)length;
    }
    va_end(again);
}

void buf_add_varint(struct buf *buf, uint64_t value)
{
    char *p = buf_reserve(buf, 10);
    char *start = p;

    while (value >= 0x80) {
        *p++ = (char)(value | 0x80);
        value >>= 7;
    }
    *p++ = (char)value;
    buf->length += (size_t)(p - start);
}

void buf_add_signed_varint(struct buf *buf, int64_t value)
{
    buf_add_varint(buf, ((uint64_t)value << 1) ^ (uint64_t)(value >> 63));
}

bool span_take_varint(struct span *in, uint64_t *value_out)
{
    const char *p = in->p;
    uint64_t value = 0;

    for (unsigned shift = 0; p < in->end && shift < 64; shift += 7) {
        uint64_t byte = (unsigned char)*p++;
        if (shift == 63 && byte > 1)
            return false;
        value |= (byte & 0x7F) << shift;
        if (!(byte & 0x80)) {
            in->p = p;
            *value_out = value;
            return true;
        }
    }
    return false;
}

bool span_take_signed_varint(struct span *in, int64_t *value_out)
{
    uint64_t value;

    if (!span_take_varint(in, &value))
        return false;
    *value_out = (int64_t)(value >> 1) ^ -(int64_t)(value & 1);
    return true;
}

char *buf_text(struct buf *buf)
{
    *buf_reserve(buf, 1) = '\0';
    return buf->p;
}
