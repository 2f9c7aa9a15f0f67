/*
 * network.h -- the topology in memory, and the decision in it; for this room only. It knows no database and no clock.
 *
 * Threads  a network does not change once it is made; network_route() may be called from any thread.
 */
#ifndef TOPOLOGY_NETWORK_H
#define TOPOLOGY_NETWORK_H

#include "directory/routing.h"
#include "format/schedule.h"
#include "topology/topology.h"

enum { NOWHERE = -1 };

/* A host on the other side of a connector, and since when it is down. */
struct net_host {
    struct route_host host;
    int64_t until_us; /* not tried before; 0: up */
};

struct net_connector {
    const struct connector *row;
    struct schedule schedule;
    enum route_tls tls;
    int from, to;           /* indices of routing groups; `to` NOWHERE for SMTP */
    struct net_host *hosts; /* smarthosts, or servers of the target group; none: by DNS */
    size_t host_count;
    struct net_host *sources; /* the bridgeheads of its own group; none: all its servers */
    size_t source_count;
    int64_t until_us; /* the connector as a whole is down */
};

struct network {
    struct routing routing;
    int group_count;
    struct net_connector *connectors;
    size_t connector_count;
};

/* Everything, the rows of `routing` included, must live as long as the network; all of it under `owner`. */
struct network *network_new(const void *owner, const struct routing *routing);
/* `turn` counts decisions: equal ways are taken in turns. Fills all of the route but never fails. */
void network_route(const struct network *network, const void *owner, const struct topology_question *question,
                   unsigned turn, struct route *route_out);

/* The way over one connector, whether it is open, up, or cheapest or not. False: there is none with that id. */
bool network_by_connector(const struct network *network, const void *owner, int64_t connector_id,
                          const struct topology_question *question, struct route *route_out);

/* Index of a routing group; of the first one where it is not known. */
int network_group_of(const struct network *network, int64_t routing_group_id);
/* Index of the routing group that files into a storage group. */
int network_home_of(const struct network *network, int64_t storage_group_id);
/* NULL: no such server. */
const struct server *network_server(const struct network *network, int64_t server_id);

/* ---- usable.c: may this message take this connector? */
enum usable {
    USABLE_NOW,
    USABLE_LATER,   /* closed by its schedule, or down */
    USABLE_NEVER,   /* not for this message: too large, wrong priority */
    USABLE_FOREIGN, /* not for this sender or organisation, or switched off: as if it did not exist */
};
/* May the message of `question` take this connector from that server at that moment (microseconds since 1970)? */
enum usable net_usable(const struct net_connector *connector, const struct topology_question *question,
                       int64_t server_id, int64_t now_us);
/* When a connector that is USABLE_LATER may be asked again; 0: unknown. */
int64_t net_opens_us(const struct net_connector *connector, int64_t server_id, int64_t now_us);
/* 0: for everybody. 1: for the question's organisation. 2: for its sender. */
int net_scope(const struct net_connector *connector);
/* How well the connector's spaces fit the domain: 0 not at all, 1 "*", then more with each label; and the least cost of
 * those that fit so. */
int net_fit(const struct connector *connector, const char *domain, int *cost_out);

/* ---- paths.c: the cheapest way from a group to another */
enum { UNREACHABLE = INT32_MAX };
struct paths {
    const struct network *network;
    const struct topology_question *question;
    int own;           /* group */
    bool *is_closed;   /* by group: the message has been there */
    enum usable worst; /* connectors up to this one count: USABLE_NOW, or USABLE_LATER for what may open */
    bool must_leave;   /* only connectors that our server carries itself */
    int64_t server_id, now_us;
};
/* Cost to `target` from own, over first connectors that are usable, UNREACHABLE for none. Those that begin a cheapest path
 * are put in `firsts_out` (NULL allowed), under `owner`. */
int paths_find(const struct paths *paths, const void *owner, int target,
               const struct net_connector ***firsts_out, size_t *count_out);
/* Does our server carry it, as one of its bridgeheads? */
bool net_is_carrier(const struct net_connector *connector, int64_t server_id);

#endif
