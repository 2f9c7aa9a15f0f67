/*
 * topology.c -- the network kept in memory, and kept fresh.
 */
#include "topology/topology.h"

#include "base/clock.h"
#include "base/wake.h"
#include "directory/directory.h"
#include "topology/network.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <talloc.h>

/* A look at the stamp holds for FRESH_US. While the directory cannot be asked, what was known holds for STALE_US: longer
 * than a failover of the database takes, shorter than changes may take to be seen. */
#define FRESH_US (1 * US_PER_S)
#define STALE_US (5 * US_PER_S)

/* One state of the network, held by whoever decides on it. */
struct version {
    struct network *network;
    unsigned holders; /* under the topology's lock */
};

struct topology {
    struct directory *directory;
    const char *server;
    struct wake_bus *wake;
    struct wake_subscription *subscription;
    atomic_bool is_told;     /* something changed since the last look at the stamp */
    pthread_mutex_t lock;    /* of all below */
    struct version *current; /* holds itself once; NULL before the first */
    int64_t server_id;       /* in it; 0: not registered */
    int64_t checked_us;      /* monotonic: `current` was the newest then */
    bool is_checking;        /* somebody asks the directory just now */
    unsigned turn;
};

static void give_back(struct version *version)
{
    if (version && --version->holders == 0)
        talloc_free(version);
}

static int free_topology(struct topology *topology)
{
    wake_unsubscribe(&topology->subscription);
    give_back(topology->current);
    pthread_mutex_destroy(&topology->lock);
    return 0;
}

static void hear(void *argument, int64_t group_id, int64_t mailbox_id, uint64_t modseq)
{
    struct topology *topology = argument;

    (void)group_id;
    (void)mailbox_id;
    (void)modseq;
    atomic_store(&topology->is_told, true);
}

bool topology_open(const void *owner, const struct topology_options *options, struct topology **topology_out,
                   struct err *err)
{
    struct topology *topology = talloc_zero(owner, struct topology);

    *err = ERR_INIT;
    topology->directory = options->directory;
    topology->server_id = options->server_id;
    topology->server = options->server ? talloc_strdup(topology, options->server) : NULL;
    topology->checked_us = INT64_MIN / 2;
    pthread_mutex_init(&topology->lock, NULL);
    talloc_set_destructor(topology, free_topology);
    topology->wake = options->wake;
    if (topology->wake)
        topology->subscription =
            wake_subscribe(topology->wake, DIRECTORY_WAKE_GROUP, DIRECTORY_WAKE_CHANGED, hear, topology);
    *topology_out = topology;
    return true;
}

void topology_close(struct topology **topology)
{
    TALLOC_FREE(*topology);
}

/* Reads everything, unless the stamp says that nothing changed. *version_out NULL: nothing did. */
static bool read_version(struct topology *topology, int64_t known_stamp, struct version **version_out,
                         struct err *err)
{
    struct routing routing;
    int64_t stamp;

    *version_out = NULL;
    if (!routing_stamp(topology->directory, &stamp, err))
        return false;
    if (stamp == known_stamp)
        return true;
    struct version *version = talloc_zero(NULL, struct version);
    if (!routing_load(topology->directory, version, &routing, err)) {
        talloc_free(version);
        return false;
    }
    version->network = network_new(version, &routing);
    version->holders = 1;
    *version_out = version;
    return true;
}

static int64_t find_ourselves(const struct network *network, const char *name)
{
    for (size_t i = 0; i < network->routing.server_count; i++)
        if (strcmp(network->routing.servers[i].name, name) == 0)
            return network->routing.servers[i].server_id;
    return 0;
}

/* Called and returns with the lock held. */
static bool refresh(struct topology *topology, struct err *err)
{
    int64_t start_us = clock_monotonic_us();
    int64_t known = topology->current ? topology->current->network->routing.stamp : -1;
    struct version *version;

    topology->is_checking = true;
    pthread_mutex_unlock(&topology->lock);
    bool ok = read_version(topology, known, &version, err);
    pthread_mutex_lock(&topology->lock);
    topology->is_checking = false;
    if (!ok)
        return false;
    topology->checked_us = start_us;
    if (version) {
        give_back(topology->current);
        topology->current = version;
        if (topology->server)
            topology->server_id = find_ourselves(version->network, topology->server);
    }
    return true;
}

