/*
 * find.c -- the thread that finds work: lanes in a ring, those of them that have something due and may get more, and of these
 * rows under one lease.
 */
#include "base/clock.h"
#include "base/crashpoint.h"
#include "base/log.h"
#include "base/metrics.h"
#include "run/motor.h"
#include "run/overdue.h"

#include <talloc.h>
#include <time.h>

enum {
    LANES_AT_ONCE = 256,
    LANES_A_TURN = 4096, /* then the others get their turn first */
    WISHES_AT_ONCE = 64,
    ROWS_AT_ONCE = 2000,
    LANE_FIRST = 100, /* rows that a lane may have in memory, at first, */
    LANE_LEAST = 10,
    LANE_MOST = RUN_RECIPIENTS_MAX,
    LANE_PROBE = 50, /* while its destination is known to be away */
    LANES_KEPT = 10000,
    HELD_MOST = 64 << 20,
    GATHER_MS = 8, /* in a stream of messages, what comes in this time is taken together */
};
#define POLL_US US_PER_S
#define QUICK_US (5 * US_PER_S)
#define STREAM_US (US_PER_S / 20) /* what comes so soon after the last one belongs to a stream */

METRIC_COUNTER(rows_taken, "chappe_queue_taken_total", "Rows of the queue taken under a lease")
METRIC_GAUGE(lanes_seen, "chappe_queue_lanes",
             "Lanes (domains and storage groups) that have something waiting")

struct turn {
    struct run *run;
    void *arena;
    int64_t now_us, motor_id;
    struct queue_wish wishes[WISHES_AT_ONCE];
    size_t wish_count, wished;
    int64_t next_us; /* when the first lane that was seen is due */
    bool took;
};

/* What a lane may get now. Under the lock. */
static size_t wish_of(struct turn *turn, const struct queue_lane *found)
{
    struct lane *lane = run_lane(turn->run, found->name);
    bool is_urgent = found->next_try_us == 0;

    if (lane->quota == 0)
        lane->quota = LANE_FIRST;
    if (is_urgent && lane->destination)
        lane->destination->paused_until_us = 0;
    if (lane->destination && destination_is_paused(lane->destination, turn->now_us)) {
        if (lane->destination->paused_until_us < turn->next_us)
            turn->next_us = lane->destination->paused_until_us;
        return 0;
    }
    size_t quota = lane->destination && lane->destination->failures > 0 ? LANE_PROBE : lane->quota;
    if (lane->loaded > quota / 2)
        return 0;
    return quota - lane->loaded;
}

/* Lanes that got rid of what they had within some seconds may have more the next time. Under the lock. */
static void learn(struct turn *turn, const char *name, size_t got, size_t wished)
{
    struct lane *lane = run_lane(turn->run, name);

    if (lane->taken_us > 0 && turn->now_us - lane->taken_us > QUICK_US && lane->has_more)
        lane->quota = lane->quota / 2 > LANE_LEAST ? lane->quota / 2 : LANE_LEAST;
    else if (got >= wished)
        lane->quota = lane->quota * 2 < LANE_MOST ? lane->quota * 2 : LANE_MOST;
    lane->taken_us = turn->now_us;
    lane->has_more = got >= wished;
}

static void count_haul(struct turn *turn, const struct haul *haul)
{
    struct run *run = turn->run;
    size_t count = queue_catch_count(haul->catch), got[WISHES_AT_ONCE] = { 0 };

    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < turn->wish_count; k++)
            if (strcmp(queue_catch_row(haul->catch, i)->recipient.lane, turn->wishes[k].lane) == 0)
                got[k]++;
    pthread_mutex_lock(&run->lock);
    for (size_t k = 0; k < turn->wish_count; k++)
        learn(turn, turn->wishes[k].lane, got[k], turn->wishes[k].most);
    pthread_mutex_unlock(&run->lock);
}

/* What comes along may fill so much; other messages are read when their turn comes. */
static size_t bytes_left(struct run *run)
{
    size_t held = atomic_load(&run->held_bytes);

    return held < HELD_MOST ? HELD_MOST - held : 0;
}

static bool take(struct turn *turn, struct err *err)
{
    struct run *run = turn->run;
    struct haul *haul;

    if (turn->wish_count == 0)
        return true;
    haul = haul_new(run);
    if (!queue_take(run->pool, haul->arena, turn->motor_id, queue_lease_new(turn->motor_id), turn->wishes,
                    turn->wish_count, bytes_left(run), turn->now_us, &haul->catch, err)) {
        haul_leave(haul);
        return false;
    }
    haul_count(haul);
    CRASHPOINT("run.taken");
    metric_add(&rows_taken, (int64_t)queue_catch_count(haul->catch));
    turn->took = turn->took || queue_catch_count(haul->catch) > 0;
    count_haul(turn, haul);
    run_add_jobs(run, haul);
    haul_leave(haul);
    turn->wish_count = turn->wished = 0;
    return true;
}

