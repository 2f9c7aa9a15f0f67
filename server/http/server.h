/*
 * server.h -- HTTP/1.1 by libmicrohttpd: listeners, limits, TLS; one function that answers.
 *
 * The body of a request is read whole, up to the limit that the `limit` callback names for its method and path, and
 * then `answer` is called once, on a thread that may block. Requests that HTTP itself forbids (two lengths, a length
 * and chunks, no Host, control bytes in the path, `..` and `//` in the path, an encoded slash outside of options.names_below)
 * are refused and the connection closed before the callbacks see them. A connection that is silent for `timeout_s`, or takes longer for a handshake, a head or a
 * body than deadline.h allows, is closed.
 *
 * Ownership  http_server_free() waits for the answers that run.
 * Threads    start, reload and free from one thread; `limit` and `answer` from many.
 */
#ifndef HTTP_SERVER_H
#define HTTP_SERVER_H

#include "base/buf.h"
#include "base/err.h"
#include "base/net.h"

#include <sys/types.h>

struct http_server;
struct limits;
struct http_request;
struct http_reply;

typedef size_t http_limit(void *argument, const char *method, const char *path);
/* Asked when the head of a request is here that announces a body above HTTP_STRANGER_BODY_MAX, before any of it is kept: may
 * this client send it? False: 401. May block. */
typedef bool http_admits(void *argument, const struct http_request *request);
enum { HTTP_STRANGER_BODY_MAX = 256 << 10 };
typedef void http_answer(void *argument, const struct http_request *request, struct http_reply *reply);

struct http_server_options {
    int fd;                   /* a listening socket, taken over also on failure */
    bool is_tls;              /* http_certificates_load() comes before the first connection */
    unsigned threads;         /* 0: one a connection, for few clients with long requests */
    unsigned max_connections; /* 0: 1000 */
    unsigned timeout_s;       /* of a silent connection; 0: 30 */
    http_limit *limit;
    http_answer *answer;
    http_admits *admits; /* NULL: everybody */
    void *argument;
    struct limits
        *peers; /* how many connections one peer may have and make, believed proxies excepted; NULL: any */
    const char *const
        *names_below; /* prefixes of paths whose segments are names (http_name()), and NULL; NULL: none */
    const struct net_network *proxies; /* whose X-Forwarded-For and X-Forwarded-Proto are believed; copied */
    size_t proxy_count;
};

/* Begins to serve on options->fd, whose owner it becomes even where it fails (ERR_INTERNAL: not enough threads or
 * memory). Copies what it says it copies; all else in the options must outlive the server. */
MUST_CHECK bool http_server_start(const struct http_server_options *options, struct http_server **server_out,
                                  struct err *err);
/* Whom to believe from the next request on; copied. Any thread. */
void http_server_believe(struct http_server *server, const struct net_network *proxies, size_t count);
/* Closes the listening socket; connections there go on, and end by themselves or with http_server_free(). */
void http_server_quiesce(struct http_server *server);
/* True when a quiesced server has no connection left. */
bool http_server_is_drained(const struct http_server *server);
/* Accepts and sets NULL. */
void http_server_free(struct http_server **server);

/* A listening TCP socket (dual stack where `address` is "::"), or a Unix one with this mode. */
MUST_CHECK bool http_listen_tcp(const char *address, uint16_t port, int *fd_out, struct err *err);
/* A socket file with these permissions; one that stands there is replaced. */
MUST_CHECK bool http_listen_unix(const char *path, unsigned mode, int *fd_out, struct err *err);

/* ---- the request; all lives until the answer has returned */

/* "GET", "POST", ...: as it was sent. */
const char *http_method(const struct http_request *request);
/* Percent-decoded, begins with '/'. Below options.names_below, %, / and \ inside of a segment are %25, %2F and %5C still. */
const char *http_path(const struct http_request *request);
/* What a segment of such a path names; under `owner`. */
char *http_name(const void *owner, struct span segment);
/* The first of that name, decoded; NULL where there is none. */
const char *http_query(const struct http_request *request, const char *name);
/* Of the request, ASCII case ignored; NULL where absent. */
const char *http_header(const struct http_request *request, const char *name);
/* All of it, at most what the limit of its path allows; empty without one. */
struct span http_body(const struct http_request *request);
/* The client, also behind a believed proxy. */
const struct net_address *http_peer(const struct http_request *request);
/* TLS up to us, or up to a believed proxy that says so. */
bool http_is_tls(const struct http_request *request);
/* On a Unix socket: the user at the other end. False otherwise. */
bool http_peer_user(const struct http_request *request, uid_t *uid_out);
/* Memory of the request. */
void *http_arena(const struct http_request *request);

