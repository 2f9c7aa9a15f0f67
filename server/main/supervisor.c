/* supervisor.c -- the loop that keeps the server alive. */
#include "main/supervisor.h"

#include "base/clock.h"
#include "base/disk.h"
#include "chappe_version.h"
#include "main/control.h"
#include "main/data_directory.h"
#include "main/database.h"
#include "main/process.h"
#include "main/slapd_process.h"

#include <errno.h>
#include <jansson.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <systemd/sd-daemon.h>
#include <talloc.h>
#include <unistd.h>

enum { PROCESSES_MAX = 16, STOP_S = 25, PREPARE_PAUSE_S = 2, STARTS_TRIED = 3, WATCHDOG_S = 5 };

struct supervisor {
    struct config *config;
    struct cluster *cluster; /* NULL: external, or not started yet */
    struct disk_reserve *reserve;
    struct control *control;
    struct slapd_process *slapd;
    bool has_web; /* which slapd asks */
    struct process processes[PROCESSES_MAX];
    size_t count;
    int signals, ready_fd;
    bool is_prepared, was_ready, is_stopping;
    bool is_database_up;
    char trouble[256]; /* why the database cannot be used; empty when it can */
    int64_t next_prepare_us, stopped_us, next_watchdog_us;
};

static void tell_ready(struct supervisor *s, const char *text)
{
    if (s->ready_fd < 0)
        return;
    (void)!write(s->ready_fd, text, strlen(text));
    close(s->ready_fd);
    s->ready_fd = -1;
}

/* ---- the database */

static void note_trouble(struct supervisor *s, const char *event, const struct err *err)
{
    if (strcmp(s->trouble, err->user) != 0)
        log_err(LOG_LEVEL_ERROR, event, err);
    snprintf(s->trouble, sizeof s->trouble, "%s", err->user);
}

/* Starts PostgreSQL and migrates; tried again every two seconds as long as the trouble is of the kind that passes.
 * False: it will not pass. */
static bool prepare_database(struct supervisor *s)
{
    struct err err = ERR_INIT;

    if (s->is_prepared || clock_monotonic_us() < s->next_prepare_us)
        return true;
    if ((s->cluster || database_start(NULL, s->config, &s->cluster, &err)) &&
        database_prepare(s->config, s->cluster, &err)) {
        s->is_prepared = s->is_database_up = true;
        s->trouble[0] = '\0';
        return true;
    }
    note_trouble(s, "main.database.prepare", &err);
    if (!err_is_temporary(err.kind) || err.kind == ERR_INTERNAL) {
        tell_ready(s, err.user);
        return false;
    }
    s->next_prepare_us = clock_monotonic_us() + PREPARE_PAUSE_S * US_PER_S;
    return true;
}

static void tend_database(struct supervisor *s)
{
    struct err err = ERR_INIT;
    bool was_up = s->is_database_up;

    if (!s->cluster || !s->is_prepared)
        return;
    s->is_database_up = cluster_tend(s->cluster, &err);
    if (!s->is_database_up)
        note_trouble(s, "main.database.down", &err);
    else if (!was_up) {
        s->trouble[0] = '\0';
        log_event(LOG_LEVEL_INFO, "main.database.up", log_i64("pid", cluster_pid(s->cluster)));
    }
}

/* ---- what others ask */

static json_t *process_json(const struct process *process)
{
    return json_pack("{s:s, s:i, s:s, s:i, s:I, s:s}", "name", process->kind->name, "pid", (int)process->pid,
                     "state", process_state_name(process->state), "restarts", (int)process->restarts, "since",
                     (json_int_t)(process->since_us / US_PER_S), "says", process->saying);
}

static json_t *database_json(const struct supervisor *s)
{
    json_t *database =
        json_pack("{s:s, s:s}", "kind", database_is_embedded(s->config) ? "embedded" : "external", "state",
                  s->trouble[0]    ? "down"
                  : s->is_prepared ? "running"
                                   : "starting");

    if (s->cluster)
        json_object_set_new(database, "pid", json_integer(cluster_pid(s->cluster)));
    if (s->trouble[0])
        json_object_set_new(database, "trouble", json_string(s->trouble));
    return database;
}

static json_t *disk_json(const struct supervisor *s)
{
    struct disk_state disk;

    disk_read(s->reserve, &disk);
    return json_pack("{s:s, s:s, s:I, s:I}", "state", disk.is_low ? "low" : "ok", "path",
                     disk.path ? disk.path : "", "free", (json_int_t)disk.free_bytes, "reserve",
                     (json_int_t)disk.reserve_bytes);
}

