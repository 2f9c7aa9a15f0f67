/* wire.c -- connecting, sending and receiving with one deadline. */
#include "filter/wire.h"

#include "base/clock.h"
#include "base/net.h"
#include "dns/dns.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <talloc.h>
#include <unistd.h>

enum { ADDRESSES_MAX = 4, RECEIVE_BYTES = 16384 };

struct wire {
    int fd;
    int64_t deadline_us;
    const char *where;
};

/* ---- where it is */

static const char *unix_path(const char *where)
{
    if (strncmp(where, "unix:", 5) == 0)
        where += 5;
    return *where == '/' ? where : NULL;
}

/* "[::1]:3310", "host:3310". */
static bool split(struct span where, struct span *host_out, uint16_t *port_out)
{
    struct span port = where;
    uint32_t number;

    while (port.end > where.p && port.end[-1] != ':')
        port.end--;
    port = (struct span){ port.end, where.end };
    if (port.p == where.p || !span_take_u32(&port, &number) || !span_is_empty(port) || number == 0 ||
        number > 65535)
        return false;
    *host_out = where;
    host_out->end = where.p + (span_length(where) - (size_t)(where.end - port.p));
    while (host_out->end[-1] != ':')
        host_out->end--;
    host_out->end--;
    if (span_length(*host_out) > 2 && *host_out->p == '[' && host_out->end[-1] == ']')
        *host_out = (struct span){ host_out->p + 1, host_out->end - 1 };
    *port_out = (uint16_t)number;
    return !span_is_empty(*host_out);
}

bool wire_is_address(const char *where)
{
    struct span host;
    uint16_t port;

    if (unix_path(where))
        return strlen(unix_path(where)) < sizeof(((struct sockaddr_un *)NULL)->sun_path);
    return split(span_text(where), &host, &port);
}

static bool trouble(const struct wire *wire, struct err *err, const char *what, int number)
{
    err_log(err, "%s %s: %s", what, wire->where, strerror(number));
    return err_set(err, ERR_BUSY, "A scanner of this server cannot be asked just now.");
}

static int left_ms(const struct wire *wire)
{
    int64_t left = (wire->deadline_us - clock_monotonic_us()) / 1000;

    return left < 0 ? 0 : left > 3600000 ? 3600000 : (int)left;
}

/* Until the socket can do it; false with errno ETIMEDOUT at the deadline. */
static bool ready(const struct wire *wire, short events)
{
    struct pollfd one = { .fd = wire->fd, .events = events };

    for (;;) {
        int left = left_ms(wire), found = poll(&one, 1, left);

        if (found > 0)
            return true;
        if (found == 0 && left_ms(wire) == 0)
            errno = ETIMEDOUT;
        if (found < 0 && errno != EINTR)
            return false;
        if (found == 0 && errno == ETIMEDOUT)
            return false;
    }
}

static int connect_to(struct wire *wire, const struct sockaddr *address, socklen_t length)
{
    int number = 0;
    socklen_t size = sizeof number;

    wire->fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (wire->fd < 0)
        return errno;
    if (connect(wire->fd, address, length) == 0)
        return 0;
    number = errno;
    if (number == EINPROGRESS &&
        (!ready(wire, POLLOUT) || getsockopt(wire->fd, SOL_SOCKET, SO_ERROR, &number, &size) < 0))
        number = errno;
    if (number != 0) {
        close(wire->fd);
        wire->fd = -1;
    }
    return number;
}

static int connect_unix(struct wire *wire, const char *path)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };

    if (strlen(path) >= sizeof address.sun_path)
        return ENAMETOOLONG;
    memcpy(address.sun_path, path, strlen(path) + 1);
    return connect_to(wire, (const struct sockaddr *)&address, sizeof address);
}

static int connect_address(struct wire *wire, const struct net_address *address, uint16_t port)
{
    struct sockaddr_in6 six = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
    struct sockaddr_in four = { .sin_family = AF_INET, .sin_port = htons(port) };

    if (net_is_ipv4(address)) {
        memcpy(&four.sin_addr, address->bytes + 12, 4);
        return connect_to(wire, (const struct sockaddr *)&four, sizeof four);
    }
    memcpy(&six.sin6_addr, address->bytes, 16);
    return connect_to(wire, (const struct sockaddr *)&six, sizeof six);
}

