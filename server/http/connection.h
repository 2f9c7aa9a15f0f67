/*
 * connection.h -- inside of this room: what we keep of a connection beside the library: its handshake, its deadline, and its
 * place among those of its peer.
 *
 * Ownership  the library's socket context is ours; it is freed when the connection is closed.
 * Threads    start, stop and free from one thread; the others on the library's thread for that connection.
 */
#ifndef HTTP_CONNECTION_H
#define HTTP_CONNECTION_H

#include "base/err.h"
#include "base/net.h"

#include <microhttpd.h>

struct http_connections;
struct http_proxies;
struct limits;

/* `peers`: NULL for no limit; proxies and loopback have none. Both must outlive the connections. ERR_INTERNAL where a thread
 * cannot be started; *connections_out is NULL then. */
MUST_CHECK bool http_connections_start(bool is_tls, struct limits *peers, struct http_proxies *proxies,
                                       struct http_connections **connections_out, struct err *err);
/* Before MHD_stop_daemon(): nobody is kept from the library any more. Accepts NULL. */
void http_connections_stop(struct http_connections *connections);
/* After MHD_stop_daemon(). Accepts and sets NULL. */
void http_connections_free(struct http_connections **connections);

/* The library's MHD_NotifyConnectionCallback; `argument` is a struct http_connections. */
void http_connection_notify(void *argument, struct MHD_Connection *connection, void **socket_context,
                            enum MHD_ConnectionNotificationCode code);
/* For deadline.h; NULL where there is none. */
struct http_deadline *http_connection_deadline(struct MHD_Connection *connection);
/* The other end, without looking at what a proxy says. */
struct net_address http_connection_peer(struct MHD_Connection *connection);

#endif
