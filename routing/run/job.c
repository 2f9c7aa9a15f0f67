/* job.c -- rows become jobs: each gets its way, and those of one message that go the same way go together. */
#include "base/clock.h"
#include "base/log.h"
#include "directory/resolve.h"
#include "format/address.h"
#include "run/motor.h"
#include "run/post.h"

#include <string.h>
#include <talloc.h>

enum { GROUP_JOBS_MAX = 16, WAIT_S = 15, SOON_S = 300 };

struct haul *haul_new(struct run *run)
{
    struct haul *haul = talloc_zero(NULL, struct haul);

    haul->arena = haul;
    haul->run = run;
    atomic_store(&haul->users, 1);
    return haul;
}

void haul_count(struct haul *haul)
{
    haul->bytes = queue_catch_bytes(haul->catch);
    atomic_fetch_add(&haul->run->held_bytes, haul->bytes);
}

void haul_leave(struct haul *haul)
{
    if (atomic_fetch_sub(&haul->users, 1) != 1)
        return;
    atomic_fetch_sub(&haul->run->held_bytes, haul->bytes);
    talloc_free(haul);
}

struct lane *run_lane(struct run *run, const char *name)
{
    struct lane *lane = g_hash_table_lookup(run->lanes, name);

    if (!lane) {
        lane = talloc_zero(NULL, struct lane);
        lane->name = talloc_strdup(lane, name);
        g_hash_table_insert(run->lanes, (gpointer)(uintptr_t)lane->name, lane);
    }
    return lane;
}

struct destination *run_destination(struct run *run, const char *key, unsigned limit_max)
{
    struct destination *destination = g_hash_table_lookup(run->destinations, key);

    if (!destination) {
        destination = talloc_zero(NULL, struct destination);
        destination_init(destination, talloc_strdup(destination, key), limit_max);
        g_hash_table_insert(run->destinations, (gpointer)(uintptr_t)destination->key, destination);
    }
    destination->limit_max = limit_max;
    return destination;
}

/* ---- the way of a row */

static const char *domain_of(const char *address)
{
    const char *at = strrchr(address, '@');

    return at ? at + 1 : "";
}

static const char *sender_of(const struct queue_taken *row)
{
    return row->recipient.sender ? row->recipient.sender : row->message->sender;
}

/* The mailbox of this address may live elsewhere by now. Where that cannot be told, it is looked for where it was. */
static void follow_mailbox(const struct run *run, struct haul *haul, struct queue_taken *row)
{
    struct queue_recipient *recipient = &row->recipient;
    struct address address;
    struct resolved found;
    struct err err = ERR_INIT;

    if (!run->options.directory || recipient->group_id == 0 ||
        address_parse(haul->arena, span_text(recipient->address), ADDRESS_ACCEPT_UTF8, &address) !=
            ADDRESS_GOOD ||
        !directory_resolve(run->options.directory, haul->arena, address.local, address.domain, &found,
                           &err) ||
        found.kind != RESOLVED_RECIPIENT || found.mailbox.mailbox_id == 0)
        return;
    recipient->group_id = found.mailbox.storage_group_id;
    recipient->mailbox_id = found.mailbox.mailbox_id;
}

static bool find_route(struct run *run, struct haul *haul, const struct queue_taken *row,
                       struct route *route_out, struct err *err)
{
    const struct run_question question = { .message = row->message,
                                           .recipient = &row->recipient,
                                           .sender = sender_of(row),
                                           .domain = row->recipient.group_id
                                                         ? NULL
                                                         : domain_of(row->recipient.address) };

    return run->options.ways.route(run->options.ways.arg, haul->arena, &question, route_out, err);
}

/* Is something written into this copy that is its reader's own? A member's link, or whose mail was sent on. */
static bool row_may_share(const struct queue_taken *first, const struct queue_taken *row)
{
    if (list_copy_is_own(&first->recipient) || list_copy_is_own(&row->recipient))
        return false;
    return strcmp(first->recipient.why, "redirect") == 0 || strcmp(row->recipient.why, "redirect") == 0
               ? strcmp(first->recipient.asked, row->recipient.asked) == 0
               : true;
}

