/* role.c -- the main thread of a role. */
#include "main/role.h"

#include "base/clock.h"
#include "base/metrics.h"
#include "directory/source.h"
#include "main/confine.h"
#include "main/control.h"
#include "main/process.h"
#include "main/storage.h"

#include <errno.h>
#include <jansson.h>
#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <talloc.h>
#include <unistd.h>

enum { NICE = 5 }; /* a third of what another process gets */

METRIC_GAUGE(sessions_open, "chappe_role_sessions", "Open sessions of line protocols")
METRIC_GAUGE(lines_dropped, "chappe_log_dropped", "Log lines that could not be written")

static void refresh_metrics(void *argument)
{
    const struct role *role = argument;

    if (role->sessions)
        metric_set(&sessions_open, session_server_count(role->sessions));
    metric_set(&lines_dropped, (int64_t)log_dropped());
    storage_refresh_metrics(role->storage);
}

static void answer_status(const struct role *role, struct buf *reply)
{
    char trouble[256];
    json_t *status = json_pack("{s:s, s:i, s:s}", "name", role->kind->name, "pid", (int)getpid(), "database",
                               storage_is_up(role->storage, trouble, sizeof trouble) ? "up" : trouble);
    char *text;

    if (role->storage)
        json_object_set_new(status, "directories", sources_health(storage_parts(role->storage)->sources));
    if (role->sessions)
        json_object_set_new(status, "sessions", json_integer(session_server_count(role->sessions)));
    text = json_dumps(status, JSON_COMPACT);
    buf_add_text(reply, text);
    free(text);
    json_decref(status);
}

/* The old settings stay where one of the new ones cannot be used. */
static void reload(struct role *role, struct buf *reply)
{
    struct config *config;
    struct err err = ERR_INIT;

    if (config_read(role->arena, role->config->file, &config, &err))
        (void)config_keep(config, role->config);
    if (err.kind != ERR_NONE || !role->kind->reload(role, config, &err)) {
        log_err(LOG_LEVEL_ERROR, "main.reload", &err);
        buf_add_format(reply, "not reloaded: %s", err.user);
        return;
    }
    log_set_level((enum log_level)config->log_level);
    role->config = config; /* the old one is still used by sessions and ends with the process */
    buf_add_text(reply, "reloaded");
    log_event(LOG_LEVEL_INFO, "main.reloaded");
}

static void answer(void *argument, struct span request, struct buf *reply)
{
    struct role *role = argument;

    if (span_equals_text(request, "status"))
        answer_status(role, reply);
    else if (span_equals_text(request, "metrics"))
        metrics_render(reply);
    else if (span_equals_text(request, "reload"))
        reload(role, reply);
    else if (span_equals_text(request, "stop"))
        kill(getpid(), SIGTERM);
}

static int block_signals(void)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    sigprocmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* True when it is time to end. SIGINT comes from a terminal to everybody: the supervisor decides. */
static bool take_signals(int signals)
{
    struct signalfd_siginfo info;
    bool ends = false;

    while (read(signals, &info, sizeof info) == sizeof info)
        ends = ends || info.ssi_signo == SIGTERM;
    return ends;
}

static void loop(const struct role *role, struct control *control, int signals)
{
    for (;;) {
        struct pollfd ready[] = { { .fd = signals, .events = POLLIN },
                                  { .fd = control_fd(control), .events = POLLIN },
                                  { .fd = role->channel, .events = 0 } };
        if (poll(ready, COUNT_OF(ready), 1000) > 0) {
            if (ready[0].revents && take_signals(signals))
                return;
            if (ready[1].revents)
                control_serve(control);
            if (role->channel >= 0 && (ready[2].revents & (POLLHUP | POLLERR)))
                return; /* the supervisor is gone */
        }
        process_say(role->channel, "alive");
    }
}

int role_run(struct config *config, const char *name)
{
    struct role role = { .arena = talloc_new(NULL),
                         .kind = role_kind_find(name),
                         .config = config,
                         .channel = process_channel() };
    struct control *control = NULL;
    struct err err = ERR_INIT;
    int signals, status = 0;
    char *run, *path;

    if (!role.kind) {
        talloc_free(config);
        return 2;
    }
    log_set_role(role.kind->name);
    log_set_level((enum log_level)config->log_level);
    signals = block_signals();
    if (role.kind->yields && setpriority(PRIO_PROCESS, 0, NICE) != 0)
        log_event(LOG_LEVEL_WARNING, "main.role.priority", log_text("cause", strerror(errno)));
    confine_role(config, role.kind->name);
    run = config_path(role.arena, config, "run");
    path = talloc_asprintf(role.arena, "%s/%s.ctl", run, role.kind->name);
    if (wake_start(run, role.kind->name, &role.wake, &err) && role.kind->start(&role, &err) &&
        control_listen(path, answer, &role, &control, &err)) {
        metrics_before_render(refresh_metrics, &role);
        log_event(LOG_LEVEL_INFO, "main.role.ready", log_i64("pid", getpid()));
        process_say(role.channel, "ready");
        loop(&role, control, signals);
        log_event(LOG_LEVEL_INFO, "main.role.stopping");
    } else {
        char text[300];
        log_err(LOG_LEVEL_ERROR, "main.role.start", &err);
        snprintf(text, sizeof text, "say %.150s", err.user);
        process_say(role.channel, text);
        status = 1;
    }
    control_close(&control);
    role.kind->stop(&role);
    storage_close(&role.storage);
    wake_stop(&role.wake);
    close(signals);
    talloc_free(role.arena);
    talloc_free(config);
    return status;
}