static void answer_status(struct supervisor *s, struct buf *reply)
{
    json_t *roles = json_array(), *slapd = slapd_process_json(s->slapd);
    json_t *status;
    char *text;

    for (size_t i = 0; i < s->count; i++)
        json_array_append_new(roles, process_json(&s->processes[i]));
    status = json_pack(
        "{s:i, s:s, s:s, s:s, s:o, s:o, s:o}", "pid", (int)getpid(), "version", CHAPPE_VERSION, "state",
        s->is_stopping ? "stopping"
        : s->was_ready ? "running"
                       : "starting",
        "data", s->config->data, "database", database_json(s), "disk", disk_json(s), "roles", roles);
    if (slapd)
        json_object_set_new(status, "ldap", slapd);
    text = json_dumps(status, JSON_COMPACT);
    buf_add_text(reply, text);
    free(text);
    json_decref(status);
}

/* Each role reloads by itself and says whether it could; one line for each. */
static void reload(struct supervisor *s, struct buf *reply)
{
    struct config *config;
    struct err err = ERR_INIT;
    void *arena = talloc_new(NULL);
    const char *waiting;

    if (!config_read(NULL, s->config->file, &config, &err)) {
        log_err(LOG_LEVEL_ERROR, "main.reload", &err);
        buf_add_format(reply, "error %s\n", err.user);
        talloc_free(arena);
        return;
    }
    log_set_level((enum log_level)config->log_level);
    for (size_t i = 0; i < s->count; i++) {
        const char *name = s->processes[i].kind->name;
        char *path = talloc_asprintf(arena, "%s/run/%s.ctl", s->config->data, name);
        char *answer = NULL;
        err = ERR_INIT;
        if (s->processes[i].pid == 0)
            continue;
        if (control_ask(arena, path, "reload", 10000, &answer, &err))
            buf_add_format(reply, "%s: %s\n", name, answer);
        else
            buf_add_format(reply, "%s: not reloaded: %s\n", name, err.user);
    }
    waiting = config_keep(config, s->config);
    if (waiting)
        buf_add_format(reply, "after `chappe restart`: %s\n", waiting);
    talloc_free(s->config);
    s->config = config;
    slapd_process_reload(s->slapd, config);
    log_event(LOG_LEVEL_INFO, "main.reloaded");
    talloc_free(arena);
}

static void begin_stop(struct supervisor *s)
{
    if (s->is_stopping)
        return;
    log_event(LOG_LEVEL_INFO, "main.stopping");
    sd_notify(0, "STOPPING=1");
    s->is_stopping = true;
    s->stopped_us = clock_monotonic_us();
    slapd_process_stop(s->slapd);
    for (size_t i = 0; i < s->count; i++)
        process_stop(&s->processes[i]);
}

static void answer(void *argument, struct span request, struct buf *reply)
{
    struct supervisor *s = argument;

    if (span_equals_text(request, "status")) {
        answer_status(s, reply);
    } else if (span_equals_text(request, "reload")) {
        reload(s, reply);
    } else if (span_equals_text(request, "stop")) {
        begin_stop(s);
        buf_add_text(reply, "stopping");
    }
}

/* ---- the loop */

static void take_signals(struct supervisor *s)
{
    struct signalfd_siginfo info;

    while (read(s->signals, &info, sizeof info) == sizeof info) {
        if (info.ssi_signo == SIGTERM || info.ssi_signo == SIGINT) {
            begin_stop(s);
        } else if (info.ssi_signo == SIGHUP) {
            struct buf unread = BUF_INIT(talloc_new(NULL));
            sd_notify(0, "RELOADING=1");
            reload(s, &unread);
            sd_notify(0, "READY=1");
            talloc_free(unread.owner);
        }
    }
}

/* Something is to be started again soon: looked at more often than once a second. */
static bool is_whole(const struct supervisor *s)
{
    for (size_t i = 0; i < s->count; i++)
        if (s->processes[i].state == PROCESS_DOWN)
            return false;
    return !s->is_stopping && (s->is_database_up || !s->is_prepared);
}

