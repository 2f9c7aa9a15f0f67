#include "pop3/batch.h"

#include "session/session.h"

#include <errno.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdlib.h>

/* Who changes WAITING to READING reads; who changes it to GIVEN_UP says that nobody shall. */
enum batch_state { WAITING, READING, GIVEN_UP };

struct pop3_batch {
    atomic_int references; /* the session's, the helper's */
    atomic_int state;
    sem_t is_read; /* posted once, after READING */
    struct message_sweep *sweep;
    struct err err; /* of the reading */
    bool is_done;   /* the session has seen the end of the reading */
    uint32_t next, end;
};

struct pop3_batch *pop3_batch_new(struct group *group, const int64_t *message_ids, size_t count,
                                  uint32_t first)
{
    struct pop3_batch *batch = calloc(1, sizeof(*batch));

    if (!batch)
        abort();
    atomic_init(&batch->references, 1);
    atomic_init(&batch->state, WAITING);
    sem_init(&batch->is_read, 0, 0);
    /* Under no owner: two threads have it, one after the other. */
    batch->sweep = message_sweep_open(NULL, group, message_ids, count);
    batch->next = first;
    batch->end = first + (uint32_t)count;
    return batch;
}

static void release(struct pop3_batch *batch)
{
    if (atomic_fetch_sub(&batch->references, 1) != 1)
        return;
    message_sweep_close(&batch->sweep);
    sem_destroy(&batch->is_read);
    free(batch);
}

static bool begin(struct pop3_batch *batch, enum batch_state to)
{
    int expected = WAITING;
    return atomic_compare_exchange_strong(&batch->state, &expected, to);
}

static void read_now(struct pop3_batch *batch)
{
    if (message_sweep_fill(batch->sweep, &batch->err))
        batch->err = ERR_INIT;
    sem_post(&batch->is_read);
}

static void help(void *argument)
{
    struct pop3_batch *batch = argument;

    if (begin(batch, READING))
        read_now(batch);
    release(batch);
}

void pop3_batch_start(struct pop3_batch *batch, struct session *net)
{
    atomic_fetch_add(&batch->references, 1);
    session_beside(net, help, batch);
}

void pop3_batch_drop(struct pop3_batch **batch)
{
    if (*batch) {
        (void)begin(*batch, GIVEN_UP);
        release(*batch);
    }
    *batch = NULL;
}

uint32_t pop3_batch_at(const struct pop3_batch *batch)
{
    return batch->next < batch->end ? batch->next : 0;
}

static bool wait_until_read(struct pop3_batch *batch, struct err *err)
{
    if (batch->is_done)
        return true;
    if (begin(batch, READING))
        read_now(batch);
    while (sem_wait(&batch->is_read) != 0 && errno == EINTR)
        ;
    batch->is_done = true;
    *err = batch->err;
    return err->kind == ERR_NONE;
}

bool pop3_batch_next(struct pop3_batch *batch, struct message_sweep_item *item_out, struct err *err)
{
    if (!wait_until_read(batch, err) || !message_sweep_next(batch->sweep, item_out, err))
        return false;
    batch->next++;
    return true;
}
