/* server.c -- the daemon: what comes in, what is refused at once, what is answered. */
#include "http/server.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "http/connection.h"
#include "http/deadline.h"
#include "http/proxies.h"
#include "http/request.h"
#include "http/retrieve.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <talloc.h>
#include <unistd.h>

/* What base/tls.h allows. */
static const char TLS_PRIORITIES[] =
    "SECURE128:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:-KX-ALL:+ECDHE-ECDSA:+ECDHE-RSA:"
    "-CIPHER-ALL:+AES-256-GCM:+CHACHA20-POLY1305:+AES-128-GCM:-MAC-ALL:+AEAD:"
    "%NO_TICKETS:%SERVER_PRECEDENCE";

enum { CONNECTION_MEMORY = 48 * 1024, HEADERS_MAX = 100 };

METRIC_COUNTER(requests, "chappe_http_requests_total", "HTTP requests answered")
METRIC_COUNTER(refusals, "chappe_http_refused_total", "HTTP requests refused before they were looked at")
METRIC_HISTOGRAM(latency, "chappe_http_request_seconds", "From the whole request to its answer")

struct http_server {
    struct http_server_options options;
    struct MHD_Daemon *daemon;
    struct http_connections *connections;
    struct http_proxies *proxies;
    struct http_pushes *pushes;
    struct http_laters *laters;
    struct http_raws *raws;
};

/* ---- one request */

/* Stands for a request whose target cannot be read in one way. */
static struct http_request unreadable;

static struct http_request *request_new(void)
{
    void *arena = talloc_new(NULL);
    struct http_request *request = talloc_zero(arena, struct http_request);

    request->arena = arena;
    return request;
}

static bool is_of_names(const struct http_server *server, const char *target)
{
    for (const char *const *prefix = server->options.names_below; prefix && *prefix; prefix++)
        if (strncmp(target, *prefix, strlen(*prefix)) == 0)
            return true;
    return false;
}

/* The target as it was sent. libmicrohttpd decodes it: a %00 would end it early, and an encoded slash would be taken for
 * one that separates. What is returned is the request's context at its first callback. */
static void *on_target(void *argument, const char *target, struct MHD_Connection *connection)
{
    struct span path = span_of(target, strcspn(target, "?"));
    bool is_of_names_here = is_of_names(argument, target);
    struct http_request *request;

    (void)connection;
    for (const char *p = strchr(target, '%'); p; p = strchr(p + 1, '%'))
        if (strncmp(p, "%00", 3) == 0 || (p < path.end && !is_of_names_here && strncasecmp(p, "%2f", 3) == 0))
            return &unreadable;
    if (!is_of_names_here)
        return NULL;
    request = request_new();
    request->path = http_path_of_names(request->arena, path);
    return request;
}

static enum MHD_Result queue(struct MHD_Connection *connection, unsigned status,
                             struct MHD_Response *response)
{
    enum MHD_Result result;

    if (!response)
        return MHD_NO;
    result = MHD_queue_response(connection, status, response);
    MHD_destroy_response(response);
    return result;
}

static enum MHD_Result send_reply(struct http_server *server, struct MHD_Connection *connection,
                                  struct http_reply *reply)
{
    return queue(connection, reply->status,
                 reply->waker ? http_push_response(server->pushes, connection, reply)
                              : http_response_of(reply));
}

static enum MHD_Result refuse(struct MHD_Connection *connection, unsigned status)
{
    struct http_reply reply = { .arena = talloc_new(NULL), .status = status };
    enum MHD_Result result;

    metric_add(&refusals, 1);
    reply.body = BUF_INIT(reply.arena);
    http_reply_type(&reply, "text/plain; charset=utf-8");
    http_reply_header(&reply, MHD_HTTP_HEADER_CONNECTION, "close");
    buf_add_format(&reply.body, "%u\n", status);
    result = queue(connection, reply.status, http_response_of(&reply));
    talloc_free(reply.arena);
    return result;
}

struct header_census {
    unsigned headers, lengths, encodings, hosts;
};

static enum MHD_Result count_header(void *argument, enum MHD_ValueKind kind, const char *name,
                                    const char *value)
{
    struct header_census *census = argument;

    (void)kind;
    (void)value;
    census->headers++;
    census->lengths += strcasecmp(name, "Content-Length") == 0;
    census->encodings += strcasecmp(name, "Transfer-Encoding") == 0;
    census->hosts += strcasecmp(name, "Host") == 0;
    return MHD_YES;
}

/* What two programs could read in two ways is not read at all (RFC 9112, 6.3 and 3.2). */
static unsigned verdict_on_head(struct MHD_Connection *connection, const char *path)
{
    struct header_census census = { 0 };

    (void)MHD_get_connection_values(connection, MHD_HEADER_KIND, count_header, &census);
    if (census.lengths > 1 || census.encodings > 1 || (census.lengths && census.encodings) ||
        census.hosts != 1)
        return MHD_HTTP_BAD_REQUEST;
    if (census.headers > HEADERS_MAX)
        return MHD_HTTP_REQUEST_HEADER_FIELDS_TOO_LARGE;
    if (*path != '/' || strstr(path, "//") || strstr(path, "/../") || strchr(path, '\\'))
        return MHD_HTTP_BAD_REQUEST;
    if (strlen(path) >= 3 && strcmp(path + strlen(path) - 3, "/..") == 0)
        return MHD_HTTP_BAD_REQUEST;
    for (const char *p = path; *p; p++)
        if ((unsigned char)*p < 0x20 || *p == 0x7f)
            return MHD_HTTP_BAD_REQUEST;
    return 0;
}

