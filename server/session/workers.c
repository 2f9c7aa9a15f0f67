#include "session/workers.h"

#include "base/thread.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdlib.h>

struct worker {
    struct workers *pool;
    pthread_t thread;
    sem_t wake;
    struct job *job;
    struct worker *next_idle;
};

struct workers {
    pthread_mutex_t lock; /* over idle, first, last, is_ending and the workers' jobs */
    struct worker *idle;
    struct job *first, **last;
    bool is_ending;
    atomic_bool is_wanted; /* first is not NULL */
    unsigned count;
    struct worker workers[];
};

/* The next one, or NULL when the pool ends. */
static struct job *take_job(struct worker *worker)
{
    struct workers *pool = worker->pool;
    struct job *job;

    pthread_mutex_lock(&pool->lock);
    job = pool->first;
    if (job) {
        pool->first = job->next;
        if (!pool->first) {
            pool->last = &pool->first;
            atomic_store_explicit(&pool->is_wanted, false, memory_order_relaxed);
        }
    } else if (!pool->is_ending) {
        worker->next_idle = pool->idle;
        pool->idle = worker;
        pthread_mutex_unlock(&pool->lock);
        while (sem_wait(&worker->wake) != 0 && errno == EINTR)
            ;
        pthread_mutex_lock(&pool->lock);
        job = worker->job;
        worker->job = NULL;
    }
    pthread_mutex_unlock(&pool->lock);
    return job;
}

static void *worker_main(void *argument)
{
    struct worker *worker = argument;
    struct job *job;

    while ((job = take_job(worker)))
        job->run(job);
    return NULL;
}

bool workers_start(unsigned count, size_t stack_bytes, struct workers **workers_out, struct err *err)
{
    struct workers *pool = calloc(1, sizeof(*pool) + count * sizeof(pool->workers[0]));

    if (!pool)
        abort();
    pthread_mutex_init(&pool->lock, NULL);
    pool->last = &pool->first;
    for (unsigned i = 0; i < count; i++) {
        struct worker *worker = &pool->workers[i];
        worker->pool = pool;
        sem_init(&worker->wake, 0, 0);
        if (!thread_start("worker", stack_bytes, worker_main, worker, &worker->thread, err)) {
            workers_stop(&pool, NULL);
            return false;
        }
        pool->count++;
    }
    *workers_out = pool;
    return true;
}

void workers_stop(struct workers **workers, void (*drop)(struct job *job))
{
    struct workers *pool = *workers;
    struct job *left, *next;

    *workers = NULL;
    if (!pool)
        return;
    pthread_mutex_lock(&pool->lock);
    pool->is_ending = true;
    for (struct worker *idle = pool->idle; idle; idle = idle->next_idle)
        sem_post(&idle->wake);
    pool->idle = NULL;
    pthread_mutex_unlock(&pool->lock);
    for (unsigned i = 0; i < pool->count; i++) {
        pthread_join(pool->workers[i].thread, NULL);
        sem_destroy(&pool->workers[i].wake);
    }
    left = pool->first;
    pthread_mutex_destroy(&pool->lock);
    free(pool);
    assert(!left || drop);
    for (; left; left = next) {
        next = left->next;
        drop(left);
    }
}

void workers_push(struct workers *pool, struct job *job)
{
    struct worker *idle;

    job->next = NULL;
    pthread_mutex_lock(&pool->lock);
    idle = pool->idle;
    if (idle) {
        pool->idle = idle->next_idle;
        idle->job = job;
    } else {
        *pool->last = job;
        pool->last = &job->next;
        atomic_store_explicit(&pool->is_wanted, true, memory_order_relaxed);
    }
    pthread_mutex_unlock(&pool->lock);
    if (idle)
        sem_post(&idle->wake);
}

bool workers_are_wanted(struct workers *pool)
{
    return atomic_load_explicit(&pool->is_wanted, memory_order_relaxed);
}
