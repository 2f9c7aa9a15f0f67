/* schedule.c -- pauses that grow. */
#include "run/schedule.h"

#include "base/digest.h"

enum { JITTER_PARTS = 1024 };

int64_t schedule_pause_us(unsigned attempt, int64_t least_us, int64_t most_us)
{
    int64_t pause_us = least_us;
    uint16_t random;

    for (unsigned i = 1; i < attempt && pause_us < most_us; i++)
        pause_us *= 2;
    if (pause_us > most_us)
        pause_us = most_us;
    random_bytes(&random, sizeof random);
    /* from -1/4 to +1/4 */
    return pause_us - pause_us / 4 + pause_us / 2 / JITTER_PARTS * (random % JITTER_PARTS);
}
