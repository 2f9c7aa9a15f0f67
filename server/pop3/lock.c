#include "pop3/lock.h"

#include <pthread.h>
#include <stdlib.h>

#define BUCKETS 1024

struct pop3_lock {
    int64_t group_id, mailbox_id;
    struct pop3_lock *next;
};

/* What the sessions of this process have open, whatever listener they came by: of all places here, only a
 * process-wide table can know that. Under table_lock. */
static struct pop3_lock *table[BUCKETS];
static pthread_mutex_t table_lock = PTHREAD_MUTEX_INITIALIZER;

static struct pop3_lock **find(int64_t group_id, int64_t mailbox_id)
{
    struct pop3_lock **at = &table[((uint64_t)group_id * 31 + (uint64_t)mailbox_id) % BUCKETS];

    while (*at && ((*at)->group_id != group_id || (*at)->mailbox_id != mailbox_id))
        at = &(*at)->next;
    return at;
}

struct pop3_lock *pop3_lock_take(int64_t group_id, int64_t mailbox_id)
{
    struct pop3_lock *lock = calloc(1, sizeof(*lock)), **at;

    if (!lock)
        abort();
    lock->group_id = group_id;
    lock->mailbox_id = mailbox_id;
    pthread_mutex_lock(&table_lock);
    at = find(group_id, mailbox_id);
    if (*at) {
        free(lock);
        lock = NULL;
    } else {
        *at = lock;
    }
    pthread_mutex_unlock(&table_lock);
    return lock;
}

void pop3_lock_release(struct pop3_lock **lock)
{
    struct pop3_lock **at;

    if (!*lock)
        return;
    pthread_mutex_lock(&table_lock);
    at = find((*lock)->group_id, (*lock)->mailbox_id);
    *at = (*lock)->next;
    pthread_mutex_unlock(&table_lock);
    free(*lock);
    *lock = NULL;
}
