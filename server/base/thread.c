#include "base/thread.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>

#define DEFAULT_STACK_BYTES (512 * 1024)

bool thread_start(const char *name, size_t stack_bytes, void *(*function)(void *), void *argument,
                  pthread_t *thread_out, struct err *err)
{
    char short_name[16];
    pthread_attr_t attributes;
    sigset_t all, before;
    int failure;

    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, stack_bytes ? stack_bytes : DEFAULT_STACK_BYTES);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    failure = pthread_create(thread_out, &attributes, function, argument);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    if (failure) {
        errno = failure;
        return err_errno(err, "pthread_create");
    }
    snprintf(short_name, sizeof(short_name), "%s", name);
    pthread_setname_np(*thread_out, short_name);
    return true;
}
