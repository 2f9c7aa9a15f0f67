/* sandbox.c -- no descriptors, limits by the kernel, and a list of calls outside of which nothing is done. */
#include "extract/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

/* Memory is mapped by these two alone, and never to be run. */
static const int mapping[] = { SCMP_SYS(mmap), SCMP_SYS(mprotect) };
static const int allowed[] = {
    SCMP_SYS(munmap),       SCMP_SYS(mremap),          SCMP_SYS(brk),           SCMP_SYS(madvise),
    SCMP_SYS(futex),        SCMP_SYS(sched_yield),     SCMP_SYS(clock_gettime), SCMP_SYS(gettimeofday),
    SCMP_SYS(getpid),       SCMP_SYS(gettid),          SCMP_SYS(getrandom),     SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(rt_sigreturn), SCMP_SYS(sigaltstack),     SCMP_SYS(rt_sigaction),  SCMP_SYS(exit),
    SCMP_SYS(exit_group),   SCMP_SYS(restart_syscall),
#ifdef __SANITIZE_ADDRESS__
    SCMP_SYS(write), /* what the sanitizer found */
#endif
};
/* No document asks for these: who does is somebody else by now. */
static const int deadly[] = {
    SCMP_SYS(execve), SCMP_SYS(execveat), SCMP_SYS(fork),   SCMP_SYS(vfork),
    SCMP_SYS(socket), SCMP_SYS(connect),  SCMP_SYS(ptrace), SCMP_SYS(kill),
};

static bool limit_calls(void)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
    bool done = filter != NULL;

    for (size_t i = 0; done && i < COUNT_OF(allowed); i++)
        done = seccomp_rule_add(filter, SCMP_ACT_ALLOW, allowed[i], 0) == 0;
    for (size_t i = 0; done && i < COUNT_OF(mapping); i++)
        done = seccomp_rule_add(filter, SCMP_ACT_ALLOW, mapping[i], 1,
                                SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0)) == 0;
    for (size_t i = 0; done && i < COUNT_OF(deadly); i++)
        done = seccomp_rule_add(filter, SCMP_ACT_KILL_PROCESS, deadly[i], 0) == 0;
    done = done && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && seccomp_load(filter) == 0;
    if (filter)
        seccomp_release(filter);
    return done;
}

static bool limit(int resource, rlim_t most)
{
    struct rlimit limits = { .rlim_cur = most, .rlim_max = most };

    return setrlimit((__rlimit_resource_t)resource, &limits) == 0;
}

/* What is mapped already, the shared libraries and all the threads' arenas among it. */
static size_t mapped_bytes(void)
{
    char text[64] = "";
    int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    ssize_t got = fd >= 0 ? read(fd, text, sizeof text - 1) : -1;

    if (fd >= 0)
        close(fd);
    return got > 0 ? strtoull(text, NULL, 10) * (size_t)sysconf(_SC_PAGESIZE) : 0;
}

static bool limit_resources(const struct extract_budget *budget)
{
#ifndef __SANITIZE_ADDRESS__ /* which maps terabytes for its own use */
    size_t mapped = mapped_bytes();
    if (mapped == 0 || !limit(RLIMIT_AS, mapped + budget->memory_bytes))
        return false;
#else
    (void)mapped_bytes;
#endif
    return limit(RLIMIT_CPU, budget->time_s + 1) && limit(RLIMIT_CORE, 0) && limit(RLIMIT_FSIZE, 0) &&
           limit(RLIMIT_NOFILE, 0);
}

bool sandbox_enter(const struct extract_budget *budget)
{
    bool done = limit_resources(budget);

#ifdef __SANITIZE_ADDRESS__
    closefrom(STDERR_FILENO + 1);
#else
    closefrom(0);
#endif
    return done && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0 && limit_calls();
}
