/* exchangers.c -- MX, addresses, and where we stand among them ourselves. */
#include "connector/exchangers.h"

#include "base/clock.h"
#include "base/digest.h"
#include "dns/dns.h"

#include <stdlib.h>
#include <talloc.h>

enum { ADDRESSES_OF_A_HOST_MAX = 16 };

/* What one search works on. */
struct search {
    const struct settings *settings;
    const struct route *route;
    struct exchangers *found;
    int64_t deadline_us;
    uint16_t port; /* of hosts added now */
    struct outcome *outcome;
    struct outcome trouble; /* the last host that could not be looked up, or had no address */
    size_t temporary;       /* hosts whose lookup may work later */
    uint32_t ours_at;       /* the best preference of an exchanger that is ourselves by its address */
    uint32_t unsure_from;   /* from this preference on there may be one that we do not know of */
    bool is_ours_left_out;  /* of hosts that the route names */
};

enum { NO_PREFERENCE = 65536 };

static void lower(uint32_t *preference, uint32_t to)
{
    if (to < *preference)
        *preference = to;
}

static bool temporary(struct search *s, const char *what, const char *name, const struct dns_answer *answer)
{
    return outcome_set(s->outcome, OUTBOUND_DEFERRED, "x.4.3", "DNS: %s of %s: %s%s", what, name,
                       answer->status == DNS_BOGUS ? "the answer is not signed as it should be: " : "",
                       answer->reason);
}

static void add_host(struct search *s, const char *name, uint16_t preference, bool is_secure)
{
    struct net_address literal;

    if (s->found->host_count >= EXCHANGERS_MAX) {
        lower(&s->unsure_from, preference);
        return;
    }
    s->found->hosts[s->found->host_count++] = (struct exchanger){
        .name = name,
        .canonical = name,
        .preference = preference,
        .port = s->port,
        .is_secure = is_secure,
        .is_literal = net_address_parse(span_text(name), &literal),
    };
}

/* ---- the order */

static void shuffle(struct dns_record *records, size_t count)
{
    for (size_t i = count; i > 1; i--) {
        uint32_t random;
        random_bytes(&random, sizeof random);
        size_t other = random % i;
        struct dns_record kept = records[i - 1];
        records[i - 1] = records[other];
        records[other] = kept;
    }
}

static int by_preference(const void *a, const void *b)
{
    return (int)((const struct dns_record *)a)->preference - (int)((const struct dns_record *)b)->preference;
}

/* Merge sort would be stable, qsort need not be: shuffled groups are shuffled either way. */
static void order(struct dns_record *records, size_t count)
{
    shuffle(records, count);
    qsort(records, count, sizeof *records, by_preference);
}

/* How many of the ordered records are better than ourselves. */
static size_t better_than_us(struct search *s, const struct dns_record *records, size_t count)
{
    size_t better = count;

    for (size_t i = 0; i < count; i++)
        if (settings_name_is_ours(s->settings, records[i].name)) {
            better = i;
            break;
        }
    while (better > 0 && better < count && records[better - 1].preference == records[better].preference)
        better--;
    return better;
}

static bool no_better(struct search *s, const char *domain)
{
    if (s->route->is_backup)
        return outcome_set(s->outcome, OUTBOUND_DEFERRED, "x.4.6",
                           "%s has no exchanger that is better than this server, its backup", domain);
    return outcome_set(s->outcome, OUTBOUND_FAILED, "x.4.6",
                       "mail for %s loops back to this server: DNS names it as best exchanger", domain);
}

static bool take_mx(struct search *s, const char *domain, struct dns_answer *answer)
{
    size_t count = answer->count;

    if (count == 1 && !*answer->records[0].name)
        return outcome_set(s->outcome, OUTBOUND_FAILED, "x.1.10", "%s takes no mail (null MX)", domain);
    order(answer->records, count);
    count = better_than_us(s, answer->records, count);
    if (count == 0)
        return no_better(s, domain);
    for (size_t i = 0; i < count; i++)
        if (*answer->records[i].name) /* a root among others is a mistake (RFC 7505, 3) */
            add_host(s, answer->records[i].name, answer->records[i].preference, answer->is_secure);
    return true;
}

/* The exchangers of a domain: its MX records or, without any, itself. */
static bool add_domain(struct search *s, const char *domain)
{
    struct dns_answer answer;

    s->found->is_by_mx = true;
    dns_ask(s->settings->dns, s->found->hosts, domain, DNS_MX, s->deadline_us, &answer);
    s->found->is_mx_secure = answer.is_secure;
    switch (answer.status) {
    case DNS_FOUND:
        return take_mx(s, domain, &answer);
    case DNS_NO_NAME:
        return outcome_set(s->outcome, OUTBOUND_FAILED, "x.1.2", "the domain %s does not exist", domain);
    case DNS_NO_DATA:
        if (settings_name_is_ours(s->settings, domain))
            return no_better(s, domain);
        add_host(s, domain, 0, answer.is_secure);
        return true;
    default:
        return temporary(s, "MX", domain, &answer);
    }
}

