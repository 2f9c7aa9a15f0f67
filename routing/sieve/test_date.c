/* test_date.c -- date and currentdate (RFC 5260, 4 and 5). */
#include "base/clock.h"
#include "format/date.h"
#include "sieve/header_values.h"

#include <stdio.h>
#include <strings.h>
#include <talloc.h>
#include <time.h>

enum { PART_TEXT_MAX = 64 };

/* A moment in a zone, cut into its parts. */
struct moment {
    int64_t us, days, year;
    int month, day, weekday, hour, minute, second, zone_minutes;
    int64_t julian; /* modified Julian day */
};

static int64_t floor_div(int64_t value, int64_t divisor)
{
    return value / divisor - (value % divisor < 0);
}

static void cut(struct date date, struct moment *m)
{
    int64_t seconds = floor_div(date.us, US_PER_S) + date.zone_minutes * INT64_C(60), of_day;

    *m = (struct moment){ .us = date.us, .zone_minutes = date.zone_minutes };
    m->days = floor_div(seconds, 86400);
    of_day = seconds - m->days * 86400;
    date_of_days(m->days, &m->year, &m->month, &m->day);
    m->hour = (int)(of_day / 3600);
    m->minute = (int)(of_day / 60 % 60);
    m->second = (int)(of_day % 60);
    m->weekday = (int)(((m->days + 4) % 7 + 7) % 7);
    m->julian = m->days + 40587;
}

static void zone(const struct moment *m, const char *between, char *out, size_t size)
{
    int minutes = m->zone_minutes < 0 ? -m->zone_minutes : m->zone_minutes;

    snprintf(out, size, "%c%02d%s%02d", m->zone_minutes < 0 ? '-' : '+', minutes / 60, between, minutes % 60);
}

#define PART(name) static void part_##name(const struct moment *m, char out[PART_TEXT_MAX])
PART(year)
{
    snprintf(out, PART_TEXT_MAX, "%04lld", (long long)m->year);
}
PART(month)
{
    snprintf(out, PART_TEXT_MAX, "%02d", m->month);
}
PART(day)
{
    snprintf(out, PART_TEXT_MAX, "%02d", m->day);
}
PART(date)
{
    snprintf(out, PART_TEXT_MAX, "%04lld-%02d-%02d", (long long)m->year, m->month, m->day);
}
PART(julian)
{
    snprintf(out, PART_TEXT_MAX, "%lld", (long long)m->julian);
}
PART(hour)
{
    snprintf(out, PART_TEXT_MAX, "%02d", m->hour);
}
PART(minute)
{
    snprintf(out, PART_TEXT_MAX, "%02d", m->minute);
}
PART(second)
{
    snprintf(out, PART_TEXT_MAX, "%02d", m->second);
}
PART(time)
{
    snprintf(out, PART_TEXT_MAX, "%02d:%02d:%02d", m->hour, m->minute, m->second);
}
PART(iso8601)
{
    char offset[16];

    zone(m, ":", offset, sizeof offset);
    snprintf(out, PART_TEXT_MAX, "%04lld-%02d-%02dT%02d:%02d:%02d%s", (long long)m->year, m->month, m->day,
             m->hour, m->minute, m->second, offset);
}
PART(std11)
{
    char text[DATE_TEXT_MAX];

    date_render(text, (struct date){ m->us, m->zone_minutes });
    snprintf(out, PART_TEXT_MAX, "%s", text);
}
PART(zone)
{
    zone(m, "", out, PART_TEXT_MAX);
}
PART(weekday)
{
    snprintf(out, PART_TEXT_MAX, "%d", m->weekday);
}
#undef PART

static const struct part_row {
    const char *name;
    void (*render)(const struct moment *m, char out[PART_TEXT_MAX]);
} part_rows[] = {
    { "year", part_year },       { "month", part_month },   { "day", part_day },
    { "date", part_date },       { "julian", part_julian }, { "hour", part_hour },
    { "minute", part_minute },   { "second", part_second }, { "time", part_time },
    { "iso8601", part_iso8601 }, { "std11", part_std11 },   { "zone", part_zone },
    { "weekday", part_weekday },
};

