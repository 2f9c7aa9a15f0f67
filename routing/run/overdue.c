/* overdue.c -- delays and ends, whether or not anybody tried. */
#include "run/overdue.h"

#include "base/clock.h"

#include <talloc.h>

enum { AT_ONCE = 500 };

/* What is known of the last attempt goes into the notice. */
static void repeat_last(struct outcome *outcome)
{
    const struct queue_taken *row = outcome->row;

    outcome->code = row->last_code;
    outcome->enhanced = *row->last_enhanced ? row->last_enhanced : "4.4.1";
    outcome->text = row->last_text;
    outcome->host = row->last_host;
}

static void judge(struct outcome *outcome, int64_t now_us)
{
    const struct queue_message *message = outcome->row->message;

    repeat_last(outcome);
    outcome->state = outcome->row->recipient.flags & QUEUE_IS_RETURNED ? RUN_RETURNED
                     : now_us >= message->expires_us                   ? RUN_EXPIRED
                                                                       : RUN_DELAYED;
    outcome->was_tried = false;
    outcome->next_try_us = outcome->row->recipient.next_try_us;
}

/* Under the lock. */
static void add(struct run *run, struct haul *haul, const struct queue_taken *row, int64_t now_us)
{
    struct job job = { .haul = haul, .message = row->message, .rows = &row, .count = 1 };

    job.lane = run_lane(run, row->recipient.lane);
    job.lane->loaded++;
    run->taken++;
    struct result *result = result_new(&job);
    judge(&result->outcomes[0], now_us);
    run_end_result(run, result);
}

bool run_look_overdue(struct run *run, int64_t motor_id, struct err *err)
{
    int64_t now_us = clock_now_us();
    size_t count = AT_ONCE;

    if (now_us < run->next_overdue_us)
        return true;
    run->next_overdue_us = now_us + US_PER_S;
    struct haul *haul = haul_new(run);
    bool done = queue_take_overdue(run->pool, haul->arena, motor_id, queue_lease_new(motor_id), AT_ONCE,
                                   now_us, &haul->catch, err);
    if (done) {
        count = queue_catch_count(haul->catch);
        /* together: the recipients of one message are told of in one notice */
        pthread_mutex_lock(&run->lock);
        for (size_t i = 0; i < count; i++)
            add(run, haul, queue_catch_row(haul->catch, i), now_us);
        pthread_mutex_unlock(&run->lock);
        if (count == AT_ONCE)
            run->next_overdue_us = now_us; /* there are more */
    }
    haul_leave(haul);
    return done;
}