static bool add_route_hosts(struct search *s)
{
    bool is_any = false;

    for (size_t i = 0; i < s->route->host_count; i++) {
        const struct route_host *host = &s->route->hosts[i];
        struct net_address literal;
        s->port = host->port ? host->port : s->route->tls == ROUTE_TLS_IMPLICIT ? 465 : 25;
        if (host->has_mail_exchanger && !net_address_parse(span_text(host->host), &literal))
            (void)add_domain(s, host->host);
        else
            add_host(s, host->host, 0, !host->has_mail_exchanger);
        is_any = is_any || s->found->host_count > 0;
    }
    return is_any || s->outcome->verdict != OUTBOUND_UNTRIED ||
           outcome_set(s->outcome, OUTBOUND_DEFERRED, "x.4.4", "the route names no host");
}

/* ---- addresses */

static bool is_usable(const struct search *s, const struct net_address *address)
{
    struct net_source source;

    if (!s->route->source_address || !net_source_parse(span_text(s->route->source_address), &source) ||
        !source.has_address)
        return true;
    return net_is_ipv4(&source.address) == net_is_ipv4(address);
}

static void add_address(struct search *s, size_t host, struct net_address address, uint16_t port)
{
    address.port = port;
    if (settings_address_is_ours(s->settings, &address)) {
        lower(&s->ours_at, s->found->hosts[host].preference);
        s->is_ours_left_out = true;
        return;
    }
    if (!is_usable(s, &address) || s->found->address_count >= s->settings->addresses_max)
        return;
    s->found->addresses[s->found->address_count++] =
        (struct exchanger_address){ .address = address, .host = host };
}

/* Alternately IPv6 and IPv4: a broken way of one kind costs one attempt, not all of them. */
static void add_alternating(struct search *s, size_t host, const struct dns_answer *v6,
                            const struct dns_answer *v4)
{
    uint16_t port = s->found->hosts[host].port;

    for (size_t i = 0; i < ADDRESSES_OF_A_HOST_MAX && (i < v6->count || i < v4->count); i++) {
        if (i < v6->count)
            add_address(s, host, v6->records[i].address, port);
        if (i < v4->count)
            add_address(s, host, v4->records[i].address, port);
    }
}

static void shuffle_answer(struct dns_answer *answer)
{
    shuffle(answer->records, answer->count);
}

/* One host has its two answers. */
static void take_addresses(struct search *s, size_t host, struct dns_answer *v6, struct dns_answer *v4)
{
    struct exchanger *exchanger = &s->found->hosts[host];
    const struct dns_answer *bad = v4->status >= DNS_TEMPORARY ? v4 : v6;
    size_t before = s->found->address_count;

    exchanger->canonical = v4->status == DNS_FOUND ? v4->canonical : v6->canonical;
    /* What is used must be proven; that an answer nobody uses did not come proves nothing. */
    exchanger->is_secure = exchanger->is_secure && (v6->is_secure || v6->status != DNS_FOUND) &&
                           (v4->is_secure || v4->status != DNS_FOUND);
    shuffle_answer(v6);
    shuffle_answer(v4);
    add_alternating(s, host, v6, v4);
    /* Of a host with one good answer it is known who it is. */
    if (v6->count + v4->count == 0 && bad->status >= DNS_TEMPORARY)
        lower(&s->unsure_from, exchanger->preference);
    if (s->found->address_count > before || s->found->address_count >= s->settings->addresses_max)
        return;
    if (bad->status >= DNS_TEMPORARY) {
        s->temporary++;
        outcome_set(&s->trouble, OUTBOUND_DEFERRED, "x.4.3", "DNS: address of %s: %s", exchanger->name,
                    bad->reason);
    } else if (v4->count + v6->count > 0 && s->route->source_address) {
        s->temporary++;
        outcome_set(&s->trouble, OUTBOUND_DEFERRED, "x.4.1",
                    "%s has no address that the connector's source address %s can reach", exchanger->name,
                    s->route->source_address);
    } else if (v4->count + v6->count == 0) {
        outcome_set(&s->trouble, OUTBOUND_FAILED, "x.4.4", "the host %s has no address", exchanger->name);
    }
}

