/*
 * posted.h -- who has taken which report by HTTPS, as far as this process remembers: those are left alone while another one, who is
 * to get it too, is tried again.
 *
 * Starts as zeros; only the newest POSTED_MAX are remembered. Whoever is forgotten gets the report once more, under the same number.
 *
 * Threads  one at a time.
 */
#ifndef REPORT_POSTED_H
#define REPORT_POSTED_H

#include <stdbool.h>
#include <stddef.h>

enum { POSTED_MAX = 200 };

struct posted {
    char *keys[POSTED_MAX];
    size_t next;
};

/* Has `url` taken the report of this number? */
bool posted_has(const struct posted *posted, const char *number, const char *url);
/* It has. Remembered under `owner`, which outlives `posted`. */
void posted_add(struct posted *posted, const void *owner, const char *number, const char *url);

#endif
