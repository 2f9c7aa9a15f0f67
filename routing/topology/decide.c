/*
 * decide.c -- one question, one route.
 */
#include "topology/network.h"

#include <string.h>
#include <talloc.h>

/* One question on its way. */
struct decision {
    const struct network *network;
    const void *owner;
    const struct topology_question *question;
    struct paths paths; /* worst is USABLE_NOW, must_leave and is_closed as the message came */
    unsigned turn;
    struct route *route;
};

static const char *group_name(const struct decision *d, int group)
{
    return d->network->routing.groups[group].name;
}

static void no_way(struct decision *d, enum route_kind kind, int64_t opens_us, const char *reason)
{
    *d->route = (struct route){ .kind = kind, .reason = reason, .opens_us = opens_us, .destination = "" };
}

/* ---- taking a way that was chosen */

/* Those that are up, beginning with another one each turn. */
static void put_hosts(struct decision *d, const struct net_host *hosts, size_t count, unsigned turn)
{
    struct route *route = d->route;

    route->hosts = talloc_array(d->owner, struct route_host, (unsigned)count);
    for (size_t i = 0; i < count; i++) {
        const struct net_host *host = &hosts[(i + turn) % count];
        if (host->until_us <= d->paths.now_us)
            route->hosts[route->host_count++] = host->host;
    }
}

/* A bridgehead server of our own group carries it. */
static void hand_over(struct decision *d, const struct net_connector *c, const char *reason)
{
    put_hosts(d, c->sources, c->source_count, d->turn);
    d->route->kind = ROUTE_HOST;
    d->route->is_internal = true;
    d->route->tls = ROUTE_TLS_OPPORTUNISTIC;
    d->route->destination = talloc_asprintf(d->owner, "bridgehead of %s", c->row->name);
    d->route->reason = talloc_asprintf(d->owner, "%s, by its bridgehead server", reason);
}

static void carry(struct decision *d, const struct net_connector *c, const char *reason)
{
    struct route *route = d->route;
    bool is_internal = c->to != NOWHERE;

    route->tls = c->tls;
    route->login = c->row->login;
    route->password = c->row->password;
    route->source_address = c->row->source_address;
    route->connections_max = (unsigned)c->row->connections_max;
    route->messages_per_minute = (unsigned)c->row->messages_per_minute;
    route->recipients_max = (unsigned)c->row->recipients_max;
    route->alarm_per_hour = (unsigned)c->row->alarm_per_hour;
    route->is_internal = is_internal;
    route->reason = reason;
    if (c->host_count == 0) {
        route->kind = ROUTE_MX;
        route->domain = d->question->domain;
        route->destination = talloc_asprintf(d->owner, "mx %s by %s", route->domain, c->row->name);
        /* an internal relay is a domain of ours: its exchangers may be ourselves */
        route->is_backup = d->question->is_backup || d->question->is_relay;
        return;
    }
    put_hosts(d, c->hosts, c->host_count, is_internal ? d->turn : 0);
    route->kind = ROUTE_HOST;
    route->destination =
        talloc_asprintf(d->owner, "%s %s", is_internal ? "routing group by" : "smarthost of", c->row->name);
}

static void take(struct decision *d, const struct net_connector *c, const char *reason)
{
    *d->route = (struct route){ .connector_id = c->row->connector_id, .connector_name = c->row->name };
    if (net_is_carrier(c, d->paths.server_id))
        carry(d, c, reason);
    else
        hand_over(d, c, reason);
}

/* ---- where nothing is open */

/* The first moment at which a connector that is closed now could open. */
static int64_t first_opening(const struct decision *d)
{
    int64_t first = 0;

    for (size_t i = 0; i < d->network->connector_count; i++) {
        const struct net_connector *c = &d->network->connectors[i];
        int64_t opens;

        if (net_usable(c, d->question, d->paths.server_id, d->paths.now_us) != USABLE_LATER)
            continue;
        opens = net_opens_us(c, d->paths.server_id, d->paths.now_us);
        if (opens && (!first || opens < first))
            first = opens;
    }
    return first;
}

/* Is there a way to the group at all, over connectors up to `worst`, wherever the message has been? */
static bool may_reach(const struct decision *d, int group, enum usable worst)
{
    struct paths paths = d->paths;
    bool *is_closed = talloc_zero_array(d->owner, bool, (unsigned)d->network->group_count);

    paths.worst = worst;
    paths.must_leave = false;
    paths.is_closed = is_closed;
    return paths_find(&paths, d->owner, group, NULL, NULL) != UNREACHABLE;
}