static void look_up_hosts(struct search *s)
{
    struct exchangers *found = s->found;
    struct dns_question questions[2 * EXCHANGERS_MAX];
    size_t asked[EXCHANGERS_MAX], count = 0;
    struct net_address literal;

    for (size_t i = 0; i < found->host_count; i++)
        if (!found->hosts[i].is_literal) {
            questions[2 * count] = (struct dns_question){ .name = found->hosts[i].name, .type = DNS_AAAA };
            questions[2 * count + 1] = (struct dns_question){ .name = found->hosts[i].name, .type = DNS_A };
            asked[count++] = i;
        }
    if (count > 0)
        dns_ask_all(s->settings->dns, found->hosts, questions, 2 * count, s->deadline_us);
    for (size_t i = 0, next = 0; i < found->host_count; i++) {
        if (next < count && asked[next] == i) {
            take_addresses(s, i, &questions[2 * next].answer, &questions[2 * next + 1].answer);
            next++;
        } else if (net_address_parse(span_text(found->hosts[i].name), &literal)) {
            add_address(s, i, literal, found->hosts[i].port);
        }
    }
}

/* Exchangers that are not better than ourselves fall away; where we are the domain's backup, also those that are not surely
 * better, because not all exchangers could be looked up. */
static bool leave_out_ourselves(struct search *s)
{
    struct exchangers *found = s->found;
    uint32_t limit = s->ours_at;
    size_t kept = 0, before = found->address_count;

    if (!found->is_by_mx)
        return before > 0 || !s->is_ours_left_out ||
               outcome_set(s->outcome, OUTBOUND_FAILED, "x.4.6", "the route to %s leads back to this server",
                           s->route->destination);
    if (s->route->is_backup)
        lower(&limit, s->unsure_from);
    for (size_t i = 0; i < before; i++)
        if (found->hosts[found->addresses[i].host].preference < limit)
            found->addresses[kept++] = found->addresses[i];
    found->address_count = kept;
    if (kept > 0 || (before == 0 && limit == NO_PREFERENCE))
        return true;
    if (limit == s->ours_at)
        return no_better(s, s->route->kind == ROUTE_MX ? s->route->domain : s->route->hosts[0].host);
    return outcome_set(s->outcome, OUTBOUND_DEFERRED, "x.4.3",
                       "DNS: it cannot be told which exchangers of %s are better than this server",
                       s->route->destination);
}

/* A route to an address literal, user@[192.0.2.1]. */
static bool add_literal(struct search *s)
{
    struct span text = span_text(s->route->domain);
    struct net_address address;

    text.p++;
    text.end--;
    if (span_starts_nocase(text, "IPv6:"))
        text.p += 5;
    if (text.p >= text.end || !net_address_parse(text, &address))
        return outcome_set(s->outcome, OUTBOUND_FAILED, "x.1.2", "%s is no address", s->route->domain);
    add_host(s, span_copy(s->found->hosts, text), 0, false);
    return true;
}

bool exchangers_find(const struct settings *settings, const void *owner, const struct route *route,
                     struct exchangers *exchangers_out, struct outcome *outcome)
{
    struct search s = { .settings = settings,
                        .route = route,
                        .found = exchangers_out,
                        .outcome = outcome,
                        .port = settings->mx_port,
                        .ours_at = NO_PREFERENCE,
                        .unsure_from = NO_PREFERENCE,
                        .deadline_us = clock_monotonic_us() + (int64_t)settings->timeouts.dns * US_PER_S };
    bool is_found;

    *outcome = (struct outcome){ .verdict = OUTBOUND_UNTRIED };
    *exchangers_out = (struct exchangers){
        .hosts = talloc_zero_array(owner, struct exchanger, EXCHANGERS_MAX),
        .addresses = talloc_zero_array(owner, struct exchanger_address, settings->addresses_max),
    };
    if (route->kind == ROUTE_HOST)
        is_found = add_route_hosts(&s);
    else
        is_found = *route->domain == '[' ? add_literal(&s) : add_domain(&s, route->domain);
    if (!is_found)
        return false;
    look_up_hosts(&s);
    if (!leave_out_ourselves(&s))
        return false;
    if (exchangers_out->address_count > 0)
        return true;
    if (s.trouble.verdict == OUTBOUND_UNTRIED)
        return outcome->verdict != OUTBOUND_UNTRIED
                   ? false
                   : outcome_set(outcome, OUTBOUND_FAILED, "x.4.4", "no host to try");
    *outcome = s.trouble;
    if (s.temporary > 0 && outcome->verdict == OUTBOUND_FAILED)
        outcome_set(outcome, OUTBOUND_DEFERRED, "x.4.3",
                    "DNS: the addresses of the exchangers cannot all be looked up");
    return false;
}
