/*
 * busy.h -- how busy the machine is with other work, so that work that can wait does.
 *
 * Threads  a struct busy belongs to one thread.
 */
#ifndef BASE_BUSY_H
#define BASE_BUSY_H

#include <stdint.h>

/* Ticks of all processors together, as the kernel counts them since it started. */
struct busy {
    uint64_t all, idle;
};

/* Now; zeros where the system does not tell. */
struct busy busy_now(void);
/* How much of the processors was in use between the two moments: 0 .. 100; 0 where it cannot be told. */
unsigned busy_percent(struct busy from, struct busy to);

#endif