/* The last address that a believed proxy added, and the scheme that it saw. */
static void believe_proxy(struct http_server *server, struct http_request *request)
{
    const char *chain = http_header(request, "X-Forwarded-For"),
               *scheme = http_header(request, "X-Forwarded-Proto");
    struct net_address client;
    const char *last;

    if (!http_proxies_contain(server->proxies, &request->peer))
        return;
    last = chain ? strrchr(chain, ',') : NULL;
    if (chain && net_address_parse(span_trim(span_text(last ? last + 1 : chain)), &client))
        request->peer = client;
    request->is_tls = scheme ? strcasecmp(scheme, "https") == 0 : request->is_tls;
}

static void begin(struct http_server *server, struct http_request *request, struct MHD_Connection *connection,
                  const char *method)
{
    request->connection = connection;
    request->method = talloc_strdup(request->arena, method);
    request->body = BUF_INIT(request->arena);
    request->limit = server->options.limit(server->options.argument, method, request->path);
    request->is_tls = server->options.is_tls;
    request->peer = http_connection_peer(connection);
    believe_proxy(server, request);
}

/* What a stranger may make us keep is little: a large body is for those who say who they are. */
static bool is_admitted(struct http_server *server, const struct http_request *request)
{
    const char *length = http_header(request, "Content-Length");
    bool is_small = length ? strtoull(length, NULL, 10) <= HTTP_STRANGER_BODY_MAX
                           : http_header(request, "Transfer-Encoding") == NULL;

    return !server->options.admits || request->limit <= HTTP_STRANGER_BODY_MAX || is_small ||
           server->options.admits(server->options.argument, request);
}

static enum MHD_Result answer(struct http_server *server, struct http_request *request)
{
    struct http_reply *reply = talloc_zero(request->arena, struct http_reply);
    int64_t started_us = clock_monotonic_us();

    *reply = (struct http_reply){ .arena = request->arena,
                                  .status = MHD_HTTP_OK,
                                  .body = BUF_INIT(request->arena),
                                  .laters = server->options.threads > 0 ? server->laters : NULL };
    if (request->is_too_large)
        return refuse(request->connection, MHD_HTTP_CONTENT_TOO_LARGE);
    server->options.answer(server->options.argument, request, reply);
    metric_add(&requests, 1);
    metric_observe_us(&latency, 0, clock_monotonic_us() - started_us);
    request->reply = reply;
    if (reply->raw)
        return server->options.threads > 0 && http_raw_begin(server->raws, reply, request->connection)
                   ? MHD_YES
                   : refuse(request->connection, MHD_HTTP_SERVICE_UNAVAILABLE);
    if (reply->later && http_later_wait(reply->later, request->connection))
        return MHD_YES;
    return send_reply(server, request->connection, reply);
}

static enum MHD_Result on_access(void *argument, struct MHD_Connection *connection, const char *path,
                                 const char *method, const char *version, const char *upload,
                                 size_t *upload_length, void **request_context)
{
    struct http_server *server = argument;
    struct http_request *request = *request_context;
    unsigned refusal;

    (void)version;
    if (request == &unreadable)
        return refuse(connection, MHD_HTTP_BAD_REQUEST);
    if (!request) {
        *request_context = request = request_new();
        request->path = talloc_strdup(request->arena, path);
    }
    if (!request->method) { /* the head is here */
        refusal = verdict_on_head(connection, request->path);
        if (refusal)
            return refuse(connection, refusal);
        begin(server, request, connection, method);
        if (!is_admitted(server, request))
            return refuse(connection, MHD_HTTP_UNAUTHORIZED);
        http_deadline_body(http_connection_deadline(connection), request->limit);
        return MHD_YES;
    }
    if (request->reply && request->reply->was_raw)
        return MHD_NO;
    if (request->reply) /* it was waited for */
        return send_reply(server, connection, request->reply);
    if (*upload_length == 0) {
        http_deadline_none(http_connection_deadline(connection));
        return answer(server, request);
    }
    if (request->body.length + *upload_length > request->limit)
        request->is_too_large = true;
    else
        buf_add(&request->body, upload, *upload_length);
    *upload_length = 0;
    return MHD_YES;
}

static unsigned timeout_s(const struct http_server *server)
{
    return server->options.timeout_s ? server->options.timeout_s : 30;
}

static void on_completed(void *argument, struct MHD_Connection *connection, void **request_context,
                         enum MHD_RequestTerminationCode code)
{
    struct http_request *request = *request_context;

