/*
 * statistic.h -- how much happened when: what the roles count, kept by steps of five minutes for a month, for charts.
 *
 * A series is a name of the program's ("received"); every server adds what it counted. The queue is the database's, not a server's: of
 * it the most that was seen in a step is kept. The table is bounded: names, servers, steps, days.
 *
 * Errors   ERR_BUSY.
 * Threads  all functions may be called from any thread.
 */
#ifndef DIRECTORY_STATISTIC_H
#define DIRECTORY_STATISTIC_H

#include "directory/directory.h"

#define STATISTIC_QUEUE "queue"
enum { STATISTIC_STEP_S = 300, STATISTIC_DAYS = 31 };

struct statistic {
    const char *name;
    int64_t value; /* more than before; of STATISTIC_QUEUE, how many there are */
};

/* Into the step of `now_us`. One statement. */
MUST_CHECK bool statistic_add(struct directory *directory, const char *server, int64_t now_us,
                              const struct statistic *values, size_t count, struct err *err);

struct statistic_point {
    const char *name;
    int64_t slot; /* since from_us, in steps of step_us */
    int64_t value;
};
/* What all servers counted since `from_us`, by name and slot; slots in which nothing was counted are left out. */
MUST_CHECK bool statistic_read(struct directory *directory, const void *owner, int64_t from_us,
                               int64_t step_us, struct statistic_point **points_out, size_t *count_out,
                               struct err *err);

/* Removes what is older than STATISTIC_DAYS; for housekeeping. */
MUST_CHECK bool statistic_tidy(struct directory *directory, int64_t now_us, uint64_t *removed_out,
                               struct err *err);

#endif
