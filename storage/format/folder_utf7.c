/*
 * folder_utf7.c -- modified UTF-7 (RFC 3501, 5.1.3), with one spelling for every name: what another encoder
 * could have written differently is refused, or two names could be one folder.
 */
#include "format/folder_name.h"

#include <talloc.h>

static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";

static int letter_value(char c)
{
    const char *found = c ? strchr(letters, c) : NULL;

    return found ? (int)(found - letters) : -1;
}

static void add_character(struct buf *out, uint32_t c)
{
    if (c < 0x800)
        buf_add(out, (char[]){ (char)(0xC0 | c >> 6), (char)(0x80 | (c & 63)) }, 2);
    else if (c < 0x10000)
        buf_add(out,
                (char[]){ (char)(0xE0 | c >> 12), (char)(0x80 | (c >> 6 & 63)), (char)(0x80 | (c & 63)) }, 3);
    else
        buf_add(out,
                (char[]){ (char)(0xF0 | c >> 18), (char)(0x80 | (c >> 12 & 63)), (char)(0x80 | (c >> 6 & 63)),
                          (char)(0x80 | (c & 63)) },
                4);
}

/* One UTF-16 unit; `high` holds the first half of a pair. False for a lone half or what needs no encoding. */
static bool feed_unit(struct buf *out, uint32_t unit, uint32_t *high)
{
    if (*high) {
        if (unit < 0xDC00 || unit > 0xDFFF)
            return false;
        add_character(out, 0x10000 + ((*high - 0xD800) << 10) + (unit - 0xDC00));
        *high = 0;
        return true;
    }
    if (unit >= 0xD800 && unit <= 0xDBFF) {
        *high = unit;
        return true;
    }
    if ((unit >= 0xDC00 && unit <= 0xDFFF) || (unit >= ' ' && unit <= '~') || unit == 0)
        return false;
    if (unit < 0x80)
        buf_add_byte(out, (char)unit);
    else
        add_character(out, unit);
    return true;
}

/* After '&' up to and including '-'. */
static bool take_shifted(struct span *in, struct buf *out)
{
    uint32_t bits = 0, high = 0;
    unsigned count = 0;

    for (; in->p < in->end && *in->p != '-'; in->p++) {
        int value = letter_value(*in->p);

        if (value < 0)
            return false;
        bits = bits << 6 | (uint32_t)value;
        count += 6;
        if (count >= 16) {
            count -= 16;
            if (!feed_unit(out, bits >> count & 0xFFFF, &high))
                return false;
        }
        bits &= 0xFFFFFF;
    }
    if (in->p == in->end || high || count >= 6 || (bits & ((1u << count) - 1)))
        return false; /* no end, half a pair, a letter too many, or bits that say nothing */
    in->p++;
    return true;
}

static bool decode(struct span in, struct buf *out)
{
    bool was_shifted = false;

    while (!span_is_empty(in)) {
        char c = *in.p++;

        if ((unsigned char)c < ' ' || (unsigned char)c >= 127)
            return false;
        if (c != '&') {
            buf_add_byte(out, c);
            was_shifted = false;
        } else if (span_take_byte(&in, '-')) {
            buf_add_byte(out, '&');
            was_shifted = false;
        } else if (was_shifted || !take_shifted(&in, out)) {
            return false; /* "&AAA-&BBB-" is one shift written as two */
        } else {
            was_shifted = true;
        }
    }
    return true;
}

bool folder_utf7_decode(const void *owner, struct span utf7, char **utf8_out, struct err *err)
{
    struct buf out = buf_owned_by(owner);

    if (span_length(utf7) > FOLDER_PATTERN_MAX)
        return err_set(err, ERR_LIMIT, "The name is longer than %d bytes.", FOLDER_PATTERN_MAX);
    if (!decode(utf7, &out))
        return err_set(err, ERR_INVALID, "The folder name is not valid modified UTF-7.");
    *utf8_out = buf_text(&out);
    return true;
}

/* UTF-16 units through base64: `bits` holds what does not make a letter yet. */
struct shift {
    struct buf *out;
    uint32_t bits;
    unsigned count;
    bool is_open;
};

static void shift_unit(struct shift *shift, uint32_t unit)
{
    if (!shift->is_open)
        buf_add_byte(shift->out, '&');
    shift->is_open = true;
    shift->bits = shift->bits << 16 | unit;
    shift->count += 16;
    while (shift->count >= 6) {
        shift->count -= 6;
        buf_add_byte(shift->out, letters[shift->bits >> shift->count & 63]);
    }
    shift->bits &= (1u << shift->count) - 1;
}

static void shift_close(struct shift *shift)
{
    if (!shift->is_open)
        return;
    if (shift->count > 0)
        buf_add_byte(shift->out, letters[shift->bits << (6 - shift->count) & 63]);
    buf_add_byte(shift->out, '-');
    *shift = (struct shift){ .out = shift->out };
}

/* The character at the front of valid UTF-8. */
static uint32_t take_character(struct span *in)
{
    unsigned char first = (unsigned char)*in->p++;
    unsigned more = first >= 0xF0 ? 3 : first >= 0xE0 ? 2 : first >= 0xC0 ? 1 : 0;
    uint32_t c = more == 3 ? first & 7u : more == 2 ? first & 15u : more == 1 ? first & 31u : first;

    for (; more > 0 && in->p < in->end; more--)
        c = c << 6 | ((unsigned char)*in->p++ & 63u);
    return c;
}

void folder_name_add_utf7(struct buf *out, struct span name)
{
    struct shift shift = { .out = out };

    while (!span_is_empty(name)) {
        uint32_t c = take_character(&name);

        if (c >= ' ' && c <= '~') {
            shift_close(&shift);
            buf_add_byte(out, (char)c);
            if (c == '&')
                buf_add_byte(out, '-');
        } else if (c >= 0x10000) {
            shift_unit(&shift, 0xD800 + ((c - 0x10000) >> 10 & 0x3FF));
            shift_unit(&shift, 0xDC00 + ((c - 0x10000) & 0x3FF));
        } else {
            shift_unit(&shift, c);
        }
    }
    shift_close(&shift);
}
