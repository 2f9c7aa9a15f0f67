/*
 * committer.h -- inside this room: a queue and a few threads that put what queued into one transaction after the other.
 *
 * While one thread waits for the disk the next gathers and prepares. No two threads have the same mailbox in hand, or one would
 * only wait for the other's row lock: what is for a mailbox in hand stays in the queue and goes, in its order, to the next batch that
 * may have it. So a mailbox whose row somebody else holds keeps one thread, and never those behind it. Who comes when
 * nobody is at work, and nobody was when those before him came, commits for himself, which spares two changes of threads.
 *
 * Threads  committer_run() may be called from any thread; it blocks until the filing is committed or refused.
 */
#ifndef DELIVER_COMMITTER_H
#define DELIVER_COMMITTER_H

#include "deliver/deliver.h"

#include <semaphore.h>

struct committer;

/* A filing on its way; belongs to the caller's stack until committer_wait() returns. */
struct job {
    struct filing filing;
    bool is_tried; /* every target has its answer; else `err` says why none has */
    sem_t done;    /* posted once; a semaphore of its own, so that only the one who waits for it wakes */
    struct err err;
    size_t weight; /* bytes it adds to a batch */
    struct committer *committer;
    struct job *next;
};

struct committer_options {
    struct group *group;
    struct wake_bus *wake; /* NULL: nobody is told */
    unsigned threads, queue_limit;
};
/* The threads of one storage group; they run until committer_stop(). */
MUST_CHECK bool committer_start(const void *owner, const struct committer_options *options,
                                struct committer **committer_out, struct err *err);
/* Commits what is queued, then ends its threads. Accepts and sets NULL. */
void committer_stop(struct committer **committer);

/* ERR_BUSY in job->err where the queue is full; committer_wait() then returns at once. */
void committer_queue(struct committer *committer, struct job *job);
/* Waits until the job is committed or refused; job->err then says which. Once a job, by the thread that queued it. */
void committer_wait(struct job *job);
/* Both. */
void committer_run(struct committer *committer, struct job *job);

/* Files it as it would be, in what the thread rehearses (db/rehearsal.h): no other thread sees that. False with *err: nothing could be
 * tried. */
MUST_CHECK bool committer_rehearse(struct group *group, struct job *job, struct err *err);

/* The transaction of a whole batch on `db`, tried once more where the connection had died before it; then the wake-ups. */
MUST_CHECK bool committer_file(struct group *group, struct wake_bus *wake, struct db *db, const void *arena,
                               struct filing_batch *batch, struct err *err);

#endif
