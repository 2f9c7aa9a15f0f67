/*
 * lock.h -- one at a time, over all machines of the installation: for what looks first and then changes in steps of its own.
 *
 * Ownership  directory_lock() gives it, directory_unlock() takes it back, on the same thread.
 * Threads    any; a thread holds one at most.
 */
#ifndef DIRECTORY_LOCK_H
#define DIRECTORY_LOCK_H

#include "directory/directory.h"

struct directory_lock;

/* Waits for others who hold a lock of that name. ERR_BUSY: too long, or the database is down. A lock that is lost with its
 * connection is not noticed. */
MUST_CHECK bool directory_lock(struct directory *directory, const char *name,
                               struct directory_lock **lock_out, struct err *err);
/* Accepts and sets NULL. */
void directory_unlock(struct directory_lock **lock);

#endif
