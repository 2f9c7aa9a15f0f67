/*
 * breaker.h -- the way to one scanner: so many at once, and nobody while it is down.
 *
 * After BREAKER_FAILURES failures in a row the breaker is shut for BREAKER_SHUT_S: whoever comes is turned away at once, but for
 * one at a time that tries. So a scanner that hangs costs a deadline three times and not for each message.
 *
 * Threads  all functions may be called from any thread; breaker_enter() waits for room until its deadline.
 */
#ifndef FILTER_BREAKER_H
#define FILTER_BREAKER_H

#include "base/err.h"

#include <pthread.h>
#include <stdint.h>

enum { BREAKER_FAILURES = 3, BREAKER_SHUT_S = 5, BREAKER_PLACES = 16 };

struct breaker {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    unsigned in_use, failures;
    bool is_tried;
    int64_t shut_until_us;
};

/* Closed, with all its places free. breaker_end() must follow. */
void breaker_init(struct breaker *breaker);
/* Nobody is in it or waits. */
void breaker_end(struct breaker *breaker);
/* ERR_BUSY: shut, or no place until the deadline. After true breaker_leave() must follow. */
MUST_CHECK bool breaker_enter(struct breaker *breaker, const char *name, int64_t deadline_us,
                              struct err *err);
/* Gives the place back, and says whether the scanner answered: BREAKER_FAILURES in a row without shut it for
 * BREAKER_SHUT_S. */
void breaker_leave(struct breaker *breaker, bool was_good);

#endif
