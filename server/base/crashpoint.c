/* crashpoint.c -- dying by SIGKILL at the place that the environment names. */
#include "base/crashpoint.h"

#ifdef CHAPPE_CRASHPOINTS
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void crashpoint_pass(const char *name)
{
    static atomic_long hits; /* how often the named point was passed, by all threads */
    const char *wanted = getenv("CRASHPOINT");
    size_t length = strlen(name);

    if (!wanted || strncmp(wanted, name, length) != 0 || (wanted[length] != '\0' && wanted[length] != ':'))
        return;
    long turn = wanted[length] == ':' ? strtol(wanted + length + 1, NULL, 10) : 1;
    if (atomic_fetch_add(&hits, 1) + 1 == turn)
        kill(getpid(), SIGKILL);
}
#endif
