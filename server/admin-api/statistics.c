/* statistics.c -- what is looked at and not changed: how much happened when, for charts. */
#include "directory/statistic.h"

#include "admin_api/call.h"
#include "base/clock.h"

#include <stdlib.h>
#include <string.h>
#include <talloc.h>

enum { STANDARD_HOURS = 24, MOST_HOURS = 24 * STATISTIC_DAYS, SLOTS = 144 };

static const char *const names[] = {
    "received",
    "delivered",
    "sent",
    "refused",
    "logins",
    "logins-imap",
    "logins-pop3",
    "logins-smtp",
    "logins-web",
    "logins-other",
    "failed-logins",
    "failed-logins-imap",
    "failed-logins-pop3",
    "failed-logins-smtp",
    "failed-logins-web",
    "failed-logins-other",
    STATISTIC_QUEUE,
};

static bool read_hours(const struct admin_call *call, int64_t *hours_out, struct err *err)
{
    const char *text = http_query(call->request, "hours");
    char *end;

    *hours_out = text ? strtoll(text, &end, 10) : STANDARD_HOURS;
    if (text && (*end || *hours_out < 1 || *hours_out > MOST_HOURS))
        return err_set(err, ERR_INVALID, "The hours are a number from 1 to %d.", MOST_HOURS);
    return true;
}

static json_t *series_json(const char *name, const struct statistic_point *points, size_t count, size_t slots)
{
    json_t *values = json_array();

    for (size_t i = 0; i < slots; i++)
        json_array_append_new(values, json_integer(0));
    for (size_t i = 0; i < count; i++)
        if (strcmp(points[i].name, name) == 0 && points[i].slot >= 0 && (size_t)points[i].slot < slots)
            json_array_set_new(values, (size_t)points[i].slot, json_integer(points[i].value));
    return json_pack("{s:s, s:o}", "name", name, "values", values);
}

bool statistics_get(struct admin_call *call, struct err *err)
{
    int64_t hours, step_us = STATISTIC_STEP_S * US_PER_S, now_us = clock_now_us(), from_us;
    struct statistic_point *points;
    size_t count, slots;
    json_t *series;

    if (!read_hours(call, &hours, err))
        return false;
    while (hours * 3600 * US_PER_S / step_us > SLOTS)
        step_us += STATISTIC_STEP_S * US_PER_S;
    slots = (size_t)((hours * 3600 * US_PER_S + step_us - 1) / step_us);
    from_us = now_us - now_us % (STATISTIC_STEP_S * US_PER_S) + STATISTIC_STEP_S * US_PER_S -
              (int64_t)slots * step_us;
    if (!statistic_read(call->api->options.directory, call->arena, from_us, step_us, &points, &count, err))
        return false;
    series = json_array();
    for (size_t i = 0; i < COUNT_OF(names); i++)
        json_array_append_new(series, series_json(names[i], points, count, slots));
    return call_answer(call, json_pack("{s:o, s:I, s:o}", "from", json_time(from_us), "step",
                                       (json_int_t)(step_us / US_PER_S), "series", series));
}
