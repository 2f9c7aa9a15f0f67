/* routing.c -- routing groups, servers, links, and the way that a mail would take. */
#include "directory/routing.h"

#include "admin_api/call.h"
#include "directory/organisation.h"
#include "format/address.h"
#include "resolve/resolve.h"
#include "topology/topology.h"

#include <string.h>
#include <talloc.h>

/* ---- routing groups */

static json_t *group_json(const struct routing_group *group)
{
    return json_pack("{s:s, s:I, s:I}", "name", group->name, "servers", (json_int_t)group->server_count,
                     "storage_groups", (json_int_t)group->storage_group_count);
}

bool routing_group_post(struct admin_call *call, struct err *err)
{
    const char *name = call_text(call, "name");

    return routing_group_add(call->api->options.directory, &call->actor, name, err) &&
           call_created(call, json_pack("{s:s}", "name", name));
}

bool routing_groups_get(struct admin_call *call, struct err *err)
{
    struct routing_group *list;
    size_t count;
    json_t *json;

    if (!routing_group_list(call->api->options.directory, &call->actor, call->arena, &list, &count, err))
        return false;
    json = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(json, group_json(&list[i]));
    return call_answer(call, json_pack("{s:o}", "routing_groups", json));
}

static const struct routing_group *find_group(const struct routing *routing, const char *name)
{
    for (size_t i = 0; i < routing->group_count; i++)
        if (strcmp(routing->groups[i].name, name) == 0)
            return &routing->groups[i];
    return NULL;
}

/* Whole, with the names of what is in it. */
static bool load(struct admin_call *call, struct routing *routing, struct err *err)
{
    if (call->actor.organisation_id != 0)
        return err_set(err, ERR_DENIED, "Only an administrator of the whole installation may do this.");
    return routing_load(call->api->options.directory, call->arena, routing, err);
}

bool routing_group_get(struct admin_call *call, struct err *err)
{
    const struct routing_group *group;
    struct routing routing;
    json_t *servers, *connectors;

    if (!load(call, &routing, err))
        return false;
    group = find_group(&routing, call->parameters[0]);
    if (!group)
        return err_set(err, ERR_NOT_FOUND, "There is no such routing group.");
    servers = json_array();
    for (size_t i = 0; i < routing.server_count; i++)
        if (routing.servers[i].routing_group_id == group->routing_group_id)
            json_array_append_new(servers, json_string(routing.servers[i].name));
    connectors = json_array();
    for (size_t i = 0; i < routing.connector_count; i++)
        if (routing.connectors[i].routing_group_id == group->routing_group_id)
            json_array_append_new(connectors, json_string(routing.connectors[i].name));
    return call_answer(call, json_pack("{s:s, s:o, s:o}", "name", group->name, "servers", servers,
                                       "connectors", connectors));
}

bool routing_group_patch(struct admin_call *call, struct err *err)
{
    const char *name = call_text(call, "name");

    return routing_group_set(call->api->options.directory, &call->actor, call->parameters[0], name, err) &&
           call_answer(call, json_pack("{s:s}", "name", name));
}

bool routing_group_delete(struct admin_call *call, struct err *err)
{
    return routing_group_remove(call->api->options.directory, &call->actor, call->parameters[0], err);
}

/* ---- servers */

static json_t *server_json(const struct routing *routing, const struct server *server)
{
    const char *group = "";

    for (size_t i = 0; i < routing->group_count; i++)
        if (routing->groups[i].routing_group_id == server->routing_group_id)
            group = routing->groups[i].name;
    return json_pack("{s:s, s:s, s:s*, s:o}", "name", server->name, "routing_group", group, "address",
                     server->address, "seen", json_time(server->seen_us));
}

bool servers_get(struct admin_call *call, struct err *err)
{
    struct routing routing;
    json_t *json;

    if (!load(call, &routing, err))
        return false;
    json = json_array();
    for (size_t i = 0; i < routing.server_count; i++)
        json_array_append_new(json, server_json(&routing, &routing.servers[i]));
    return call_answer(call, json_pack("{s:o}", "servers", json));
}

bool server_get(struct admin_call *call, struct err *err)
{
    struct routing routing;

    if (!load(call, &routing, err))
        return false;
    for (size_t i = 0; i < routing.server_count; i++)
        if (strcmp(routing.servers[i].name, call->parameters[0]) == 0)
            return call_answer(call, server_json(&routing, &routing.servers[i]));
    return err_set(err, ERR_NOT_FOUND, "There is no such server.");
}

