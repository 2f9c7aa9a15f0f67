/*
 * progress.h -- a bar on a terminal; nothing where standard error is none.
 */
#ifndef MAIN_PROGRESS_H
#define MAIN_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress {
    uint64_t total, done;
    int64_t started_us, drawn_us;
    bool is_silent;
};

void progress_start(struct progress *progress, uint64_t total, bool is_quiet);
/* Draws at most ten times a second. */
void progress_add(struct progress *progress, uint64_t count);
void progress_end(struct progress *progress);

#endif
