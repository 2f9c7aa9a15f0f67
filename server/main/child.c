/* child.c -- fork, exec, listen, reap. */
#include "main/child.h"

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

enum { CHANNEL_FD = 3, STABLE_S = 60, PAUSE_MAX_S = 30 };

static const char *const state_names[] = { [CHILD_DOWN] = "down",
                                           [CHILD_STARTING] = "starting",
                                           [CHILD_RUNNING] = "running",
                                           [CHILD_STOPPING] = "stopping" };
static_assert(COUNT_OF(state_names) == CHILD_STATES, "every state has a name");

#define STEP(to) (1u << (to))
static const unsigned steps[CHILD_STATES] = {
    [CHILD_DOWN] = STEP(CHILD_STARTING),
    [CHILD_STARTING] = STEP(CHILD_RUNNING) | STEP(CHILD_STOPPING) | STEP(CHILD_DOWN),
    [CHILD_RUNNING] = STEP(CHILD_STOPPING) | STEP(CHILD_DOWN),
    [CHILD_STOPPING] = STEP(CHILD_DOWN),
};

static void enter(struct child *child, enum child_state next)
{
    assert(steps[child->state] & STEP(next));
    child->state = next;
    child->since_us = clock_now_us();
}

const char *child_state_name(enum child_state state)
{
    return state_names[state];
}

void child_init(struct child *child, const struct role_kind *kind)
{
    *child = (struct child){ .kind = kind, .channel = -1, .since_us = clock_now_us() };
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

bool child_start(struct child *child, const struct config *config)
{
    pid_t supervisor = getpid();
    int pair[2];

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) {
        log_event(LOG_LEVEL_ERROR, "main.role.start", log_text("role", child->kind->name),
                  log_text("cause", strerror(errno)));
        return false;
    }
    child->pid = fork();
    if (child->pid == 0)
        become_role(config, child->kind->name, pair[1], supervisor);
    close(pair[1]);
    child->started_us = child->heard_us = clock_monotonic_us();
    if (child->pid < 0) {
        log_event(LOG_LEVEL_ERROR, "main.role.start", log_text("role", child->kind->name),
                  log_text("cause", strerror(errno)));
        close(pair[0]);
        child->pid = 0;
        return false;
    }
    child->channel = pair[0];
    child->saying[0] = '\0';
    enter(child, CHILD_STARTING);
    return true;
}

void child_listen(struct child *child)
{
    char text[sizeof child->saying];
    ssize_t got;

    while (child->channel >= 0 && (got = recv(child->channel, text, sizeof text - 1, MSG_DONTWAIT)) > 0) {
        text[got] = '\0';
        child->heard_us = clock_monotonic_us();
        if (strcmp(text, "ready") == 0 && child->state == CHILD_STARTING)
            enter(child, CHILD_RUNNING);
        else if (strncmp(text, "say ", 4) == 0)
            strcpy(child->saying, text + 4);
    }
}

static void plan_restart(struct child *child)
{
    int64_t now_us = clock_monotonic_us();
    int64_t pause_us = 0;

    if (now_us - child->started_us > STABLE_S * US_PER_S)
        child->failures_in_a_row = 0;
    if (child->failures_in_a_row > 0)
        pause_us = US_PER_S << (child->failures_in_a_row > 5 ? 5 : child->failures_in_a_row - 1);
    if (pause_us > PAUSE_MAX_S * US_PER_S)
        pause_us = PAUSE_MAX_S * US_PER_S;
    child->failures_in_a_row++;
    child->start_again_us = now_us + pause_us;
}

void child_reap(struct child *child)
{
    int status;

    if (child->pid == 0 || waitpid(child->pid, &status, WNOHANG) != child->pid)
        return;
    child_listen(child);
    if (child->state != CHILD_STOPPING)
        log_event(LOG_LEVEL_ERROR, "main.role.died", log_text("role", child->kind->name),
                  log_i64("pid", child->pid),
                  log_i64(WIFSIGNALED(status) ? "signal" : "exit",
                          WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status)));
    close(child->channel);
    child->channel = -1;
    child->pid = 0;
    enter(child, CHILD_DOWN);
    plan_restart(child);
}

void child_tend(struct child *child, const struct config *config)
{
    int64_t now_us = clock_monotonic_us();

    if (child->state == CHILD_DOWN && now_us >= child->start_again_us) {
        if (child->failures_in_a_row > 0)
            child->restarts++;
        if (!child_start(child, config))
            child->start_again_us = now_us + US_PER_S;
    } else if (child->pid != 0 && now_us - child->heard_us > config->watchdog_s * US_PER_S) {
        log_event(LOG_LEVEL_ERROR, "main.role.silent", log_text("role", child->kind->name),
                  log_i64("pid", child->pid));
        child->heard_us = now_us;
        kill(child->pid, SIGABRT); /* leaves a core where the system keeps one */
    }
}

void child_stop(struct child *child)
{
    if (child->pid == 0)
        return;
    if (child->state != CHILD_STOPPING)
        enter(child, CHILD_STOPPING);
    kill(child->pid, SIGTERM);
}

void child_kill(struct child *child)
{
    if (child->pid != 0)
        kill(child->pid, SIGKILL);
}

int child_channel(void)
{
    const char *number = getenv("CHAPPE_CHANNEL");

    return number ? atoi(number) : -1;
}

void child_say(int channel, const char *what)
{
    if (channel >= 0)
        (void)send(channel, what, strlen(what), MSG_DONTWAIT | MSG_NOSIGNAL);
}
