/*
 * date.h -- the dates of mail and IMAP, to and from int64 microseconds since 1970, UTC.
 *
 * All arithmetic is 64 bit over the proleptic Gregorian calendar; years 0 to 9999. Zones are minutes east of
 * UTC.
 *
 * Threads  pure functions; any thread.
 */
#ifndef FORMAT_DATE_H
#define FORMAT_DATE_H

#include "base/buf.h"
#include "base/span.h"

enum { DATE_TEXT_MAX = 48 };

struct date {
    int64_t us;       /* UTC */
    int zone_minutes; /* as written, -1439 to 1439; 0 for "-0000" and unknown names */
};

/* Date: of a message. Tolerant: comments, missing weekday, missing seconds, two- and three-digit years,
 * obsolete zones (RFC 5322, 4.3), missing zone (UTC), month names spelt out, "-" between day, month and
 * year. */
MUST_CHECK bool date_parse(struct span text, struct date *date_out);
/* "Mon, 02 Jan 2006 15:04:05 +0100" and a NUL; returns the length. */
size_t date_render(char out[DATE_TEXT_MAX], struct date date);

/* IMAP date-time without its quotes: "17-Jul-1996 02:44:25 -0700" (RFC 9051, 9). Exact. */
MUST_CHECK bool date_parse_imap(struct span text, struct date *date_out);
/* Writes that form with a NUL; returns its length. Zones that cannot be written are UTC. */
size_t date_render_imap(char out[DATE_TEXT_MAX], struct date date);

/* IMAP date, "1-Feb-1994", quotes removed: days since 1970-01-01. */
MUST_CHECK bool date_parse_imap_day(struct span text, int64_t *day_out);
/* The day a date shows in its own zone: what SENTBEFORE, SENTON and SENTSINCE compare (time and zone
 * disregarded). */
int64_t date_day(struct date date);

/* "2031-02-03T04:05:06Z" with microseconds where they are not zero. */
size_t date_render_utc(char out[DATE_TEXT_MAX], int64_t us);
/* RFC 3339 with any offset. */
MUST_CHECK bool date_parse_utc(struct span text, int64_t *us_out);

/* Days since 1970-01-01 of a calendar day, and back. */
int64_t date_days_of(int64_t year, int month, int day);
/* The calendar day (proleptic Gregorian) that is so many days after 1970-01-01, or before where negative. Never
 * fails. */
void date_of_days(int64_t days, int64_t *year_out, int *month_out, int *day_out);

#endif
