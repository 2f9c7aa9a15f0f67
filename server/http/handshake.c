#include "http/handshake.h"

#include "base/thread.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

enum { EVENTS_AT_ONCE = 64 };

struct http_handshake {
    struct http_handshakes *all;
    struct http_handshake *next, **previous; /* among those who wait */
    struct MHD_Connection *connection;
    int fd;
    bool is_waiting, is_watched /* in the epoll set */, is_over;
};

struct http_handshakes {
    pthread_t thread;
    int epoll, wake;
    pthread_mutex_t lock; /* over all below, and over is_waiting; taken before the library's own */
    bool is_ending;
    struct http_handshake *waiting;
};

/* ---- the wait */

/* Under the lock. */
static void resume(struct http_handshake *handshake)
{
    *handshake->previous = handshake->next;
    if (handshake->next)
        handshake->next->previous = handshake->previous;
    handshake->is_waiting = false;
    MHD_resume_connection(handshake->connection);
}

static void suspend(struct http_handshakes *all, struct http_handshake *handshake)
{
    struct epoll_event event = { .events = EPOLLIN | EPOLLRDHUP | EPOLLONESHOT, .data.ptr = handshake };

    MHD_suspend_connection(handshake->connection);
    handshake->is_waiting = true;
    handshake->next = all->waiting;
    handshake->previous = &all->waiting;
    if (handshake->next)
        handshake->next->previous = &handshake->next;
    all->waiting = handshake;
    if (epoll_ctl(all->epoll, handshake->is_watched ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, handshake->fd, &event) ==
        0) {
        handshake->is_watched = true;
    } else { /* the system has no room: better one peer less than a loop that spins */
        (void)shutdown(handshake->fd, SHUT_RDWR);
        resume(handshake);
    }
}

static void *watch(void *argument)
{
    struct http_handshakes *all = argument;
    struct epoll_event events[EVENTS_AT_ONCE];
    bool is_ending = false;

    while (!is_ending) {
        int count = epoll_wait(all->epoll, events, EVENTS_AT_ONCE, -1);
        pthread_mutex_lock(&all->lock);
        for (int i = 0; i < count; i++) {
            struct http_handshake *handshake = events[i].data.ptr;
            if (handshake) /* it waits, so it is still there */
                resume(handshake);
        }
        is_ending = all->is_ending;
        pthread_mutex_unlock(&all->lock);
    }
    return NULL;
}

/* ---- what GnuTLS calls */

static ssize_t pull(gnutls_transport_ptr_t transport, void *out, size_t room)
{
    struct http_handshake *handshake = transport;
    struct http_handshakes *all = handshake->all;
    ssize_t length = recv(handshake->fd, out, room, 0);
    int cause = errno;

    if (length < 0 && (cause == EAGAIN || cause == EWOULDBLOCK) && !handshake->is_over) {
        pthread_mutex_lock(&all->lock);
        if (!all->is_ending && !handshake->is_waiting)
            suspend(all, handshake);
        pthread_mutex_unlock(&all->lock);
    }
    errno = cause;
    return length;
}

/* The client's Finished is the last that a handshake reads; what comes then is waited for by the library itself. */
static int on_finished(gnutls_session_t session, unsigned type, unsigned when, unsigned is_incoming,
                       const gnutls_datum_t *message)
{
    struct http_handshake *handshake;
    gnutls_transport_ptr_t in, out;

    (void)type;
    (void)when;
    (void)message;
    gnutls_transport_get_ptr2(session, &in, &out);
    handshake = in;
    handshake->is_over = handshake->is_over || is_incoming;
    return 0;
}

struct http_handshake *http_handshake_begin(struct http_handshakes *handshakes,
                                            struct MHD_Connection *connection, gnutls_session_t session,
                                            int fd)
{
    struct http_handshake *handshake = calloc(1, sizeof *handshake);

    if (!handshake)
        abort();
    handshake->all = handshakes;
    handshake->connection = connection;
    handshake->fd = fd;
    gnutls_transport_set_ptr2(session, handshake, (gnutls_transport_ptr_t)(intptr_t)fd);
    gnutls_transport_set_pull_function(session, pull);
    gnutls_handshake_set_hook_function(session, GNUTLS_HANDSHAKE_FINISHED, GNUTLS_HOOK_POST, on_finished);
    return handshake;
}

void http_handshake_end(struct http_handshakes *handshakes, struct http_handshake *handshake)
{
    if (!handshake)
        return;
    if (handshake->is_watched)
        (void)epoll_ctl(handshakes->epoll, EPOLL_CTL_DEL, handshake->fd, NULL);
    free(handshake);
}

/* ---- the thread */

static void close_both(const struct http_handshakes *all)
{
    if (all->epoll >= 0)
        close(all->epoll);
    if (all->wake >= 0)
        close(all->wake);
}

bool http_handshakes_start(struct http_handshakes **handshakes_out, struct err *err)
{
    struct http_handshakes *all = calloc(1, sizeof *all);
    struct epoll_event ending = { .events = EPOLLIN, .data.ptr = NULL };

    if (!all)
        abort();
    *handshakes_out = NULL;
    all->epoll = epoll_create1(EPOLL_CLOEXEC);
    all->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    pthread_mutex_init(&all->lock, NULL);
    if (all->epoll < 0 || all->wake < 0 || epoll_ctl(all->epoll, EPOLL_CTL_ADD, all->wake, &ending) != 0) {
        err_errno(err, "epoll");
    } else if (thread_start("http-handshake", 0, watch, all, &all->thread, err)) {
        *handshakes_out = all;
        return true;
    }
    close_both(all);
    pthread_mutex_destroy(&all->lock);
    free(all);
    return false;
}

void http_handshakes_stop(struct http_handshakes *handshakes)
{
    if (!handshakes)
        return;
    pthread_mutex_lock(&handshakes->lock);
    handshakes->is_ending = true;
    pthread_mutex_unlock(&handshakes->lock);
    (void)eventfd_write(handshakes->wake, 1);
    pthread_join(handshakes->thread, NULL);
    pthread_mutex_lock(&handshakes->lock);
    while (handshakes->waiting)
        resume(handshakes->waiting);
    pthread_mutex_unlock(&handshakes->lock);
}

void http_handshakes_free(struct http_handshakes **handshakes)
{
    struct http_handshakes *all = *handshakes;

    *handshakes = NULL;
    if (!all)
        return;
    close_both(all);
    pthread_mutex_destroy(&all->lock);
    free(all);
}
