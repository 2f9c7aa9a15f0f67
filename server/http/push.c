/* push.c -- bodies that wait for something to say. A connection that waits is suspended: it holds no thread, and libmicrohttpd does
 * not look at it until it is resumed. */
#include "http/request.h"

#include <glib.h>
#include <pthread.h>
#include <talloc.h>

struct http_pushes {
    pthread_mutex_t lock; /* of the list, and of all wakers in it */
    GQueue list;
    bool is_ending;
};

struct http_waker {
    struct http_pushes *pushes; /* NULL until it is sent */
    struct MHD_Connection *connection;
    http_stream *next;
    void (*release)(void *state);
    void *state;
    bool is_suspended, is_woken; /* under the lock */
    GList link;
    struct buf ahead; /* bytes that the last call gave and that did not fit yet */
    size_t sent;
};

struct http_pushes *http_pushes_new(const void *owner)
{
    struct http_pushes *pushes = talloc_zero(owner, struct http_pushes);

    pthread_mutex_init(&pushes->lock, NULL);
    g_queue_init(&pushes->list);
    return pushes;
}

void http_pushes_free(struct http_pushes **pushes)
{
    pthread_mutex_destroy(&(*pushes)->lock);
    talloc_free(*pushes);
    *pushes = NULL;
}

/* With the lock. */
static void resume(struct http_waker *waker)
{
    waker->is_woken = true;
    if (waker->is_suspended) {
        waker->is_suspended = false;
        MHD_resume_connection(waker->connection);
    }
}

void http_pushes_end(struct http_pushes *pushes)
{
    pthread_mutex_lock(&pushes->lock);
    pushes->is_ending = true;
    for (GList *at = pushes->list.head; at; at = at->next)
        resume(at->data);
    pthread_mutex_unlock(&pushes->lock);
}

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

static bool is_ending(struct http_pushes *pushes)
{
    bool is;

    pthread_mutex_lock(&pushes->lock);
    is = pushes->is_ending;
    pthread_mutex_unlock(&pushes->lock);
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
            if (is_ending(waker->pushes) || !waker->next(waker->state, &waker->ahead))
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

static void free_push(void *argument)
{
    struct http_waker *waker = argument;

    if (waker->release)
        waker->release(waker->state);
    pthread_mutex_lock(&waker->pushes->lock);
    g_queue_unlink(&waker->pushes->list, &waker->link);
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
    reply->waker->link.data = reply->waker;
    return reply->waker;
}

struct MHD_Response *http_push_response(struct http_pushes *pushes, struct MHD_Connection *connection,
                                        struct http_reply *reply)
{
    struct http_waker *waker = reply->waker;
    struct MHD_Response *response;

    waker->connection = connection;
    pthread_mutex_lock(&pushes->lock);
    g_queue_push_tail_link(&pushes->list, &waker->link);
    pthread_mutex_unlock(&pushes->lock);
    __atomic_store_n(&waker->pushes, pushes, __ATOMIC_RELEASE);
    response = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 4096, read_push, waker, free_push);
    for (size_t i = 0; response && i < reply->header_count; i++)
        (void)MHD_add_response_header(response, reply->headers[i].name, reply->headers[i].value);
    return response;
}
