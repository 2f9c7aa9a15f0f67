/*
 * date.c -- see date.h.
 */
#include "imap/date.h"

#include "base/clock.h"
#include "format/date.h"

enum { S_PER_DAY = 86400 };

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

static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

static void put_digits(char *to, int64_t value, int count)
{
    for (int i = count - 1; i >= 0; i--, value /= 10)
        to[i] = (char)('0' + value % 10);
}

void imap_add_date_time(struct buf *out, int64_t time_us)
{
    int64_t seconds = time_us / US_PER_S - (time_us % US_PER_S < 0);
    int64_t days = seconds / S_PER_DAY - (seconds % S_PER_DAY < 0);
    int64_t of_day = seconds - days * S_PER_DAY;
    char text[] = "\"00-Jan-0000 00:00:00 +0000\"";
    int64_t year;
    int month, day;

    date_of_days(days, &year, &month, &day);
    put_digits(text + 1, day, 2);
    memcpy(text + 4, months + (month - 1) * 3, 3);
    put_digits(text + 8, year < 0 ? 0 : year > 9999 ? 9999 : year, 4);
    put_digits(text + 13, of_day / 3600, 2);
    put_digits(text + 16, of_day / 60 % 60, 2);
    put_digits(text + 19, of_day % 60, 2);
    buf_add(out, text, sizeof text - 1);
}
