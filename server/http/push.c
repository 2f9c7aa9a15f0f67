/* push.c -- bodies that wait for something to say. A connection that waits is suspended: it holds no thread, and libmicrohttpd does
 * not look at it until it is resumed. So that one whose peer has gone is not kept until the next ping, a thread looks at all. */
#include "http/request.h"

#include "base/thread.h"

#include <errno.h>
#include <glib.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <talloc.h>
#include <unistd.h>

struct http_pushes {
    pthread_mutex_t lock; /* of the table, and of all wakers in it */
    GHashTable *wakers;   /* their number -> struct http_waker */
    int64_t next_number;
    bool is_ending;
    int epoll, end; /* what is looked at; readable when the thread shall end */
    pthread_t watcher;
    bool has_watcher;
};

struct http_waker {
    struct http_pushes *pushes; /* NULL until it is sent */
    struct MHD_Connection *connection;
    http_stream *next;
    void (*release)(void *state);
    void *state;
    int64_t number; /* never that of another one: what epoll tells may be of one that is gone by then */
    bool is_suspended, is_woken, is_left; /* under the lock */
    struct buf ahead;                     /* bytes that the last call gave and that did not fit yet */
    size_t sent;
};

/* With the lock. */
static void resume(struct http_waker *waker)
{
    waker->is_woken = true;
    if (waker->is_suspended) {
        waker->is_suspended = false;
        MHD_resume_connection(waker->connection);
    }
}

/* ---- all of a server */

enum { EVENTS_AT_ONCE = 64 };
static const int64_t THE_END = -1; /* no waker's number */

static void note_left(struct http_pushes *pushes, int64_t number)
{
    struct http_waker *waker;

    pthread_mutex_lock(&pushes->lock);
    waker = g_hash_table_lookup(pushes->wakers, &number);
    if (waker) {
        waker->is_left = true;
        resume(waker);
    }
    pthread_mutex_unlock(&pushes->lock);
}

static void *watch(void *argument)
{
    struct http_pushes *pushes = argument;
    struct epoll_event events[EVENTS_AT_ONCE];

    for (;;) {
        int count = epoll_wait(pushes->epoll, events, EVENTS_AT_ONCE, -1);

        for (int i = 0; i < count; i++) {
            if ((int64_t)events[i].data.u64 == THE_END)
                return NULL;
            note_left(pushes, (int64_t)events[i].data.u64);
        }
        if (count < 0 && errno != EINTR)
            return NULL; /* pings find out */
    }
}

bool http_pushes_start(const void *owner, struct http_pushes **pushes_out, struct err *err)
{
    struct http_pushes *pushes = *pushes_out = talloc_zero(owner, struct http_pushes);
    struct epoll_event end = { .events = EPOLLIN, .data.u64 = (uint64_t)THE_END };

    pthread_mutex_init(&pushes->lock, NULL);
    pushes->wakers = g_hash_table_new(g_int64_hash, g_int64_equal);
    pushes->epoll = epoll_create1(EPOLL_CLOEXEC);
    pushes->end = eventfd(0, EFD_CLOEXEC);
    if (pushes->epoll < 0 || pushes->end < 0 ||
        epoll_ctl(pushes->epoll, EPOLL_CTL_ADD, pushes->end, &end) < 0)
        err_errno(err, "epoll");
    else
        pushes->has_watcher = thread_start("http push", 0, watch, pushes, &pushes->watcher, err);
    if (!pushes->has_watcher)
        http_pushes_free(pushes_out);
    return *pushes_out != NULL;
}

void http_pushes_end(struct http_pushes *pushes)
{
    GHashTableIter at;
    gpointer waker;

    pthread_mutex_lock(&pushes->lock);
    pushes->is_ending = true;
    g_hash_table_iter_init(&at, pushes->wakers);
    while (g_hash_table_iter_next(&at, NULL, &waker))
        resume(waker);
    pthread_mutex_unlock(&pushes->lock);
}

void http_pushes_free(struct http_pushes **pushes)
{
    struct http_pushes *all = *pushes;

    if (!all)
        return;
    if (all->has_watcher && eventfd_write(all->end, 1) == 0)
        pthread_join(all->watcher, NULL);
    if (all->epoll >= 0)
        close(all->epoll);
    if (all->end >= 0)
        close(all->end);
    g_hash_table_destroy(all->wakers);
    pthread_mutex_destroy(&all->lock);
    talloc_free(all);
    *pushes = NULL;
}

