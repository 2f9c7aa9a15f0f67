/*
 * exchangers.h -- which addresses may be tried for a route, in which order (RFC 5321, 5.1).
 *
 * Exchangers by preference, equal ones at random; a domain without MX is its own exchanger; a null MX takes no mail
 * (RFC 7505). Where we are an exchanger ourselves, those of our own or a worse preference are left out, so that mail
 * cannot go in a circle. Addresses of one host alternate between IPv6 and IPv4.
 */
#ifndef CONNECTOR_EXCHANGERS_H
#define CONNECTOR_EXCHANGERS_H

#include "connector/outcome.h"
#include "connector/settings.h"

enum { EXCHANGERS_MAX = 20 }; /* hosts looked at for one route */

struct exchanger_address {
    struct net_address address;
    size_t host; /* index into hosts */
};

struct exchanger {
    const char *name;      /* as the MX record or the route has it */
    const char *canonical; /* after CNAMEs */
    uint16_t preference, port;
    bool is_secure;  /* the MX record, if there was one, and the addresses are validated */
    bool is_literal; /* an address was given, there is no name to verify */
};

struct exchangers {
    struct exchanger *hosts;
    size_t host_count;
    struct exchanger_address *addresses; /* in the order of trying */
    size_t address_count;
    bool is_mx_secure; /* the MX answer (or its absence) is validated */
    bool is_by_mx;     /* hosts come from MX records (or their absence), not from the route */
};

/* Under `owner`. False: nothing can be tried, the outcome says why. */
MUST_CHECK bool exchangers_find(const struct settings *settings, const void *owner, const struct route *route,
                                struct exchangers *exchangers_out, struct outcome *outcome);

#endif
