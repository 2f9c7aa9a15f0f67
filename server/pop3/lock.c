#include "pop3/lock.h"

#include "mailbox/maildrop_lock.h"

#include <pthread.h>
#include <stdlib.h>

#define BUCKETS 1024

struct pop3_lock {
    struct group *group;
    int64_t mailbox_id;
    struct pop3_lock *next;
};

/* What the sessions of this process have open, whatever listener they came by: of all places here, only a
 * process-wide table can know that. Under table_lock. */
static struct pop3_lock *table[BUCKETS];
static pthread_mutex_t table_lock = PTHREAD_MUTEX_INITIALIZER;

static struct pop3_lock **find(const struct group *group, int64_t mailbox_id)
{
    struct pop3_lock **at = &table[((uintptr_t)group / 16 * 31 + (uint64_t)mailbox_id) % BUCKETS];

    while (*at && ((*at)->group != group || (*at)->mailbox_id != mailbox_id))
        at = &(*at)->next;
    return at;
}

/* NULL: another session of this process has it. */
static struct pop3_lock *put(struct group *group, int64_t mailbox_id)
{
    struct pop3_lock *lock = calloc(1, sizeof(*lock)), **at;

    if (!lock)
        abort();
    lock->group = group;
    lock->mailbox_id = mailbox_id;
    pthread_mutex_lock(&table_lock);
    at = find(group, mailbox_id);
    if (*at) {
        free(lock);
        lock = NULL;
    } else {
        *at = lock;
    }
    pthread_mutex_unlock(&table_lock);
    return lock;
}

static void drop(struct pop3_lock *lock)
{
    struct pop3_lock **at;

    pthread_mutex_lock(&table_lock);
    at = find(lock->group, lock->mailbox_id);
    *at = lock->next;
    pthread_mutex_unlock(&table_lock);
    free(lock);
}

bool pop3_lock_take(struct group *group, int64_t mailbox_id, struct pop3_lock **lock_out, struct err *err)
{
    struct pop3_lock *lock = put(group, mailbox_id);

    if (!lock)
        return err_set(err, ERR_CONFLICT, "Another session has this mailbox open.");
    if (!maildrop_lock_take(group, mailbox_id, err)) {
        drop(lock);
        return false;
    }
    *lock_out = lock;
    return true;
}

/* The row goes first: whoever comes next in this process finds it free, or waits until it is. */
void pop3_lock_release(struct pop3_lock **lock)
{
    if (!*lock)
        return;
    maildrop_lock_release((*lock)->group, (*lock)->mailbox_id);
    drop(*lock);
    *lock = NULL;
}