/* ---- one */

void http_waker_wake(struct http_waker *waker)
{
    struct http_pushes *pushes = __atomic_load_n(&waker->pushes, __ATOMIC_ACQUIRE);

    if (!pushes) { /* not sent yet: its first call comes anyway */
        return;
    }
    pthread_mutex_lock(&pushes->lock);
    resume(waker);
    pthread_mutex_unlock(&pushes->lock);
}

/* Nothing to say: waits, unless somebody woke it meanwhile. True: ask again. */
static bool must_ask_again(struct http_waker *waker)
{
    struct http_pushes *pushes = waker->pushes;
    bool is_woken;

    pthread_mutex_lock(&pushes->lock);
    is_woken = waker->is_woken || pushes->is_ending;
    waker->is_woken = false;
    if (!is_woken) {
        waker->is_suspended = true;
        MHD_suspend_connection(waker->connection);
    }
    pthread_mutex_unlock(&pushes->lock);
    return is_woken;
}

static bool is_over(struct http_waker *waker)
{
    bool is;

    pthread_mutex_lock(&waker->pushes->lock);
    is = waker->pushes->is_ending || waker->is_left;
    pthread_mutex_unlock(&waker->pushes->lock);
    return is;
}

static ssize_t read_push(void *argument, uint64_t position, char *out, size_t room)
{
    struct http_waker *waker = argument;
    size_t length;

    (void)position;
    if (waker->sent == waker->ahead.length) {
        do {
            buf_clear(&waker->ahead);
            waker->sent = 0;
            if (is_over(waker) || !waker->next(waker->state, &waker->ahead))
                return MHD_CONTENT_READER_END_OF_STREAM;
        } while (waker->ahead.length == 0 && must_ask_again(waker));
        if (waker->ahead.length == 0)
            return 0;
    }
    length = waker->ahead.length - waker->sent;
    if (length > room)
        length = room;
    memcpy(out, waker->ahead.p + waker->sent, length);
    waker->sent += length;
    return (ssize_t)length;
}

static int descriptor_of(const struct http_waker *waker)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(waker->connection, MHD_CONNECTION_INFO_CONNECTION_FD);

    return info ? info->connect_fd : -1;
}

/* The library lets go of the body before it closes the connection: the descriptor is still this one's. */
static void free_push(void *argument)
{
    struct http_waker *waker = argument;

    if (waker->release)
        waker->release(waker->state);
    pthread_mutex_lock(&waker->pushes->lock);
    g_hash_table_remove(waker->pushes->wakers, &waker->number);
    (void)epoll_ctl(waker->pushes->epoll, EPOLL_CTL_DEL, descriptor_of(waker), NULL);
    pthread_mutex_unlock(&waker->pushes->lock);
    talloc_free(waker);
}

struct http_waker *http_reply_push(struct http_reply *reply, http_stream *next, void (*release)(void *state),
                                   void *state)
{
    reply->waker = talloc_zero(NULL, struct http_waker);
    *reply->waker = (struct http_waker){
        .next = next, .release = release, .state = state, .ahead = BUF_INIT(reply->waker)
    };
    return reply->waker;
}

struct MHD_Response *http_push_response(struct http_pushes *pushes, struct MHD_Connection *connection,
                                        struct http_reply *reply)
{
    struct http_waker *waker = reply->waker;
    struct MHD_Response *response;

    waker->connection = connection;
    pthread_mutex_lock(&pushes->lock);
    waker->number = pushes->next_number++;
    g_hash_table_insert(pushes->wakers, &waker->number, waker);
    pthread_mutex_unlock(&pushes->lock);
    __atomic_store_n(&waker->pushes, pushes, __ATOMIC_RELEASE);
    struct epoll_event left = { .events = EPOLLRDHUP | EPOLLONESHOT, .data.u64 = (uint64_t)waker->number };
    (void)epoll_ctl(pushes->epoll, EPOLL_CTL_ADD, descriptor_of(waker), &left); /* else pings find out */
    response = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 4096, read_push, waker, free_push);
    for (size_t i = 0; response && i < reply->header_count; i++)
        (void)MHD_add_response_header(response, reply->headers[i].name, reply->headers[i].value);
    return response;
}
