/* websocket.c -- see websocket.h. */
#include "http/websocket.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/thread.h"
#include "http/frame.h"

#include <glib.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <talloc.h>
#include <unistd.h>

enum { READ_BYTES = 65536, EVENTS = 64, TICK_MS = 1000 };

METRIC_GAUGE(open_now, "chappe_websockets", "Conversations over WebSocket that are open")

struct websockets {
    int epoll, bell; /* bell: an eventfd that ends epoll_wait() */
    pthread_t thread;
    bool has_thread;
    GThreadPool *pool;
    GAsyncQueue *waiting; /* sockets that want to be looked at; each holds a reference */
    size_t most;
    atomic_bool is_ending;
    GQueue all; /* the thread's */
};

struct websocket {
    struct websockets *websockets;
    atomic_uint references;
    atomic_bool is_waiting; /* in the queue */
    atomic_bool is_woken;
    const struct websocket_handler *handler;
    void *argument;

    pthread_mutex_t lock; /* of what follows, up to `out` */
    bool is_busy;         /* a thread of the pool has it */
    bool is_leaving;      /* goodbye was said: only what is in `out` is sent */
    bool is_dead;         /* the connection is gone */
    struct buf out;
    size_t sent;

    /* the thread's, or the pool's while it is busy */
    struct http_raw *raw;
    GList link;
    struct frame_reader *reader;
    struct buf in;
    size_t taken;        /* of `in` */
    struct span message; /* that a thread of the pool is to handle; p NULL: it was woken */
    bool is_over;        /* on_end() was called */
    int64_t heard_us, controls_us;
    int64_t progress_us; /* since when nothing more was taken of `out`; 0: it is empty */
    unsigned controls;
    bool was_pinged;
};

/* ---- references, and being looked at */

static void unref(struct websocket *socket)
{
    if (atomic_fetch_sub(&socket->references, 1) != 1)
        return;
    pthread_mutex_destroy(&socket->lock);
    talloc_free(socket);
}

static void attend(struct websocket *socket)
{
    static const uint64_t one = 1;

    if (atomic_exchange(&socket->is_waiting, true))
        return;
    atomic_fetch_add(&socket->references, 1);
    g_async_queue_push(socket->websockets->waiting, socket);
    (void)!write(socket->websockets->bell, &one, sizeof one);
}

void websocket_wake(struct websocket *socket)
{
    atomic_store(&socket->is_woken, true);
    attend(socket);
}

void websocket_send(struct websocket *socket, struct span text)
{
    pthread_mutex_lock(&socket->lock);
    if (!socket->is_leaving)
        frame_add(&socket->out, FRAME_TEXT, text);
    pthread_mutex_unlock(&socket->lock);
}

/* With the lock. */
static void leave(struct websocket *socket, unsigned code)
{
    if (!socket->is_leaving)
        frame_add_close(&socket->out, code);
    socket->is_leaving = true;
}

void websocket_end(struct websocket *socket, unsigned code)
{
    pthread_mutex_lock(&socket->lock);
    leave(socket, code);
    pthread_mutex_unlock(&socket->lock);
}

/* ---- the pool */

static void work(void *data, void *own UNUSED)
{
    struct websocket *socket = data;

    if (socket->message.p)
        socket->handler->on_message(socket->argument, socket, socket->message);
    else
        socket->handler->on_wake(socket->argument, socket);
    pthread_mutex_lock(&socket->lock);
    socket->is_busy = false;
    pthread_mutex_unlock(&socket->lock);
    attend(socket);
    unref(socket);
}

/* With the lock. `message.p` NULL: it was woken. */
static void give_to_pool(struct websocket *socket, struct span message)
{
    socket->is_busy = true;
    socket->message = message;
    atomic_fetch_add(&socket->references, 1);
    g_thread_pool_push(socket->websockets->pool, socket, NULL);
}

/* ---- writing; with the lock */

static size_t unread(const struct websocket *socket)
{
    return socket->out.length - socket->sent;
}

static void forget_sent(struct websocket *socket)
{
    if (unread(socket) > 0)
        return;
    if (socket->out.capacity > READ_BYTES) {
        talloc_free(socket->out.p);
        socket->out = BUF_INIT(socket);
    }
    buf_clear(&socket->out);
    socket->sent = 0;
    socket->progress_us = 0;
}

