/* gather.c -- a list of those who wait, and who of them leads. */
#include "accept/gather.h"

#include "base/log.h"
#include "base/metrics.h"

#include <pthread.h>
#include <semaphore.h>
#include <talloc.h>

METRIC_COUNTER(batches, "chappe_queue_put_batches_total",
               "Transactions that put messages of sessions into the queue")

/* One who waits; on its own stack. */
struct waiter {
    const struct queue_new *message;
    struct waiter *next;
    bool is_settled; /* else it was woken to lead */
    bool is_put;
    struct err err;
    sem_t turn; /* posted once */
};

struct gather {
    gather_write *write;
    void *arg;
    pthread_mutex_t lock; /* of all below */
    struct waiter *first, **end;
    unsigned leaders;
};

static int gather_free(struct gather *gather)
{
    pthread_mutex_destroy(&gather->lock);
    return 0;
}

struct gather *gather_new(const void *owner, gather_write *write, void *arg)
{
    struct gather *gather = talloc_zero(owner, struct gather);

    gather->write = write;
    gather->arg = arg;
    gather->end = &gather->first;
    pthread_mutex_init(&gather->lock, NULL);
    talloc_set_destructor(gather, gather_free);
    return gather;
}

/* The first of those who wait. Under the lock. */
static struct waiter *take_first(struct gather *gather)
{
    struct waiter *first = gather->first;

    if (first) {
        gather->first = first->next;
        if (!gather->first)
            gather->end = &gather->first;
    }
    return first;
}

/* The leader's own message, and what has gathered. */
static size_t collect(struct gather *gather, struct waiter *own, struct waiter *batch[GATHER_MESSAGES])
{
    size_t count = 0, bytes = span_length(own->message->bytes);

    batch[count++] = own;
    pthread_mutex_lock(&gather->lock);
    while (count < GATHER_MESSAGES && gather->first &&
           bytes + span_length(gather->first->message->bytes) <= QUEUE_PUT_BYTES) {
        bytes += span_length(gather->first->message->bytes);
        batch[count++] = take_first(gather);
    }
    pthread_mutex_unlock(&gather->lock);
    return count;
}

static void put_one(struct gather *gather, struct waiter *waiter)
{
    waiter->is_put = gather->write(gather->arg, &waiter->message, 1, &waiter->err);
}

/* The database is away, full, or cannot say what became of it. */
static bool is_the_same_for_all(enum err_kind kind)
{
    return kind == ERR_BUSY || kind == ERR_NO_ROOM || kind == ERR_UNKNOWN;
}

static void put_batch(struct gather *gather, struct waiter **batch, size_t count)
{
    const struct queue_new *messages[GATHER_MESSAGES];
    struct err err = ERR_INIT;

    for (size_t i = 0; i < count; i++)
        messages[i] = batch[i]->message;
    bool is_put = gather->write(gather->arg, messages, count, &err);
    bool is_of_one = !is_put && count > 1 && !is_the_same_for_all(err.kind);
    if (is_of_one)
        log_err(LOG_LEVEL_WARNING, "accept.batch.failed", &err);
    metric_add(&batches, 1);
    for (size_t i = 0; i < count; i++) {
        batch[i]->is_put = is_put;
        batch[i]->err = err;
        if (is_of_one)
            put_one(gather, batch[i]);
    }
}

/* The leader goes; who has waited longest takes its place. From its post on a waiter is gone. */
static void hand_on(struct gather *gather)
{
    pthread_mutex_lock(&gather->lock);
    struct waiter *next = take_first(gather);
    if (!next)
        gather->leaders--;
    pthread_mutex_unlock(&gather->lock);
    if (next)
        sem_post(&next->turn);
}

static void lead(struct gather *gather, struct waiter *own)
{
    struct waiter *batch[GATHER_MESSAGES];
    size_t count = collect(gather, own, batch);

    put_batch(gather, batch, count);
    hand_on(gather);
    for (size_t i = 1; i < count; i++) {
        batch[i]->is_settled = true;
        sem_post(&batch[i]->turn);
    }
}

/* True: we lead at once; else we are on the list. */
static bool join(struct gather *gather, struct waiter *own)
{
    pthread_mutex_lock(&gather->lock);
    bool leads = gather->leaders < GATHER_LEADERS;
    if (leads) {
        gather->leaders++;
    } else {
        sem_init(&own->turn, 0, 0);
        *gather->end = own;
        gather->end = &own->next;
    }
    pthread_mutex_unlock(&gather->lock);
    return leads;
}

bool gather_put(struct gather *gather, const struct queue_new *message, struct err *err)
{
    struct waiter own = { .message = message, .err = ERR_INIT };

    if (span_length(message->bytes) > GATHER_ALONE_BYTES)
        return gather->write(gather->arg, &message, 1, err);
    if (join(gather, &own)) {
        lead(gather, &own);
    } else {
        while (sem_wait(&own.turn) != 0)
            continue; /* interrupted by a signal */
        sem_destroy(&own.turn);
        if (!own.is_settled)
            lead(gather, &own);
    }
    *err = own.err;
    return own.is_put;
}
