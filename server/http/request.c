/* request.c -- reading a request and building a reply. */
#include "http/request.h"

#include <string.h>
#include <sys/socket.h>
#include <talloc.h>

const char *http_method(const struct http_request *request)
{
    return request->method;
}

const char *http_path(const struct http_request *request)
{
    return request->path;
}

const char *http_query(const struct http_request *request, const char *name)
{
    return MHD_lookup_connection_value(request->connection, MHD_GET_ARGUMENT_KIND, name);
}

const char *http_header(const struct http_request *request, const char *name)
{
    return MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, name);
}

struct span http_body(const struct http_request *request)
{
    return buf_span(&request->body);
}

const struct net_address *http_peer(const struct http_request *request)
{
    return &request->peer;
}

bool http_is_tls(const struct http_request *request)
{
    return request->is_tls;
}

bool http_peer_user(const struct http_request *request, uid_t *uid_out)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    struct ucred credentials;
    socklen_t length = sizeof credentials;
    struct sockaddr_storage address = { 0 };
    socklen_t address_length = sizeof address;

    if (!info || getsockname(info->connect_fd, (struct sockaddr *)&address, &address_length) != 0 ||
        address.ss_family != AF_UNIX ||
        getsockopt(info->connect_fd, SOL_SOCKET, SO_PEERCRED, &credentials, &length) != 0)
        return false;
    *uid_out = credentials.uid;
    return true;
}

void *http_arena(const struct http_request *request)
{
    return request->arena;
}

void http_reply_status(struct http_reply *reply, unsigned status)
{
    reply->status = status;
}

void http_reply_header(struct http_reply *reply, const char *name, const char *value)
{
    if (reply->header_count == HTTP_HEADERS_MAX)
        return;
    reply->headers[reply->header_count].name = talloc_strdup(reply->arena, name);
    reply->headers[reply->header_count++].value = talloc_strdup(reply->arena, value);
}

void http_reply_type(struct http_reply *reply, const char *type)
{
    http_reply_header(reply, MHD_HTTP_HEADER_CONTENT_TYPE, type);
}

struct buf *http_reply_body(struct http_reply *reply)
{
    return &reply->body;
}

void http_reply_stream(struct http_reply *reply, http_stream *next, void (*release)(void *state), void *state)
{
    reply->next = next;
    reply->release = release;
    reply->state = state;
}

/* ---- the reply as libmicrohttpd sends it */

struct stream {
    http_stream *next;
    void (*release)(void *state);
    void *state;
    struct buf ahead; /* bytes that the last call gave and that did not fit yet */
    size_t sent;
};

static ssize_t stream_read(void *argument, uint64_t position, char *out, size_t room)
{
    struct stream *stream = argument;
    size_t length;

    (void)position;
    if (stream->sent == stream->ahead.length) {
        buf_clear(&stream->ahead);
        stream->sent = 0;
        if (!stream->next(stream->state, &stream->ahead))
            return MHD_CONTENT_READER_END_WITH_ERROR;
        if (stream->ahead.length == 0)
            return MHD_CONTENT_READER_END_OF_STREAM;
    }
    length = stream->ahead.length - stream->sent;
    if (length > room)
        length = room;
    memcpy(out, stream->ahead.p + stream->sent, length);
    stream->sent += length;
    return (ssize_t)length;
}

static void stream_free(void *argument)
{
    struct stream *stream = argument;

    if (stream->release)
        stream->release(stream->state);
    talloc_free(stream);
}

struct MHD_Response *http_response_of(struct http_reply *reply)
{
    struct MHD_Response *response;

    if (reply->next) {
        struct stream *stream = talloc_zero(NULL, struct stream);
        *stream = (struct stream){ reply->next, reply->release, reply->state, BUF_INIT(stream), 0 };
        response =
            MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 65536, stream_read, stream, stream_free);
    } else {
        response = MHD_create_response_from_buffer(reply->body.length, reply->body.p, MHD_RESPMEM_MUST_COPY);
    }
    for (size_t i = 0; response && i < reply->header_count; i++)
        (void)MHD_add_response_header(response, reply->headers[i].name, reply->headers[i].value);
    return response;
}
