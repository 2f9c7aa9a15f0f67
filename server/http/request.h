/*
 * request.h -- what a request and its reply are made of; private to this room.
 */
#ifndef HTTP_REQUEST_H
#define HTTP_REQUEST_H

#include "http/server.h"

#include <microhttpd.h>

enum { HTTP_HEADERS_MAX = 16 };

struct http_request {
    struct MHD_Connection *connection; /* NULL: made again, of what was kept */
    struct MHD_Connection *headers_of; /* of one that was asked inside another; NULL */
    const struct http_pair *queries;   /* of such a one */
    size_t query_count;
    const struct http_pair *headers; /* copies, of one that was kept; NULL: as the connection has them */
    size_t header_count;
    void *arena;
    const char *method, *path;
    struct buf body;
    size_t limit;
    bool is_too_large, is_tls;
    struct net_address peer;
    struct http_reply *reply; /* of one that is answered later */
};

struct http_reply {
    void *arena;
    unsigned status;
    struct {
        const char *name, *value;
    } headers[HTTP_HEADERS_MAX];
    size_t header_count;
    struct buf body;
    http_stream *next;
    void (*release)(void *state);
    void *state;
    struct http_waker *waker;   /* of a push; NULL: none */
    struct http_laters *laters; /* NULL: nobody could be told that it is whole */
    struct http_later *later;   /* NULL: it is whole when the answer has returned */
    bool was_raw;               /* the connection left HTTP: when it is looked at again it is at its end */
    struct http_raw *raw;       /* the connection is to leave HTTP with this reply; NULL: it is not */
};

/* name.c: the path of an encoded target, its segments being names (server.h); under `owner`. */
char *http_path_of_names(const void *owner, struct span target);

/* push.c: connections that wait for something to say. All of a server, so that it can end. */
struct http_pushes;
/* Under `owner`, with a thread that notices who left. ERR_INTERNAL; *pushes_out is NULL then. */
MUST_CHECK bool http_pushes_start(const void *owner, struct http_pushes **pushes_out, struct err *err);
/* All of them end with their next byte; no new one waits. */
void http_pushes_end(struct http_pushes *pushes);
/* Nobody waits any more. Accepts and sets NULL. */
void http_pushes_free(struct http_pushes **pushes);
/* The answer of a reply with a waker; takes over its state. */
struct MHD_Response *http_push_response(struct http_pushes *pushes, struct MHD_Connection *connection,
                                        struct http_reply *reply);

/* later.c: replies that are not whole yet. All of a server, so that it can end. */
struct http_laters;
/* Under `owner`. */
struct http_laters *http_laters_new(const void *owner);
/* No new one begins; waits for those that are owed. */
void http_laters_end(struct http_laters *all);
/* None is owed any more. Sets NULL. */
void http_laters_free(struct http_laters **all);
/* The connection waits, and its request is looked at again when the reply is whole. False: it is whole already. */
MUST_CHECK bool http_later_wait(struct http_later *later, struct MHD_Connection *connection);

/* raw.c: connections that left HTTP. All of a server, so that it can end. */
struct http_raws;
/* Under `owner`. */
struct http_raws *http_raws_new(const void *owner);
/* All of them are shut; waits until those who have them have closed them. */
void http_raws_end(struct http_raws *raws);
/* None is left. Sets NULL. */
void http_raws_free(struct http_raws **raws);
/* The connection leaves with its reply. False: it cannot. */
MUST_CHECK bool http_raw_begin(struct http_raws *raws, struct http_reply *reply,
                               struct MHD_Connection *connection);
/* The request has ended: where the connection was not taken, it never will be. Accepts NULL. */
void http_raw_drop(struct http_reply *reply);

/* The answer as libmicrohttpd wants it; takes over the stream. */
struct MHD_Response *http_response_of(struct http_reply *reply);

#endif
