/* start.c -- init, start, stop, restart, reload: the life of an installation. */
#include "main/command.h"
#include "main/control.h"
#include "main/data_directory.h"
#include "main/database.h"
#include "main/privileges.h"
#include "main/process.h"
#include "main/role.h"
#include "main/supervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <talloc.h>
#include <unistd.h>

enum { CERTIFICATE_YEARS = 10, STOP_WAIT_MS = 90000, LOG_KEPT_BYTES = 64 << 20, LOWEST_FREE_PORT = 1024 };

#define SYSTEM_DATA "/var/lib/chappe"

/* ---- init */

static bool make_folder_of(const char *file, struct err *err)
{
    char *folder = talloc_strdup(NULL, file);
    bool done;

    *strrchr(folder, '/') = '\0';
    done = !*folder || mkdir(folder, 0755) == 0 || errno == EEXIST ||
           err_set(err, ERR_DENIED, "The folder %s cannot be made: %s.", folder, strerror(errno));
    talloc_free(folder);
    return done;
}

static bool write_config(struct invocation *in, struct err *err)
{
    const char *values[16];
    size_t count = 0;
    static const struct {
        const char *option, *key;
    } taken[] = { { "--port-offset", "port_offset" },
                  { "--hostname", "hostname" },
                  { "--directory", "directory" },
                  { "--plaintext-login", "plaintext_login" },
                  { "--user", "user" } };

    for (size_t i = 0; i < COUNT_OF(taken); i++)
        if (option_value(in, taken[i].option)) {
            values[count++] = taken[i].key;
            values[count++] = option_value(in, taken[i].option);
        }
    if (in->is_both || !in->data) {
        values[count++] = "data";
        values[count++] = in->is_both ? in->data : SYSTEM_DATA;
    }
    values[count] = NULL;
    return make_folder_of(in->config_file, err) && config_write(in->config_file, values, err);
}

/* In a process of its own with the server's privileges, so that what it makes belongs to the server. */
static bool make_certificate(const struct config *config, struct err *err)
{
    const char *names[] = { config->hostname, "localhost", "127.0.0.1" };
    char *folder = config_path(NULL, config, "tls");
    struct account account;
    struct err failure = ERR_INIT;
    int status = 1;
    pid_t pid = fork();

    if (pid == 0)
        _exit(account_of_server(config, &account, &failure) && privileges_drop(&account, false, &failure) &&
                      tls_demonstration_create(folder, "server", names, COUNT_OF(names), CERTIFICATE_YEARS,
                                               &failure)
                  ? 0
                  : 1);
    talloc_free(folder);
    if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0)
        return err_set(err, ERR_INTERNAL, "The certificate in %s/tls could not be made.", config->data);
    return true;
}

static bool make_config_folder(struct invocation *in, struct err *err)
{
    struct config standard = { .user = option_value(in, "--user") ? option_value(in, "--user") : "chappe" };
    struct account account;

    if (!in->data || access(in->data, F_OK) == 0)
        return true;
    standard.data = in->data;
    standard.file = in->config_file;
    return account_of_server(&standard, &account, err) && data_directory_create(&standard, err);
}

/* Repeating it completes what is missing and changes nothing that is there. */
int command_init(struct invocation *in, struct err *err)
{
    struct account account;
    char *installed;

    if (!make_config_folder(in, err))
        return -1;
    if (access(in->config_file, F_OK) != 0 && !write_config(in, err))
        return -1;
    if (!config_read(in->arena, in->config_file, &in->config, err) ||
        !account_of_server(in->config, &account, err) || !data_directory_create(in->config, err))
        return -1;
    if (geteuid() == 0 &&
        chown(in->config_file,
              strncmp(in->config_file, in->config->data, strlen(in->config->data)) == 0 ? account.uid : 0,
              account.gid) != 0) {
        err_errno(err, "chown chappe.conf");
        return -1;
    }
    installed = config_path(in->arena, in->config, "tls/server.pem");
    if (strcmp(in->config->tls_certificate, installed) == 0 && access(installed, F_OK) != 0 &&
        !make_certificate(in->config, err))
        return -1;
    if (in->is_json)
        printf("{\"data\": \"%s\", \"config\": \"%s\"}\n", in->config->data, in->config->file);
    else
        printf("Settings: %s\nData:     %s\nNext:     chappe -c %s start\n", in->config->file,
               in->config->data, in->config->file);
    return 0;
}

/* ---- start */

static bool needs_low_ports(const struct config *config)
{
    return config->port_offset < LOWEST_FREE_PORT;
}

/* Standard output and error go to log/chappe.log; one old log is kept. */
static bool redirect_output(const struct config *config, struct err *err)
{
    char *path = config_path(NULL, config, "log/chappe.log"), *old = talloc_asprintf(path, "%s.1", path);
    struct stat found;
    int log, null = open("/dev/null", O_RDWR | O_CLOEXEC);

    if (stat(path, &found) == 0 && found.st_size > LOG_KEPT_BYTES)
        (void)rename(path, old);
    log = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
    if (log < 0 || null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(log, STDOUT_FILENO) < 0 ||
        dup2(log, STDERR_FILENO) < 0) {
        err_set(err, ERR_DENIED, "%s cannot be written: %s.", path, strerror(errno));
        talloc_free(path);
        return false;
    }
    close(log);
    close(null);
    talloc_free(path);
    return true;
}

static bool become_server(const struct config *config, struct err *err)
{
    struct account account;

    privileges_raise_limits();
    umask(077);
    return account_of_server(config, &account, err) &&
           privileges_drop(&account, needs_low_ports(config), err);
}

