/* offline.c -- the helper process that serves the admin API for one command. */
#include "main/offline.h"

#include "main/admin_server.h"
#include "main/control.h"
#include "main/data_directory.h"
#include "main/database.h"
#include "main/privileges.h"
#include "main/role.h"
#include "main/storage.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <talloc.h>
#include <unistd.h>

enum { LOCK_WAIT_S = 60 };

struct offline {
    pid_t pid;
    int link; /* closing it ends the helper */
    char *socket;
};

bool offline_needed(const struct config *config)
{
    char *path = config_path(NULL, config, "run/supervisor.ctl"), *status = NULL;
    struct err err = ERR_INIT;
    bool runs = control_ask(NULL, path, "status", 3000, &status, &err);
    bool serves = runs && strstr(status, "\"web\"") != NULL;

    talloc_free(status);
    talloc_free(path);
    return !serves && err.kind != ERR_BUSY;
}

/* ---- in the helper */

/* The directory is ours alone, or a supervisor without the web role has it and its database runs. */
static bool take_directory(const struct config *config, bool *is_ours_out, struct err *err)
{
    char *path = config_path(NULL, config, "run/supervisor.ctl"), *status = NULL;
    bool taken = false;

    *is_ours_out = false;
    for (int i = 0; i < LOCK_WAIT_S * 10 && !taken && !status; i++) {
        *err = ERR_INIT;
        taken = *is_ours_out = data_directory_lock(config, err);
        if (!taken && err->kind != ERR_CONFLICT)
            break;
        if (!taken && !control_ask(path, path, "status", 1000, &status, err))
            usleep(100000); /* another command without a server: it ends soon */
    }
    talloc_free(path);
    return taken || status != NULL || err_set(err, ERR_BUSY, "Another command is using %s.", config->data);
}

static void wait_for_end(int link)
{
    struct pollfd end = { .fd = link, .events = POLLIN };

    while (poll(&end, 1, -1) < 0 && errno == EINTR)
        ;
}

static bool serve(struct config *config, const char *socket_path, int link, struct err *err)
{
    struct role role = { .arena = talloc_new(NULL), .config = config, .channel = -1 };
    struct cluster *cluster = NULL;
    struct admin_server *server = NULL;
    char *run = config_path(role.arena, config, "run");
    bool is_ours, done;

    done = data_directory_check(config, err) && take_directory(config, &is_ours, err) &&
           (!is_ours ||
            (database_start(role.arena, config, &cluster, err) && database_prepare(config, cluster, err))) &&
           wake_start(run, "admin", &role.wake, err) && storage_open(&role, &role.storage, err) &&
           admin_server_start(config, role.storage, socket_path, &server, err);
    if (done) {
        (void)!write(link, "ready", 5);
        wait_for_end(link);
    }
    admin_server_stop(&server);
    storage_close(&role.storage);
    wake_stop(&role.wake);
    cluster_stop(&cluster);
    talloc_free(role.arena);
    return done;
}

static void helper(const struct config *config, const char *socket_path, int link)
{
    struct account account;
    struct err err = ERR_INIT;
    struct config *own = NULL;

    prctl(PR_SET_PDEATHSIG, SIGTERM);
    signal(SIGINT, SIG_IGN); /* the command decides; it closes the link */
    setsid();
    log_set_role("admin");
    log_set_level(LOG_LEVEL_WARNING);
    if (account_of_server(config, &account, &err) && privileges_drop(&account, false, &err) &&
        config_read(NULL, config->file, &own, &err) && serve(own, socket_path, link, &err))
        _exit(0);
    (void)!write(link, &err, sizeof err);
    _exit(1);
}

/* ---- in the command */

bool offline_start(const struct config *config, struct offline **offline_out, struct err *err)
{
    struct offline *offline = talloc_zero(NULL, struct offline);
    char answer[sizeof *err];
    ssize_t got;
    int pair[2];

    offline->socket = talloc_asprintf(offline, "%s/run/admin-%ld.sock", config->data, (long)getpid());
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) {
        talloc_free(offline);
        return err_errno(err, "socketpair");
    }
    offline->pid = fork();
    if (offline->pid == 0) {
        close(pair[0]);
        helper(config, offline->socket, pair[1]);
    }
    close(pair[1]);
    offline->link = pair[0];
    got = offline->pid > 0 ? recv(offline->link, answer, sizeof answer, 0) : -1;
    if (got == 5) {
        *offline_out = offline;
        return true;
    }
    if (got == sizeof *err)
        memcpy(err, answer, sizeof *err);
    else
        err_set(err, ERR_INTERNAL, "The administration helper ended unexpectedly.");
    offline_stop(&offline);
    return false;
}

const char *offline_socket(const struct offline *offline)
{
    return offline->socket;
}

void offline_stop(struct offline **offline)
{
    if (!*offline)
        return;
    close((*offline)->link);
    if ((*offline)->pid > 0)
        (void)waitpid((*offline)->pid, NULL, 0);
    talloc_free(*offline);
    *offline = NULL;
}