bool server_post(struct admin_call *call, struct err *err)
{
    struct directory *directory = call->api->options.directory;
    const char *name = call_text(call, "name"), *group = call_text(call, "routing_group");
    int64_t id;

    if (call->actor.organisation_id != 0)
        return err_set(err, ERR_DENIED, "Only an administrator of the whole installation may do this.");
    if (!server_register(directory, name, &id, err) ||
        (group && !server_set_routing_group(directory, &call->actor, name, group, err)) ||
        (call_has(call, "address") &&
         !server_set_address(directory, &call->actor, name, call_text(call, "address"), err)))
        return false;
    call->parameters[0] = name;
    call->status = 201;
    return server_get(call, err);
}

bool server_patch(struct admin_call *call, struct err *err)
{
    struct directory *directory = call->api->options.directory;
    const char *group = call_text(call, "routing_group"), *address = call_text(call, "address");

    if (address &&
        !server_set_address(directory, &call->actor, call->parameters[0], *address ? address : NULL, err))
        return false;
    if (call_flag(call, "new_key", false) &&
        !server_forget_key(directory, &call->actor, call->parameters[0], err))
        return false;
    return (!group || server_set_routing_group(directory, &call->actor, call->parameters[0], group, err)) &&
           server_get(call, err);
}

bool server_delete(struct admin_call *call, struct err *err)
{
    return server_remove(call->api->options.directory, &call->actor, call->parameters[0], err);
}

/* ---- links */

bool links_get(struct admin_call *call, struct err *err)
{
    struct routing routing;
    json_t *json;

    if (!load(call, &routing, err))
        return false;
    json = json_array();
    for (size_t i = 0; i < routing.link_count; i++) {
        const struct routing_link *link = &routing.links[i];
        json_array_append_new(json, json_pack("{s:s, s:s, s:o, s:o, s:s*, s:s}", "connector", link->connector,
                                              "host", link->host, "since", json_time(link->since_us), "until",
                                              json_time(link->until_us), "reporter", link->reporter, "reason",
                                              link->reason));
    }
    return call_answer(call, json_pack("{s:o}", "links", json));
}

/* ---- which way? */

enum { HOPS_MAX = 8 };

static const char *const route_kinds[ROUTE_KINDS] = {
    [ROUTE_MX] = "mx",     [ROUTE_HOST] = "host",   [ROUTE_WAIT] = "wait",
    [ROUTE_NONE] = "none", [ROUTE_STORE] = "store",
};

static json_t *route_json(const char *address, const char *why, const struct route *route)
{
    json_t *hosts = json_array();

    for (size_t i = 0; i < route->host_count; i++) {
        const struct route_host *host = &route->hosts[i];
        char text[300];
        if (host->port)
            snprintf(text, sizeof text, "%s:%u", host->host, host->port);
        else
            snprintf(text, sizeof text, "%s", host->host);
        json_array_append_new(hosts, json_string(text));
    }
    json_t *json = json_pack("{s:s, s:s, s:s, s:s*, s:s*, s:o, s:s*}", "address", address, "why", why, "way",
                             route_kinds[route->kind], "connector", route->connector_name, "domain",
                             route->domain, "hosts", hosts, "reason", route->reason);
    if (route->opens_us)
        json_object_set_new(json, "opens", json_time(route->opens_us));
    return json;
}

/* A server of the routing group to which a connector leads; 0: it leaves the installation. */
static int64_t next_server(const struct routing *routing, int64_t connector_id)
{
    int64_t group = 0;

    for (size_t i = 0; i < routing->connector_count; i++)
        if (routing->connectors[i].connector_id == connector_id)
            group = routing->connectors[i].target_group_id;
    for (size_t i = 0; group && i < routing->server_count; i++)
        if (routing->servers[i].routing_group_id == group)
            return routing->servers[i].server_id;
    return 0;
}

/* The connectors behind the first one, as the servers on the way would choose them now. */
static bool add_hops(struct admin_call *call, const struct topology_question *question,
                     const struct route *first, json_t *path, struct err *err)
{
    struct topology_question next = *question;
    int64_t visited[HOPS_MAX + 1];
    struct route route = *first;
    struct routing routing;

    if (!load(call, &routing, err))
        return false;
    next.visited = visited;
    for (size_t hop = 0; hop < HOPS_MAX; hop++) {
        next.server_id = next_server(&routing, route.connector_id);
        if (!next.server_id)
            return true;
        visited[next.visited_count++] = next.server_id;
        if (!topology_route(call->api->options.topology, call->arena, &next, &route, err))
            return false;
        if (!route.connector_name)
            return true;
        json_array_append_new(path, json_string(route.connector_name));
    }
    return true;
}