static void wait_for_group(struct decision *d, int group)
{
    const char *name = group_name(d, group);

    if (may_reach(d, group, USABLE_NOW))
        no_way(d, ROUTE_WAIT, 0,
               talloc_asprintf(d->owner, "The way to routing group %s leads back to where the message was.",
                               name));
    else if (may_reach(d, group, USABLE_LATER))
        no_way(d, ROUTE_WAIT, first_opening(d),
               talloc_asprintf(d->owner, "All connectors to routing group %s are closed or down.", name));
    else if (may_reach(d, group, USABLE_NEVER))
        no_way(d, ROUTE_NONE, 0,
               talloc_asprintf(d->owner,
                               "No connector to routing group %s takes a message of this size or priority.",
                               name));
    else
        no_way(d, ROUTE_WAIT, 0, talloc_asprintf(d->owner, "No connector leads to routing group %s.", name));
}

/* ---- to a routing group */

/* False: none is open. */
static bool go_to_group(struct decision *d, int group, const char *what)
{
    const struct net_connector **firsts;
    size_t count;
    int cost = paths_find(&d->paths, d->owner, group, &firsts, &count);

    if (cost == UNREACHABLE)
        return false;
    const struct net_connector *first = firsts[d->turn % count];
    take(d, first,
         talloc_asprintf(d->owner, "%s routing group %s over connector %s, cost %d%s", what,
                         group_name(d, group), first->row->name, cost, count > 1 ? ", shared" : ""));
    return true;
}

static void to_store(struct decision *d)
{
    int home = network_home_of(d->network, d->question->storage_group_id);

    if (home == d->paths.own)
        *d->route = (struct route){ .kind = ROUTE_STORE,
                                    .destination = talloc_asprintf(d->owner, "storage group %lld",
                                                                   (long long)d->question->storage_group_id),
                                    .reason = "the mailbox is in a storage group of this routing group" };
    else if (!go_to_group(d, home, "to"))
        wait_for_group(d, home);
}

/* ---- to another system */

struct candidate {
    const struct net_connector *connector;
    int space_cost, total; /* total UNREACHABLE: not now */
    int scope;
};

/* May this connector lead there at all? */
static bool may_lead(const struct decision *d, const struct net_connector *c, int fit)
{
    const struct topology_question *q = d->question;

    if (c->to != NOWHERE || fit == 0 || (q->is_relay && fit == 1))
        return false;
    if (q->is_backup &&
        (c->row->smarthost || c->from != d->paths.own || !net_is_carrier(c, d->paths.server_id)))
        return false;
    return net_usable(c, q, d->paths.server_id, d->paths.now_us) != USABLE_FOREIGN;
}

/* Those with the space that fits best. */
static struct candidate *find_candidates(const struct decision *d, size_t *count_out)
{
    const struct network *network = d->network;
    struct candidate *list = talloc_array(d->owner, struct candidate, (unsigned)network->connector_count);
    int best = 0;

    *count_out = 0;
    for (size_t i = 0; i < network->connector_count; i++) {
        const struct net_connector *c = &network->connectors[i];
        int cost = 0, fit = net_fit(c->row, d->question->domain, &cost);

        if (fit < best || !may_lead(d, c, fit))
            continue;
        if (fit > best)
            *count_out = 0;
        best = fit;
        list[(*count_out)++] = (struct candidate){ c, cost, UNREACHABLE, net_scope(c) };
    }
    return list;
}

/* What it costs now, the way to its routing group included. */
static int cost_now(const struct decision *d, const struct candidate *candidate)
{
    const struct net_connector *c = candidate->connector;
    int way = 0;

    if (net_usable(c, d->question, d->paths.server_id, d->paths.now_us) != USABLE_NOW)
        return UNREACHABLE;
    if (c->from != d->paths.own)
        way =
            d->paths.is_closed[c->from] ? UNREACHABLE : paths_find(&d->paths, d->owner, c->from, NULL, NULL);
    else if (d->paths.must_leave && !net_is_carrier(c, d->paths.server_id))
        way = UNREACHABLE;
    return way == UNREACHABLE ? UNREACHABLE : way + candidate->space_cost;
}

static bool is_better(const struct candidate *a, const struct candidate *b)
{
    if (a->total == UNREACHABLE || b->total == UNREACHABLE)
        return b->total == UNREACHABLE && a->total != UNREACHABLE;
    return a->scope != b->scope ? a->scope > b->scope : a->total < b->total;
}

/* One of the best; NULL where none is open. */
static const struct candidate *choose(const struct decision *d, struct candidate *list, size_t count,
                                      bool *is_shared_out)
{
    const struct candidate **best = talloc_array(d->owner, const struct candidate *, (unsigned)count);
    size_t best_count = 0;

    for (size_t i = 0; i < count; i++) {
        list[i].total = cost_now(d, &list[i]);
        if (list[i].total == UNREACHABLE || (best_count && is_better(best[0], &list[i])))
            continue;
        if (best_count && is_better(&list[i], best[0]))
            best_count = 0;
        best[best_count++] = &list[i];
    }
    *is_shared_out = best_count > 1;
    return best_count ? best[d->turn % best_count] : NULL;
}

