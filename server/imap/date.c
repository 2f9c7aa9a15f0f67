/*
 * date.c -- see date.h.
 */
#include "imap/date.h"

#include "base/clock.h"
#include "format/date.h"

bool imap_take_date(struct imap_in *in, int64_t *day_out)
{
    struct imap_in ahead = *in;
    struct span text;

    if (imap_peek(in, '"') ? !imap_take_string(&ahead, &text) : !imap_take_atom(&ahead, &text))
        return false;
    if (!date_parse_imap_day(text, day_out))
        return false;
    in->rest = ahead.rest;
    return true;
}

bool imap_take_date_time(struct imap_in *in, int64_t *time_us_out)
{
    struct imap_in ahead = *in;
    struct span text;
    struct date date;

    if (!imap_peek(in, '"') || !imap_take_string(&ahead, &text) || !date_parse_imap(text, &date))
        return false;
    in->rest = ahead.rest;
    *time_us_out = date.us;
    return true;
}

void imap_add_date_time(struct buf *out, int64_t time_us)
{
    char text[DATE_TEXT_MAX];

    buf_add_byte(out, '"');
    buf_add(out, text, date_render_imap(text, (struct date){ .us = time_us }));
    buf_add_byte(out, '"');
}
