/*
 * child.h -- one role's process, as the supervisor sees it: started, ready, heard of, gone, started again.
 *
 * The process tells us over a socket pair that it is ready and, every second, that it is alive; when the
 * supervisor dies it is killed by the kernel. After a death it is started again at once, and then with pauses
 * that double up to 30 s as long as it does not stay up for a minute.
 */
#ifndef MAIN_CHILD_H
#define MAIN_CHILD_H

#include "main/config.h"
#include "main/services.h"

#include <sys/types.h>

enum child_state { CHILD_DOWN, CHILD_STARTING, CHILD_RUNNING, CHILD_STOPPING, CHILD_STATES };

struct child {
    const struct role_kind *kind;
    enum child_state state;
    pid_t pid;   /* 0: none */
    int channel; /* our end of the pair; -1: none */
    unsigned restarts, failures_in_a_row;
    int64_t started_us, heard_us, start_again_us; /* monotonic */
    int64_t since_us;                             /* wall clock: in this state */
    char saying[160];                             /* what it told about itself last */
};

void child_init(struct child *child, const struct role_kind *kind);
/* Starts the process; false (logged) when fork fails: tried again later. */
bool child_start(struct child *child, const struct config *config);
/* Reads what the process said. */
void child_listen(struct child *child);
/* Looks whether it has ended, without waiting. */
void child_reap(struct child *child);
/* Once a second: starts what is due, kills what is silent for longer than the watchdog allows. */
void child_tend(struct child *child, const struct config *config);
/* SIGTERM; no restart from here on. */
void child_stop(struct child *child);
void child_kill(struct child *child);
const char *child_state_name(enum child_state state);

/* In the child: the descriptor on which it speaks to the supervisor; -1 when nobody supervises. */
int child_channel(void);
void child_say(int channel, const char *what);

#endif