static void flush(struct websocket *socket)
{
    while (unread(socket) > 0 && !socket->is_dead) {
        ssize_t count = http_raw_write(socket->raw, span_of(socket->out.p + socket->sent, unread(socket)));
        if (count == HTTP_RAW_LATER)
            break;
        if (count <= 0) {
            socket->is_dead = true;
            break;
        }
        socket->sent += (size_t)count;
        socket->progress_us = clock_monotonic_us();
    }
    forget_sent(socket);
}

/* ---- reading; with the lock */

/* Pings are answered one by one, and too many of them not at all. */
static void take_control(struct websocket *socket, const struct frame_event *event)
{
    int64_t now_us = clock_monotonic_us();

    if (now_us - socket->controls_us > WEBSOCKET_CONTROLS_S * US_PER_S) {
        socket->controls_us = now_us;
        socket->controls = 0;
    }
    if (++socket->controls > WEBSOCKET_CONTROLS_MAX)
        leave(socket, FRAME_POLICY);
    else if (event->kind == FRAME_EVENT_PING && !socket->is_leaving)
        frame_add(&socket->out, FRAME_PONG, event->bytes);
}

static void take_event(struct websocket *socket, const struct frame_event *event)
{
    switch (event->kind) {
    case FRAME_EVENT_MESSAGE:
        give_to_pool(socket, event->bytes.p ? event->bytes : span_text(""));
        break;
    case FRAME_EVENT_PING:
    case FRAME_EVENT_PONG:
        take_control(socket, event);
        break;
    case FRAME_EVENT_CLOSE:
        leave(socket, event->code == FRAME_NO_CODE ? FRAME_NO_CODE : event->code);
        break;
    case FRAME_EVENT_FAIL:
        leave(socket, event->code);
        break;
    default:
        break;
    }
}

static bool may_begin(const struct websocket *socket)
{
    return !socket->is_busy && !socket->is_leaving && !socket->is_dead &&
           unread(socket) <= WEBSOCKET_UNREAD_MAX;
}

/* What is here already; true: it may be that more is wanted. */
static bool parse(struct websocket *socket)
{
    while (may_begin(socket)) {
        struct span in = span_part(buf_span(&socket->in), socket->taken, SIZE_MAX);
        struct frame_event event;
        frame_next(socket->reader, &in, &event);
        socket->taken = socket->in.length - span_length(in);
        if (event.kind == FRAME_EVENT_NONE)
            return true;
        take_event(socket, &event);
    }
    return false;
}

/* One that is silent holds no memory for what it might say. */
static void forget_read(struct websocket *socket)
{
    if (socket->taken < socket->in.length || !socket->in.p)
        return;
    talloc_free(socket->in.p);
    socket->in = BUF_INIT(socket);
    socket->taken = 0;
}

/* True: something came. */
static bool read_more(struct websocket *socket)
{
    ssize_t count = http_raw_read(socket->raw, buf_reserve(&socket->in, READ_BYTES), READ_BYTES);

    if (count > 0) {
        socket->in.length = (size_t)count;
        socket->heard_us = clock_monotonic_us();
        socket->was_pinged = false;
    } else if (count != HTTP_RAW_LATER) {
        socket->is_dead = true;
    }
    return count > 0;
}

/* As long as something comes: what TLS has decrypted the descriptor does not tell of. */
static void read_all(struct websocket *socket)
{
    while (parse(socket)) {
        forget_read(socket);
        if (!read_more(socket))
            break;
    }
    forget_read(socket);
}

/* ---- one socket is looked at, by the thread that waits */

static void arm(struct websocket *socket)
{
    struct epoll_event event = { .events = EPOLLONESHOT, .data.ptr = socket };

    if (may_begin(socket))
        event.events |= EPOLLIN | EPOLLRDHUP;
    if (unread(socket) > 0)
        event.events |= EPOLLOUT;
    if (event.events != EPOLLONESHOT)
        (void)epoll_ctl(socket->websockets->epoll, EPOLL_CTL_MOD, http_raw_fd(socket->raw), &event);
}

