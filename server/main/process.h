/*
 * process.h -- one role's process, as the supervisor sees it: started, ready, heard of, gone, started again.
 *
 * The process tells us over a socket pair that it is ready and, every second, that it is alive; when the
 * supervisor dies it is killed by the kernel. After a death it is started again at once, and then with pauses
 * that double as long as it does not stay up for a minute: up to 30 s where it does not become ready, up to a second
 * where it did.
 */
#ifndef MAIN_PROCESS_H
#define MAIN_PROCESS_H

#include "main/config.h"
#include "main/services.h"

#include <sys/types.h>

enum process_state { PROCESS_DOWN, PROCESS_STARTING, PROCESS_RUNNING, PROCESS_STOPPING, PROCESS_STATES };

struct process {
    const struct role_kind *kind;
    enum process_state state;
    pid_t pid;        /* 0: none */
    int channel;      /* our end of the pair; -1: none */
    bool was_ready;   /* in its last life */
    bool was_aborted; /* was silent, and told to end */
    unsigned restarts, failures_in_a_row;
    int64_t started_us, heard_us, start_again_us; /* monotonic */
    int64_t since_us;                             /* wall clock: in this state */
    char saying[160];                             /* what it told about itself last */
};

/* Not running, never started. */
void process_init(struct process *process, const struct role_kind *kind);
/* Starts the process; false (logged) when fork fails: tried again later. */
bool process_start(struct process *process, const struct config *config);
/* Reads what the process said. */
void process_listen(struct process *process);
/* Looks whether it has ended, without waiting. */
void process_reap(struct process *process);
/* Once a second: starts what is due, kills what is silent for longer than the watchdog allows. */
void process_tend(struct process *process, const struct config *config);
/* SIGTERM; no restart from here on. */
void process_stop(struct process *process);
/* SIGKILL, at once. */
void process_kill(struct process *process);
/* "starting", "running", ...: for status. Static. */
const char *process_state_name(enum process_state state);

/* In the child: the descriptor on which it speaks to the supervisor; -1 when nobody supervises. */
int process_channel(void);
/* A line to the supervisor, from inside a role; nothing where there is none (-1). */
void process_say(int channel, const char *what);

#endif