static bool add_way(struct admin_call *call, const struct topology_question *question, const char *address,
                    const char *why, json_t *ways, struct err *err)
{
    json_t *path = json_array(), *way;
    struct route route;

    if (!topology_route(call->api->options.topology, call->arena, question, &route, err))
        return false;
    if (route.connector_name)
        json_array_append_new(path, json_string(route.connector_name));
    if (!add_hops(call, question, &route, path, err)) {
        json_decref(path);
        return false;
    }
    way = route_json(address, why, &route);
    json_object_set_new(way, "path", path);
    json_array_append_new(ways, way);
    return true;
}

static bool add_ways(struct admin_call *call, const struct resolve_answer *answer,
                     struct topology_question question, json_t *ways, struct err *err)
{
    for (size_t i = 0; i < answer->target_count; i++) {
        question.storage_group_id = answer->targets[i].group_id;
        if (!add_way(call, &question, answer->targets[i].address, "mailbox", ways, err))
            return false;
    }
    question.storage_group_id = 0;
    for (size_t i = 0; i < answer->remote_count; i++) {
        const struct resolve_remote *remote = &answer->remotes[i];
        question.recipient = remote->address;
        question.domain = remote->domain;
        question.is_backup = remote->why == RESOLVE_WHY_BACKUP;
        question.is_relay = remote->why == RESOLVE_WHY_RELAY;
        if (remote->organisation_id)
            question.organisation_id = remote->organisation_id;
        if (!add_way(call, &question, remote->address, resolve_why_name(remote->why), ways, err))
            return false;
    }
    return true;
}

static bool parse(struct admin_call *call, const char *text, struct address *out, struct err *err)
{
    enum address_fault fault =
        address_parse(call->arena, span_text(text), ADDRESS_ACCEPT_UTF8 | ADDRESS_ACCEPT_NO_DOMAIN, out);

    return fault == ADDRESS_GOOD ||
           err_set(err, ERR_INVALID, "%.100s is not a good address. %s", text, address_fault_text(fault));
}

/* Mail from one of ours goes in its organisation's name. */
static bool read_sender(struct admin_call *call, struct topology_question *question, struct err *err)
{
    const char *from = http_query(call->request, "sender");
    struct resolve_answer answer;
    struct address sender;

    question->sender = from ? from : "";
    if (!from || !*from)
        return true;
    if (!parse(call, from, &sender, err) ||
        !resolve(call->api->options.directory, call->arena, &sender, &answer, err))
        return false;
    question->sender = address_text(call->arena, &sender);
    question->organisation_id = answer.organisation_id;
    return true;
}

static json_t *steps_json(const struct resolve_answer *answer)
{
    json_t *steps = json_array();

    for (size_t i = 0; i < answer->step_count; i++)
        json_array_append_new(steps, json_pack("{s:s, s:s, s:s}", "what", answer->steps[i].what, "from",
                                               answer->steps[i].from, "to", answer->steps[i].to));
    return steps;
}

bool route_get(struct admin_call *call, struct err *err)
{
    const char *text = http_query(call->request, "recipient"), *size = http_query(call->request, "size");
    struct topology_question question = { .size_bytes = size ? strtoll(size, NULL, 10) : 0 };
    struct resolve_answer answer;
    struct address recipient;
    json_t *ways;

    if (call->actor.organisation_id != 0)
        return err_set(err, ERR_DENIED, "Only an administrator of the whole installation may do this.");
    if (!text)
        return err_set(err, ERR_INVALID, "A recipient must be named.");
    if (!parse(call, text, &recipient, err) || !read_sender(call, &question, err) ||
        !resolve(call->api->options.directory, call->arena, &recipient, &answer, err))
        return false;
    ways = json_array();
    if (!add_ways(call, &answer, question, ways, err)) {
        json_decref(ways);
        return false;
    }
    return call_answer(call, json_pack("{s:s, s:o, s:o}", "verdict", resolve_verdict_name(answer.verdict),
                                       "steps", steps_json(&answer), "ways", ways));
}
