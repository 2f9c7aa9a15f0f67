/*
 * housekeeping.h -- what a storage group needs from time to time, as a table of jobs.
 *
 * The housekeeping role runs each job for each group when its period has passed, one at a time per group.
 * Every job works in short transactions, may be stopped between them, and continues where it was at its next turn;
 * several machines may run the same job at once.
 */
#ifndef MAILBOX_HOUSEKEEPING_H
#define MAILBOX_HOUSEKEEPING_H

#include "group/group.h"

struct housekeeping_job {
    const char *name; /* "search-index": for logs and metrics */
    unsigned period_s;
    /* Does at most some seconds of work; *is_done_out false: there is more, call again soon. */
    bool (*run)(struct group *group, bool *is_done_out, struct err *err);
};

extern const struct housekeeping_job housekeeping_jobs[];
extern const size_t housekeeping_job_count;

#endif
