/*
 * worker.h -- keeps recipients in step with company directories: one thread a source, so that one that hangs holds up no other.
 *
 * A thread does what was asked for (source_run_ask()), then what is due, and else stays connected where the server tells of changes by
 * itself. Where several servers of the installation run the role, one of them has a source at a time (source_lease()).
 */
#ifndef SYNC_WORKER_H
#define SYNC_WORKER_H

#include "directory/reconcile.h"

enum { SYNC_SOURCES_MAX = 100 };

struct sync_options {
    struct directory *directory; /* must live longer */
    struct sources *sources;     /* must live longer */
    const char *server;          /* of the installation; names the lease */
    /* as in directory/reconcile.h */
    bool (*make_mailboxes)(void *arg, const struct user *users, size_t count, struct err *err);
    bool (*drop_mailbox)(void *arg, const struct user *user, struct err *err);
    void *arg;
};

struct sync_worker;
/* Under `owner`. ERR_INTERNAL: no thread. */
MUST_CHECK bool sync_worker_start(const void *owner, const struct sync_options *options,
                                  struct sync_worker **worker_out, struct err *err);
/* Waits for what is being done; some seconds at most. Accepts and sets NULL. */
void sync_worker_stop(struct sync_worker **worker);

#endif