static void bury(struct websocket *socket)
{
    socket->is_over = true;
    g_queue_unlink(&socket->websockets->all, &socket->link);
    metric_set(&open_now, socket->websockets->all.length);
    (void)epoll_ctl(socket->websockets->epoll, EPOLL_CTL_DEL, http_raw_fd(socket->raw), NULL);
    socket->handler->on_end(socket->argument);
    http_raw_close(&socket->raw);
    unref(socket);
}

/* Nobody works with it, and there is nothing left to be said. */
static bool is_through(const struct websocket *socket)
{
    return !socket->is_busy && (socket->is_dead || (socket->is_leaving && unread(socket) == 0));
}

static void look_at(struct websocket *socket)
{
    bool is_through_now;

    if (socket->is_over)
        return;
    pthread_mutex_lock(&socket->lock);
    flush(socket);
    if (may_begin(socket) && atomic_exchange(&socket->is_woken, false))
        give_to_pool(socket, span_of(NULL, 0));
    read_all(socket);
    flush(socket);
    is_through_now = is_through(socket);
    if (!is_through_now && !socket->is_dead)
        arm(socket);
    pthread_mutex_unlock(&socket->lock);
    if (is_through_now)
        bury(socket);
}

/* ---- time */

/* With the lock. */
static void check_time(struct websocket *socket, int64_t now_us)
{
    bool is_stuck = unread(socket) > 0 && socket->progress_us &&
                    now_us - socket->progress_us > WEBSOCKET_PATIENCE_S * US_PER_S;
    bool is_silent =
        !socket->is_busy && now_us - socket->heard_us > WEBSOCKET_PATIENCE_S * US_PER_S && socket->was_pinged;

    if (is_stuck || is_silent) {
        socket->is_dead = true;
    } else if (!socket->was_pinged && now_us - socket->heard_us > WEBSOCKET_PING_S * US_PER_S) {
        socket->was_pinged = true;
        frame_add(&socket->out, FRAME_PING, span_text(""));
        atomic_store(&socket->is_woken, true);
    }
    if (unread(socket) > 0 && !socket->progress_us)
        socket->progress_us = now_us;
}

static void tick(struct websockets *websockets)
{
    int64_t now_us = clock_monotonic_us();
    GList *next;

    for (GList *at = websockets->all.head; at; at = next) {
        struct websocket *socket = at->data;
        next = at->next;
        pthread_mutex_lock(&socket->lock);
        check_time(socket, now_us);
        pthread_mutex_unlock(&socket->lock);
        look_at(socket);
    }
}

/* ---- the thread that waits */

static void adopt(struct websocket *socket)
{
    struct epoll_event event = { .events = EPOLLONESHOT, .data.ptr = socket };
    struct websockets *websockets = socket->websockets;

    g_queue_push_tail_link(&websockets->all, &socket->link);
    metric_set(&open_now, websockets->all.length);
    atomic_fetch_add(&socket->references, 1); /* the list's */
    if (epoll_ctl(websockets->epoll, EPOLL_CTL_ADD, http_raw_fd(socket->raw), &event) != 0)
        socket->is_dead = true;
}

static void look_at_waiting(struct websockets *websockets)
{
    struct websocket *socket;
    uint64_t rung;

    (void)!read(websockets->bell, &rung, sizeof rung);
    while ((socket = g_async_queue_try_pop(websockets->waiting))) {
        (void)atomic_exchange(&socket->is_waiting, false); /* and sees what those wrote who set it */
        if (socket->raw && !socket->link.data) {
            socket->link.data = socket;
            adopt(socket);
        }
        if (socket->link.data)
            look_at(socket);
        unref(socket);
    }
}

static void *run(void *argument)
{
    struct websockets *websockets = argument;
    struct epoll_event events[EVENTS];
    int64_t tick_us = 0;

    while (!atomic_load(&websockets->is_ending)) {
        int count = epoll_wait(websockets->epoll, events, EVENTS, TICK_MS);
        for (int i = 0; i < count; i++)
            if (events[i].data.ptr)
                look_at(events[i].data.ptr);
        look_at_waiting(websockets);
        if (clock_monotonic_us() - tick_us > TICK_MS * INT64_C(1000)) {
            tick(websockets);
            tick_us = clock_monotonic_us();
        }
    }
    return NULL;
}