static bool job_fits(const struct job *job, const struct queue_taken *row, const struct destination *to)
{
    return job->destination == to && job->message == row->message && job->count < RUN_RECIPIENTS_MAX &&
           strcmp(job->sender, sender_of(row)) == 0 && row_may_share(job->rows[0], row);
}

/* The jobs made of this haul, newest first: rows of one message stand side by side, so few are looked at. */
struct jobs {
    struct job *first;
    size_t count;
};
enum { LOOKED_AT = 16 };

static struct job *job_for(struct haul *haul, struct jobs *jobs, const struct queue_taken *row,
                           struct destination *to, struct lane *lane)
{
    struct job *job = jobs->first;

    for (int i = 0; i < LOOKED_AT && job; i++, job = job->next)
        if (job_fits(job, row, to))
            return job;
    job = talloc_zero(haul->arena, struct job);
    *job = (struct job){ .next = jobs->first,
                         .haul = haul,
                         .lane = lane,
                         .destination = to,
                         .sender = sender_of(row),
                         .message = row->message };
    jobs->first = job;
    jobs->count++;
    return job;
}

static void add_row(struct job *job, const struct queue_taken *row)
{
    if (job->count == job->capacity) {
        job->capacity = job->capacity ? job->capacity * 2 : 4;
        job->rows = talloc_realloc(job, job->rows, const struct queue_taken *, (unsigned)job->capacity);
    }
    job->rows[job->count++] = row;
}

static struct destination *destination_of(struct run *run, const struct route *route)
{
    unsigned most = run->options.per_destination;

    if (route->connections_max > 0 && route->connections_max < most)
        most = route->connections_max;
    struct destination *to = run_destination(run, route->destination, most);
    to->per_minute = route->messages_per_minute;
    return to;
}

static struct destination *destination_of_group(struct run *run, const struct queue_taken *row)
{
    char *key = queue_group_lane(NULL, row->recipient.group_id);
    struct destination *to = run_destination(run, key, GROUP_JOBS_MAX);

    talloc_free(key);
    return to;
}

/* ---- rows that have no way */

static struct result *result_of_row(struct haul *haul, struct lane *lane, const struct queue_taken *row)
{
    struct job *job = talloc_zero(haul->arena, struct job);

    *job = (struct job){ .haul = haul, .lane = lane, .message = row->message };
    add_row(job, row);
    return result_new(job);
}

/* When a way that is closed is looked for again. One that opens within minutes is a link that failed: it may be up before that is
 * forgotten. */
static int64_t opening_of(const struct route *route, int64_t now_us)
{
    int64_t wait_us = route->opens_us - now_us;
    bool is_soon = wait_us <= SOON_S * US_PER_S;

    return is_soon && (wait_us <= 0 || wait_us > WAIT_S * US_PER_S) ? now_us + WAIT_S * US_PER_S
                                                                    : route->opens_us;
}

static void end_without_way(struct run *run, struct haul *haul, struct lane *lane,
                            const struct queue_taken *row, const struct route *route)
{
    struct result *result = result_of_row(haul, lane, row);
    struct outcome *outcome = &result->outcomes[0];
    int64_t now_us = clock_now_us();

    outcome->text = talloc_strdup(result->arena, route->reason ? route->reason : "There is no way open.");
    if (route->kind == ROUTE_NONE) {
        outcome->state = RUN_FAILED;
        outcome->enhanced = "5.4.4";
    } else {
        outcome->enhanced = "4.4.4";
        outcome_defer(run, outcome, now_us);
        outcome->was_tried = false;
        if (outcome->state == RUN_DEFERRED)
            outcome->next_try_us = opening_of(route, now_us);
    }
    run_end_result(run, result);
}

