/*
 * committer.c -- a queue and its threads: while one batch is being committed the next one gathers, so nobody waits for a timer
 * and a busy mailbox costs one lock a batch.
 */
#include "deliver/committer.h"

#include "base/clock.h"
#include "base/crashpoint.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/wake.h"
#include "db/statement.h"

#include <assert.h>
#include <glib.h>
#include <pthread.h>
#include <talloc.h>
#include <time.h>

/* So many in a row, and the next one is taken to be alone, too. Of many senders at once somebody is the first after each batch: he
 * should wait the moment in which the others gather. */
enum { CALM = 4 };
enum { BATCH_MESSAGES = 64, BATCH_BYTES = 4 * 1024 * 1024 };

METRIC_COUNTER(batches, "chappe_delivery_batches_total", "Transactions that filed messages")
METRIC_COUNTER(filed_copies, "chappe_delivered_total", "Messages filed in a mailbox")
METRIC_COUNTER(failed_batches, "chappe_delivery_failed_batches_total", "Delivery transactions that failed")
METRIC_HISTOGRAM(batch_time, "chappe_delivery_batch_seconds",
                 "From the lock to the COMMIT of a delivery batch")

/* A connection; whoever sits on it commits. */
struct seat {
    struct db *db; /* NULL: not opened yet */
    struct seat *next;
};

struct committer {
    struct committer_options options;
    pthread_t *threads;
    unsigned started;
    pthread_mutex_t mutex; /* of all below */
    struct seat *seats;    /* those that are free */
    unsigned taken;
    unsigned calm; /* jobs in a row that came when nobody was at work */
    pthread_cond_t came;
    struct job *first, **end;
    unsigned queued;
    GHashTable *in_hand; /* mailboxes */
    bool is_stopping;
};

static void publish(struct group *group, struct wake_bus *wake, const struct filing_batch *batch)
{
    for (size_t i = 0; i < batch->change_count; i++)
        wake_publish(wake, group_id(group), batch->changes[i].mailbox_id, batch->changes[i].modseq);
}

static int64_t count_filed(const struct filing_batch *batch)
{
    int64_t filed = 0;

    for (size_t i = 0; i < batch->count; i++)
        for (size_t k = 0; k < batch->filings[i].target_count; k++)
            filed += batch->filings[i].targets[k].is_filed;
    return filed;
}

/* The connection died or was ended by the server, or a new one cannot be had: nothing was committed. */
static bool is_database_away(const struct db *db, const struct err *err)
{
    const char *sqlstate = db_last_failure(db)->sqlstate;

    return err->kind == ERR_BUSY &&
           (!*sqlstate || strncmp(sqlstate, "08", 2) == 0 || strncmp(sqlstate, "57P", 3) == 0);
}

/* A restart or failover should not be the sender's trouble where it is over in a moment. */
static bool file_with_patience(struct group *group, struct db *db, const void *arena,
                               struct filing_batch *batch, struct err *err)
{
    static const long pauses_ms[] = { 0, 50, 200 };

    for (size_t i = 0;; i++) {
        if (filing_run(group, db, arena, batch, err))
            return true;
        if (i == COUNT_OF(pauses_ms) || !is_database_away(db, err))
            return false;
        nanosleep(&(struct timespec){ .tv_nsec = pauses_ms[i] * 1000000 }, NULL);
    }
}

bool committer_file(struct group *group, struct wake_bus *wake, struct db *db, const void *arena,
                    struct filing_batch *batch, struct err *err)
{
    int64_t start_us = clock_monotonic_us();

    if (!file_with_patience(group, db, arena, batch, err)) {
        metric_add(&failed_batches, 1);
        return false;
    }
    if (batch->is_rehearsal) /* nobody is told of what is not kept */
        return true;
    metric_observe_us(&batch_time, 0, clock_monotonic_us() - start_us);
    metric_add(&batches, 1);
    metric_add(&filed_copies, count_filed(batch));
    publish(group, wake, batch);
    return true;
}

bool committer_rehearse(struct group *group, struct job *job, struct err *err)
{
    struct filing_batch batch = { .filings = &job->filing, .count = 1, .is_rehearsal = true };
    void *arena = talloc_new(NULL);
    struct db *db;

    job->is_tried = group_acquire(group, DB_INTERACTIVE, &db, err);
    if (job->is_tried) {
        job->is_tried = committer_file(group, NULL, db, arena, &batch, err);
        db_release(&db);
    }
    talloc_free(arena);
    return job->is_tried;
}

