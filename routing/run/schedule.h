/*
 * schedule.h -- when something is tried again: growth and jitter.
 *
 * Threads  pure but for the jitter; any thread.
 */
#ifndef RUN_SCHEDULE_H
#define RUN_SCHEDULE_H

#include <stdint.h>

/* The pause behind the attempt with this number (1: the first): `least_us`, doubled each time up to `most_us`, and moved by up
 * to a quarter either way, so that what failed together does not come back together. Never above `most_us` and a quarter. */
int64_t schedule_pause_us(unsigned attempt, int64_t least_us, int64_t most_us);

#endif
