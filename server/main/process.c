/* process.c -- fork, exec, listen, reap. */
#include "main/process.h"

#include "base/clock.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CHANNEL_FD = 3, STABLE_S = 60, PAUSE_MAX_S = 30, PAUSE_OF_READY_S = 1 };

static const char *const state_names[] = { [PROCESS_DOWN] = "down",
                                           [PROCESS_STARTING] = "starting",
                                           [PROCESS_RUNNING] = "running",
                                           [PROCESS_STOPPING] = "stopping" };
static_assert(COUNT_OF(state_names) == PROCESS_STATES, "every state has a name");

#define STEP(to) (1u << (to))
static const unsigned steps[PROCESS_STATES] = {
    [PROCESS_DOWN] = STEP(PROCESS_STARTING),
    [PROCESS_STARTING] = STEP(PROCESS_RUNNING) | STEP(PROCESS_STOPPING) | STEP(PROCESS_DOWN),
    [PROCESS_RUNNING] = STEP(PROCESS_STOPPING) | STEP(PROCESS_DOWN),
    [PROCESS_STOPPING] = STEP(PROCESS_DOWN),
};

static void enter(struct process *process, enum process_state next)
{
    assert(steps[process->state] & STEP(next));
    process->state = next;
    process->since_us = clock_now_us();
}

const char *process_state_name(enum process_state state)
{
    return state_names[state];
}

void process_init(struct process *process, const struct role_kind *kind)
{
    *process = (struct process){ .kind = kind, .channel = -1, .since_us = clock_now_us() };
}

/* Between fork and exec: only what is safe there. */
static void become_role(const struct config *config, const char *role, int channel, pid_t supervisor)
{
    char *const arguments[] = { (char *)"chappe",   (char *)"-c", (char *)config->file,
                                (char *)"run-role", (char *)role, NULL };
    sigset_t none;

    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != supervisor)
        _exit(1);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    if (channel == CHANNEL_FD ? fcntl(channel, F_SETFD, 0) != 0 : dup2(channel, CHANNEL_FD) < 0)
        _exit(1);
    setenv("CHAPPE_CHANNEL", "3", 1);
    execv("/proc/self/exe", arguments);
    _exit(127);
}

bool process_start(struct process *process, const struct config *config)
{
    pid_t supervisor = getpid();
    int pair[2];

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) {
        log_event(LOG_LEVEL_ERROR, "main.role.start", log_text("role", process->kind->name),
                  log_text("cause", strerror(errno)));
        return false;
    }
    process->pid = fork();
    if (process->pid == 0)
        become_role(config, process->kind->name, pair[1], supervisor);
    close(pair[1]);
    process->started_us = process->heard_us = clock_monotonic_us();
    if (process->pid < 0) {
        log_event(LOG_LEVEL_ERROR, "main.role.start", log_text("role", process->kind->name),
                  log_text("cause", strerror(errno)));
        close(pair[0]);
        process->pid = 0;
        return false;
    }
    process->channel = pair[0];
    process->was_ready = process->was_aborted = false;
    enter(process, PROCESS_STARTING);
    return true;
}

void process_listen(struct process *process)
{
    char text[sizeof process->saying];
    ssize_t got;

    while (process->channel >= 0 && (got = recv(process->channel, text, sizeof text - 1, MSG_DONTWAIT)) > 0) {
        text[got] = '\0';
        process->heard_us = clock_monotonic_us();
        if (strcmp(text, "ready") == 0 && process->state == PROCESS_STARTING) {
            process->was_ready = true;
            process->saying[0] = '\0';
            enter(process, PROCESS_RUNNING);
        } else if (strncmp(text, "say ", 4) == 0)
            memcpy(process->saying, text + 4, strlen(text + 4) + 1);
    }
}

/* A role that died before it was ready will most likely do so again: its pauses grow. One that had served is wanted back by
 * all its clients, also when one of them knows how to kill it: it never stays away longer than a second. How long it stays away, in us. */
static int64_t plan_restart(struct process *process)
{
    int64_t now_us = clock_monotonic_us();
    int64_t pause_us = 0;

    if (now_us - process->started_us > STABLE_S * US_PER_S)
        process->failures_in_a_row = 0;
    if (process->failures_in_a_row > 0)
        pause_us = US_PER_S << (process->failures_in_a_row > 5 ? 5 : process->failures_in_a_row - 1);
    if (process->was_ready && pause_us > PAUSE_OF_READY_S * US_PER_S)
        pause_us = PAUSE_OF_READY_S * US_PER_S;
    if (pause_us > PAUSE_MAX_S * US_PER_S)
        pause_us = PAUSE_MAX_S * US_PER_S;
    process->failures_in_a_row++;
    process->start_again_us = now_us + pause_us;
    return pause_us;
}

void process_reap(struct process *process)
{
    int64_t pause_us;
    int status;

    if (process->pid == 0 || waitpid(process->pid, &status, WNOHANG) != process->pid)
        return;
    process_listen(process);
    pause_us = plan_restart(process);
    if (process->state != PROCESS_STOPPING)
        log_event(LOG_LEVEL_ERROR, "main.role.died", log_text("role", process->kind->name),
                  log_i64("pid", process->pid),
                  log_i64(WIFSIGNALED(status) ? "signal" : "exit",
                          WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status)),
                  log_i64("again_ms", pause_us / 1000));
    close(process->channel);
    process->channel = -1;
    process->pid = 0;
    enter(process, PROCESS_DOWN);
}

void process_tend(struct process *process, const struct config *config)
{
    int64_t now_us = clock_monotonic_us();

    if (process->state == PROCESS_DOWN && now_us >= process->start_again_us) {
        if (process->failures_in_a_row > 0)
            process->restarts++;
        if (!process_start(process, config))
            process->start_again_us = now_us + US_PER_S;
    } else if (process->pid != 0 && now_us - process->heard_us > config->watchdog_s * US_PER_S) {
        log_event(LOG_LEVEL_ERROR, "main.role.silent", log_text("role", process->kind->name),
                  log_i64("pid", process->pid));
        process->heard_us = now_us;
        /* the first signal leaves a core where cores are kept */
        kill(process->pid, process->was_aborted ? SIGKILL : SIGABRT);
        process->was_aborted = true;
    }
}

void process_stop(struct process *process)
{
    if (process->pid == 0)
        return;
    if (process->state != PROCESS_STOPPING)
        enter(process, PROCESS_STOPPING);
    kill(process->pid, SIGTERM);
}

void process_kill(struct process *process)
{
    if (process->pid != 0)
        kill(process->pid, SIGKILL);
}

int process_channel(void)
{
    const char *number = getenv("CHAPPE_CHANNEL");

    return number ? atoi(number) : -1;
}

void process_say(int channel, const char *what)
{
    if (channel >= 0)
        (void)send(channel, what, strlen(what), MSG_DONTWAIT | MSG_NOSIGNAL);
}
