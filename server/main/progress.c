/* progress.c -- the bar. */
#include "main/progress.h"

#include "base/clock.h"

#include <stdio.h>
#include <unistd.h>

enum { WIDTH = 40, REDRAW_US = 100000 };

static void draw(const struct progress *p)
{
    int filled = p->total ? (int)(p->done * WIDTH / p->total) : WIDTH;
    int64_t gone_us = clock_monotonic_us() - p->started_us;
    long rate = gone_us > 0 ? (long)((int64_t)p->done * US_PER_S / gone_us) : 0;

    fprintf(stderr, "\r[");
    for (int i = 0; i < WIDTH; i++)
        fputc(i < filled ? '#' : '.', stderr);
    fprintf(stderr, "] %llu/%llu, %ld/s ", (unsigned long long)p->done, (unsigned long long)p->total, rate);
    fflush(stderr);
}

void progress_start(struct progress *progress, uint64_t total, bool is_quiet)
{
    *progress = (struct progress){ .total = total,
                                   .started_us = clock_monotonic_us(),
                                   .is_silent = is_quiet || !isatty(STDERR_FILENO) };
}

void progress_add(struct progress *progress, uint64_t count)
{
    int64_t now_us = clock_monotonic_us();

    progress->done += count;
    if (progress->is_silent || now_us - progress->drawn_us < REDRAW_US)
        return;
    progress->drawn_us = now_us;
    draw(progress);
}

void progress_end(struct progress *progress)
{
    if (progress->is_silent)
        return;
    draw(progress);
    fputc('\n', stderr);
}