/* From the first post on its job is gone. */
static void finish(struct committer *committer, struct seat *seat, struct job **jobs, size_t count)
{
    CRASHPOINT("deliver.before-reply");
    pthread_mutex_lock(&committer->mutex);
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < jobs[i]->filing.target_count; k++)
            g_hash_table_remove(committer->in_hand, &jobs[i]->filing.targets[k].mailbox_id);
    seat->next = committer->seats;
    committer->seats = seat;
    committer->taken--;
    if (committer->is_stopping)
        pthread_cond_broadcast(&committer->came);
    else if (committer->first)
        pthread_cond_signal(&committer->came);
    pthread_mutex_unlock(&committer->mutex);
    for (size_t i = 0; i < count; i++)
        sem_post(&jobs[i]->done);
}

static bool file_jobs(struct committer *committer, struct db *db, struct job **jobs, size_t count,
                      struct err *err)
{
    void *arena = talloc_new(NULL);
    struct filing_batch batch = { .filings = talloc_array(arena, struct filing, (unsigned)count),
                                  .count = count };

    for (size_t i = 0; i < count; i++)
        batch.filings[i] = jobs[i]->filing;
    bool done = committer_file(committer->options.group, committer->options.wake, db, arena, &batch, err);
    for (size_t i = 0; i < count; i++) {
        jobs[i]->is_tried = done;
        if (!done)
            jobs[i]->err = *err;
    }
    talloc_free(arena);
    return done;
}

static bool share_mailbox(const struct job *a, const struct job *b)
{
    for (size_t i = 0; i < a->filing.target_count; i++)
        for (size_t k = 0; k < b->filing.target_count; k++)
            if (a->filing.targets[i].mailbox_id == b->filing.targets[k].mailbox_id)
                return true;
    return false;
}

/* After one message could not have its lock, those for the same mailbox are not made to wait for it one by one. */
static bool is_hopeless(struct job **jobs, size_t number)
{
    for (size_t i = 0; i < number; i++)
        if (!jobs[i]->is_tried && jobs[i]->err.kind == ERR_BUSY && share_mailbox(jobs[i], jobs[number])) {
            jobs[number]->err = jobs[i]->err;
            return true;
        }
    return false;
}

static void commit_batch(struct committer *committer, struct db *db, struct job **jobs, size_t count)
{
    struct err err;

    if (!file_jobs(committer, db, jobs, count, &err)) {
        log_err(LOG_LEVEL_WARNING, "deliver.batch.failed", &err);
        bool is_general = err.kind == ERR_UNKNOWN || is_database_away(db, &err);
        for (size_t i = 0; count > 1 && !is_general && i < count; i++) {
            struct err own;
            if (!is_hopeless(jobs, i) && !file_jobs(committer, db, &jobs[i], 1, &own))
                log_err(LOG_LEVEL_WARNING, "deliver.message.failed", &own);
        }
    }
}

/* Keys are the mailbox numbers inside the jobs in hand, which live until they are finished. */
static bool may_take(const struct committer *committer, const struct job *job, GHashTable *passed)
{
    for (size_t i = 0; i < job->filing.target_count; i++)
        if (g_hash_table_contains(committer->in_hand, &job->filing.targets[i].mailbox_id) ||
            g_hash_table_contains(passed, &job->filing.targets[i].mailbox_id))
            return false;
    return true;
}

static void add_mailboxes(GHashTable *set, struct job *job)
{
    for (size_t i = 0; i < job->filing.target_count; i++)
        g_hash_table_add(set, &job->filing.targets[i].mailbox_id);
}

/* Out of the queue, in its order, what no other thread has in hand. A job that is passed over is not overtaken by others for the
 * same mailboxes. */
static size_t collect(struct committer *committer, struct job *jobs[BATCH_MESSAGES])
{
    GHashTable *passed = g_hash_table_new(g_int64_hash, g_int64_equal);
    struct job **link = &committer->first, *job;
    size_t count = 0, bytes = 0;

    while ((job = *link) && count < BATCH_MESSAGES && (count == 0 || bytes + job->weight <= BATCH_BYTES)) {
        if (!may_take(committer, job, passed)) {
            add_mailboxes(passed, job);
            link = &job->next;
            continue;
        }
        jobs[count++] = job;
        bytes += job->weight;
        *link = job->next;
        if (committer->end == &job->next)
            committer->end = link;
    }
    for (size_t i = 0; i < count; i++)
        add_mailboxes(committer->in_hand, jobs[i]);
    committer->queued -= (unsigned)count;
    g_hash_table_destroy(passed);
    return count;
}

static void refuse_all(struct job **jobs, size_t count, const struct err *err)
{
    for (size_t i = 0; i < count; i++)
        jobs[i]->err = *err;
}

static struct seat *take_seat(struct committer *committer)
{
    struct seat *seat = committer->seats;

    committer->seats = seat->next;
    committer->taken++;
    return seat;
}

