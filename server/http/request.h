/*
 * request.h -- what a request and its reply are made of; private to this room.
 */
#ifndef HTTP_REQUEST_H
#define HTTP_REQUEST_H

#include "http/server.h"

#include <microhttpd.h>

enum { HTTP_HEADERS_MAX = 16 };

struct http_request {
    struct MHD_Connection *connection;
    void *arena;
    const char *method, *path;
    struct buf body;
    size_t limit;
    bool is_too_large, is_tls;
    struct net_address peer;
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
};

/* The answer as libmicrohttpd wants it; takes over the stream. */
struct MHD_Response *http_response_of(struct http_reply *reply);

#endif
