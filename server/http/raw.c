/* raw.c -- connections that leave HTTP with a 101. The library's own way out of it forwards what is encrypted in pieces of a few bytes
 * (0.9.75, where the memory of the connection is used up). So the connection is suspended for good, as one that waits (later.c), and
 * who has it reads and writes the socket, or the TLS session, himself; when he is through it is resumed, and closed. */
#include "http/request.h"

#include <errno.h>
#include <glib.h>
#include <gnutls/gnutls.h>
#include <pthread.h>
#include <sys/socket.h>
#include <talloc.h>

struct http_raws {
    pthread_mutex_t lock; /* of the list, and while a connection is suspended or resumed */
    pthread_cond_t changed;
    GQueue list; /* those that were taken and are not closed */
    bool is_ending;
};

struct http_raw {
    struct http_raws *all;
    http_take *take;
    void (*drop)(void *state);
    void *state;
    struct MHD_Connection *connection;
    gnutls_session_t tls; /* NULL: none */
    int fd;
    size_t unsent; /* bytes that the last write left to the TLS session */
    GList link;
};

struct http_raws *http_raws_new(const void *owner)
{
    struct http_raws *raws = talloc_zero(owner, struct http_raws);

    pthread_mutex_init(&raws->lock, NULL);
    pthread_cond_init(&raws->changed, NULL);
    g_queue_init(&raws->list);
    return raws;
}

void http_raws_end(struct http_raws *raws)
{
    pthread_mutex_lock(&raws->lock);
    raws->is_ending = true;
    for (GList *at = raws->list.head; at; at = at->next)
        (void)shutdown(((struct http_raw *)at->data)->fd, SHUT_RDWR);
    while (raws->list.length > 0)
        pthread_cond_wait(&raws->changed, &raws->lock);
    pthread_mutex_unlock(&raws->lock);
}

void http_raws_free(struct http_raws **raws)
{
    pthread_cond_destroy(&(*raws)->changed);
    pthread_mutex_destroy(&(*raws)->lock);
    talloc_free(*raws);
    *raws = NULL;
}

/* ---- the way out */

void http_reply_raw(struct http_reply *reply, const char *protocol, http_take *take,
                    void (*drop)(void *state), void *state)
{
    struct http_raw *raw = talloc_zero(NULL, struct http_raw);

    *raw = (struct http_raw){ .take = take, .drop = drop, .state = state, .fd = -1 };
    raw->link.data = raw;
    reply->raw = raw;
    http_reply_header(reply, "Connection", "Upgrade");
    http_reply_header(reply, "Upgrade", protocol);
}

static void find_connection(struct http_raw *raw, struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);

    raw->connection = connection;
    raw->fd = info ? info->connect_fd : -1;
    info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);
    raw->tls = info ? info->tls_session : NULL;
}

static void add_head(struct buf *out, const struct http_reply *reply)
{
    buf_add_text(out, "HTTP/1.1 101 Switching Protocols\r\n");
    for (size_t i = 0; i < reply->header_count; i++)
        buf_add_format(out, "%s: %s\r\n", reply->headers[i].name, reply->headers[i].value);
    buf_add_text(out, "\r\n");
}

bool http_raw_begin(struct http_raws *raws, struct http_reply *reply, struct MHD_Connection *connection)
{
    struct http_raw *raw = reply->raw;
    struct buf head = BUF_INIT(reply->arena);

    find_connection(raw, connection);
    if (raw->fd < 0)
        return false;
    raw->all = raws;
    add_head(&head, reply);
    pthread_mutex_lock(&raws->lock);
    if (raws->is_ending) {
        pthread_mutex_unlock(&raws->lock);
        return false;
    }
    reply->raw = NULL;
    reply->was_raw = true;
    g_queue_push_tail_link(&raws->list, &raw->link);
    MHD_suspend_connection(connection);
    pthread_mutex_unlock(&raws->lock);
    raw->take(raw->state, raw, buf_span(&head));
    return true;
}

void http_raw_drop(struct http_reply *reply)
{
    if (!reply || !reply->raw)
        return;
    reply->raw->drop(reply->raw->state);
    talloc_free(reply->raw);
    reply->raw = NULL;
}

/* ---- who has it */

int http_raw_fd(const struct http_raw *raw)
{
    return raw->fd;
}

static ssize_t outcome_of(ssize_t count)
{
    if (count == GNUTLS_E_AGAIN || count == GNUTLS_E_INTERRUPTED)
        return HTTP_RAW_LATER;
    return count < 0 ? HTTP_RAW_BROKEN : count;
}

ssize_t http_raw_read(struct http_raw *raw, char *out, size_t room)
{
    ssize_t count;

    if (raw->tls)
        return outcome_of(gnutls_record_recv(raw->tls, out, room));
    do
        count = recv(raw->fd, out, room, MSG_DONTWAIT);
    while (count < 0 && errno == EINTR);
    return count >= 0 ? count : errno == EAGAIN ? HTTP_RAW_LATER : HTTP_RAW_BROKEN;
}

/* What a session could not send it has kept: asked again with nothing new it goes on with that. */
static ssize_t write_tls(struct http_raw *raw, struct span bytes)
{
    ssize_t count = raw->unsent ? gnutls_record_send(raw->tls, NULL, 0)
                                : gnutls_record_send(raw->tls, bytes.p, span_length(bytes));

    raw->unsent = count == GNUTLS_E_AGAIN || count == GNUTLS_E_INTERRUPTED ? span_length(bytes) : 0;
    return outcome_of(count);
}

ssize_t http_raw_write(struct http_raw *raw, struct span bytes)
{
    ssize_t count;

    if (raw->tls)
        return write_tls(raw, bytes);
    do
        count = send(raw->fd, bytes.p, span_length(bytes), MSG_NOSIGNAL | MSG_DONTWAIT);
    while (count < 0 && errno == EINTR);
    return count >= 0 ? count : errno == EAGAIN ? HTTP_RAW_LATER : HTTP_RAW_BROKEN;
}

void http_raw_close(struct http_raw **raw)
{
    struct http_raws *all = (*raw)->all;

    pthread_mutex_lock(&all->lock);
    (void)shutdown((*raw)->fd, SHUT_WR);
    MHD_resume_connection((*raw)->connection);
    g_queue_unlink(&all->list, &(*raw)->link);
    pthread_cond_signal(&all->changed);
    pthread_mutex_unlock(&all->lock);
    talloc_free(*raw);
    *raw = NULL;
}