/* ---- a request that is answered later than it came */

struct http_pair {
    const char *name, *value;
};
/* What stands behind the "?", decoded, under `owner`. */
size_t http_queries(const struct http_request *request, const void *owner, struct http_pair **pairs_out);
/* A request as it was kept, and a reply that nobody reads; no headers, no user at the other end. Under `owner`; what they are made of
 * must live as long. */
struct http_request *http_request_again(const void *owner, const char *method, const char *path,
                                        const struct http_pair *queries, size_t query_count,
                                        struct span body);
/* One that a program asks of itself. `target` is a path of names, perhaps with a query, percent-encoded; copied. */
struct http_request *http_request_local(void *owner, const char *method, const char *target);
/* The same for somebody who asked something else: headers, TLS and client are those of `outer`, which must live as long. */
struct http_request *http_request_inner(void *owner, const struct http_request *outer, const char *method,
                                        const char *target);
/* A copy of its head for who goes on with the connection in another protocol. Under `owner`. */
struct http_request *http_request_keep(void *owner, const struct http_request *request);
/* What is written to it is thrown away with it. */
struct http_reply *http_reply_unread(const void *owner);

/* ---- the reply */

/* 200 until set. */
void http_reply_status(struct http_reply *reply, unsigned status);
/* Adds one; both texts are copied. */
void http_reply_header(struct http_reply *reply, const char *name, const char *value);
/* Content-Type. */
void http_reply_type(struct http_reply *reply, const char *type);
/* What is appended here is sent, unless a stream was set. */
struct buf *http_reply_body(struct http_reply *reply);

/* Fills `out` with the next bytes; leaves it empty at the end; false cuts the connection, so that the client sees that
 * it did not get everything. `release` is called in any case, afterwards. */
typedef bool http_stream(void *state, struct buf *out);
/* The body comes from `next`, a piece at a time and on a thread of the server, as the client reads; `state` must live
 * until `release`. Instead of every other body. */
void http_reply_stream(struct http_reply *reply, http_stream *next, void (*release)(void *state),
                       void *state);

/* Another thread makes this reply: it is sent not when the answer has returned but with http_later_done(), which is owed. Until then
 * the request and the reply live, belong to that thread, and hold none of the server's. NULL where the server ends, or options.threads
 * is 0: the reply is due at once. Ending waits for all that is owed. */
struct http_later;
MUST_CHECK struct http_later *http_reply_later(struct http_reply *reply);
/* The reply is whole, and not the caller's any more. Any thread. */
void http_later_done(struct http_later *later);

/* A body that comes whenever there is something to say (Server-Sent Events): as a stream, but where `next` leaves `out` empty
 * the connection waits, and holds no thread, until http_waker_wake(). False from `next` ends the body. Only on a server with
 * options.threads > 0. The waker lives until `release` has returned. */
struct http_waker;
struct http_waker *http_reply_push(struct http_reply *reply, http_stream *next, void (*release)(void *state),
                                   void *state);
/* `next` is called again, soon. Any thread; does not wait. */
void http_waker_wake(struct http_waker *waker);

/* The connection leaves HTTP with this reply (101; RFC 9110, 7.8), for `protocol`. `take` is called once, on a thread of the server, with
 * what is the caller's from then on, and with the head of the answer, which he has to send; or `drop`, where it is too late for that. `take`
 * must not block. The server cannot end before http_raw_close(); when it wants to, the descriptor is shut. Only on a server with
 * options.threads > 0. */
struct http_raw;
typedef void http_take(void *state, struct http_raw *raw, struct span head);
void http_reply_raw(struct http_reply *reply, const char *protocol, http_take *take,
                    void (*drop)(void *state), void *state);
/* Its descriptor, to wait for; not to be read or written. */
int http_raw_fd(const struct http_raw *raw);
/* One thread at a time; they do not wait. 0 of a read: the end. As long as a read gave something there may be more, whatever the
 * descriptor says. After HTTP_RAW_LATER a write is repeated with the same bytes, and perhaps more behind them. */
enum { HTTP_RAW_LATER = -1, HTTP_RAW_BROKEN = -2 };
ssize_t http_raw_read(struct http_raw *raw, char *out, size_t room);
/* The number that were written. */
ssize_t http_raw_write(struct http_raw *raw, struct span bytes);
/* Any thread. Sets NULL. */
void http_raw_close(struct http_raw **raw);

#endif
