/*
 * schedule.c -- hours of the week.
 */
#include "format/schedule.h"

#include "base/clock.h"

#include <ctype.h>
#include <strings.h>
#include <time.h>

enum { DAY_MINUTES = 24 * 60, DAYS = 7 };

static const char *const days[DAYS] = { "monday", "tuesday",  "wednesday", "thursday",
                                        "friday", "saturday", "sunday" };

static void skip_blanks(struct span *in)
{
    while (in->p < in->end && (*in->p == ' ' || *in->p == '\t'))
        in->p++;
}

static bool take_char(struct span *in, char wanted)
{
    skip_blanks(in);
    if (in->p == in->end || *in->p != wanted)
        return false;
    in->p++;
    return true;
}

/* Two letters or more of a day's name. */
static bool take_day(struct span *in, int *day_out)
{
    size_t length = 0;

    skip_blanks(in);
    while (in->p + length < in->end && isalpha((unsigned char)in->p[length]))
        length++;
    for (int day = 0; day < DAYS && length >= 2; day++)
        if (length <= strlen(days[day]) && strncasecmp(days[day], in->p, length) == 0) {
            in->p += length;
            *day_out = day;
            return true;
        }
    return false;
}

/* A bit a day, Monday first. */
static bool take_days(struct span *in, unsigned *days_out)
{
    *days_out = 0;
    do {
        int first, last;

        if (!take_day(in, &first))
            return false;
        last = first;
        if (take_char(in, '-') && !take_day(in, &last))
            return false;
        for (int day = first;; day = (day + 1) % DAYS) {
            *days_out |= 1u << day;
            if (day == last)
                break;
        }
    } while (take_char(in, '+'));
    return true;
}

static bool take_number(struct span *in, int *number_out)
{
    const char *start = in->p;

    *number_out = 0;
    while (in->p < in->end && isdigit((unsigned char)*in->p) && in->p - start < 2)
        *number_out = *number_out * 10 + (*in->p++ - '0');
    return in->p > start;
}

/* "6:00", "24:00" */
static bool take_time(struct span *in, int *minute_out)
{
    int hours, minutes;

    skip_blanks(in);
    if (!take_number(in, &hours) || in->p == in->end || *in->p++ != ':' || !take_number(in, &minutes) ||
        hours > 24 || minutes > 59 || (hours == 24 && minutes > 0))
        return false;
    *minute_out = hours * 60 + minutes;
    return true;
}

static void open_minutes(struct schedule *schedule, int from, int until)
{
    for (int minute = from; minute < until; minute++) {
        unsigned at = (unsigned)(minute % SCHEDULE_MINUTES);
        schedule->open[at / 8] |= (uint8_t)(1u << at % 8);
    }
}

static bool take_item(struct span *in, struct schedule *schedule)
{
    unsigned which = (1u << DAYS) - 1;
    int from, until;

    skip_blanks(in);
    if (in->p < in->end && isalpha((unsigned char)*in->p) && !take_days(in, &which))
        return false;
    if (!take_time(in, &from) || !take_char(in, '-') || !take_time(in, &until))
        return false;
    if (until <= from)
        until += DAY_MINUTES;
    for (int day = 0; day < DAYS; day++)
        if (which & 1u << day)
            open_minutes(schedule, day * DAY_MINUTES + from, day * DAY_MINUTES + until);
    skip_blanks(in);
    return true;
}

bool schedule_parse(struct span text, struct schedule *schedule_out)
{
    memset(schedule_out, 0, sizeof *schedule_out);
    if (span_length(text) > SCHEDULE_TEXT_MAX)
        return false;
    if (span_equals_text(text, "never"))
        return true;
    if (span_equals_text(text, "always")) {
        open_minutes(schedule_out, 0, SCHEDULE_MINUTES);
        return true;
    }
    do {
        if (!take_item(&text, schedule_out))
            return false;
    } while (take_char(&text, ','));
    return span_is_empty(text);
}

static bool is_open_at(const struct schedule *schedule, unsigned minute)
{
    return schedule->open[minute / 8] & 1u << minute % 8;
}

static unsigned minute_of_week(int64_t now_us)
{
    time_t now = (time_t)(now_us / US_PER_S);
    struct tm local;

    localtime_r(&now, &local);
    return (unsigned)((local.tm_wday + 6) % DAYS * DAY_MINUTES + local.tm_hour * 60 + local.tm_min);
}

bool schedule_is_open(const struct schedule *schedule, int64_t now_us)
{
    return is_open_at(schedule, minute_of_week(now_us));
}

int64_t schedule_opens_us(const struct schedule *schedule, int64_t now_us)
{
    unsigned minute = minute_of_week(now_us);
    int64_t minute_start = now_us - now_us % (60 * US_PER_S);

    if (is_open_at(schedule, minute))
        return now_us;
    for (unsigned wait = 1; wait < SCHEDULE_MINUTES; wait++)
        if (is_open_at(schedule, (minute + wait) % SCHEDULE_MINUTES))
            return minute_start + (int64_t)wait * 60 * US_PER_S;
    return 0;
}
