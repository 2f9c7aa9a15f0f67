/* child.c -- fork, watch, collect. */
#include "extract/child.h"

#include "extract/sandbox.h"
#include "format/charset.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* What child and parent share. The child may write anything into it. */
struct result {
    struct extract_sink sink;
    enum extract_verdict verdict;
    char text[EXTRACT_TEXT_MAX];
};

static void work(enum extract_kind kind, struct span bytes, const struct extract_budget *budget,
                 struct result *result, pid_t parent)
{
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent || !sandbox_enter(budget))
        _exit(1);
    result->verdict = extract_text(kind, bytes, &result->sink);
    _exit(0);
}

/* Waits for its end; true when it had to be killed for its time. */
static bool watch(pid_t pid, unsigned time_s, int *status_out)
{
    enum { MS_PER_S = 1000 };
    int fd = (int)syscall(SYS_pidfd_open, pid, 0);
    struct pollfd end = { .fd = fd, .events = POLLIN };
    bool is_late = fd < 0 || poll(&end, 1, (int)time_s * MS_PER_S) != 1;

    if (is_late)
        kill(pid, SIGKILL);
    if (fd >= 0)
        close(fd);
    while (waitpid(pid, status_out, 0) < 0 && errno == EINTR)
        ;
    return is_late;
}

static enum extract_verdict verdict_of(const struct result *result, bool is_late, int status)
{
    if (is_late || (WIFSIGNALED(status) && WTERMSIG(status) == SIGXCPU))
        return EXTRACT_LATE;
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0 || (unsigned)result->verdict >= EXTRACT_VERDICTS)
        return EXTRACT_KILLED;
    return result->verdict;
}

/* NUL is nothing that a database keeps in a text. */
static void add_text(struct buf *text, struct result *result)
{
    size_t length = result->sink.length < sizeof result->text ? result->sink.length : sizeof result->text;

    for (size_t i = 0; i < length; i++)
        if (result->text[i] == '\0')
            result->text[i] = ' ';
    utf8_add_valid(text, span_of(result->text, length));
}

enum extract_verdict extract_in_child(enum extract_kind kind, struct span bytes,
                                      const struct extract_budget *budget, struct buf *text, int *signal_out)
{
    struct result *result =
        mmap(NULL, sizeof *result, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    enum extract_verdict verdict = EXTRACT_KILLED;
    pid_t parent = getpid(), pid;
    int status = 0;

    *signal_out = 0;
    if (result == MAP_FAILED)
        return verdict;
    result->sink = (struct extract_sink){ .p = result->text, .capacity = sizeof result->text };
    result->verdict = EXTRACT_KILLED;
    pid = fork();
    if (pid == 0)
        work(kind, bytes, budget, result, parent);
    if (pid > 0) {
        bool is_late = watch(pid, budget->time_s, &status);
        verdict = verdict_of(result, is_late, status);
        *signal_out = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
        add_text(text, result);
    }
    munmap(result, sizeof *result);
    return verdict;
}