static const struct part_row *part_find(struct span name)
{
    for (size_t i = 0; i < COUNT_OF(part_rows); i++)
        if (span_equals_nocase(name, part_rows[i].name))
            return &part_rows[i];
    return NULL;
}

/* "+0100": minutes east. */
static bool take_zone(struct span text, int *minutes_out)
{
    uint32_t number;
    bool is_west = span_take_byte(&text, '-');

    if ((!is_west && !span_take_byte(&text, '+')) || span_length(text) != 4 ||
        !span_take_u32(&text, &number) || !span_is_empty(text) || number / 100 > 23 || number % 100 > 59)
        return false;
    *minutes_out = (int)(number / 100 * 60 + number % 100) * (is_west ? -1 : 1);
    return true;
}

static bool check_zone_and_part(struct compiler *compiler, struct op *op, size_t position)
{
    const struct operand *named = op_tag(op, TAG_ZONE);
    int minutes;

    if (named && operand_is_constant(op, named->strings[0]) && !take_zone(named->strings[0], &minutes))
        return compile_error(compiler, op->line, "a zone is written as \"+0100\".");
    if (operand_is_constant(op, op->positions[position].strings[0]) &&
        !part_find(op->positions[position].strings[0]))
        return compile_error(compiler, op->line, "a date has no such part.");
    return check_match(compiler, op);
}

bool check_date(struct compiler *compiler, struct op *op)
{
    return check_mime(compiler, op) && check_zone_and_part(compiler, op, 1);
}

bool check_currentdate(struct compiler *compiler, struct op *op)
{
    return check_zone_and_part(compiler, op, 0);
}

/* The zone of this machine at that time (RFC 5260, 4.1). */
static int local_zone(int64_t us)
{
    time_t seconds = (time_t)floor_div(us, US_PER_S);
    struct tm local;

    return localtime_r(&seconds, &local) ? (int)(local.tm_gmtoff / 60) : 0;
}

static bool set_zone(struct run *run, const struct op *op, struct date *date)
{
    struct span named = run_tag(run, op, TAG_ZONE);

    if (op_has(op, TAG_ORIGINALZONE))
        return true;
    date->zone_minutes = local_zone(date->us);
    return !named.p || take_zone(named, &date->zone_minutes) ||
           run_fail(run, op->line, "a zone is written as \"+0100\"");
}

static bool compare_date(struct run *run, const struct op *op, struct date date, size_t position,
                         bool *is_true)
{
    const struct part_row *row = part_find(run_string(run, op, &op->positions[position]));
    struct list keys = run_strings(run, op, &op->positions[position + 1]), values = { NULL, 0 };
    struct moment moment;
    char text[PART_TEXT_MAX];

    if (!row)
        return run_fail(run, op->line, "a date has no such part");
    if (!set_zone(run, op, &date))
        return false;
    cut(date, &moment);
    row->render(&moment, text);
    list_add(run->scratch, &values, span_text(text));
    return compare_any(run, op, &values, &keys, SETS_VARIABLES, is_true);
}

/* What stands behind the last semicolon: that of Received (RFC 5322, 3.6.7). */
static struct span date_text(struct span value)
{
    for (const char *p = value.end; p > value.p; p--)
        if (p[-1] == ';')
            return (struct span){ p, value.end };
    return value;
}

bool test_currentdate(struct run *run, const struct op *op, bool *is_true)
{
    return compare_date(run, op, (struct date){ run->message->now_us, 0 }, 0, is_true);
}

bool test_date(struct run *run, const struct op *op, bool *is_true)
{
    struct list values = { NULL, 0 }, keys = run_strings(run, op, &op->positions[2]), none = { NULL, 0 };
    struct date date;

    if (!header_values(run, op, run_string(run, op, &op->positions[0]), &values))
        return false;
    if (values.count == 0 || !date_parse(date_text(values.items[0]), &date))
        return compare_any(run, op, &none, &keys, SETS_VARIABLES, is_true);
    return compare_date(run, op, date, 1, is_true);
}
