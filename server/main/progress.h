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

/* Nothing is shown with `is_quiet`, or where stderr is no terminal. */
void progress_start(struct progress *progress, uint64_t total, bool is_quiet);
/* Draws at most ten times a second. */
void progress_add(struct progress *progress, uint64_t count);
/* Ends the line that was shown. */
void progress_end(struct progress *progress);

#endif