bool websockets_open(unsigned threads, size_t most, struct websockets **websockets_out, struct err *err)
{
    struct epoll_event event = { .events = EPOLLIN, .data.ptr = NULL };
    struct websockets *websockets = talloc_zero(NULL, struct websockets);

    *websockets_out = websockets;
    websockets->most = most;
    websockets->waiting = g_async_queue_new();
    websockets->pool = g_thread_pool_new(work, NULL, (int)threads, FALSE, NULL);
    g_queue_init(&websockets->all);
    websockets->epoll = epoll_create1(EPOLL_CLOEXEC);
    websockets->bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (websockets->epoll < 0 || websockets->bell < 0 ||
        epoll_ctl(websockets->epoll, EPOLL_CTL_ADD, websockets->bell, &event) != 0)
        return err_errno(err, "epoll");
    websockets->has_thread = thread_start("websockets", 0, run, websockets, &websockets->thread, err);
    return websockets->has_thread;
}

void websockets_close(struct websockets **websockets)
{
    static const uint64_t one = 1;

    if (!*websockets)
        return;
    atomic_store(&(*websockets)->is_ending, true);
    if ((*websockets)->has_thread) {
        (void)!write((*websockets)->bell, &one, sizeof one);
        pthread_join((*websockets)->thread, NULL);
    }
    g_thread_pool_free((*websockets)->pool, FALSE, TRUE);
    for (struct websocket *socket; (socket = g_async_queue_try_pop((*websockets)->waiting));)
        unref(socket);
    g_async_queue_unref((*websockets)->waiting);
    close((*websockets)->epoll);
    close((*websockets)->bell);
    talloc_free(*websockets);
    *websockets = NULL;
}

/* ---- the beginning */

/* Is the word among those that the field names, separated by commas? ASCII case aside. */
static bool names_word(const char *field, const char *word)
{
    size_t length = strlen(word);

    for (const char *at = field; at && *at; at += strcspn(at, ","), at += *at == ',') {
        at += strspn(at, " \t");
        size_t size = strcspn(at, ",");
        while (size > 0 && (at[size - 1] == ' ' || at[size - 1] == '\t'))
            size--;
        if (size == length && strncasecmp(at, word, length) == 0)
            return true;
    }
    return false;
}

unsigned websocket_verdict(const struct http_request *request, const char *subprotocol)
{
    const char *version = http_header(request, "Sec-WebSocket-Version");
    char *accept = frame_accept(http_arena(request), http_header(request, "Sec-WebSocket-Key"));

    if (!names_word(http_header(request, "Upgrade"), "websocket") ||
        !names_word(http_header(request, "Connection"), "upgrade"))
        return 426;
    if (!version || strcmp(version, "13") != 0)
        return 426;
    return accept && names_word(http_header(request, "Sec-WebSocket-Protocol"), subprotocol) ? 0 : 400;
}

static void take(void *state, struct http_raw *raw, struct span head)
{
    struct websocket *socket = state;

    socket->heard_us = clock_monotonic_us();
    buf_add_span(&socket->out, head);
    socket->raw = raw;
    attend(socket);
    unref(socket);
}

static void drop(void *state)
{
    struct websocket *socket = state;

    socket->handler->on_end(socket->argument);
    unref(socket);
}

struct websocket *websocket_begin(struct websockets *websockets, const struct http_request *request,
                                  struct http_reply *reply, const char *subprotocol,
                                  const struct websocket_handler *handler, void *argument)
{
    struct websocket *socket = talloc_zero(NULL, struct websocket);

    socket->websockets = websockets;
    atomic_init(&socket->references, 1); /* the connection's, until it is taken or dropped */
    socket->handler = handler;
    socket->argument = argument;
    pthread_mutex_init(&socket->lock, NULL);
    socket->reader = frame_reader_new(socket, websockets->most);
    socket->in = BUF_INIT(socket);
    socket->out = BUF_INIT(socket);
    http_reply_header(reply, "Sec-WebSocket-Accept",
                      frame_accept(http_arena(request), http_header(request, "Sec-WebSocket-Key")));
    http_reply_header(reply, "Sec-WebSocket-Protocol", subprotocol);
    http_reply_raw(reply, "websocket", take, drop, socket);
    return socket;
}
