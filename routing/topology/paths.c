/*
 * paths.c -- the cheapest way between routing groups (Dijkstra, from the target backwards).
 */
#include "topology/network.h"

#include <stdlib.h>
#include <talloc.h>

bool net_is_carrier(const struct net_connector *connector, int64_t server_id)
{
    const struct connector *row = connector->row;

    for (size_t i = 0; i < row->source_count; i++)
        if (row->sources[i].server_id == server_id)
            return true;
    return row->source_count == 0;
}

static bool is_open(const struct paths *paths, const struct net_connector *connector)
{
    return connector->to != NOWHERE && !paths->is_closed[connector->to] &&
           net_usable(connector, paths->question, paths->server_id, paths->now_us) <= paths->worst;
}

static int cheapest_undone(const int *costs, const bool *is_done, int count)
{
    int best = NOWHERE;

    for (int i = 0; i < count; i++)
        if (!is_done[i] && costs[i] != UNREACHABLE && (best == NOWHERE || costs[i] < costs[best]))
            best = i;
    return best;
}

/* The cost from each group to `target`, on ways that do not come through our own. */
static int *costs_to(const struct paths *paths, const void *owner, int target)
{
    const struct network *network = paths->network;
    int count = network->group_count, at;
    int *costs = talloc_array(owner, int, (unsigned)count);
    bool *is_done = talloc_zero_array(owner, bool, (unsigned)count);

    for (int i = 0; i < count; i++)
        costs[i] = UNREACHABLE;
    costs[target] = 0;
    while ((at = cheapest_undone(costs, is_done, count)) != NOWHERE) {
        is_done[at] = true;
        for (size_t i = 0; i < network->connector_count; i++) {
            const struct net_connector *c = &network->connectors[i];
            if (c->to != at || c->from == paths->own || !is_open(paths, c))
                continue;
            if (costs[at] + c->row->cost < costs[c->from])
                costs[c->from] = costs[at] + c->row->cost;
        }
    }
    return costs;
}

int paths_find(const struct paths *paths, const void *owner, int target,
               const struct net_connector ***firsts_out, size_t *count_out)
{
    const struct network *network = paths->network;
    int *costs = costs_to(paths, owner, target), best = UNREACHABLE;
    const struct net_connector **firsts =
        talloc_array(owner, const struct net_connector *, (unsigned)network->connector_count);
    size_t count = 0;

    for (size_t i = 0; i < network->connector_count; i++) {
        const struct net_connector *c = &network->connectors[i];
        if (c->from != paths->own || !is_open(paths, c) || costs[c->to] == UNREACHABLE ||
            (paths->must_leave && !net_is_carrier(c, paths->server_id)))
            continue;
        int cost = costs[c->to] + c->row->cost;
        if (cost < best) {
            best = cost;
            count = 0;
        }
        if (cost == best)
            firsts[count++] = c;
    }
    if (firsts_out) {
        *firsts_out = firsts;
        *count_out = count;
    }
    return best;
}
