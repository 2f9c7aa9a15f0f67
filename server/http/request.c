/* request.c -- reading a request and building a reply. */
#include "http/request.h"

#include <glib.h>
#include <string.h>
#include <strings.h>
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
    for (size_t i = 0; i < request->query_count; i++)
        if (strcmp(request->queries[i].name, name) == 0)
            return request->queries[i].value;
    return request->connection ? MHD_lookup_connection_value(request->connection, MHD_GET_ARGUMENT_KIND, name)
                               : NULL;
}

const char *http_header(const struct http_request *request, const char *name)
{
    struct MHD_Connection *connection = request->connection ? request->connection : request->headers_of;

    for (size_t i = 0; i < request->header_count; i++)
        if (strcasecmp(request->headers[i].name, name) == 0)
            return request->headers[i].value;
    return connection ? MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name) : NULL;
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
        request->connection ? MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_CONNECTION_FD)
                            : NULL;
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

struct collection {
    struct http_pair *pairs;
    size_t count;
};

static enum MHD_Result collect(void *argument, enum MHD_ValueKind kind, const char *name, const char *value)
{
    struct collection *c = argument;

    (void)kind;
    c->pairs = talloc_realloc(NULL, c->pairs, struct http_pair, (unsigned)c->count + 1);
    c->pairs[c->count++] =
        (struct http_pair){ talloc_strdup(c->pairs, name), talloc_strdup(c->pairs, value ? value : "") };
    return MHD_YES;
}

size_t http_queries(const struct http_request *request, const void *owner, struct http_pair **pairs_out)
{
    struct collection c = { talloc_zero_array(owner, struct http_pair, 1), 0 };

    for (size_t i = 0; i < request->query_count; i++)
        (void)collect(&c, MHD_GET_ARGUMENT_KIND, request->queries[i].name, request->queries[i].value);
    if (request->connection)
        MHD_get_connection_values(request->connection, MHD_GET_ARGUMENT_KIND, collect, &c);
    *pairs_out = c.pairs;
    return c.count;
}

struct http_request *http_request_again(const void *owner, const char *method, const char *path,
                                        const struct http_pair *queries, size_t query_count, struct span body)
{
    struct http_request *request = talloc_zero(owner, struct http_request);

    request->arena = talloc_new(request);
    request->method = method;
    request->path = path;
    request->queries = queries;
    request->query_count = query_count;
    request->body = BUF_INIT(request);
    buf_add_span(&request->body, body);
    return request;
}

/* Percent-decoded; what is not well formed is taken as it is. */
static char *decoded(void *owner, const char *text, size_t length)
{
    char *plain = g_uri_unescape_segment(text, text + length, NULL);
    char *copy = plain ? talloc_strdup(owner, plain) : talloc_strndup(owner, text, length);

    g_free(plain);
    return copy;
}

static struct http_pair *queries_of(void *owner, const char *text, size_t *count_out)
{
    struct http_pair *pairs = talloc_zero_array(owner, struct http_pair, 1);

    *count_out = 0;
    for (const char *p = text; *p; p += strcspn(p, "&"), p += *p == '&') {
        size_t length = strcspn(p, "&"), name = strcspn(p, "=&");
        pairs = talloc_realloc(owner, pairs, struct http_pair, (unsigned)*count_out + 1);
        pairs[(*count_out)++] =
            (struct http_pair){ decoded(owner, p, name),
                                name < length ? decoded(owner, p + name + 1, length - name - 1) : "" };
    }
    return pairs;
}

struct http_request *http_request_local(void *owner, const char *method, const char *target)
{
    size_t length = strcspn(target, "?"), count;
    const struct http_pair *queries = queries_of(owner, target + length + (target[length] == '?'), &count);

    return http_request_again(owner, talloc_strdup(owner, method),
                              http_path_of_names(owner, span_of(target, length)), queries, count,
                              span_text(""));
}

struct http_request *http_request_inner(void *owner, const struct http_request *outer, const char *method,
                                        const char *target)
{
    struct http_request *request = http_request_local(owner, method, target);

    request->headers_of = outer->headers_of ? outer->headers_of : outer->connection;
    request->headers = outer->headers;
    request->header_count = outer->header_count;
    request->is_tls = outer->is_tls;
    request->peer = outer->peer;
    return request;
}

struct http_request *http_request_keep(void *owner, const struct http_request *request)
{
    struct http_request *kept =
        http_request_again(owner, talloc_strdup(owner, request->method), talloc_strdup(owner, request->path),
                           NULL, 0, span_text(""));
    struct collection c = { talloc_zero_array(kept, struct http_pair, 1), 0 };

    if (request->connection)
        MHD_get_connection_values(request->connection, MHD_HEADER_KIND, collect, &c);
    kept->headers = c.pairs;
    kept->header_count = c.count;
    kept->is_tls = request->is_tls;
    kept->peer = request->peer;
    return kept;
}

struct http_reply *http_reply_unread(const void *owner)
{
    struct http_reply *reply = talloc_zero(owner, struct http_reply);

    reply->arena = talloc_new(reply);
    reply->body = BUF_INIT(reply);
    return reply;
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