static void wait_for_connector(struct decision *d, const struct candidate *list, size_t count)
{
    bool is_for_later = false;

    for (size_t i = 0; i < count; i++) {
        const struct net_connector *c = list[i].connector;
        bool may_come = c->from == d->paths.own || may_reach(d, c->from, USABLE_LATER) ||
                        !may_reach(d, c->from, USABLE_NEVER);
        is_for_later = is_for_later || (may_come && net_usable(c, d->question, d->paths.server_id,
                                                               d->paths.now_us) <= USABLE_LATER);
    }
    if (is_for_later)
        no_way(d, ROUTE_WAIT, first_opening(d),
               talloc_asprintf(d->owner, "Connector %s is closed, down or cannot be reached.",
                               list[0].connector->row->name));
    else
        no_way(d, ROUTE_NONE, 0,
               talloc_asprintf(d->owner, "No connector to %s takes a message of this size or priority.",
                               d->question->domain));
}

static void to_exchangers(struct decision *d)
{
    const struct topology_question *q = d->question;

    *d->route = (struct route){
        .kind = ROUTE_MX,
        .domain = q->domain,
        .destination = talloc_asprintf(d->owner, "mx %s", q->domain),
        .reason = q->is_backup ? "backup MX: to better mail exchangers of the domain"
                               : "no connector leads there: to the domain's mail exchangers",
        .tls = ROUTE_TLS_OPPORTUNISTIC,
        .is_backup = q->is_backup,
    };
}

static void to_system(struct decision *d)
{
    size_t count;
    struct candidate *list = find_candidates(d, &count);
    const struct candidate *chosen;
    bool is_shared;

    if (count == 0 && d->question->is_relay) {
        no_way(d, ROUTE_WAIT, 0,
               talloc_asprintf(d->owner, "No connector is made for the internal relay domain %s.",
                               d->question->domain));
        return;
    }
    if (count == 0) {
        to_exchangers(d);
        return;
    }
    chosen = choose(d, list, count, &is_shared);
    if (!chosen)
        wait_for_connector(d, list, count);
    else if (chosen->connector->from != d->paths.own)
        (void)go_to_group(d, chosen->connector->from,
                          talloc_asprintf(d->owner, "for connector %s to", chosen->connector->row->name));
    else
        take(d, chosen->connector,
             talloc_asprintf(d->owner, "connector %s, cost %d%s", chosen->connector->row->name, chosen->total,
                             is_shared ? ", shared" : ""));
}

/* Where the message has been: it goes to no other group twice, and in our own to no second bridgehead. */
static void read_visited(struct decision *d)
{
    const struct topology_question *q = d->question;

    d->paths.is_closed = talloc_zero_array(d->owner, bool, (unsigned)d->network->group_count);
    for (size_t i = 0; i < q->visited_count; i++) {
        const struct server *server = network_server(d->network, q->visited[i]);
        int group;

        if (!server)
            continue;
        group = network_group_of(d->network, server->routing_group_id);
        if (group == d->paths.own)
            d->paths.must_leave = d->paths.must_leave || server->server_id != d->paths.server_id;
        else if (group != NOWHERE)
            d->paths.is_closed[group] = true;
    }
}

void network_route(const struct network *network, const void *owner, const struct topology_question *question,
                   unsigned turn, struct route *route_out)
{
    const struct server *own = network_server(network, question->server_id);
    struct decision d = { .network = network,
                          .owner = owner,
                          .question = question,
                          .paths = { .network = network,
                                     .question = question,
                                     .own = own ? network_group_of(network, own->routing_group_id) : 0,
                                     .worst = USABLE_NOW,
                                     .server_id = question->server_id,
                                     .now_us = question->now_us },
                          .turn = turn,
                          .route = route_out };

    read_visited(&d);
    if (question->storage_group_id)
        to_store(&d);
    else
        to_system(&d);
}

bool network_by_connector(const struct network *network, const void *owner, int64_t connector_id,
                          const struct topology_question *question, struct route *route_out)
{
    struct decision d = { .network = network,
                          .owner = owner,
                          .question = question,
                          .paths = { .now_us = INT64_MAX }, /* what is down will be up by then */
                          .route = route_out };

    for (size_t i = 0; i < network->connector_count; i++) {
        const struct net_connector *c = &network->connectors[i];
        if (c->row->connector_id != connector_id)
            continue;
        *route_out = (struct route){ .connector_id = connector_id, .connector_name = c->row->name };
        carry(&d, c, "asked for by name");
        return true;
    }
    return false;
}
