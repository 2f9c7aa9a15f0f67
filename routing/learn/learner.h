/*
 * learner.h -- works off what users taught: reads the message, tells the scanners, and remembers whom the user knows.
 *
 * One thread of the role that routes mail. A scanner that is away costs nobody anything: its lesson waits and is tried again,
 * a minute later and twice as long each time up to an hour, LEARNER_TRIES_MAX times. A message that is gone meanwhile, or
 * larger than LEARNER_BYTES_MAX, teaches nothing more.
 *
 * Threads  learner_open() and learner_close() by one.
 */
#ifndef LEARN_LEARNER_H
#define LEARN_LEARNER_H

#include "base/err.h"

struct directory;
struct dns;
struct groups;
struct learner;

enum { LEARNER_BYTES_MAX = 4 * 1024 * 1024, LEARNER_TRIES_MAX = 12 };

struct learner_options {
    struct directory *directory;
    struct groups *groups;
    struct dns *dns;       /* for the names of scanners */
    const char *host_name; /* ours, as in Authentication-Results */
};

/* Starts the thread that teaches, under `owner`; copies the options. ERR_INTERNAL: no thread can be had. */
MUST_CHECK bool learner_open(const void *owner, const struct learner_options *options,
                             struct learner **learner_out, struct err *err);
/* Ends within the deadline of one lesson. Accepts and sets NULL. */
void learner_close(struct learner **learner);

#endif
