/*
 * usable.c -- whether a message may take a connector, and when.
 */
#include "topology/network.h"

#include <string.h>
#include <strings.h>

static const unsigned priority_bits[TOPOLOGY_PRIORITIES] = {
    [TOPOLOGY_NORMAL] = CONNECTOR_NORMAL,
    [TOPOLOGY_LOW] = CONNECTOR_LOW,
    [TOPOLOGY_HIGH] = CONNECTOR_HIGH,
};

/* The whole address, or "@domain". */
static bool is_sender(const char *pattern, const char *sender)
{
    const char *at = strrchr(sender, '@');

    return strcasecmp(pattern, *pattern == '@' && at ? at : sender) == 0;
}

static bool is_listed(const char **patterns, size_t count, const char *sender)
{
    for (size_t i = 0; i < count; i++)
        if (is_sender(patterns[i], sender))
            return true;
    return false;
}

static bool is_for(const struct connector *row, const struct topology_question *question)
{
    const char *sender = question->sender ? question->sender : "";

    return row->is_enabled &&
           (row->organisation_id == 0 || row->organisation_id == question->organisation_id) &&
           (row->allowed_count == 0 || is_listed(row->allowed, row->allowed_count, sender)) &&
           !is_listed(row->refused, row->refused_count, sender);
}

/* All of them are down until then; 0: one is up, or there are none. */
static int64_t all_down_until(const struct net_host *hosts, size_t count, int64_t now_us)
{
    int64_t first = 0;

    for (size_t i = 0; i < count; i++) {
        if (hosts[i].until_us <= now_us)
            return 0;
        if (!first || hosts[i].until_us < first)
            first = hosts[i].until_us;
    }
    return first;
}

/* Whoever carries it itself does not care whether its other bridgeheads are up. */
static int64_t down_until(const struct net_connector *c, int64_t server_id, int64_t now_us)
{
    int64_t far = all_down_until(c->hosts, c->host_count, now_us);
    int64_t near = net_is_carrier(c, server_id) ? 0 : all_down_until(c->sources, c->source_count, now_us);
    int64_t all = c->until_us > now_us ? c->until_us : 0;
    int64_t until = far > near ? far : near;

    return all > until ? all : until;
}

enum usable net_usable(const struct net_connector *connector, const struct topology_question *question,
                       int64_t server_id, int64_t now_us)
{
    const struct connector *row = connector->row;

    if (!is_for(row, question) || (connector->to != NOWHERE && connector->host_count == 0))
        return USABLE_FOREIGN;
    if ((row->max_bytes && question->size_bytes > row->max_bytes) ||
        !(row->priorities & priority_bits[question->priority]))
        return USABLE_NEVER;
    return schedule_is_open(&connector->schedule, now_us) && !down_until(connector, server_id, now_us)
               ? USABLE_NOW
               : USABLE_LATER;
}

int64_t net_opens_us(const struct net_connector *connector, int64_t server_id, int64_t now_us)
{
    int64_t up = down_until(connector, server_id, now_us);

    return schedule_opens_us(&connector->schedule, up ? up : now_us);
}

int net_scope(const struct net_connector *connector)
{
    return connector->row->allowed_count ? 2 : connector->row->organisation_id ? 1 : 0;
}

static int labels_of(const char *domain)
{
    int labels = 1;

    for (const char *p = domain; *p; p++)
        labels += *p == '.';
    return labels;
}

/* "example.org" fits itself best, then "*.example.org" its sub-domains, then "*". */
static int fit_of(const char *space, const char *domain)
{
    size_t length = strlen(domain), tail = strlen(space) - 1;

    if (strcmp(space, "*") == 0)
        return 1;
    if (strcasecmp(space, domain) == 0)
        return 1000;
    if (*space == '*' && length > tail && strcasecmp(domain + length - tail, space + 1) == 0)
        return 1 + labels_of(space + 2);
    return 0;
}

int net_fit(const struct connector *connector, const char *domain, int *cost_out)
{
    int best = 0;

    for (size_t i = 0; i < connector->space_count; i++) {
        int fit = fit_of(connector->spaces[i].space, domain);
        if (fit > best || (fit == best && fit && connector->spaces[i].cost < *cost_out)) {
            best = fit;
            *cost_out = connector->spaces[i].cost;
        }
    }
    return best;
}
