/*
 * child.h -- starting a program of PostgreSQL as the user that owns the cluster. For this room only.
 */
#ifndef DB_CHILD_H
#define DB_CHILD_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct account {
    const char *name; /* NULL: stay who we are */
    uid_t uid;
    gid_t gid;
};

/* The account called `name`, or our own for NULL. ERR_INVALID where there is none. */
MUST_CHECK bool cluster_account_find(const void *owner, const char *name, struct account *account_out,
                                     struct err *err);

enum child_life {
    CHILD_OUTLIVES_US, /* goes on when we are killed */
    CHILD_DIES_WITH_US /* gets SIGINT when the thread that started it ends */
};
/* Starts argv[0] (NULL-terminated list) in a session of its own, output appended to `log_path`. */
MUST_CHECK bool cluster_child_start(const struct account *account, const char *const *argv,
                                    const char *log_path, enum child_life life, pid_t *pid_out,
                                    struct err *err);
/* Starts it and waits; ERR_INTERNAL with the end of its output where it does not exit with 0. */
MUST_CHECK bool child_run(const struct account *account, const char *const *argv, const char *log_path,
                          struct err *err);
/* The last lines of a log, for an error: at most `size` - 1 bytes. */
void log_tail(const char *path, char *text, size_t size);

#endif
