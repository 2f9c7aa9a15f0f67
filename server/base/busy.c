/* busy.c -- the first line of /proc/stat: user, nice, system, idle, iowait, irq, softirq, steal. */
#include "base/busy.h"

#include <inttypes.h>
#include <stdio.h>

enum { FIELDS = 8, IDLE = 3, IOWAIT = 4 };

struct busy busy_now(void)
{
    struct busy now = { 0 };
    uint64_t ticks[FIELDS];
    FILE *file = fopen("/proc/stat", "re");

    if (!file)
        return now;
    if (fscanf(file,
               "cpu %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64
               " %" SCNu64,
               &ticks[0], &ticks[1], &ticks[2], &ticks[3], &ticks[4], &ticks[5], &ticks[6],
               &ticks[7]) == FIELDS) {
        for (int i = 0; i < FIELDS; i++)
            now.all += ticks[i];
        now.idle = ticks[IDLE] + ticks[IOWAIT];
    }
    fclose(file);
    return now;
}

unsigned busy_percent(struct busy from, struct busy to)
{
    if (to.all <= from.all || to.idle < from.idle || to.idle - from.idle > to.all - from.all)
        return 0;
    return (unsigned)(100 - 100 * (to.idle - from.idle) / (to.all - from.all));
}
