/*
 * finish.c -- the thread that settles: what ended while one transaction was written goes into the next one. Senders' notices
 * enter the queue in the same transaction; only what was committed is logged and counted.
 */
#include "base/clock.h"
#include "base/crashpoint.h"
#include "base/log.h"
#include "base/metrics.h"
#include "run/motor.h"
#include "run/notice.h"
#include "run/post.h"

#include <talloc.h>
#include <time.h>

enum { ROWS_AT_ONCE = 1000, ROWS_GATHERED = 100, GATHER_MS = 5, PAUSE_MS = 500, LAST_ATTEMPTS = 6 };

static const char *const states[] = { "waiting",  "taken",    "held",    "delivered", "relayed",
                                      "expanded", "deferred", "delayed", "untried",   "failed",
                                      "expired",  "returned", "deleted", "moderated" };
_Static_assert(COUNT_OF(states) == RUN_STATES, "a label for each state");
METRIC_COUNTER_BY(settled, "chappe_queue_settled_total", "Recipients settled, by what became of them",
                  "state", states)
METRIC_COUNTER(lost, "chappe_queue_lost_leases_total",
               "Results that came too late: the row was another's by then")

void run_end_result(struct run *run, struct result *result)
{
    result->next = NULL;
    *run->ended_end = result;
    run->ended_end = &result->next;
    run->ended_rows += result->count;
    if (run->ended_rows >= run->awaited_rows || run->active == 0)
        pthread_cond_signal(&run->has_ended);
}

void run_end_untried(struct run *run, struct job *job)
{
    run_end_result(run, result_new(job));
    haul_leave(job->haul);
}

/* What others are about to end goes along: a transaction costs more than the rows in it. Under the lock. */
static void wait_for_more(struct run *run)
{
    struct timespec until;

    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += GATHER_MS * 1000000L;
    until.tv_sec += until.tv_nsec / 1000000000L;
    until.tv_nsec %= 1000000000L;
    run->awaited_rows = ROWS_GATHERED;
    while (run->active > 0 && run->ended_rows < ROWS_GATHERED && !run->settler_ends &&
           pthread_cond_timedwait(&run->has_ended, &run->lock, &until) == 0)
        ;
    run->awaited_rows = 1;
}

/* Waits for something to settle; NULL at the end. At least one result, else as many as fit. */
static struct result *next_results(struct run *run)
{
    struct result *first, **end;
    size_t rows = 0;

    pthread_mutex_lock(&run->lock);
    while (!run->ended && !run->settler_ends)
        pthread_cond_wait(&run->has_ended, &run->lock);
    wait_for_more(run);
    first = run->ended;
    for (end = &first; *end && (rows == 0 || rows + (*end)->count <= ROWS_AT_ONCE); end = &(*end)->next)
        rows += (*end)->count;
    run->ended = *end;
    *end = NULL;
    if (!run->ended)
        run->ended_end = &run->ended;
    run->ended_rows -= rows;
    pthread_mutex_unlock(&run->lock);
    return first;
}

static struct queue_settlement settlement_of(struct outcome *outcome)
{
    const struct queue_taken *row = outcome->row;

    return (struct queue_settlement){
        .recipient_id = row->recipient_id,
        .message_id = row->message->message_id,
        .lease = row->lease,
        .end = run_state_row(outcome->state)->end,
        .wants_notice =
            outcome->post || notice_is_wanted(outcome) || (outcome->plan && rules_plan_sends(outcome->plan)),
        .hold = outcome->post && outcome->post->is_held ? &outcome->post->hold : NULL,
        .next_try_us = outcome->next_try_us,
        .overdue_us = outcome->state == RUN_DELAYED ? row->message->expires_us : row->recipient.overdue_us,
        .was_warned = row->was_warned || outcome->state == RUN_DELAYED,
        .was_tried = outcome->was_tried,
        .code = outcome->code,
        .enhanced = outcome->enhanced,
        .text = outcome->text,
        .host = outcome->host,
        .flags = outcome->flags,
        .once = outcome->once,
        .what = outcome,
    };
}