static bool has_room(struct turn *turn)
{
    struct run *run = turn->run;

    pthread_mutex_lock(&run->lock);
    bool has = run->taken + turn->wished + LANE_MOST <= RUN_TAKEN_MAX && run_is_alive(run);
    turn->motor_id = run->motor_id;
    pthread_mutex_unlock(&run->lock);
    return has;
}

/* The lane's rows that are due go on the list of wishes; a full list is taken. */
static bool look_at(struct turn *turn, const struct queue_lane *found, struct err *err)
{
    const struct run_ways *ways = &turn->run->options.ways;
    size_t most;

    if (ways->owns && !ways->owns(ways->arg, found->name))
        return true;
    if (found->next_try_us > turn->now_us) {
        if (found->next_try_us < turn->next_us)
            turn->next_us = found->next_try_us;
        return true;
    }
    pthread_mutex_lock(&turn->run->lock);
    most = wish_of(turn, found);
    pthread_mutex_unlock(&turn->run->lock);
    if (most == 0)
        return true;
    turn->wishes[turn->wish_count++] = (struct queue_wish){ found->name, most };
    turn->wished += most;
    return (turn->wish_count < WISHES_AT_ONCE && turn->wished < ROWS_AT_ONCE) || take(turn, err);
}

/* Goes on around the ring from *cursor_io; "" where it was closed. */
static bool go_round(struct turn *turn, char **cursor_io, struct err *err)
{
    size_t seen = 0, count = LANES_AT_ONCE;

    while (count == LANES_AT_ONCE && seen < LANES_A_TURN && has_room(turn)) {
        struct queue_lane *lanes;
        if (!queue_lanes(turn->run->pool, turn->arena, *cursor_io, LANES_AT_ONCE, &lanes, &count, err))
            return false;
        for (size_t i = 0; i < count; i++)
            if (!look_at(turn, &lanes[i], err))
                return false;
        if (!take(turn, err))
            return false;
        seen += count;
        talloc_free(*cursor_io);
        *cursor_io = talloc_strdup(NULL, count == LANES_AT_ONCE ? lanes[count - 1].name : "");
    }
    metric_set(&lanes_seen, (int64_t)seen);
    return true;
}

/* Lanes and destinations of which nothing is known any more that is worth its memory. Under the lock. */
static gboolean lane_is_old(gpointer key, gpointer value, gpointer argument)
{
    const struct lane *lane = value;

    (void)key;
    (void)argument;
    if (lane->loaded > 0 || (lane->destination && lane->destination->failures > 0))
        return FALSE;
    talloc_free(value);
    return TRUE;
}

static void forget(struct run *run)
{
    pthread_mutex_lock(&run->lock);
    if (g_hash_table_size(run->lanes) > LANES_KEPT)
        g_hash_table_foreach_remove(run->lanes, lane_is_old, NULL);
    pthread_mutex_unlock(&run->lock);
}

/* Until something comes, ends, or is due. */
static bool rest(struct run *run, int64_t until_us)
{
    int64_t wait_us = until_us - clock_now_us();
    struct timespec until;

    if (wait_us > POLL_US)
        wait_us = POLL_US;
    if (wait_us < 1000)
        wait_us = 1000;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += wait_us * 1000;
    until.tv_sec += until.tv_nsec / 1000000000L;
    until.tv_nsec %= 1000000000L;
    sem_clockwait(&run->came, CLOCK_MONOTONIC, &until);
    pthread_mutex_lock(&run->lock);
    bool goes_on = !run->is_ending;
    pthread_mutex_unlock(&run->lock);
    return goes_on;
}

/* A message alone is looked for as soon as it is there; in a stream those that come in a moment go along, for a question costs more
 * than the rows in it. */
static void let_gather(struct run *run, int64_t took_us)
{
    pthread_mutex_lock(&run->lock);
    bool is_busy = run->active > 0 || run->job_count > 0;
    pthread_mutex_unlock(&run->lock);
    if (is_busy || clock_monotonic_us() - took_us < STREAM_US)
        nanosleep(&(struct timespec){ .tv_nsec = GATHER_MS * 1000000L }, NULL);
}

void *run_find(void *argument)
{
    struct run *run = argument;
    char *cursor = talloc_strdup(NULL, "");
    int64_t next_us = 0, took_us = INT64_MIN / 2;

    while (rest(run, next_us)) {
        let_gather(run, took_us);
        struct turn turn = { .run = run, .arena = talloc_new(NULL), .now_us = clock_now_us() };
        struct err err = ERR_INIT;
        turn.next_us = turn.now_us + POLL_US;
        if (has_room(&turn) &&
            (!go_round(&turn, &cursor, &err) || !run_look_overdue(run, turn.motor_id, &err)))
            log_err(LOG_LEVEL_WARNING, "queue.find", &err);
        next_us = *cursor ? 0 : turn.next_us;
        if (turn.took)
            took_us = clock_monotonic_us();
        talloc_free(turn.arena);
        forget(run);
    }
    talloc_free(cursor);
    return NULL;
}
