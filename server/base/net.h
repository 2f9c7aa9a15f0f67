/*
 * net.h -- addresses of peers and networks, as limits and rules compare them.
 *
 * IPv4 is kept as IPv4-mapped IPv6, so that 192.0.2.1 and ::ffff:192.0.2.1 are the same peer. A Unix
 * socket's peer is local: net_is_loopback() is true, its text is "local".
 *
 * Threads  pure functions.
 */
#ifndef BASE_NET_H
#define BASE_NET_H

#include "base/span.h"

struct sockaddr;

struct net_address {
    uint8_t bytes[16]; /* network order; all zero for a Unix socket */
    uint16_t port;     /* host order; 0 where unknown */
    bool is_local;     /* Unix socket */
};

struct net_network {
    uint8_t bytes[16];
    uint8_t bits; /* of 128 */
};

#define NET_ADDRESS_TEXT 48

/* From what accept() or getsockname() gave; with the port; what is neither IPv4 nor IPv6 is local. */
struct net_address net_address_of(const struct sockaddr *address);
/* "192.0.2.1", "2001:db8::1"; no port. */
MUST_CHECK bool net_address_parse(struct span text, struct net_address *address_out);

#define NET_INTERFACE_TEXT 16 /* IFNAMSIZ */

/* Where connections of ours come from. */
struct net_source {
    bool has_address;
    struct net_address address;
    char interface[NET_INTERFACE_TEXT]; /* by which they leave; "": as the routing table says */
};
/* "192.0.2.1", "%eth1", or both: "192.0.2.1%eth1". */
MUST_CHECK bool net_source_parse(struct span text, struct net_source *source_out);

/* The address without port ("192.0.2.1", "2001:db8::1", "local"). Returns `out`. */
const char *net_address_text(const struct net_address *address, char out[NET_ADDRESS_TEXT]);
bool net_address_equals(const struct net_address *a, const struct net_address *b); /* port not compared */
/* Also where it came in the form ::ffff:192.0.2.1. */
bool net_is_ipv4(const struct net_address *address);
/* 127.0.0.0/8, ::1, or a Unix socket. */
bool net_is_loopback(const struct net_address *address);

/* An address that anybody on the Internet may have: none of a private, local, shared, documentation or multicast network
 * (RFC 6890), nor an IPv6 address that holds an IPv4 one for a translator or a tunnel. */
bool net_is_public(const struct net_address *address);

/* "10.0.0.0/8", "2001:db8::/32", or one address. Bits beyond the prefix must be zero. */
MUST_CHECK bool net_network_parse(struct span text, struct net_network *network_out);
/* The port does not count. */
bool net_network_contains(const struct net_network *network, const struct net_address *address);
/* What limits count as one peer: an IPv4 address, an IPv6 /64. */
struct net_network net_peer_of(const struct net_address *address);

#endif
