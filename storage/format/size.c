/*
 * size.c -- "2G" and back, without a floating point number that could round a quota.
 */
#include "format/size.h"

static const struct {
    char letter;
    unsigned shift;
} units[] = { { 'T', 40 }, { 'G', 30 }, { 'M', 20 }, { 'K', 10 } };

/* "", "B", "K", "KB", "KiB"; the whole of `text`. */
static bool unit_shift(struct span text, unsigned *shift_out)
{
    *shift_out = 0;
    for (size_t i = 0; i < COUNT_OF(units); i++) {
        if (!span_is_empty(text) && (*text.p & ~0x20) == units[i].letter) {
            text.p++;
            *shift_out = units[i].shift;
            if (!span_is_empty(text) && *text.p == 'i')
                text.p++;
            break;
        }
    }
    return span_is_empty(text) || span_equals_nocase(text, "B");
}

/* Digits after the point as thousandths; further ones must be there but do not count. */
static bool take_thousandths(struct span *in, uint64_t *value_out)
{
    uint64_t value = 0, weight = 100;
    const char *start = in->p;

    for (; in->p < in->end && *in->p >= '0' && *in->p <= '9'; in->p++, weight /= 10)
        value += weight * (uint64_t)(*in->p - '0');
    *value_out = value;
    return in->p > start;
}

bool size_parse(struct span text, int64_t *bytes_out)
{
    struct span in = span_trim(text);
    uint64_t whole, thousandths = 0;
    unsigned shift;

    if (span_equals_nocase(in, "unlimited")) {
        *bytes_out = SIZE_UNLIMITED;
        return true;
    }
    if (!span_take_u64(&in, &whole))
        return false;
    if (span_take_byte(&in, '.') && !take_thousandths(&in, &thousandths))
        return false;
    if (!unit_shift(span_trim(in), &shift) || whole > ((uint64_t)INT64_MAX >> shift) ||
        (thousandths && shift == 0))
        return false;
    whole <<= shift;
    thousandths = (thousandths << shift) / 1000;
    if (whole > (uint64_t)INT64_MAX - thousandths)
        return false;
    *bytes_out = (int64_t)(whole + thousandths);
    return true;
}

void size_add(struct buf *out, int64_t bytes)
{
    if (bytes == SIZE_UNLIMITED) {
        buf_add_text(out, "unlimited");
        return;
    }
    for (size_t i = 0; i < COUNT_OF(units); i++) {
        int64_t unit = INT64_C(1) << units[i].shift;

        if (bytes >= unit && bytes % unit == 0) {
            buf_add_i64(out, bytes / unit);
            buf_add_byte(out, units[i].letter);
            return;
        }
    }
    buf_add_i64(out, bytes);
}

void size_add_rounded(struct buf *out, int64_t bytes)
{
    if (bytes == SIZE_UNLIMITED) {
        buf_add_text(out, "unlimited");
        return;
    }
    for (size_t i = 0; i < COUNT_OF(units); i++) {
        int64_t unit = INT64_C(1) << units[i].shift;

        if (bytes >= unit) {
            int64_t tenths = bytes / unit * 10 + bytes % unit / (unit / 10);

            buf_add_format(out, "%lld.%lld %cB", (long long)(tenths / 10), (long long)(tenths % 10),
                           units[i].letter);
            return;
        }
    }
    buf_add_i64(out, bytes);
    buf_add_text(out, " bytes");
}
