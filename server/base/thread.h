/*
 * thread.h -- threads of this process: named, with a stack of known size, all signals blocked (signals
 * belong to the main thread).
 */
#ifndef BASE_THREAD_H
#define BASE_THREAD_H

#include "base/err.h"

#include <pthread.h>
#include <stddef.h>

/* `name` is shown by ps and top, at most 15 bytes of it. `stack_bytes` 0: 512 KiB. */
MUST_CHECK bool thread_start(const char *name, size_t stack_bytes, void *(*function)(void *), void *argument,
                             pthread_t *thread_out, struct err *err);

#endif