/* The rest of a lane whose ways are all closed need not be looked at until then. */
static void close_lane(struct run *run, struct lane *lane, const struct route *route)
{
    char *key = talloc_asprintf(NULL, "closed %s", lane->name);
    struct destination *to = run_destination(run, key, 1);
    int64_t now_us = clock_now_us();

    to->paused_until_us = opening_of(route, now_us);
    lane->destination = to;
    talloc_free(key);
}

static void trouble(struct run *run, struct haul *haul, struct lane *lane, const struct queue_taken *row,
                    const struct err *err)
{
    struct result *result = result_of_row(haul, lane, row);

    log_err(LOG_LEVEL_WARNING, "queue.route", err);
    result->outcomes[0].enhanced = "4.3.0";
    result->outcomes[0].text = talloc_strdup(result->arena, err->user);
    outcome_defer(run, &result->outcomes[0], clock_now_us());
    result->outcomes[0].was_tried = false;
    run_end_result(run, result);
}

/* ---- putting them where they belong */

static void sort_row(struct run *run, struct haul *haul, struct jobs *jobs, struct queue_taken *row)
{
    struct err err = ERR_INIT;

    follow_mailbox(run, haul, row);
    struct route route = { .kind = ROUTE_KINDS };
    bool is_post = (row->recipient.flags & QUEUE_IS_POST) != 0;
    bool has_route = is_post || find_route(run, haul, row, &route, &err);
    bool is_group = has_route && route.kind == ROUTE_STORE;

    pthread_mutex_lock(&run->lock);
    struct lane *lane = run_lane(run, row->recipient.lane);
    lane->loaded++;
    run->taken++;
    if (!has_route) {
        trouble(run, haul, lane, row, &err);
    } else if (route.kind == ROUTE_NONE || route.kind == ROUTE_WAIT) {
        if (route.kind == ROUTE_WAIT && !lane->destination)
            close_lane(run, lane, &route);
        end_without_way(run, haul, lane, row, &route);
    } else {
        struct destination *to = is_post    ? run_destination(run, row->recipient.lane, GROUP_JOBS_MAX)
                                 : is_group ? destination_of_group(run, row)
                                            : destination_of(run, &route);
        struct job *job = job_for(haul, jobs, row, to, lane);
        to->is_group = job->is_group = is_group;
        job->is_post = is_post;
        job->route = route;
        lane->destination = to;
        add_row(job, row);
    }
    pthread_mutex_unlock(&run->lock);
}

static void queue_job(struct run *run, struct job *job)
{
    struct destination *to = job->destination;

    atomic_fetch_add(&job->haul->users, 1);
    job->next = NULL;
    *to->end = job;
    to->end = &job->next;
    to->job_count++;
    run->job_count++;
    if (!to->is_queued)
        g_queue_push_tail(&run->ring, to);
    to->is_queued = true;
}

/* Jobs were made newest first; the oldest goes first. */
static struct job *reversed(struct job *job)
{
    struct job *done = NULL;

    while (job) {
        struct job *next = job->next;
        job->next = done;
        done = job;
        job = next;
    }
    return done;
}

void run_add_jobs(struct run *run, struct haul *haul)
{
    struct jobs jobs = { .first = NULL };
    size_t wakes;

    for (size_t i = 0; i < queue_catch_count(haul->catch); i++)
        sort_row(run, haul, &jobs, queue_catch_row(haul->catch, i));
    pthread_mutex_lock(&run->lock);
    for (struct job *job = reversed(jobs.first), *next; job; job = next) {
        next = job->next;
        queue_job(run, job);
    }
    wakes = run_want_workers(run, jobs.count);
    pthread_mutex_unlock(&run->lock);
    while (wakes-- > 0)
        pthread_cond_signal(&run->work);
}

void run_release(struct run *run, struct destination *destination)
{
    while (destination->first) {
        struct job *job = destination->first;
        destination->first = job->next;
        destination->job_count--;
        run->job_count--;
        run_end_untried(run, job);
    }
    destination->end = &destination->first;
}
