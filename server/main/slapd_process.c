/* slapd_process.c -- fork, exec, reap. */
#include "main/slapd_process.h"

#include "base/clock.h"
#include "main/role.h"
#include "main/services.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <talloc.h>
#include <unistd.h>

enum { PAUSE_MAX_S = 60, STABLE_S = 60, STOP_S = 5, LOOK_MS = 10, LOG_KEPT_BYTES = 16 << 20 };

static const char program[] = "/usr/sbin/slapd";

struct slapd_process {
    pid_t pid; /* 0: none */
    bool is_wanted;
    char *settings; /* it runs with; NULL: none yet */
    struct timespec certificate_changed;
    unsigned restarts, failures_in_a_row;
    int64_t started_us, start_again_us; /* monotonic */
    char trouble[160];                  /* why it does not run */
};

struct slapd_process *slapd_process_new(const void *owner)
{
    return talloc_zero(owner, struct slapd_process);
}

/* ---- settings */

char *slapd_settings(const void *owner, const struct config *config)
{
    return talloc_asprintf(owner,
                           "include /etc/ldap/schema/core.schema\n"
                           "include /etc/ldap/schema/cosine.schema\n"
                           "include /etc/ldap/schema/inetorgperson.schema\n"
                           "pidfile \"%s/run/slapd.pid\"\n"
                           "modulepath /usr/lib/ldap\n"
                           "moduleload back_sock\n"
                           "TLSCertificateFile \"%s\"\n"
                           "TLSCertificateKeyFile \"%s\"\n"
                           "TLSProtocolMin 3.3\n"
                           "TLSVerifyClient never\n"
                           "threads 16\n"
                           "sizelimit unlimited\n"
                           "timelimit unlimited\n"
                           "idletimeout 600\n"
                           "writetimeout 30\n"
                           "sockbuf_max_incoming 65536\n"
                           "sockbuf_max_incoming_auth 65536\n"
                           "database sock\n"
                           "suffix \"\"\n"
                           "socketpath \"%s/run/ldap.sock\"\n"
                           "extensions binddn peername ssf connid\n"
                           "readonly on\n"
                           "access to * by * read\n",
                           config->data, config->tls_certificate, config->tls_key, config->data);
}

static bool write_settings(const char *path, const char *text)
{
    FILE *file = fopen(path, "we");
    bool done = file && fputs(text, file) >= 0;

    return file && fclose(file) == 0 && done;
}

/* "ldap://192.0.2.1:389/ ldaps://192.0.2.1:636/ ..." */
static char *urls(const void *owner, const struct config *config)
{
    char **addresses, *text = talloc_strdup(owner, "");
    struct err err = ERR_INIT;
    size_t count;

    if (!role_addresses(owner, config->listen, &addresses, &count, &err))
        return text; /* the roles say so themselves */
    for (size_t i = 0; i < count; i++) {
        bool is_ipv6 = strchr(addresses[i], ':') != NULL;
        const char *open = is_ipv6 ? "[" : "", *close = is_ipv6 ? "]" : "";
        bool is_any = strcmp(addresses[i], "::") == 0; /* slapd takes both families where no address stands */
        text = talloc_asprintf_append(
            text, "ldap://%s%s%s:%d/ ldaps://%s%s%s:%d/ ", is_any ? "" : open, is_any ? "" : addresses[i],
            is_any ? "" : close, (int)(SLAPD_PORT + config->port_offset), is_any ? "" : open,
            is_any ? "" : addresses[i], is_any ? "" : close, (int)(SLAPD_TLS_PORT + config->port_offset));
    }
    return text;
}

static struct timespec changed(const char *file)
{
    struct stat found;

    return stat(file, &found) == 0 ? found.st_mtim : (struct timespec){ .tv_sec = 0 };
}

/* ---- life */

static void note(struct slapd_process *slapd, const char *trouble)
{
    if (strcmp(slapd->trouble, trouble) != 0 && *trouble)
        log_event(LOG_LEVEL_ERROR, "main.slapd", log_text("cause", trouble));
    snprintf(slapd->trouble, sizeof slapd->trouble, "%s", trouble);
}

static int open_log(const struct config *config)
{
    char *path = config_path(NULL, config, "log/slapd.log");
    struct stat found;
    bool is_long = stat(path, &found) == 0 && found.st_size > LOG_KEPT_BYTES;
    int log = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | (is_long ? O_TRUNC : 0), 0640);

    talloc_free(path);
    return log;
}