/* The supervisor owns its configuration: a copy that outlives the command. */
static bool own_config(const struct invocation *in, struct config **config_out, struct err *err)
{
    return config_read(NULL, in->config->file, config_out, err);
}

static void supervise_detached(const struct invocation *in, int ready_fd)
{
    struct supervisor_options options = { .roles = option_value(in, "--roles"), .ready_fd = ready_fd };
    struct config *config;
    struct err err = ERR_INIT;

    setsid();
    if (become_server(in->config, &err) && own_config(in, &config, &err) && redirect_output(config, &err))
        _exit(supervisor_run(config, &options));
    (void)!write(ready_fd, err.user, strlen(err.user));
    _exit(1);
}

static int start_detached(const struct invocation *in, struct err *err)
{
    char said[sizeof err->user] = "";
    ssize_t got;
    int ends[2];
    pid_t pid;

    if (pipe2(ends, O_CLOEXEC) != 0)
        return err_errno(err, "pipe"), -1;
    pid = fork();
    if (pid == 0) {
        close(ends[0]);
        supervise_detached(in, ends[1]);
    }
    close(ends[1]);
    got = pid > 0 ? read(ends[0], said, sizeof said - 1) : -1;
    close(ends[0]);
    if (got == 5 && strcmp(said, "ready") == 0)
        return 0;
    err_set(err, ERR_INTERNAL, "The server did not start: %s", got > 0 ? said : "see log/chappe.log.");
    return -1;
}

static bool may_start(const struct invocation *in, struct err *err)
{
    const char *roles = option_value(in, "--roles") ? option_value(in, "--roles") : in->config->roles;
    char *path = config_path(in->arena, in->config, "run/supervisor.ctl"), *status;
    struct err nobody = ERR_INIT;

    if (!role_list_check(roles, err))
        return false;
    if (control_ask(in->arena, path, "status", 2000, &status, &nobody))
        return err_set(err, ERR_CONFLICT, "A server is running already in %s.", in->config->data);
    return true;
}

int command_start(struct invocation *in, struct err *err)
{
    struct supervisor_options options = { .roles = option_value(in, "--roles"), .ready_fd = -1 };
    struct config *config;

    if (!may_start(in, err))
        return -1;
    if (option_value(in, "--detach"))
        return start_detached(in, err);
    if (!become_server(in->config, err) || !own_config(in, &config, err))
        return -1;
    return supervisor_run(config, &options);
}

/* ---- stop, restart, reload */

static bool wait_until_gone(pid_t pid, struct err *err)
{
    int fd = (int)syscall(SYS_pidfd_open, pid, 0);
    struct pollfd end = { .fd = fd, .events = POLLIN };
    bool is_gone;

    if (fd < 0)
        return errno == ESRCH || err_errno(err, "pidfd_open");
    is_gone = poll(&end, 1, STOP_WAIT_MS) == 1;
    close(fd);
    return is_gone || err_set(err, ERR_BUSY, "The server (process %d) has not stopped yet.", (int)pid);
}

static pid_t supervisor_pid(const struct invocation *in, struct err *err)
{
    char *path = config_path(in->arena, in->config, "run/supervisor.ctl"), *status = NULL;
    json_t *parsed;
    pid_t pid = 0;

    if (!control_ask(in->arena, path, "status", 10000, &status, err))
        return 0;
    parsed = json_loads(status, 0, NULL);
    pid = (pid_t)json_integer_value(json_object_get(parsed, "pid"));
    json_decref(parsed);
    return pid;
}

/* PostgreSQL goes on when a supervisor was killed: it is adopted, and stopped. */
static void stop_orphaned_database(const struct invocation *in)
{
    char *conninfo, *folder = config_path(in->arena, in->config, "postgres");
    struct account account;
    struct err err = ERR_INIT;
    struct cluster *cluster = NULL;
    pid_t pid;

    if (!database_is_embedded(in->config) ||
        !cluster_find_conninfo(in->arena, folder, "postgres", &conninfo, &err))
        return;
    pid = fork();
    if (pid == 0) {
        if (account_of_server(in->config, &account, &err) && privileges_drop(&account, false, &err) &&
            data_directory_lock(in->config, &err) && database_start(NULL, in->config, &cluster, &err))
            cluster_stop(&cluster);
        _exit(0);
    }
    if (pid > 0)
        (void)waitpid(pid, NULL, 0);
}

int command_stop(struct invocation *in, struct err *err)
{
    char *path = config_path(in->arena, in->config, "run/supervisor.ctl"), *answer;
    pid_t pid = supervisor_pid(in, err);

    if (pid == 0) {
        if (err->kind == ERR_NOT_FOUND)
            stop_orphaned_database(in);
        return -1;
    }
    if (!control_ask(in->arena, path, "stop", 10000, &answer, err) || !wait_until_gone(pid, err))
        return -1;
    return 0;
}

int command_restart(struct invocation *in, struct err *err)
{
    if (command_stop(in, err) < 0 && err->kind != ERR_NOT_FOUND)
        return -1;
    *err = ERR_INIT;
    return start_detached(in, err);
}

int command_reload(struct invocation *in, struct err *err)
{
    char *path = config_path(in->arena, in->config, "run/supervisor.ctl"), *answer;

    if (!control_ask(in->arena, path, "reload", 60000, &answer, err))
        return -1;
    if (strncmp(answer, "error ", 6) == 0 || strstr(answer, "not reloaded")) {
        err_set(err, ERR_INVALID, "%s", answer);
        return -1;
    }
    fputs(answer, stdout);
    return 0;
}

/* ---- what the supervisor calls */

int command_run_role(struct invocation *in, struct err *err)
{
    struct config *config;

    if (!own_config(in, &config, err))
        return -1;
    return role_run(config, in->arguments[0]);
}
