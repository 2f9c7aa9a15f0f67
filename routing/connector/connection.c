/* connection.c -- sockets with deadlines, buffers with ends. */
#include "connector/connection.h"

#include "base/clock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/socket.h>
#include <talloc.h>
#include <unistd.h>

enum { SLICE_MS = 500 }; /* how long a wait may go on after outbound_stop() */

/* ---- opening and closing */

static socklen_t socket_address(const struct net_address *address, struct sockaddr_storage *out)
{
    memset(out, 0, sizeof *out);
    if (net_is_ipv4(address)) {
        struct sockaddr_in *in = (struct sockaddr_in *)(void *)out;
        in->sin_family = AF_INET;
        in->sin_port = htons(address->port);
        memcpy(&in->sin_addr, address->bytes + 12, 4);
        return sizeof *in;
    }
    struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)(void *)out;
    in6->sin6_family = AF_INET6;
    in6->sin6_port = htons(address->port);
    memcpy(&in6->sin6_addr, address->bytes, 16);
    return sizeof *in6;
}

static bool at_fault(struct outcome *outcome, enum outbound_fault fault)
{
    outcome->fault = fault;
    return false;
}

/* Nothing came back, or the way there is not known: the server may be well. */
static enum outbound_fault fault_of(int error)
{
    return error == ENETUNREACH || error == EHOSTUNREACH || error == EINVAL /* not from that source */ ||
                   error == ENETDOWN || error == ETIMEDOUT || error == EADDRNOTAVAIL
               ? OUTBOUND_FAULT_NETWORK
               : OUTBOUND_FAULT_NONE;
}

static bool cannot_bind(const char *source, struct outcome *outcome)
{
    outcome_set(outcome, OUTBOUND_DEFERRED, "x.3.5",
                "the source address %s of the connector cannot be used: %s", source, strerror(errno));
    return at_fault(outcome, OUTBOUND_FAULT_SOURCE);
}

static bool bind_source(int fd, bool is_ipv4, const char *source, struct outcome *outcome)
{
    struct sockaddr_storage address;
    struct net_source ours;

    if (!net_source_parse(span_text(source), &ours))
        return outcome_set(outcome, OUTBOUND_DEFERRED, "x.3.5",
                           "the source address %s of the connector is no address", source);
    if (ours.has_address && net_is_ipv4(&ours.address) != is_ipv4)
        return outcome_set(outcome, OUTBOUND_DEFERRED, "x.4.1",
                           "the connector's source address %s is of another family than the host's", source);
    if (*ours.interface && setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, ours.interface,
                                      (socklen_t)strlen(ours.interface) + 1) != 0)
        return cannot_bind(source, outcome);
    return !ours.has_address ||
           bind(fd, (struct sockaddr *)&address, socket_address(&ours.address, &address)) == 0 ||
           cannot_bind(source, outcome);
}

