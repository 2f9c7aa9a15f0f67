/*
 * network.c -- from the rows of the directory to what decisions are made on.
 */
#include "topology/network.h"

#include <strings.h>
#include <talloc.h>

static const char *const tls_names[] = {
    [ROUTE_TLS_NEVER] = "never",       [ROUTE_TLS_OPPORTUNISTIC] = "opportunistic",
    [ROUTE_TLS_ENCRYPT] = "encrypt",   [ROUTE_TLS_VERIFY] = "verify",
    [ROUTE_TLS_IMPLICIT] = "implicit",
};

/* A word that nobody knows is asked for by nobody: the column's CHECK has no other. Then the strictest. */
static enum route_tls tls_of(const char *name)
{
    for (size_t i = 0; i < COUNT_OF(tls_names); i++)
        if (strcmp(tls_names[i], name) == 0)
            return (enum route_tls)i;
    return ROUTE_TLS_VERIFY;
}

int network_group_of(const struct network *network, int64_t routing_group_id)
{
    for (int i = 0; i < network->group_count; i++)
        if (network->routing.groups[i].routing_group_id == routing_group_id)
            return i;
    return 0;
}

int network_home_of(const struct network *network, int64_t storage_group_id)
{
    for (size_t i = 0; i < network->routing.home_count; i++)
        if (network->routing.homes[i].storage_group_id == storage_group_id)
            return network_group_of(network, network->routing.homes[i].routing_group_id);
    return 0;
}

const struct server *network_server(const struct network *network, int64_t server_id)
{
    for (size_t i = 0; i < network->routing.server_count; i++)
        if (network->routing.servers[i].server_id == server_id)
            return &network->routing.servers[i];
    return NULL;
}

/* As other servers reach it. */
static struct net_host host_of_server(const void *owner, const struct server *server)
{
    struct connector_host hosts[CONNECTOR_HOSTS_MAX];
    size_t count;

    if (!server->address || !connector_read_hosts(owner, server->address, hosts, &count))
        return (struct net_host){ .host = { .host = server->name } };
    return (struct net_host){ .host = { .host = hosts[0].host, .port = hosts[0].port } };
}

static void add_host(const void *owner, struct net_host **hosts, size_t *count, struct net_host host)
{
    *hosts = talloc_realloc(owner, *hosts, struct net_host, (unsigned)*count + 1);
    (*hosts)[(*count)++] = host;
}

/* The servers named, or all of the group. */
static void add_servers(const struct network *network, const void *owner,
                        const struct connector_server *named, size_t named_count, int64_t routing_group_id,
                        struct net_host **hosts, size_t *count)
{
    for (size_t i = 0; i < named_count; i++) {
        const struct server *server = network_server(network, named[i].server_id);
        if (server)
            add_host(owner, hosts, count, host_of_server(owner, server));
    }
    for (size_t i = 0; named_count == 0 && i < network->routing.server_count; i++)
        if (network->routing.servers[i].routing_group_id == routing_group_id)
            add_host(owner, hosts, count, host_of_server(owner, &network->routing.servers[i]));
}

static void add_smarthosts(const void *owner, struct net_connector *c)
{
    struct connector_host hosts[CONNECTOR_HOSTS_MAX];
    size_t count = 0;

    if (c->row->smarthost && connector_read_hosts(owner, c->row->smarthost, hosts, &count))
        for (size_t i = 0; i < count; i++)
            add_host(owner, &c->hosts, &c->host_count,
                     (struct net_host){ .host = { hosts[i].host, hosts[i].port,
                                                  !hosts[i].is_exact && !hosts[i].is_address } });
}

static void note_down(struct net_host *hosts, size_t count, const struct routing_link *link)
{
    for (size_t i = 0; i < count; i++)
        if (strcasecmp(hosts[i].host.host, link->host) == 0)
            hosts[i].until_us = link->until_us;
}

static void read_links(const struct network *network, struct net_connector *c)
{
    for (size_t i = 0; i < network->routing.link_count; i++) {
        const struct routing_link *link = &network->routing.links[i];
        if (link->connector_id != c->row->connector_id)
            continue;
        if (!*link->host)
            c->until_us = link->until_us;
        note_down(c->hosts, c->host_count, link);
        note_down(c->sources, c->source_count, link);
    }
}

static void read_connector(const struct network *network, const void *owner, const struct connector *row,
                           struct net_connector *c)
{
    bool is_smtp = row->kind == CONNECTOR_SMTP;

    *c = (struct net_connector){ .row = row,
                                 .tls = tls_of(row->tls),
                                 .from = network_group_of(network, row->routing_group_id),
                                 .to = is_smtp ? NOWHERE : network_group_of(network, row->target_group_id) };
    if (!schedule_parse(span_text(row->schedule), &c->schedule))
        memset(&c->schedule, 0, sizeof c->schedule); /* written past us: never open */
    if (is_smtp)
        add_smarthosts(owner, c);
    else
        add_servers(network, owner, row->targets, row->target_count, row->target_group_id, &c->hosts,
                    &c->host_count);
    if (row->source_count)
        add_servers(network, owner, row->sources, row->source_count, 0, &c->sources, &c->source_count);
    read_links(network, c);
}

struct network *network_new(const void *owner, const struct routing *routing)
{
    struct network *network = talloc_zero(owner, struct network);

    network->routing = *routing;
    network->group_count = (int)routing->group_count;
    network->connector_count = routing->connector_count;
    network->connectors = talloc_array(network, struct net_connector, (unsigned)routing->connector_count);
    for (size_t i = 0; i < routing->connector_count; i++)
        read_connector(network, network, &routing->connectors[i], &network->connectors[i]);
    return network;
}
