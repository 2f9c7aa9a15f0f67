/*
 * run.h -- one run, whole; and staying connected. For this room only.
 */
#ifndef SYNC_RUN_H
#define SYNC_RUN_H

#include "sync/worker.h"

struct running_source {
    const struct sync_options *options;
    int64_t source_id;
    bool (*goes_on)(void *arg);
    void *arg;
    bool lacks_sync; /* as in struct reading; found out by run_live() */
};

/* Does the run and records its end; what went wrong is in the record, too, and false. */
MUST_CHECK bool run_once(struct running_source *running, const struct source_use *use, struct source_run *run,
                         struct err *err);
/* Stays connected to a server that tells by itself, until `is_wanted` says no. *is_able false: this server does not, or nothing has
 * been read yet. */
MUST_CHECK bool run_live(struct running_source *running, const struct source_use *use,
                         bool (*is_wanted)(void *arg), void *arg, bool *is_able, struct err *err);

#endif
