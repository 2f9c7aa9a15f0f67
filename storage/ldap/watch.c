/*
 * watch.c -- one thread for all sockets that are in a handshake.
 */
#include "ldap/watch.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/thread.h"

#include <stddef.h>
#include <sys/socket.h>
#include <time.h>

/* Of the process: its thread, which starts with the first handshake and sleeps while there is none, and what it watches. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t started = PTHREAD_ONCE_INIT;
static pthread_cond_t changed;
static struct watch *watched;

/* Shuts down what is late; when the next one will be. Under the lock. */
static int64_t look(int64_t now_us)
{
    int64_t next = INT64_MAX;

    for (struct watch *watch = watched; watch; watch = watch->next) {
        if (watch->has_ended_it)
            continue;
        if (watch->deadline_us <= now_us) {
            watch->has_ended_it = true;
            shutdown(watch->socket, SHUT_RDWR);
        } else if (watch->deadline_us < next) {
            next = watch->deadline_us;
        }
    }
    return next;
}

static void *run(void *unused)
{
    (void)unused;
    pthread_mutex_lock(&lock);
    for (;;) {
        int64_t next = look(clock_monotonic_us());
        struct timespec until = { .tv_sec = next / US_PER_S, .tv_nsec = next % US_PER_S * 1000 };
        if (next == INT64_MAX)
            pthread_cond_wait(&changed, &lock);
        else
            pthread_cond_timedwait(&changed, &lock, &until);
    }
    return NULL;
}

static void start(void)
{
    struct err err = ERR_INIT;
    pthread_condattr_t monotonic;
    pthread_t thread;

    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    if (!thread_start("ldap-watch", 0, run, NULL, &thread, &err))
        log_err(LOG_LEVEL_ERROR, "ldap.watch", &err);
    else
        pthread_detach(thread);
}

void watch_begin(struct watch *watch, int socket, int64_t deadline_us)
{
    pthread_once(&started, start);
    pthread_mutex_lock(&lock);
    *watch = (struct watch){ .next = watched, .socket = socket, .deadline_us = deadline_us };
    watched = watch;
    pthread_cond_signal(&changed);
    pthread_mutex_unlock(&lock);
}

bool watch_end(struct watch *watch)
{
    pthread_mutex_lock(&lock);
    for (struct watch **at = &watched; *at; at = &(*at)->next)
        if (*at == watch) {
            *at = watch->next;
            break;
        }
    pthread_mutex_unlock(&lock);
    return watch->has_ended_it;
}
