/* outcome.c -- results of jobs, and the decision whether a row may wait any longer. */
#include "base/clock.h"
#include "run/motor.h"
#include "run/schedule.h"

#include <talloc.h>

#define GROUP_LEAST_US (2 * US_PER_S)
#define GROUP_MOST_US (60 * US_PER_S)

struct result *result_new(struct job *job)
{
    struct result *result = talloc_zero(NULL, struct result);

    result->arena = result;
    result->haul = job->haul;
    atomic_fetch_add(&job->haul->users, 1);
    result->lane = job->lane;
    result->count = job->count;
    result->outcomes = talloc_zero_array(result, struct outcome, (unsigned)job->count + 1);
    for (size_t i = 0; i < job->count; i++) {
        const struct queue_taken *row = job->rows[i];
        result->outcomes[i] = (struct outcome){ .row = row,
                                                .state = RUN_UNTRIED,
                                                .flags = row->recipient.flags,
                                                .connector = job->route.connector_name,
                                                .way = job->route.reason,
                                                .next_try_us = row->recipient.next_try_us };
    }
    return result;
}

int64_t run_pause_us(const struct run *run, bool is_group, unsigned failures)
{
    return is_group ? schedule_pause_us(failures, GROUP_LEAST_US, GROUP_MOST_US)
                    : schedule_pause_us(failures, atomic_load(&run->retry_min_us),
                                        atomic_load(&run->retry_max_us));
}

void outcome_defer(const struct run *run, struct outcome *outcome, int64_t now_us)
{
    const struct queue_message *message = outcome->row->message;

    outcome->was_tried = true;
    if (now_us >= message->expires_us) {
        outcome->state = RUN_EXPIRED;
        return;
    }
    outcome->state = RUN_DEFERRED;
    outcome->next_try_us = now_us + run_pause_us(run, false, outcome->row->attempts + 1);
    if (outcome->next_try_us > message->expires_us)
        outcome->next_try_us = message->expires_us; /* one last time, then it is known */
}

void outcome_keep_together(struct result *result)
{
    struct outcome *first = NULL;

    for (size_t i = 0; i < result->count; i++) {
        struct outcome *outcome = &result->outcomes[i];
        if (outcome->state != RUN_DEFERRED)
            continue;
        if (first && first->row->attempts == outcome->row->attempts)
            outcome->next_try_us = first->next_try_us;
        else
            first = outcome;
    }
}

void outcome_wait_with(struct result *result, const struct destination *d)
{
    for (size_t i = 0; i < result->count; i++) {
        struct outcome *outcome = &result->outcomes[i];
        if (outcome->state == RUN_DEFERRED && outcome->row->attempts + 1 == d->failures &&
            d->paused_until_us < outcome->row->message->expires_us)
            outcome->next_try_us = d->paused_until_us;
    }
}
