/*
 * child.c -- fork, become the other user, exec. Between fork and exec only what a forked thread may call.
 */
#include "db/child.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <talloc.h>
#include <unistd.h>

enum { GROUPS_MAX = 64, EXIT_NO_EXEC = 127 };

bool cluster_account_find(const void *owner, const char *name, struct account *account_out, struct err *err)
{
    struct passwd entry, *found = NULL;
    char buffer[4096];
    int failed = name ? getpwnam_r(name, &entry, buffer, sizeof buffer, &found)
                      : getpwuid_r(geteuid(), &entry, buffer, sizeof buffer, &found);

    if (failed || !found)
        return err_set(err, ERR_INVALID, "There is no user account %s on this machine.",
                       name ? name : "for this process");
    *account_out = (struct account){ talloc_strdup(owner, found->pw_name), found->pw_uid, found->pw_gid };
    return true;
}

/* A session of PostgreSQL takes and gives back some hundred kilobytes of heap at every transaction; glibc would hand them to the
 * kernel and fetch them again each time, which is 7 % of a delivery. What is set outside wins. */
static const char *const malloc_settings[] = { "MALLOC_TOP_PAD_=1048576", "MALLOC_TRIM_THRESHOLD_=16777216",
                                               "MALLOC_MMAP_THRESHOLD_=4194304" };

static const char **environment_of(const void *owner)
{
    size_t count = 0;

    while (environ[count])
        count++;
    const char **all = talloc_array(owner, const char *, (unsigned)(count + COUNT_OF(malloc_settings) + 1));
    memcpy(all, environ, count * sizeof *all);
    for (size_t i = 0; i < COUNT_OF(malloc_settings); i++) {
        char *name = talloc_strndup(owner, malloc_settings[i], strcspn(malloc_settings[i], "="));
        if (!getenv(name))
            all[count++] = malloc_settings[i];
        talloc_free(name);
    }
    all[count] = NULL;
    return all;
}

struct launch {
    const struct account *account;
    const char *const *argv;
    const char **environment;
    const char *log_path;
    enum child_life life;
    pid_t parent;
    bool changes_user;
    gid_t groups[GROUPS_MAX];
    int group_count;
};

static void child_main(const struct launch *launch)
{
    sigset_t none;
    int log = open(launch->log_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    for (int number = 1; number < NSIG; number++)
        signal(number, SIG_DFL);
    setsid(); /* Ctrl-C is for our supervisor, which then stops us in order */
    if (log < 0 || null < 0 || dup2(null, 0) < 0 || dup2(log, 1) < 0 || dup2(log, 2) < 0)
        _exit(EXIT_NO_EXEC);
    if (launch->changes_user && (fchown(log, launch->account->uid, launch->account->gid) < 0 ||
                                 setgroups((size_t)launch->group_count, launch->groups) < 0 ||
                                 setgid(launch->account->gid) < 0 || setuid(launch->account->uid) < 0))
        _exit(EXIT_NO_EXEC);
    if (launch->life == CHILD_DIES_WITH_US) {
        prctl(PR_SET_PDEATHSIG, SIGINT);
        if (getppid() != launch->parent)
            _exit(0);
    }
    if (chdir("/") < 0)
        _exit(EXIT_NO_EXEC);
    closefrom(3);
    execve(launch->argv[0], (char *const *)(uintptr_t)launch->argv,
           (char *const *)(uintptr_t)launch->environment);
    _exit(EXIT_NO_EXEC);
}

bool cluster_child_start(const struct account *account, const char *const *argv, const char *log_path,
                         enum child_life life, pid_t *pid_out, struct err *err)
{
    struct launch launch = { .account = account,
                             .argv = argv,
                             .environment = environment_of(NULL),
                             .log_path = log_path,
                             .life = life,
                             .parent = getpid(),
                             .changes_user = geteuid() == 0 && account->uid != 0,
                             .group_count = GROUPS_MAX };

    if (launch.changes_user &&
        getgrouplist(account->name, account->gid, launch.groups, &launch.group_count) < 0)
        launch.group_count = GROUPS_MAX;
    pid_t pid = fork();
    if (pid == 0)
        child_main(&launch);
    bool is_started = pid > 0 || err_errno(err, "fork");
    talloc_free(launch.environment);
    *pid_out = pid;
    return is_started;
}

void log_tail(const char *path, char *text, size_t size)
{
    int file = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t length = 0;

    if (file >= 0) {
        if (lseek(file, -(off_t)(size - 1), SEEK_END) < 0)
            (void)!lseek(file, 0, SEEK_SET);
        length = read(file, text, size - 1);
        close(file);
    }
    text[length > 0 ? length : 0] = '\0';
    for (char *p = text; *p; p++)
        if (*p == '\n')
            *p = ' ';
}

bool child_run(const struct account *account, const char *const *argv, const char *log_path, struct err *err)
{
    char tail[300];
    int status;
    pid_t pid;

    if (!cluster_child_start(account, argv, log_path, CHILD_DIES_WITH_US, &pid, err))
        return false;
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return err_errno(err, "waitpid");
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return true;
    log_tail(log_path, tail, sizeof tail);
    err_log(err, "%s ended with status %d: %s", argv[0], status, tail);
    return err_set(err, ERR_INTERNAL, "The private database could not be made: %s", tail);
}
