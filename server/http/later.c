/* later.c -- replies that another thread makes while their connection waits. It is suspended: it holds no thread of the server, and
 * libmicrohttpd does not look at it until it is resumed. */
#include "http/request.h"

#include <assert.h>
#include <pthread.h>
#include <talloc.h>

struct http_laters {
    pthread_mutex_t lock; /* of all below, and of every struct http_later */
    pthread_cond_t changed;
    unsigned owed; /* replies that somebody still makes */
    bool is_ending;
};

struct http_later {
    struct http_laters *all;
    struct MHD_Connection *connection; /* suspended; NULL: it does not wait yet */
    bool is_done;
};

struct http_laters *http_laters_new(const void *owner)
{
    struct http_laters *all = talloc_zero(owner, struct http_laters);

    pthread_mutex_init(&all->lock, NULL);
    pthread_cond_init(&all->changed, NULL);
    return all;
}

void http_laters_end(struct http_laters *all)
{
    pthread_mutex_lock(&all->lock);
    all->is_ending = true;
    while (all->owed > 0)
        pthread_cond_wait(&all->changed, &all->lock);
    pthread_mutex_unlock(&all->lock);
}

void http_laters_free(struct http_laters **all)
{
    pthread_cond_destroy(&(*all)->changed);
    pthread_mutex_destroy(&(*all)->lock);
    talloc_free(*all);
    *all = NULL;
}

struct http_later *http_reply_later(struct http_reply *reply)
{
    struct http_laters *all = reply->laters;
    bool is_possible;

    if (!all)
        return NULL;
    pthread_mutex_lock(&all->lock);
    is_possible = !all->is_ending;
    all->owed += is_possible;
    pthread_mutex_unlock(&all->lock);
    if (!is_possible)
        return NULL;
    reply->later = talloc_zero(reply->arena, struct http_later);
    reply->later->all = all;
    return reply->later;
}

bool http_later_wait(struct http_later *later, struct MHD_Connection *connection)
{
    bool must_wait;

    pthread_mutex_lock(&later->all->lock);
    must_wait = !later->is_done;
    if (must_wait) {
        later->connection = connection;
        MHD_suspend_connection(connection);
    }
    pthread_mutex_unlock(&later->all->lock);
    return must_wait;
}

/* Once the connection is resumed, `later` may be gone at any moment. */
void http_later_done(struct http_later *later)
{
    struct http_laters *all = later->all;

    pthread_mutex_lock(&all->lock);
    assert(!later->is_done);
    later->is_done = true;
    if (later->connection)
        MHD_resume_connection(later->connection);
    all->owed--;
    pthread_cond_signal(&all->changed);
    pthread_mutex_unlock(&all->lock);
}