static void commit_on(struct committer *committer, struct seat *seat, struct job **jobs, size_t count)
{
    struct err err;

    if (seat->db || group_open_dedicated(committer->options.group, DB_INTERACTIVE, &seat->db, &err))
        commit_batch(committer, seat->db, jobs, count);
    else
        refuse_all(jobs, count, &err);
    finish(committer, seat, jobs, count);
}

/* Waits for something to do; 0 when it is time to end. */
static size_t take_batch(struct committer *committer, struct seat **seat_out,
                         struct job *jobs[BATCH_MESSAGES])
{
    size_t count = 0;

    pthread_mutex_lock(&committer->mutex);
    while ((!committer->seats || (count = collect(committer, jobs)) == 0) &&
           !(committer->is_stopping && !committer->first))
        pthread_cond_wait(&committer->came, &committer->mutex);
    if (count > 0)
        *seat_out = take_seat(committer);
    pthread_mutex_unlock(&committer->mutex);
    return count;
}

static void *run(void *arg)
{
    struct committer *committer = arg;
    struct job *jobs[BATCH_MESSAGES];
    struct seat *seat;
    size_t count;

    pthread_setname_np(pthread_self(), "committer");
    while ((count = take_batch(committer, &seat, jobs)) > 0)
        commit_on(committer, seat, jobs, count);
    return NULL;
}

static void add_seats(struct committer *committer, unsigned count)
{
    struct seat *seats = talloc_zero_array(committer, struct seat, count);

    for (unsigned i = 0; i < count; i++) {
        seats[i].next = committer->seats;
        committer->seats = &seats[i];
    }
}

bool committer_start(const void *owner, const struct committer_options *options,
                     struct committer **committer_out, struct err *err)
{
    struct committer *committer = talloc_zero(owner, struct committer);

    committer->options = *options;
    committer->end = &committer->first;
    committer->in_hand = g_hash_table_new(g_int64_hash, g_int64_equal);
    committer->threads = talloc_array(committer, pthread_t, options->threads);
    add_seats(committer, options->threads);
    pthread_mutex_init(&committer->mutex, NULL);
    pthread_cond_init(&committer->came, NULL);
    for (; committer->started < options->threads; committer->started++) {
        int cause = pthread_create(&committer->threads[committer->started], NULL, run, committer);
        if (cause != 0) {
            err_log(err, "pthread_create: %s", strerror(cause));
            committer_stop(&committer);
            return err_set(err, ERR_BUSY, "The server is out of resources. Please try again.");
        }
    }
    *committer_out = committer;
    return true;
}

void committer_stop(struct committer **committer)
{
    struct committer *mine = *committer;

    if (!mine)
        return;
    pthread_mutex_lock(&mine->mutex);
    mine->is_stopping = true;
    pthread_cond_broadcast(&mine->came);
    pthread_mutex_unlock(&mine->mutex);
    for (unsigned i = 0; i < mine->started; i++)
        pthread_join(mine->threads[i], NULL);
    assert(mine->taken == 0);
    for (struct seat *seat = mine->seats; seat; seat = seat->next)
        db_release(&seat->db);
    pthread_mutex_destroy(&mine->mutex);
    pthread_cond_destroy(&mine->came);
    g_hash_table_destroy(mine->in_hand);
    TALLOC_FREE(*committer);
}

/* Under the mutex. */
static void enqueue(struct committer *committer, struct job *job)
{
    job->committer = committer;
    job->next = NULL;
    sem_init(&job->done, 0, 0);
    if (committer->queued >= committer->options.queue_limit || committer->is_stopping) {
        err_log(&job->err, "%u messages wait for the storage group", committer->queued);
        err_set(&job->err, ERR_BUSY, "The mail store is busy. Please try again.");
        sem_post(&job->done);
        return;
    }
    *committer->end = job;
    committer->end = &job->next;
    committer->queued++;
}

void committer_queue(struct committer *committer, struct job *job)
{
    pthread_mutex_lock(&committer->mutex);
    enqueue(committer, job);
    pthread_cond_signal(&committer->came);
    pthread_mutex_unlock(&committer->mutex);
}

void committer_wait(struct job *job)
{
    while (sem_wait(&job->done) != 0)
        continue; /* interrupted by a signal */
    sem_destroy(&job->done);
}

void committer_run(struct committer *committer, struct job *job)
{
    struct job *jobs[BATCH_MESSAGES];
    struct seat *seat = NULL;
    size_t count = 0;

    pthread_mutex_lock(&committer->mutex);
    committer->calm = committer->taken == 0 && !committer->first ? committer->calm + 1 : 0;
    enqueue(committer, job);
    if (committer->calm > CALM && committer->seats && (count = collect(committer, jobs)) > 0)
        seat = take_seat(committer);
    else
        pthread_cond_signal(&committer->came);
    pthread_mutex_unlock(&committer->mutex);
    if (seat)
        commit_on(committer, seat, jobs, count);
    committer_wait(job);
}