static struct queue_settlement *settlements_of(void *arena, struct result *results, size_t *count_out)
{
    struct queue_settlement *list;
    size_t count = 0;

    for (const struct result *r = results; r; r = r->next)
        count += r->count;
    list = talloc_zero_array(arena, struct queue_settlement, (unsigned)count + 1);
    count = 0;
    for (struct result *r = results; r; r = r->next)
        for (size_t i = 0; i < r->count; i++)
            list[count++] = settlement_of(&r->outcomes[i]);
    run_tell(arena, list, count);
    *count_out = count;
    return list;
}

static void log_outcome(const struct outcome *outcome)
{
    const struct queue_taken *row = outcome->row;
    const struct run_state_row *state = run_state_row(outcome->state);
    char name[32];

    snprintf(name, sizeof name, "queue.%s", state->name);
    log_event(outcome->state == RUN_UNTRIED ? LOG_LEVEL_DEBUG : LOG_LEVEL_INFO, name,
              log_text("id", row->message->name), log_text("from", row->message->sender),
              log_text("to", row->recipient.address), log_text("host", outcome->host ? outcome->host : ""),
              log_i64("code", outcome->code),
              log_text("enhanced", outcome->enhanced ? outcome->enhanced : ""),
              log_text("text", outcome->text ? outcome->text : ""),
              log_text("tls", outcome->tls ? outcome->tls : ""),
              log_i64("attempt", (int64_t)row->attempts + (outcome->was_tried ? 1 : 0)),
              log_i64("s", (clock_now_us() - row->message->received_us) / US_PER_S));
}

static void tell(struct run *run, const struct queue_settlement *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct outcome *outcome = list[i].what;
        if (list[i].is_lost) {
            metric_add(&lost, 1);
            log_event(LOG_LEVEL_WARNING, "queue.lost", log_text("id", outcome->row->message->name),
                      log_text("to", outcome->row->recipient.address));
            continue;
        }
        if (outcome->plan)
            rules_done(run->options.rules, outcome->plan, 1);
        metric_add_at(&settled, 1, outcome->state, 0);
        log_outcome(outcome);
    }
}

/* A job's rows may come from several lanes: a smarthost takes those of all domains. */
static bool leave_lanes(struct run *run, const struct result *r)
{
    bool is_short = false;

    for (size_t i = 0; i < r->count; i++) {
        struct lane *lane = run_lane(run, r->outcomes[i].row->recipient.lane);
        lane->loaded--;
        is_short = is_short || (lane->has_more && lane->loaded <= lane->quota / 2);
    }
    return is_short;
}

/* The rows leave the motor's memory. */
static void let_go(struct run *run, struct result *results)
{
    bool is_short = false;

    pthread_mutex_lock(&run->lock);
    for (struct result *r = results, *next; r; r = next) {
        next = r->next;
        run->taken -= r->count;
        is_short = leave_lanes(run, r) || is_short;
        haul_leave(r->haul);
        talloc_free(r->arena);
    }
    pthread_mutex_unlock(&run->lock);
    if (is_short)
        run_wake(run);
}

static void settle(struct run *run, struct result *results)
{
    const struct timespec pause = { .tv_nsec = PAUSE_MS * 1000000L };
    void *arena = talloc_new(NULL);
    size_t count, last = 0;
    struct queue_settlement *list = settlements_of(arena, results, &count);
    struct err err = ERR_INIT;

    /* The leases hold while the motor lives; when it ends, or they do not, what was done may be done again. */
    while (!queue_settle(run->pool, list, count, notice_make_all, run, &err)) {
        log_err(LOG_LEVEL_WARNING, "queue.settle", &err);
        pthread_mutex_lock(&run->lock);
        last += run->settler_ends;
        pthread_mutex_unlock(&run->lock);
        if (last >= LAST_ATTEMPTS)
            break;
        nanosleep(&pause, NULL);
    }
    if (last < LAST_ATTEMPTS)
        tell(run, list, count);
    let_go(run, results);
    talloc_free(arena);
}

void *run_finish(void *argument)
{
    struct run *run = argument;
    struct result *results;

    while ((results = next_results(run)) != NULL)
        settle(run, results);
    return NULL;
}