bool outbound_has_source(const char *source_address)
{
    struct outcome outcome = { .verdict = OUTBOUND_UNTRIED };
    struct net_source source;
    bool is_ipv4, is_there;
    int fd;

    if (!net_source_parse(span_text(source_address), &source))
        return false;
    is_ipv4 = !source.has_address || net_is_ipv4(&source.address);
    fd = socket(is_ipv4 ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return false;
    is_there = bind_source(fd, is_ipv4, source_address, &outcome);
    close(fd);
    return is_there;
}

/* Until the socket is connected, or not. */
static bool await_connection(int fd, unsigned seconds, const atomic_bool *is_stopping,
                             struct outcome *outcome)
{
    int64_t until_us = clock_monotonic_us() + (int64_t)seconds * US_PER_S;
    struct pollfd ready = { .fd = fd, .events = POLLOUT };
    socklen_t length = sizeof(int);
    int failure = 0;

    while (poll(&ready, 1, SLICE_MS) <= 0) {
        if (clock_monotonic_us() >= until_us) {
            outcome_set(outcome, OUTBOUND_DEFERRED, "x.4.1", "no connection within %u seconds", seconds);
            return at_fault(outcome, OUTBOUND_FAULT_NETWORK);
        }
        if (atomic_load(is_stopping))
            return outcome_set(outcome, OUTBOUND_DEFERRED, "x.3.2", "this server is being stopped");
    }
    getsockopt(fd, SOL_SOCKET, SO_ERROR, &failure, &length);
    if (failure == 0)
        return true;
    outcome_set(outcome, OUTBOUND_DEFERRED, "x.4.1", "no connection: %s", strerror(failure));
    return at_fault(outcome, fault_of(failure));
}

static bool open_socket(const struct net_address *address, const char *source, unsigned seconds,
                        const atomic_bool *is_stopping, int *fd_out, struct outcome *outcome)
{
    struct sockaddr_storage target;
    socklen_t length = socket_address(address, &target);
    int fd = socket(target.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd < 0)
        return outcome_set(outcome, OUTBOUND_DEFERRED, "x.3.0", "no socket: %s", strerror(errno));
    if (source && !bind_source(fd, net_is_ipv4(address), source, outcome))
        goto failed;
    if (connect(fd, (struct sockaddr *)&target, length) != 0) {
        if (errno != EINPROGRESS) {
            int error = errno;
            outcome_set(outcome, OUTBOUND_DEFERRED, "x.4.1", "no connection: %s", strerror(error));
            outcome->fault = fault_of(error);
            goto failed;
        }
        if (!await_connection(fd, seconds, is_stopping, outcome))
            goto failed;
    }
    *fd_out = fd;
    return true;
failed:
    close(fd);
    return false;
}

static char *host_text(const void *owner, const char *name, const struct net_address *address)
{
    char text[NET_ADDRESS_TEXT];
    char *host;

    net_address_text(address, text);
    host = strcmp(name, text) == 0 ? talloc_asprintf(owner, "[%s]", text)
                                   : talloc_asprintf(owner, "%s [%s]", name, text);
    return address->port == 25 ? host : talloc_asprintf(owner, "%s:%u", host, address->port);
}

bool connection_open(const char *name, const struct net_address *address, const char *source,
                     unsigned seconds, const atomic_bool *is_stopping, struct connection **connection_out,
                     struct outcome *outcome)
{
    struct connection *connection;
    int fd = -1;

    if (!open_socket(address, source, seconds, is_stopping, &fd, outcome))
        return false;
    connection = talloc(NULL, struct connection);
    memset(connection, 0, offsetof(struct connection, in));
    memset((char *)connection + offsetof(struct connection, in_start), 0,
           sizeof *connection - offsetof(struct connection, in_start));
    connection->stream = stream_new(fd);
    connection->is_stopping = is_stopping;
    connection->out = BUF_INIT(connection);
    connection->address = *address;
    connection->name = talloc_strdup(connection, name);
    connection->host = host_text(connection, name, address);
    *connection_out = connection;
    return true;
}

void connection_close(struct connection **connection)
{
    struct connection *c = *connection;
    size_t written;

    *connection = NULL;
    if (!c)
        return;
    if (!c->is_broken && c->out.length == 0)
        (void)stream_write(c->stream, span_text("QUIT\r\n"), &written);
    if (c->is_broken)
        stream_reset(c->stream);
    stream_free(&c->stream);
    talloc_free(c);
}

void connection_allow(struct connection *connection, unsigned seconds)
{
    connection->deadline_us = clock_monotonic_us() + (int64_t)seconds * US_PER_S;
}

/* ---- moving bytes */

static bool broken(struct connection *connection, struct outcome *outcome, const char *enhanced,
                   const char *what, const char *doing)
{
    connection->is_broken = true;
    return outcome_set(outcome, OUTBOUND_DEFERRED, enhanced, "%s while %s", what, doing);
}

static bool await(struct connection *connection, short events, int64_t *stalls_at_us, const char *doing,
                  struct outcome *outcome)
{
    struct pollfd ready = { .fd = stream_fd(connection->stream), .events = events };
    int64_t now_us = clock_monotonic_us();

    if (now_us >= connection->deadline_us || (*stalls_at_us != 0 && now_us >= *stalls_at_us))
        return broken(connection, outcome, "x.4.2", "the time ran out", doing);
    if (atomic_load(connection->is_stopping))
        return broken(connection, outcome, "x.3.2", "this server was stopped", doing);
    int64_t left_ms = (connection->deadline_us - now_us) / 1000 + 1;
    (void)poll(&ready, 1, left_ms < SLICE_MS ? (int)left_ms : SLICE_MS);
    return true;
}

/* Reads what is there into the room that is left. STREAM_WAIT where there is nothing, or no room. */
static enum stream_result fill(struct connection *connection)
{
    size_t got = 0;
    enum stream_result result;

    if (connection->in_start > 0) {
        memmove(connection->in, connection->in + connection->in_start,
                connection->in_end - connection->in_start);
        connection->in_end -= connection->in_start;
        connection->in_start = 0;
    }
    if (connection->in_end == sizeof connection->in)
        return STREAM_WAIT;
    result = stream_read(connection->stream, connection->in + connection->in_end,
                         sizeof connection->in - connection->in_end, &got);
    connection->in_end += got;
    return result;
}

static bool has_room(const struct connection *connection)
{
    return connection->in_end - connection->in_start < sizeof connection->in;
}

static const char *ended(const struct connection *connection, enum stream_result result)
{
    const char *reason = stream_failure(connection->stream);

    if (result == STREAM_EOF || !*reason || strcmp(reason, "reset") == 0)
        return "the other side closed the connection";
    return reason;
}

static bool has_line(const struct connection *connection)
{
    return memchr(connection->in + connection->in_start, '\n', connection->in_end - connection->in_start) !=
           NULL;
}

bool connection_flush(struct connection *connection, const char *doing, struct outcome *outcome)
{
    struct span rest = buf_span(&connection->out);
    int64_t stalls_at_us = connection->stall_us ? clock_monotonic_us() + connection->stall_us : 0;

    while (!span_is_empty(rest)) {
        size_t written = 0;
        enum stream_result result = stream_write(connection->stream, rest, &written);
        rest.p += written;
        if (written > 0 && connection->stall_us)
            stalls_at_us = clock_monotonic_us() + connection->stall_us;
        if (result == STREAM_OK)
            continue;
        if (result == STREAM_WAIT)
            result = fill(connection);
        /* Whoever closes may have said why: the reply is looked for before the end is believed. */
        if ((result == STREAM_EOF || result == STREAM_FAILED) && (fill(connection), !has_line(connection)))
            return broken(connection, outcome, "x.4.2", ended(connection, result), doing);
        if (result == STREAM_EOF || result == STREAM_FAILED) {
            connection->is_broken = true;
            break;
        }
        if (!await(connection, has_room(connection) ? POLLOUT | POLLIN : POLLOUT, &stalls_at_us, doing,
                   outcome))
            return false;
    }
    buf_clear(&connection->out);
    return true;
}

void connection_add(struct connection *connection, struct span bytes)
{
    buf_add_span(&connection->out, bytes);
}

void connection_add_format(struct connection *connection, const char *format, ...)
{
    va_list arguments;
    char *text;

    va_start(arguments, format);
    text = talloc_vasprintf(connection, format, arguments);
    va_end(arguments);
    buf_add_text(&connection->out, text);
    talloc_free(text);
}

/* ---- replies */

static bool take_line(struct connection *connection, const char *doing, struct span *line_out,
                      struct outcome *outcome)
{
    int64_t stalls_at_us = 0;
    enum stream_result result;

    for (;;) {
        struct span input =
            span_of(connection->in + connection->in_start, connection->in_end - connection->in_start);
        const char *end = span_find_byte(input, '\n');
        if (end) {
            connection->in_start = (size_t)(end + 1 - connection->in);
            *line_out = span_of(input.p, (size_t)(end - input.p));
            if (!span_is_empty(*line_out) && line_out->end[-1] == '\r')
                line_out->end--;
            return true;
        }
        if (span_length(input) > REPLY_LINE_BYTES + 2)
            return broken(connection, outcome, "x.5.0", "a reply without end came", doing);
        result = connection->is_broken ? STREAM_EOF : fill(connection);
        if (result == STREAM_EOF || result == STREAM_FAILED)
            return broken(connection, outcome, "x.4.2", ended(connection, result), doing);
        if (result == STREAM_WAIT && !await(connection, POLLIN, &stalls_at_us, doing, outcome))
            return false;
    }
}

bool connection_reply(struct connection *connection, const char *doing, struct reply *reply_out,
                      connection_line_function *each, void *argument, struct outcome *outcome)
{
    struct span line = span_of(NULL, 0), text;
    enum reply_step step;

    *reply_out = (struct reply){ .code = 0 };
    if (connection->out.length > 0 && !connection_flush(connection, doing, outcome))
        return false;
    do {
        if (!take_line(connection, doing, &line, outcome))
            return false;
        step = reply_take_line(reply_out, line, &text);
        if (step == REPLY_BAD)
            return broken(connection, outcome, "x.5.0", "something that is no reply came", doing);
        if (each)
            each(argument, reply_out->lines - 1, text);
    } while (step == REPLY_MORE);
    if (reply_out->code == 421) /* RFC 5321, 3.8: the server is about to close, whatever was asked */
        connection->is_broken = true;
    return true;
}

bool connection_line(struct connection *connection, const char *doing, struct span *line_out,
                     struct outcome *outcome)
{
    return (connection->out.length == 0 || connection_flush(connection, doing, outcome)) &&
           take_line(connection, doing, line_out, outcome);
}

bool connection_is_in_step(struct connection *connection, const char *doing, struct outcome *outcome)
{
    return connection->in_end == connection->in_start ||
           broken(connection, outcome, "x.5.0", "a reply came that nobody asked for", doing);
}

/* ---- TLS, and use again */

static const char *tls_text(struct connection *connection)
{
    static const char *const trusts[] = {
        [TLS_TRUST_ANY] = "unverified", [TLS_TRUST_AUTHORITIES] = "verified", [TLS_TRUST_DANE] = "DANE"
    };

    return talloc_asprintf(connection, "%s %s", stream_tls_version(connection->stream),
                           trusts[stream_tls_trust(connection->stream)]);
}

bool connection_start_tls(struct connection *connection, struct tls_client *client,
                          const struct tls_expectation *expectation, enum tls_trust otherwise,
                          struct outcome *outcome)
{
    struct tls_expectation wanted = *expectation;
    int64_t stalls_at_us = 0;
    enum stream_result result;
    struct err err = ERR_INIT;

    if (connection->in_end > connection->in_start)
        return broken(connection, outcome, "x.7.5", "the server sent more than its reply", "starting TLS");
    if (!stream_connect_tls_expecting(connection->stream, client, &wanted, &err)) {
        wanted.trust = otherwise;
        if (err.kind != ERR_INVALID ||
            !stream_connect_tls_expecting(connection->stream, client, &wanted, &err))
            return broken(connection, outcome, "x.7.5", err.user, "starting TLS");
    }
    while ((result = stream_handshake(connection->stream)) == STREAM_WAIT)
        if (!await(connection, POLLIN, &stalls_at_us, "negotiating TLS", outcome))
            return false;
    if (result != STREAM_OK) {
        const char *distrust = stream_tls_distrust(connection->stream);
        connection->is_broken = true;
        return outcome_set(outcome, OUTBOUND_DEFERRED, "x.7.5", "TLS failed: %s%s%s",
                           ended(connection, result), strcmp(distrust, "ok") == 0 ? "" : ", ",
                           strcmp(distrust, "ok") == 0 ? "" : distrust);
    }
    connection->tls = tls_text(connection);
    return true;
}

bool connection_is_quiet(struct connection *connection)
{
    struct pollfd ready = { .fd = stream_fd(connection->stream), .events = POLLIN };

    if (connection->is_broken || connection->out.length > 0 || connection->in_end > connection->in_start)
        return false;
    if (poll(&ready, 1, 0) == 0)
        return true;
    /* TLS 1.3 sends tickets after the handshake: bytes on the wire need not be bytes for us. */
    return stream_is_tls(connection->stream) && fill(connection) == STREAM_WAIT &&
           connection->in_end == connection->in_start;
}
