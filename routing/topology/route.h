/*
 * route.h -- where a copy of a message goes next: what routing/topology answers, routing/run plans with, and
 * routing/connector carries out.
 *
 * Ownership  everything in a struct route belongs to the context that the question gave.
 */
#ifndef TOPOLOGY_ROUTE_H
#define TOPOLOGY_ROUTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum route_kind {
    ROUTE_MX, /* to the mail exchangers of `domain` (RFC 5321, 5.1) */
    ROUTE_HOST, /* to one of `hosts`, in their order: smarthosts, or the bridgehead servers of the next routing group */
    ROUTE_WAIT, /* no way is open now: asked again at `opens_us`, or when the topology changes */
    ROUTE_NONE, /* there is none, for good: `reason` goes to the sender */
    ROUTE_STORE, /* a mailbox whose storage group belongs to our routing group: filed directly (routing/deliver) */
    ROUTE_KINDS
};

/* How much is asked of the next server's TLS. Opportunistic uses what can be had and falls back to plain text only
 * where the server offers none; DANE and MTA-STS may raise the level for a host, nothing lowers it. */
enum route_tls {
    ROUTE_TLS_NEVER,
    ROUTE_TLS_OPPORTUNISTIC,
    ROUTE_TLS_ENCRYPT, /* no TLS, no mail; the certificate is not looked at */
    ROUTE_TLS_VERIFY,  /* and the certificate must be valid for the host's name */
    ROUTE_TLS_IMPLICIT /* verified, and from the first byte (port 465) */
};

struct route_host {
    const char *host; /* name, or address without brackets */
    uint16_t port;    /* 0: 25 */
    bool
        has_mail_exchanger; /* the name's own MX records are asked first (a smarthost written without brackets) */
};

struct route {
    enum route_kind kind;
    const char
        *destination;   /* key of concurrency, rate and back-off: "mx example.org", "host [192.0.2.1]:25" */
    const char *reason; /* how it was chosen, for the trace; for ROUTE_NONE and ROUTE_WAIT what is wrong */
    const char *domain; /* ROUTE_MX: canonical, A-labels */
    struct route_host *hosts;
    size_t host_count;
    int64_t opens_us;     /* ROUTE_WAIT: not before; 0: unknown */
    int64_t connector_id; /* 0: the built-in way, directly to the mail exchangers */
    const char *connector_name;

    enum route_tls tls;
    const char *login, *password; /* AUTH at the next server; NULL: none */
    const char *source_address;   /* bound to before connecting, as net_source_parse() reads it; NULL: any */
    unsigned connections_max;     /* at once to the destination; 0: the default */
    unsigned messages_per_minute; /* to the destination; 0: no limit */
    unsigned recipients_max;      /* in one transaction; 0: as the next server takes */
    unsigned alarm_per_hour;      /* more messages over the connector are told of; 0: never */
    bool
        is_backup; /* we are a backup MX of `domain`: only exchangers better than ourselves (RFC 5321, 5.1) */
    bool is_internal; /* to a server of this installation */
};

#endif