/* The newest version, held. While one thread looks at the stamp, others go on with what they know. */
static bool hold(struct topology *topology, struct version **version_out, struct err *err)
{
    bool ok = true;

    pthread_mutex_lock(&topology->lock);
    int64_t age_us = clock_monotonic_us() - topology->checked_us;
    bool is_told = atomic_load(&topology->is_told);
    if ((is_told || age_us > FRESH_US) &&
        (!topology->is_checking || age_us > STALE_US || !topology->current)) {
        atomic_store(&topology->is_told, false);
        ok = refresh(topology, err);
        if (!ok && is_told)
            atomic_store(&topology->is_told, true);
    }
    if (!ok && topology->current && clock_monotonic_us() - topology->checked_us < STALE_US) {
        *err = ERR_INIT;
        ok = true;
    }
    if (ok) {
        topology->current->holders++;
        *version_out = topology->current;
    }
    pthread_mutex_unlock(&topology->lock);
    return ok;
}

static void let_go(struct topology *topology, struct version *version)
{
    pthread_mutex_lock(&topology->lock);
    give_back(version);
    pthread_mutex_unlock(&topology->lock);
}

/* What the route took from the version must outlive it. */
static void keep_texts(const void *owner, struct route *route)
{
    const char **texts[] = { &route->reason,   &route->domain,         &route->connector_name, &route->login,
                             &route->password, &route->source_address, &route->destination };

    for (size_t i = 0; i < COUNT_OF(texts); i++)
        if (*texts[i])
            *texts[i] = talloc_strdup(owner, *texts[i]);
    for (size_t i = 0; i < route->host_count; i++)
        route->hosts[i].host = talloc_strdup(owner, route->hosts[i].host);
}

/* Ids follow each other, and a message that is queued again on its way takes one in between: their order says nothing here. */
static unsigned turn_of(int64_t message_id)
{
    uint64_t mixed = (uint64_t)message_id; /* as MurmurHash3 ends: each bit depends on all */

    mixed = (mixed ^ mixed >> 33) * UINT64_C(0xff51afd7ed558ccd);
    mixed = (mixed ^ mixed >> 33) * UINT64_C(0xc4ceb9fe1a85ec53);
    return (unsigned)(mixed ^ mixed >> 33);
}

bool topology_route(struct topology *topology, const void *owner, const struct topology_question *question,
                    struct route *route_out, struct err *err)
{
    struct topology_question asked = *question;
    struct version *version;
    unsigned turn;

    *err = ERR_INIT;
    if (asked.visited_count >= TOPOLOGY_PATH_MAX - 1) { /* another hop would not fit into the path */
        *route_out = (struct route){ .kind = ROUTE_NONE,
                                     .destination = "",
                                     .reason = "The message has passed too many servers." };
        keep_texts(owner, route_out);
        return true;
    }
    if (!hold(topology, &version, err))
        return false;
    if (!asked.now_us)
        asked.now_us = clock_now_us();
    pthread_mutex_lock(&topology->lock);
    if (!asked.server_id)
        asked.server_id = topology->server_id;
    turn = asked.message_id ? turn_of(asked.message_id) : topology->turn++;
    pthread_mutex_unlock(&topology->lock);
    network_route(version->network, owner, &asked, turn, route_out);
    keep_texts(owner, route_out);
    let_go(topology, version);
    return true;
}

bool topology_by_connector(struct topology *topology, const void *owner, int64_t connector_id,
                           const char *domain, struct route *route_out, struct err *err)
{
    const struct topology_question question = { .sender = "", .domain = domain };
    struct version *version;

    *err = ERR_INIT;
    if (!hold(topology, &version, err))
        return false;
    bool is_found = network_by_connector(version->network, owner, connector_id, &question, route_out);
    if (is_found)
        keep_texts(owner, route_out);
    let_go(topology, version);
    return is_found || err_set(err, ERR_NOT_FOUND, "There is no such connector.");
}

static const struct routing_link *link_of(const struct network *network, int64_t connector_id,
                                          const char *host)
{
    for (size_t i = 0; i < network->routing.link_count; i++) {
        const struct routing_link *link = &network->routing.links[i];
        if (link->connector_id == connector_id && strcmp(link->host, host) == 0)
            return link;
    }
    return NULL;
}