/* Between fork and exec: only what is safe there. It stays in the foreground and writes what matters to standard error. */
static void become_slapd(const char *settings_path, const char *urls, int log, pid_t supervisor)
{
    char *const arguments[] = { (char *)"slapd", (char *)"-f", (char *)settings_path, (char *)"-h",
                                (char *)urls,    (char *)"-d", (char *)"none",        NULL };
    char *const environment[] = { (char *)"PATH=/usr/sbin:/usr/bin", NULL };
    sigset_t none;

    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != supervisor || dup2(log, STDOUT_FILENO) < 0 ||
        dup2(log, STDERR_FILENO) < 0)
        _exit(1);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGPIPE, SIG_DFL);
    closefrom(STDERR_FILENO + 1);
    execve(program, arguments, environment);
    _exit(127);
}

static void start(struct slapd_process *slapd, const struct config *config)
{
    void *scratch = talloc_new(NULL);
    char *path = config_path(scratch, config, "run/slapd.conf"), *all = urls(scratch, config);
    pid_t supervisor = getpid();
    int log = open_log(config);

    talloc_free(slapd->settings);
    slapd->settings = talloc_asprintf(slapd, "%s%s", slapd_settings(scratch, config), all);
    slapd->certificate_changed = changed(config->tls_certificate);
    slapd->started_us = clock_monotonic_us();
    if (log < 0 || !write_settings(path, slapd_settings(scratch, config))) {
        note(slapd, strerror(errno));
    } else if ((slapd->pid = fork()) == 0) {
        become_slapd(path, all, log, supervisor);
    } else if (slapd->pid < 0) {
        note(slapd, strerror(errno));
        slapd->pid = 0;
    }
    if (log >= 0)
        close(log);
    talloc_free(scratch);
}

/* It is away: for longer each time, as long as it does not stay. */
static void plan_start(struct slapd_process *slapd)
{
    int64_t now_us = clock_monotonic_us(), pause_us;

    if (now_us - slapd->started_us > STABLE_S * US_PER_S)
        slapd->failures_in_a_row = 0;
    pause_us = US_PER_S << (slapd->failures_in_a_row > 6 ? 6 : slapd->failures_in_a_row);
    slapd->failures_in_a_row++;
    slapd->restarts++;
    slapd->start_again_us = now_us + (pause_us > PAUSE_MAX_S * US_PER_S ? PAUSE_MAX_S * US_PER_S : pause_us);
}

static void reap(struct slapd_process *slapd)
{
    int status;

    if (slapd->pid == 0 || waitpid(slapd->pid, &status, WNOHANG) != slapd->pid)
        return;
    slapd->pid = 0;
    plan_start(slapd);
    note(slapd, "slapd has ended; log/slapd.log tells why. Another server may be at its ports.");
}

void slapd_process_tend(struct slapd_process *slapd, const struct config *config, bool is_wanted)
{
    reap(slapd);
    slapd->is_wanted = is_wanted;
    if (!is_wanted || slapd->pid != 0 || clock_monotonic_us() < slapd->start_again_us)
        return;
    if (access(program, X_OK) == 0) {
        start(slapd, config);
        return;
    }
    note(slapd, "There is no /usr/sbin/slapd. Run: apt install slapd");
    slapd->start_again_us = clock_monotonic_us() + PAUSE_MAX_S * US_PER_S;
}

void slapd_process_stop(struct slapd_process *slapd)
{
    int64_t until_us = clock_monotonic_us() + STOP_S * US_PER_S;
    int status;

    if (slapd->pid == 0)
        return;
    kill(slapd->pid, SIGTERM);
    while (waitpid(slapd->pid, &status, WNOHANG) == 0) {
        if (clock_monotonic_us() > until_us)
            kill(slapd->pid, SIGKILL);
        poll(NULL, 0, LOOK_MS);
    }
    slapd->pid = 0;
}

void slapd_process_reload(struct slapd_process *slapd, const struct config *config)
{
    void *scratch = talloc_new(NULL);
    char *fresh = talloc_asprintf(scratch, "%s%s", slapd_settings(scratch, config), urls(scratch, config));
    struct timespec now = changed(config->tls_certificate);

    slapd->start_again_us = 0;
    if (!config->ldap || !slapd->settings || strcmp(fresh, slapd->settings) != 0 ||
        now.tv_sec != slapd->certificate_changed.tv_sec || now.tv_nsec != slapd->certificate_changed.tv_nsec)
        slapd_process_stop(slapd);
    talloc_free(scratch);
}

json_t *slapd_process_json(const struct slapd_process *slapd)
{
    if (!slapd->is_wanted)
        return NULL;
    return json_pack("{s:s, s:i, s:i, s:s}", "state", slapd->pid ? "running" : "down", "pid", (int)slapd->pid,
                     "restarts", (int)slapd->restarts, "trouble", slapd->pid ? "" : slapd->trouble);
}
