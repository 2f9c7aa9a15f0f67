/*
 * session.h -- from a host's address to a connection that may be given a message: greeting, EHLO, TLS, AUTH.
 */
#ifndef CONNECTOR_SESSION_H
#define CONNECTOR_SESSION_H

#include "connector/connection.h"
#include "connector/exchangers.h"

/* What is asked of the TLS of one host: the route's level, raised by DANE or MTA-STS. */
struct demand {
    enum route_tls level;
    const struct tls_association *associations; /* DANE: these instead of authorities; NULL: none */
    size_t association_count;
    const char *name;                /* SNI and the first name that will do */
    const char *const *more_names;   /* others that will do; NULL-terminated; NULL: none */
    const char *why;                 /* who asks for it: "DANE", "MTA-STS", "the connector" */
    enum outbound_tls_policy policy; /* for reports: what the domain publishes, also where it only tests */
    const char *policy_text;
    const char *failure; /* where the host must not be used: the result type for reports; NULL: none */
};

/* How TLS went, for reports. */
struct session_tls {
    bool is_tried;       /* STARTTLS was looked for, or TLS begun */
    bool is_not_offered; /* or refused */
    bool is_failed;      /* the handshake */
    enum tls_fault fault;
};

enum session_result {
    SESSION_READY,
    SESSION_NEXT,      /* not with this address; the outcome says why */
    SESSION_UNREACHED, /* the same: there was no connection */
    SESSION_END,       /* nor with any other: the verdict stands */
};

/* Opens a session with one address. Where TLS is only wished for and its negotiation fails, a second connection is
 * made without it. */
enum session_result session_open(const struct settings *settings, const struct route *route,
                                 const struct exchanger *host, const struct net_address *address,
                                 const struct demand *demand, const atomic_bool *is_stopping,
                                 struct connection **connection_out, struct session_tls *tls_out,
                                 struct outcome *outcome);

#endif
