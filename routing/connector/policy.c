/* policy.c -- DANE before MTA-STS before what the connector says. */
#include "connector/policy.h"

#include "base/clock.h"
#include "base/digest.h"
#include "dns/dns.h"

#include <talloc.h>

enum { ASSOCIATIONS_MAX = 100, TLSA_TEXT_MAX = 10, TLSA_TEXT_BYTES = 64 };

/* ---- DANE */

static bool is_usable(const struct dns_record *record)
{
    static const size_t lengths[] = { 0, 32, 64 }; /* by matching type; 0: any */

    return (record->usage == 2 || record->usage == 3) && record->selector <= 1 &&
           record->matching < COUNT_OF(lengths) &&
           (lengths[record->matching] == 0 || span_length(record->data) == lengths[record->matching]);
}

/* TLSA records of one base domain. *is_found: there are secure ones. False: trouble. */
static bool ask_tlsa(const struct policy *policy, const void *owner, const char *base, uint16_t port,
                     bool *is_found, struct dns_answer *answer, struct outcome *outcome)
{
    char *name = talloc_asprintf(owner, "_%u._tcp.%s", port, base);
    int64_t deadline_us = clock_monotonic_us() + (int64_t)policy->settings->timeouts.dns * US_PER_S;

    dns_ask(policy->settings->dns, owner, name, DNS_TLSA, deadline_us, answer);
    *is_found = answer->status == DNS_FOUND && answer->is_secure;
    if (answer->status < DNS_TEMPORARY)
        return true;
    return outcome_set(outcome, OUTBOUND_DEFERRED, "x.7.5", "DNS: TLSA of %s: %s%s", name,
                       answer->status == DNS_BOGUS ? "not signed as it should be: " : "", answer->reason);
}

static void take_tlsa(const void *owner, const struct dns_answer *answer, struct demand *demand)
{
    struct tls_association *associations = talloc_zero_array(owner, struct tls_association, ASSOCIATIONS_MAX);

    for (size_t i = 0; i < answer->count && demand->association_count < ASSOCIATIONS_MAX; i++) {
        const struct dns_record *record = &answer->records[i];
        if (is_usable(record))
            associations[demand->association_count++] =
                (struct tls_association){ .usage = record->usage,
                                          .selector = record->selector,
                                          .matching = record->matching,
                                          .data = record->data };
    }
    demand->associations = associations;
}

/* "3 1 1 0011..." a line, as reports show it. */
static const char *tlsa_text(const void *owner, const struct dns_answer *answer)
{
    struct buf text = buf_owned_by(owner);

    for (size_t i = 0; i < answer->count && i < TLSA_TEXT_MAX; i++) {
        const struct dns_record *record = &answer->records[i];
        size_t length =
            span_length(record->data) < TLSA_TEXT_BYTES ? span_length(record->data) : TLSA_TEXT_BYTES;
        char hex[2 * TLSA_TEXT_BYTES + 1];
        hex_encode(span_of(record->data.p, length), hex);
        buf_add_format(&text, "%s%u %u %u %s", i > 0 ? "\n" : "", record->usage, record->selector,
                       record->matching, hex);
    }
    return buf_text(&text);
}

/* Names that a certificate below a DANE-TA record may bear (RFC 7672, 3.2.2). */
static void take_names(const struct policy *policy, const void *owner, const struct exchanger *host,
                       const char *base, struct demand *demand)
{
    const char **names = talloc_zero_array(owner, const char *, 3);
    size_t count = 0;

    if (strcmp(base, host->name) != 0)
        names[count++] = host->name;
    if (policy->route->kind == ROUTE_MX)
        names[count++] = policy->route->domain;
    demand->name = base;
    demand->more_names = names;
}

/* Secure addresses of a secure exchanger: its TLSA records decide, if there are any. The expanded name first, then the first one
 * (RFC 7672, 2.2.3). */
static bool raise_by_dane(const struct policy *policy, const void *owner, const struct exchanger *host,
                          uint16_t port, struct demand *demand, struct outcome *outcome)
{
    const char *bases[] = { host->canonical, host->name };
    struct dns_answer answer = { .status = DNS_NO_DATA };
    bool is_found = false;
    size_t i;

    for (i = 0; i < COUNT_OF(bases) && !is_found; i++)
        if ((i == 0 || strcmp(bases[0], bases[1]) != 0) &&
            !ask_tlsa(policy, owner, bases[i], port, &is_found, &answer, outcome)) {
            demand->policy = OUTBOUND_TLS_TLSA;
            demand->failure = "dnssec-invalid";
            return false;
        }
    if (!is_found)
        return true;
    take_tlsa(owner, &answer, demand);
    if (demand->level < ROUTE_TLS_ENCRYPT)
        demand->level = ROUTE_TLS_ENCRYPT;
    if (demand->association_count > 0)
        take_names(policy, owner, host, bases[i - 1], demand);
    demand->why = "DANE";
    demand->policy = OUTBOUND_TLS_TLSA;
    demand->policy_text = tlsa_text(owner, &answer);
    return true;
}

/* ---- MTA-STS */

static bool raise_by_sts(const struct policy *policy, const struct exchanger *host, struct demand *demand,
                         struct outcome *outcome)
{
    const struct sts_policy *sts = &policy->sts.policy;
    bool is_dane = demand->policy == OUTBOUND_TLS_TLSA;

    if (sts->mode == STS_NONE)
        return true;
    if (!is_dane) {
        demand->policy = OUTBOUND_TLS_STS;
        demand->policy_text = policy->sts.text;
    }
    if (sts->mode == STS_TESTING)
        return true;
    if (!sts_names(sts, host->name)) {
        demand->failure = "validation-failure";
        return outcome_set(outcome, OUTBOUND_DEFERRED, "x.7.5",
                           "the MTA-STS policy of %s does not name the exchanger %s", policy->route->domain,
                           host->name);
    }
    if (!is_dane) {
        demand->level = demand->level < ROUTE_TLS_VERIFY ? ROUTE_TLS_VERIFY : demand->level;
        demand->why = "MTA-STS";
    }
    return true;
}

bool policy_demand(const struct policy *policy, const void *owner, const struct exchanger *host,
                   const struct net_address *address, struct demand *demand_out, struct outcome *outcome)
{
    *demand_out = (struct demand){
        .level = policy->route->tls, .name = host->name, .why = "the connector", .policy_text = ""
    };
    if (policy->route->tls == ROUTE_TLS_NEVER)
        return true;
    if (host->is_secure && !host->is_literal && dns_validates(policy->settings->dns) &&
        !raise_by_dane(policy, owner, host, address->port, demand_out, outcome))
        return false;
    return raise_by_sts(policy, host, demand_out, outcome);
}
