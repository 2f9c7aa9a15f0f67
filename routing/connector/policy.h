/*
 * policy.h -- what is asked of the TLS of one host: the route's level, raised by DANE (RFC 7672) and MTA-STS (RFC 8461).
 */
#ifndef CONNECTOR_POLICY_H
#define CONNECTOR_POLICY_H

#include "connector/session.h"
#include "connector/sts_cache.h"

struct policy {
    const struct settings *settings;
    const struct route *route;
    struct sts_found sts;
};

/* False: the host must not be used now; the outcome says why, and demand->failure for reports. Strings under `owner`. */
MUST_CHECK bool policy_demand(const struct policy *policy, const void *owner, const struct exchanger *host,
                              const struct net_address *address, struct demand *demand_out,
                              struct outcome *outcome);

#endif
