/*
 * date.h -- the two kinds of dates in commands and replies (RFC 9051, 9: date, date-time), on format/date.h.
 *
 * Times are microseconds since 1970, UTC.
 */
#ifndef IMAP_DATE_H
#define IMAP_DATE_H

#include "base/buf.h"
#include "imap/parse.h"

/* A day for SEARCH, quoted or not: days since 1970-01-01. */
MUST_CHECK bool imap_take_date(struct imap_in *in, int64_t *day_out);
/* "17-Jul-1996 02:44:25 -0700", quotes included. */
MUST_CHECK bool imap_take_date_time(struct imap_in *in, int64_t *time_us_out);
/* The same in UTC, quotes included. Runs once a message: no printf. */
void imap_add_date_time(struct buf *out, int64_t time_us);

#endif
