/*
 * proxy.h -- the header by which a trusted proxy says who the client is (HAProxy's PROXY protocol,
 * versions 1 and 2).
 *
 * Threads  pure functions.
 */
#ifndef SESSION_PROXY_H
#define SESSION_PROXY_H

#include "base/net.h"

/* The longest header we accept: version 2 with 488 bytes of extensions. */
#define PROXY_HEADER_MAX 536

enum proxy_verdict { PROXY_INCOMPLETE, PROXY_OK, PROXY_MALFORMED };

/* Looks at the first bytes of a connection. PROXY_OK: the header is *length_out bytes long; *client_out is
 * set, or *is_local is (health checks of the proxy itself: the peer stays who it is). */
enum proxy_verdict proxy_parse(struct span bytes, size_t *length_out, struct net_address *client_out,
                               bool *is_local);

#endif
