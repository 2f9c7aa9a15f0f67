/*
 * destination.h -- inside this room: what is known of one destination, and how many jobs may run for it now.
 *
 * Pure: no clock and no lock of its own; times are given (clock_now_us()).
 *
 * Threads  under the motor's lock.
 */
#ifndef RUN_DESTINATION_H
#define RUN_DESTINATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct job;

struct destination {
    const char *key;
    bool is_group; /* a storage group of ours */

    struct job *first, **end; /* waiting for a worker */
    size_t job_count;
    bool is_queued; /* in the motor's ring of destinations that have jobs */

    unsigned active; /* jobs with a worker */
    unsigned limit;  /* that may be; adapts between 1 and `limit_max` */
    unsigned limit_max;
    unsigned per_minute;   /* messages; 0: as many as can be */
    int64_t next_start_us; /* not before, for per_minute */
    unsigned failures;     /* in a row: it could not be reached */
    int64_t paused_until_us;
    bool is_slow; /* its last jobs took long */
    int64_t used_us;
};

enum destination_news {
    NEWS_TAKEN,     /* it took a message, or refused it for good: it works */
    NEWS_LATER,     /* it works, and wants less just now (450) */
    NEWS_CLOSES,    /* it closes connections (421): half as many */
    NEWS_UNREACHED, /* nothing could be said to it */
};

enum { DESTINATION_SLOW_US = 5 * 1000000, DESTINATION_FIRST_LIMIT = 5 };

/* Nothing waits, nothing runs, no trouble seen. `key` must live as long. */
void destination_init(struct destination *destination, const char *key, unsigned limit_max);
/* May another job start now? `slow_room`: threads are left for slow ones. */
bool destination_may_start(const struct destination *destination, int64_t now_us, bool slow_room);
/* It is left alone for a while, after trouble. */
bool destination_is_paused(const struct destination *destination, int64_t now_us);
/* A job starts. */
void destination_start(struct destination *destination, int64_t now_us);
/* A job that took `took_us` ended; `pause_us`: of schedule_pause_us() for one more failure. */
void destination_end(struct destination *destination, enum destination_news news, int64_t now_us,
                     int64_t took_us, int64_t pause_us);

#endif
