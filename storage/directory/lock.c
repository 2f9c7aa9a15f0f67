/* lock.c -- an advisory lock of the directory database, on a connection of the lookup pool. */
#include "directory/lock.h"

#include "directory/act.h"

#include <pthread.h>
#include <string.h>
#include <talloc.h>

/* A lock holds a connection, and its holder needs another one. Fewer lanes than connections, so that there always is one: who
 * waits for a lane holds none. */
enum { LANES = 3, ACQUIRE_MS = 10000 };

static pthread_mutex_t lanes[LANES] = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_MUTEX_INITIALIZER,
                                        PTHREAD_MUTEX_INITIALIZER };

struct directory_lock {
    struct db *db;
    size_t lane;
    const char *name;
};

static const char LOCK[] = "SELECT pg_advisory_lock(hashtextextended($1, 7))";
static const char UNLOCK[] = "SELECT pg_advisory_unlock(hashtextextended($1, 7))";

static size_t lane_of(const char *name)
{
    size_t sum = 0;

    while (*name)
        sum = sum * 31 + (unsigned char)*name++;
    return sum % LANES;
}

bool directory_lock(struct directory *directory, const char *name, struct directory_lock **lock_out,
                    struct err *err)
{
    struct directory_lock *lock = talloc_zero(NULL, struct directory_lock);

    lock->lane = lane_of(name);
    lock->name = talloc_strdup(lock, name);
    pthread_mutex_lock(&lanes[lock->lane]);
    if (db_acquire(directory->pools[DIRECTORY_LOOKS_UP], DB_INTERACTIVE, ACQUIRE_MS, &lock->db, err) &&
        db_exec(lock->db, LOCK, DB_ARGS(db_text(lock->name)), NULL, err)) {
        *lock_out = lock;
        return true;
    }
    pthread_mutex_unlock(&lanes[lock->lane]);
    db_release(&lock->db);
    talloc_free(lock);
    return false;
}

void directory_unlock(struct directory_lock **lock_in)
{
    struct directory_lock *lock = *lock_in;
    struct err ignored = ERR_INIT;

    if (!lock)
        return;
    *lock_in = NULL;
    /* A connection that cannot say it is broken, and closing it gives the lock back. */
    (void)!db_exec(lock->db, UNLOCK, DB_ARGS(db_text(lock->name)), NULL, &ignored);
    db_release(&lock->db);
    pthread_mutex_unlock(&lanes[lock->lane]);
    talloc_free(lock);
}
