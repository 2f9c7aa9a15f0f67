#include "http/connection.h"

#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/metrics.h"
#include "http/deadline.h"
#include "http/handshake.h"
#include "http/proxies.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/socket.h>

static const char *const verdicts[] = {
    [LIMITS_OK] = "none", [LIMITS_TOO_MANY] = "connections-of-peer", [LIMITS_TOO_OFTEN] = "rate-of-peer"
};
METRIC_COUNTER_BY(turned_away, "chappe_http_connections_refused_total", "HTTP connections refused at once",
                  "reason", verdicts)

struct http_connections {
    bool is_tls;
    struct limits *peers;
    struct http_proxies *proxies;
    struct http_deadlines *deadlines;
    struct http_handshakes *handshakes; /* NULL without TLS */
};

struct http_connection {
    struct http_deadline *deadline;
    struct http_handshake *handshake; /* NULL without TLS */
    struct net_network key;
    bool is_counted;
};

/* ---- start and end */

bool http_connections_start(bool is_tls, struct limits *peers, struct http_proxies *proxies,
                            struct http_connections **connections_out, struct err *err)
{
    struct http_connections *all = calloc(1, sizeof *all);

    if (!all)
        abort();
    all->is_tls = is_tls;
    all->peers = peers;
    all->proxies = proxies;
    *connections_out = all;
    if (http_deadlines_start(&all->deadlines, err) &&
        (!is_tls || http_handshakes_start(&all->handshakes, err)))
        return true;
    http_connections_free(connections_out);
    return false;
}

void http_connections_stop(struct http_connections *connections)
{
    if (connections)
        http_handshakes_stop(connections->handshakes);
}

void http_connections_free(struct http_connections **connections)
{
    if (*connections) {
        http_deadlines_stop(&(*connections)->deadlines);
        http_handshakes_free(&(*connections)->handshakes);
    }
    free(*connections);
    *connections = NULL;
}

/* ---- one connection */

static struct http_connection *context_of(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

    return info ? info->socket_context : NULL;
}

struct http_deadline *http_connection_deadline(struct MHD_Connection *connection)
{
    struct http_connection *own = context_of(connection);

    return own ? own->deadline : NULL;
}

struct net_address http_connection_peer(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    const struct sockaddr *address = info ? info->client_addr : NULL;

    return address && address->sa_family != AF_UNSPEC ? net_address_of(address)
                                                      : (struct net_address){ .is_local = true };
}

/* ALPN: a client that names protocols and not ours is refused (RFC 7301, 3.2; ALPACA). */
static void be_strict(gnutls_session_t session)
{
    static unsigned char name[] = "http/1.1"; /* the library wants it writable */
    const gnutls_datum_t ours = { name, sizeof name - 1 };

    (void)gnutls_alpn_set_protocols(session, &ours, 1, GNUTLS_ALPN_MANDATORY);
}

static void begin_tls(struct http_connections *all, struct http_connection *own,
                      struct MHD_Connection *connection, int fd)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);

    if (!info || !info->tls_session)
        return;
    be_strict(info->tls_session);
    own->handshake = http_handshake_begin(all->handshakes, connection, info->tls_session, fd);
}

static bool admit(struct http_connections *all, struct http_connection *own,
                  struct MHD_Connection *connection)
{
    struct net_address peer = http_connection_peer(connection);
    char text[NET_ADDRESS_TEXT];
    enum limits_verdict verdict;

    if (!all->peers || net_is_loopback(&peer) || http_proxies_contain(all->proxies, &peer))
        return true;
    own->key = net_peer_of(&peer);
    verdict = limits_enter(all->peers, &own->key, clock_monotonic_us());
    own->is_counted = verdict == LIMITS_OK;
    if (own->is_counted)
        return true;
    metric_add_at(&turned_away, 1, verdict, 0);
    log_event(LOG_LEVEL_INFO, "http.refused", log_text("peer", net_address_text(&peer, text)),
              log_text("reason", verdicts[verdict]));
    return false;
}

/* A client that asks on and on and reads nothing: the kernel would take megabytes of answers for it. Beyond this the library
 * waits, and works for others. No TCP, no effect. */
static void bound_unread(int fd)
{
    static const int unsent_bytes = 128 * 1024;

    (void)setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &unsent_bytes, sizeof unsent_bytes);
}

static struct http_connection *begin(struct http_connections *all, struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    struct http_connection *own = calloc(1, sizeof *own);

    if (!own || !info)
        abort();
    bound_unread(info->connect_fd);
    if (!admit(all, own, connection))
        (void)shutdown(info->connect_fd, SHUT_RDWR); /* the library sees the end and cleans up */
    if (all->is_tls)
        begin_tls(all, own, connection, info->connect_fd);
    own->deadline = http_deadline_begin(all->deadlines, info->connect_fd);
    return own;
}

static void end(struct http_connections *all, struct http_connection *own)
{
    http_deadline_end(all->deadlines, own->deadline);
    http_handshake_end(all->handshakes, own->handshake);
    if (own->is_counted)
        limits_leave(all->peers, &own->key);
    free(own);
}

void http_connection_notify(void *argument, struct MHD_Connection *connection, void **socket_context,
                            enum MHD_ConnectionNotificationCode code)
{
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        *socket_context = begin(argument, connection);
    } else {
        end(argument, *socket_context);
        *socket_context = NULL;
    }
}