    (void)code;
    http_deadline_head(http_connection_deadline(connection), timeout_s(argument));
    if (request && request != &unreadable) {
        http_raw_drop(request->reply);
        talloc_free(request->arena);
    }
    *request_context = NULL;
}

PRINTF_LIKE(2, 0) static void on_log(void *argument, const char *text_format, va_list arguments)
{
    char text[256];

    (void)argument;
    vsnprintf(text, sizeof text, text_format, arguments);
    log_event(LOG_LEVEL_DEBUG, "http.library", log_span("text", span_trim(span_text(text))));
}

/* ---- the daemon */

static struct MHD_Daemon *start_daemon(struct http_server *server)
{
    const struct http_server_options *o = &server->options;
    unsigned flags =
        MHD_USE_ERROR_LOG | MHD_USE_ITC /* else one that is quiesced cannot be stopped */ |
        (o->is_tls ? MHD_USE_TLS : 0) |
        (o->is_tls || o->threads ? MHD_ALLOW_SUSPEND_RESUME /* see handshake.h and push.c */ : 0) |
        (o->threads ? MHD_USE_EPOLL_INTERNAL_THREAD
                    : MHD_USE_THREAD_PER_CONNECTION | MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_POLL);
    struct MHD_OptionItem items[16] = {
        { MHD_OPTION_CONNECTION_MEMORY_LIMIT, CONNECTION_MEMORY, NULL },
        { MHD_OPTION_CONNECTION_LIMIT, (intptr_t)(o->max_connections ? o->max_connections : 1000), NULL },
        { MHD_OPTION_CONNECTION_TIMEOUT, (intptr_t)timeout_s(server), NULL },
        { MHD_OPTION_STRICT_FOR_CLIENT, 1, NULL },
        { MHD_OPTION_NOTIFY_COMPLETED, (intptr_t)on_completed, server },
        { MHD_OPTION_NOTIFY_CONNECTION, (intptr_t)http_connection_notify, server->connections },
    };
    size_t count = 6;

    if (o->threads > 1)
        items[count++] = (struct MHD_OptionItem){ MHD_OPTION_THREAD_POOL_SIZE, (intptr_t)o->threads, NULL };
    if (o->is_tls) {
        items[count++] =
            (struct MHD_OptionItem){ MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)(intptr_t)TLS_PRIORITIES };
    }
    items[count] = (struct MHD_OptionItem){ MHD_OPTION_END, 0, NULL };
    return MHD_start_daemon(flags, 0, NULL, NULL, on_access, server, MHD_OPTION_EXTERNAL_LOGGER, on_log, NULL,
                            MHD_OPTION_URI_LOG_CALLBACK, on_target, server, MHD_OPTION_LISTEN_SOCKET, o->fd,
                            MHD_OPTION_ARRAY, items,
                            /* not possible in an array */
                            o->is_tls ? MHD_OPTION_HTTPS_CERT_CALLBACK2 : MHD_OPTION_END,
                            http_certificate_retrieve, MHD_OPTION_END);
}

static void release(struct http_server **server)
{
    http_connections_free(&(*server)->connections);
    http_pushes_free(&(*server)->pushes);
    http_laters_free(&(*server)->laters);
    http_raws_free(&(*server)->raws);
    http_proxies_free(&(*server)->proxies);
    talloc_free(*server);
    *server = NULL;
}

bool http_server_start(const struct http_server_options *options, struct http_server **server_out,
                       struct err *err)
{
    struct http_server *server = talloc_zero(NULL, struct http_server);

    server->options = *options;
    server->proxies = http_proxies_new();
    http_proxies_set(server->proxies, options->proxies, options->proxy_count);
    server->laters = http_laters_new(server);
    server->raws = http_raws_new(server);
    if (http_pushes_start(server, &server->pushes, err) &&
        http_connections_start(options->is_tls, options->peers, server->proxies, &server->connections, err))
        server->daemon = start_daemon(server);
    if (!server->daemon) {
        close(options->fd);
        http_connections_stop(server->connections);
        release(&server);
        return err_set(err, ERR_INTERNAL, "The web server cannot start.");
    }
    *server_out = server;
    return true;
}

void http_server_believe(struct http_server *server, const struct net_network *proxies, size_t count)
{
    http_proxies_set(server->proxies, proxies, count);
}

void http_server_quiesce(struct http_server *server)
{
    if (server->options.fd < 0)
        return;
    (void)MHD_quiesce_daemon(server->daemon);
    close(server->options.fd);
    server->options.fd = -1;
}

bool http_server_is_drained(const struct http_server *server)
{
    const union MHD_DaemonInfo *info =
        MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_CURRENT_CONNECTIONS);

    return server->options.fd < 0 && info && info->num_connections == 0;
}

void http_server_free(struct http_server **server)
{
    if (!*server)
        return;
    http_connections_stop((*server)->connections);
    http_pushes_end((*server)->pushes);
    http_laters_end((*server)->laters);
    http_raws_end((*server)->raws);
    MHD_stop_daemon((*server)->daemon);
    release(server);
}