static void wait_for_events(struct supervisor *s)
{
    struct pollfd ready[PROCESSES_MAX + 2] = { { .fd = s->signals, .events = POLLIN },
                                               { .fd = control_fd(s->control), .events = POLLIN } };

    for (size_t i = 0; i < s->count; i++)
        ready[i + 2] = (struct pollfd){ .fd = s->processes[i].channel, .events = POLLIN };
    if (poll(ready, (nfds_t)(s->count + 2), is_whole(s) ? 1000 : 100) <= 0)
        return;
    if (ready[0].revents)
        take_signals(s);
    for (size_t i = 0; i < s->count; i++)
        if (ready[i + 2].revents)
            process_listen(&s->processes[i]);
    if (ready[1].revents)
        control_serve(s->control);
}

static bool all_are(const struct supervisor *s, enum process_state state)
{
    for (size_t i = 0; i < s->count; i++)
        if (s->processes[i].state != state)
            return false;
    return true;
}

static void tend_processes(struct supervisor *s)
{
    for (size_t i = 0; i < s->count; i++) {
        process_reap(&s->processes[i]);
        if (s->is_prepared && !s->is_stopping)
            process_tend(&s->processes[i], s->config);
    }
    if (s->is_prepared && !s->is_stopping)
        slapd_process_tend(s->slapd, s->config, s->config->ldap && s->has_web);
    if (!s->was_ready && s->is_prepared && all_are(s, PROCESS_RUNNING)) {
        s->was_ready = true;
        log_event(LOG_LEVEL_INFO, "main.ready", log_i64("pid", getpid()));
        sd_notify(0, "READY=1");
        tell_ready(s, "ready");
    }
    if (s->is_stopping && clock_monotonic_us() - s->stopped_us > STOP_S * US_PER_S)
        for (size_t i = 0; i < s->count; i++)
            process_kill(&s->processes[i]);
}

/* Before the first success a role that dies again and again will not get well by itself: a port in use, a certificate
 * that is none. Whoever started the server is told. */
static bool gives_up(struct supervisor *s)
{
    for (size_t i = 0; !s->was_ready && i < s->count; i++) {
        const struct process *process = &s->processes[i];
        if (process->failures_in_a_row < STARTS_TRIED)
            continue;
        tell_ready(s, *process->saying ? process->saying : "A role does not start; see the log.");
        return true;
    }
    return false;
}

static int block_signals(void)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGCHLD);
    sigprocmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static void choose_roles(struct supervisor *s, const char *list)
{
    for (const struct role_kind *kind = role_kinds; kind->name; kind++)
        if (role_is_listed(list, kind->name))
            process_init(&s->processes[s->count++], kind);
    s->has_web = role_is_listed(list, "web");
}

static void tell_watchdog(struct supervisor *s)
{
    if (clock_monotonic_us() < s->next_watchdog_us)
        return;
    s->next_watchdog_us = clock_monotonic_us() + WATCHDOG_S * US_PER_S;
    sd_notify(0, "WATCHDOG=1");
}

static int run(struct supervisor *s)
{
    int status = 0;

    while (!s->is_stopping || !all_are(s, PROCESS_DOWN)) {
        if (!s->is_stopping && (!prepare_database(s) || gives_up(s))) {
            status = 1;
            begin_stop(s);
        }
        wait_for_events(s);
        tend_processes(s);
        if (!s->is_stopping)
            tend_database(s);
        tell_watchdog(s);
    }
    tell_ready(s, "The server was told to stop.");
    return status;
}

int supervisor_run(struct config *config, const struct supervisor_options *options)
{
    struct supervisor s = { .config = config, .ready_fd = options->ready_fd };
    struct err err = ERR_INIT;
    char *path = config_path(NULL, config, "run/supervisor.ctl");
    int status = 1;

    log_set_role("main");
    log_set_level((enum log_level)config->log_level);
    s.signals = block_signals();
    s.reserve = database_reserve(NULL, config);
    s.slapd = slapd_process_new(NULL);
    choose_roles(&s, options->roles ? options->roles : config->roles);
    if (data_directory_check(config, &err) && data_directory_lock(config, &err) &&
        control_listen(path, answer, &s, &s.control, &err)) {
        log_event(LOG_LEVEL_INFO, "main.starting", log_text("version", CHAPPE_VERSION),
                  log_text("data", config->data));
        status = run(&s);
        cluster_stop(&s.cluster);
        control_close(&s.control);
        log_event(LOG_LEVEL_INFO, "main.stopped");
    } else {
        log_err(LOG_LEVEL_ERROR, "main.start", &err);
        tell_ready(&s, err.user);
    }
    close(s.signals);
    talloc_free(s.reserve);
    talloc_free(s.slapd);
    talloc_free(path);
    talloc_free(s.config);
    return status;
}
