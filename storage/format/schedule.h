/*
 * schedule.h -- when something is open: hours of the week, as an administrator writes them.
 *
 *     always | never | item *("," item)
 *     item = [days] time "-" time            days = range *("+" range), range = day ["-" day]
 *
 * "Mo-Fr 20:00-06:00, Sa+Su 00:00-24:00": a time that ends before it begins ends on the next day; without days it is every
 * day. Days are Mo Tu We Th Fr Sa Su, or their longer English names; case does not matter. Hours are the server's own
 * (TZ); where they are moved, an hour is missing or twice, as on the wall.
 *
 * Threads  pure functions; any thread.
 */
#ifndef FORMAT_SCHEDULE_H
#define FORMAT_SCHEDULE_H

#include "base/span.h"

enum { SCHEDULE_MINUTES = 7 * 24 * 60, SCHEDULE_TEXT_MAX = 500 };

struct schedule {
    uint8_t open[(SCHEDULE_MINUTES + 7) / 8]; /* a bit a minute, from Monday 0:00 */
};

/* False: it is none, or longer than SCHEDULE_TEXT_MAX. */
MUST_CHECK bool schedule_parse(struct span text, struct schedule *schedule_out);
/* Is that moment (microseconds since 1970) within the schedule, by the server's own hours? */
bool schedule_is_open(const struct schedule *schedule, int64_t now_us);
/* When it opens: `now_us` itself while it is open; 0: never. To the minute. */
int64_t schedule_opens_us(const struct schedule *schedule, int64_t now_us);

#endif