/* The addresses of a host, by literal, as this machine, or from the DNS. */
static size_t find_addresses(struct wire *wire, struct dns *dns, struct span host,
                             struct net_address out[ADDRESSES_MAX])
{
    static const enum dns_type types[] = { DNS_A, DNS_AAAA };
    size_t count = 0;

    if (net_address_parse(host, &out[0]))
        return 1;
    if (span_equals_nocase(host, "localhost"))
        return net_address_parse(span_text("127.0.0.1"), &out[0]) &&
                       net_address_parse(span_text("::1"), &out[1])
                   ? 2
                   : 0;
    for (size_t t = 0; dns && t < COUNT_OF(types); t++) {
        struct dns_answer answer;

        dns_ask(dns, wire, span_copy(wire, host), types[t], wire->deadline_us, &answer);
        for (size_t i = 0; i < answer.count && count < ADDRESSES_MAX; i++)
            out[count++] = answer.records[i].address;
    }
    return count;
}

static int connect_host(struct wire *wire, struct dns *dns, const char *where)
{
    struct net_address addresses[ADDRESSES_MAX];
    struct span host;
    uint16_t port;
    size_t count;
    int number = EHOSTUNREACH;

    if (!split(span_text(where), &host, &port))
        return EINVAL;
    count = find_addresses(wire, dns, host, addresses);
    for (size_t i = 0; i < count; i++) {
        number = connect_address(wire, &addresses[i], port);
        if (number == 0)
            break;
    }
    return number;
}

static int close_fd(struct wire *wire)
{
    if (wire->fd >= 0)
        close(wire->fd);
    return 0;
}

bool wire_open(const void *owner, struct dns *dns, const char *where, int64_t deadline_us,
               struct wire **wire_out, struct err *err)
{
    struct wire *wire = talloc_zero(owner, struct wire);
    const char *path = unix_path(where);
    int number;

    *wire = (struct wire){ .fd = -1, .deadline_us = deadline_us, .where = talloc_strdup(wire, where) };
    talloc_set_destructor(wire, close_fd);
    number = path ? connect_unix(wire, path) : connect_host(wire, dns, where);
    if (number != 0) {
        trouble(wire, err, "connect", number);
        talloc_free(wire);
        return false;
    }
    *wire_out = wire;
    return true;
}

bool wire_send(struct wire *wire, struct span bytes, struct err *err)
{
    while (!span_is_empty(bytes)) {
        ssize_t sent = send(wire->fd, bytes.p, span_length(bytes), MSG_NOSIGNAL);

        if (sent >= 0)
            bytes.p += sent;
        else if (errno != EINTR && (errno != EAGAIN || !ready(wire, POLLOUT)))
            return trouble(wire, err, "send to", errno);
    }
    return true;
}

bool wire_receive(struct wire *wire, struct buf *in, size_t limit, struct err *err)
{
    for (;;) {
        char *room = buf_reserve(in, RECEIVE_BYTES);
        ssize_t got = recv(wire->fd, room, RECEIVE_BYTES, 0);

        if (got >= 0) {
            in->length += (size_t)got;
            if (in->length <= limit)
                return true;
            err_log(err, "%s says more than %zu bytes", wire->where, limit);
            return err_set(err, ERR_LIMIT, "A scanner of this server does not make sense just now.");
        }
        if (errno != EINTR && (errno != EAGAIN || !ready(wire, POLLIN)))
            return trouble(wire, err, "receive from", errno);
    }
}

bool wire_receive_all(struct wire *wire, struct buf *in, size_t limit, struct err *err)
{
    size_t before;

    do {
        before = in->length;
        if (!wire_receive(wire, in, limit, err))
            return false;
    } while (in->length > before);
    return true;
}

void wire_shut(struct wire *wire)
{
    shutdown(wire->fd, SHUT_WR);
}

void wire_close(struct wire **wire)
{
    TALLOC_FREE(*wire);
}