bool topology_report(struct topology *topology, int64_t connector_id, const char *host, bool is_up,
                     const char *reason, struct err *err)
{
    int64_t now_us = clock_now_us();
    struct routing_link down = { .connector_id = connector_id,
                                 .host = host,
                                 .since_us = now_us,
                                 .until_us = now_us + TOPOLOGY_DOWN_S * US_PER_S,
                                 .reason = reason ? reason : "" };
    const struct routing_link *known;
    struct version *version;
    int64_t reporter_id;
    bool is_news, ok;

    *err = ERR_INIT;
    if (!connector_id)
        return true;
    if (!hold(topology, &version, err))
        return false;
    known = link_of(version->network, connector_id, host);
    is_news = is_up ? known != NULL : !known || known->until_us < now_us + TOPOLOGY_DOWN_S * US_PER_S / 2;
    let_go(topology, version);
    if (!is_news)
        return true;
    pthread_mutex_lock(&topology->lock);
    reporter_id = topology->server_id;
    pthread_mutex_unlock(&topology->lock);
    ok = is_up ? link_report_up(topology->directory, connector_id, host, err)
               : link_report_down(topology->directory, &down, reporter_id, err);
    if (ok) {
        atomic_store(&topology->is_told, true);
        wake_publish(topology->wake, DIRECTORY_WAKE_GROUP, DIRECTORY_WAKE_CHANGED, 0);
    }
    return ok;
}

/* ---- whose work it is */

/* The newest version and the index of our group in it; false while nothing is known. */
static bool hold_own(struct topology *topology, struct version **version_out, int *own_out)
{
    const struct server *server;
    struct err err = ERR_INIT;

    if (!hold(topology, version_out, &err))
        return false;
    pthread_mutex_lock(&topology->lock);
    server = network_server((*version_out)->network, topology->server_id);
    pthread_mutex_unlock(&topology->lock);
    *own_out = server ? network_group_of((*version_out)->network, server->routing_group_id) : 0;
    return true;
}

bool topology_is_near(struct topology *topology, int64_t storage_group_id)
{
    struct version *version;
    bool is_near;
    int own;

    if (!hold_own(topology, &version, &own))
        return true;
    is_near = network_home_of(version->network, storage_group_id) == own;
    let_go(topology, version);
    return is_near;
}

char *topology_lane(struct topology *topology, const void *owner, const char *lane)
{
    struct version *version;
    int64_t group = 0;
    int own;

    if (hold_own(topology, &version, &own)) {
        group = own ? version->network->routing.groups[own].routing_group_id : 0;
        let_go(topology, version);
    }
    return group ? talloc_asprintf(owner, "@%lld/%s", (long long)group, lane) : talloc_strdup(owner, lane);
}

/* Index of the group that a lane names; NOWHERE where there is none like it. */
static int group_of_lane(const struct network *network, const char *lane)
{
    struct span text = span_text(lane);
    uint32_t id;

    if (!span_take_byte(&text, '@'))
        return 0;
    if (!span_take_u32(&text, &id) || !span_take_byte(&text, '/'))
        return NOWHERE;
    for (int i = 0; i < network->group_count; i++)
        if (network->routing.groups[i].routing_group_id == (int64_t)id)
            return i;
    return NOWHERE;
}

static bool has_server(const struct network *network, int group)
{
    for (size_t i = 0; i < network->routing.server_count; i++)
        if (network_group_of(network, network->routing.servers[i].routing_group_id) == group)
            return true;
    return false;
}

bool topology_owns_lane(struct topology *topology, const char *lane)
{
    struct version *version;
    int own, group;
    bool owns;

    if (!hold_own(topology, &version, &own))
        return true;
    group = group_of_lane(version->network, lane);
    owns = group == own || group == NOWHERE || !has_server(version->network, group);
    let_go(topology, version);
    return owns;
}

/* ---- the path of a message between our servers */

char *topology_path_field(const void *owner, struct topology *topology, const int64_t *visited,
                          size_t visited_count)
{
    char *field = talloc_strdup(owner, "X-Chappe-Path:");
    int64_t own;

    pthread_mutex_lock(&topology->lock);
    own = topology->server_id;
    pthread_mutex_unlock(&topology->lock);
    for (size_t i = 0; i < visited_count && i < TOPOLOGY_PATH_MAX - 1; i++)
        field = talloc_asprintf_append(field, " %lld", (long long)visited[i]);
    return talloc_asprintf_append(field, " %lld\r\n", (long long)own);
}

size_t topology_read_path(struct span value, int64_t ids_out[TOPOLOGY_PATH_MAX])
{
    size_t count = 0;
    uint32_t id;

    while (count < TOPOLOGY_PATH_MAX) {
        while (value.p < value.end && (*value.p == ' ' || *value.p == '\t'))
            value.p++;
        if (!span_take_u32(&value, &id))
            break;
        ids_out[count++] = id;
    }
    return count;
}
