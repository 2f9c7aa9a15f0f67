/* destination.c -- concurrency that adapts, and pauses. */
#include "run/destination.h"

void destination_init(struct destination *d, const char *key, unsigned limit_max)
{
    *d = (struct destination){ .key = key, .limit_max = limit_max };
    d->limit = limit_max < DESTINATION_FIRST_LIMIT ? limit_max : DESTINATION_FIRST_LIMIT;
    d->end = &d->first;
}

bool destination_is_paused(const struct destination *d, int64_t now_us)
{
    return d->paused_until_us > now_us;
}

/* After a failure one attempt alone shows whether it is back. */
static unsigned limit_now(const struct destination *d)
{
    unsigned limit = d->limit < d->limit_max ? d->limit : d->limit_max;

    return d->failures > 0 ? 1 : limit;
}

bool destination_may_start(const struct destination *d, int64_t now_us, bool slow_room)
{
    return d->job_count > 0 && !destination_is_paused(d, now_us) && d->active < limit_now(d) &&
           (!d->is_slow || slow_room) && (d->per_minute == 0 || d->next_start_us <= now_us);
}

void destination_start(struct destination *d, int64_t now_us)
{
    d->active++;
    d->used_us = now_us;
    if (d->per_minute > 0)
        d->next_start_us = (d->next_start_us > now_us ? d->next_start_us : now_us) + 60000000 / d->per_minute;
}

static void lower(struct destination *d, unsigned limit)
{
    d->limit = limit > 0 ? limit : 1;
}

void destination_end(struct destination *d, enum destination_news news, int64_t now_us, int64_t took_us,
                     int64_t pause_us)
{
    d->active--;
    d->used_us = now_us;
    d->is_slow = took_us > DESTINATION_SLOW_US;
    switch (news) {
    case NEWS_TAKEN:
        d->failures = 0;
        if (d->limit < d->limit_max)
            d->limit++;
        break;
    case NEWS_LATER:
        d->failures = 0;
        lower(d, d->limit - 1);
        break;
    case NEWS_CLOSES:
        lower(d, d->limit / 2);
        if (d->active > 0)
            break; /* others are being served */
        d->failures++;
        d->paused_until_us = now_us + pause_us;
        break;
    case NEWS_UNREACHED:
        lower(d, d->limit / 2);
        if (destination_is_paused(d, now_us))
            break; /* several failed together: that is one failure */
        d->failures++;
        d->paused_until_us = now_us + pause_us;
        break;
    }
}
