/*
 * clock.h -- the two clocks. Dates are int64 microseconds since 1970, UTC; what must not jump
 * (deadlines, retry, leases inside one process) uses the monotonic one.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

#define US_PER_S INT64_C(1000000)

/* Wall clock, microseconds since 1970-01-01T00:00:00Z. */
int64_t clock_now_us(void);
/* Microseconds since some point in the past; never goes back. */
int64_t clock_monotonic_us(void);

#endif
