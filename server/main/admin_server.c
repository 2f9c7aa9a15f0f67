/* admin_server.c -- the admin API with what it needs of the program around it. */
#include "main/admin_server.h"

#include "accept/accept.h"
#include "admin_api/api.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/wake.h"
#include "db/rehearsal.h"
#include "dns/dns.h"
#include "filter/filter.h"
#include "main/certificates.h"
#include "main/check.h"
#include "main/database.h"
#include "main/directory_sync.h"
#include "main/role.h"
#include "main/services.h"
#include "main/storage.h"
#include "main/trials.h"
#include "policy/policy.h"
#include "rehearsal/rehearsal.h"
#include "topology/topology.h"

#include <stdatomic.h>
#include <string.h>
#include <talloc.h>

struct admin_server {
    _Atomic(const struct config *) config; /* the newest; older ones live as long as the process */
    struct storage *storage;
    struct topology *topology;
    struct policy *policy;
    struct dns *dns;
    struct filter *filter; /* that keeps nothing */
    struct rehearsal rehearsal;
    struct accept *accept; /* what leaves the quarantine for lists */
    struct admin_api *api;
    struct http_server *http;
};

static bool prepare_group(void *host, int64_t storage_group_id, struct err *err)
{
    struct admin_server *server = host;

    if (db_is_rehearsing()) /* it is prepared from what is kept */
        return true;
    return database_prepare_group(atomic_load(&server->config), storage_group_id, err) &&
           storage_refresh_groups(server->storage, err);
}

static bool try_group(void *host, const char *database, struct err *err)
{
    const struct admin_server *server = host;

    return database_try_group(atomic_load(&server->config), database, err);
}

static void wake_queue(void *host)
{
    const struct admin_server *server = host;

    wake_publish(storage_parts(server->storage)->wake, ACCEPT_WAKE_GROUP, ACCEPT_WAKE_QUEUE, 0);
}

static void note_change(void *host)
{
    const struct admin_server *server = host;

    wake_publish(storage_parts(server->storage)->wake, DIRECTORY_WAKE_GROUP, DIRECTORY_WAKE_CHANGED, 0);
}

static void check(void *host, json_t *lines)
{
    struct admin_server *server = host;

    check_server(atomic_load(&server->config), server->storage, lines);
}

static void list_certificates(void *host, json_t *certificates)
{
    struct admin_server *server = host;

    certificates_list(atomic_load(&server->config), certificates);
}

static unsigned port_of(void *host, const char *protocol)
{
    struct admin_server *server = host;

    for (const struct service *service = services; service->name; service++)
        if (strcmp(service->name, protocol) == 0 && !service->is_loopback_only)
            return service_port(atomic_load(&server->config), service);
    return 0;
}

static bool try_route(void *host, const struct route *route, const char *recipient, json_t *steps,
                      struct err *err)
{
    struct admin_server *server = host;

    return trials_route(atomic_load(&server->config), server->dns, route, recipient, steps, err);
}

static bool try_services(void *host, const char *login, const char *password, json_t *steps, struct err *err)
{
    struct admin_server *server = host;

    return trials_services(atomic_load(&server->config), server->dns, login, password, steps, err);
}

static bool find_servers(void *host, const void *owner, const char *name, int64_t deadline_us,
                         struct ldap_srv **found_out, size_t *count_out, struct err *err)
{
    struct admin_server *server = host;

    return find_directory_servers(server->dns, owner, name, deadline_us, found_out, count_out, err);
}

static struct dns_options dns_options_of(const struct config *config)
{
    return (struct dns_options){ .servers = config->dns, .trust_anchor = config->trust_anchor };
}

/* What decides about messages, to be asked what it would decide. */
static bool open_judges(struct admin_server *server, const struct config *config,
                        const struct storage_parts *parts, struct err *err)
{
    const struct topology_options ways = { .directory = parts->directory,
                                           .server = config->hostname,
                                           .wake = parts->wake };
    const struct policy_options policy = { .groups = parts->groups,
                                           .directory = parts->directory,
                                           .cache = parts->cache };
    const struct dns_options dns = dns_options_of(config);
    struct filter_options filter = { .directory = parts->directory,
                                     .is_dry = true,
                                     .host_name = config->hostname };

    struct net_network *inner = NULL;
    size_t inner_count = 0;

    if (!dns_open(&dns, &server->dns, err) ||
        !role_networks(server, config->relay_from, &inner, &inner_count, err))
        return false;
    filter.dns = server->dns;
    if (!topology_open(server, &ways, &server->topology, err) ||
        !policy_open(server, &policy, &server->policy, err) ||
        !filter_open(server, &filter, &server->filter, err))
        return false;
    server->rehearsal = (struct rehearsal){ .directory = parts->directory,
                                            .groups = parts->groups,
                                            .policy = server->policy,
                                            .filter = server->filter,
                                            .rules = parts->rules,
                                            .topology = server->topology,
                                            .dns = server->dns,
                                            .host_name = config->hostname,
                                            .inner_count = inner_count,
                                            .inner = inner };
    return true;
}

static void close_judges(struct admin_server *server)
{
    accept_close(&server->accept);
    filter_close(&server->filter);
    policy_close(&server->policy);
    topology_close(&server->topology);
    dns_close(&server->dns);
}

static bool open_accept(struct admin_server *server, const struct config *config,
                        const struct storage_parts *parts, struct err *err)
{
    const struct accept_options releases = { .directory = parts->directory,
                                             .deliver = parts->deliver,
                                             .rules = parts->rules,
                                             .topology = server->topology,
                                             .wake = parts->wake,
                                             .lifetime_us = config->queue_lifetime_s * US_PER_S,
                                             .warning_us = config->delay_warning_s * US_PER_S };

    return accept_open(server, &releases, &server->accept, err);
}

bool admin_server_start(const struct config *config, struct storage *storage, const char *path,
                        struct admin_server **server_out, struct err *err)
{
    struct admin_server *server = talloc_zero(NULL, struct admin_server);
    const struct storage_parts *parts = storage_parts(storage);
    static const char *const names_below[] = { ADMIN_API_BELOW, NULL };
    struct http_server_options http = { .limit = admin_api_limit,
                                        .answer = admin_api_answer,
                                        .names_below = names_below,
                                        .max_connections = 64,
                                        .timeout_s = 600 };

    atomic_init(&server->config, config);
    server->storage = storage;
    if (!open_judges(server, config, parts, err) || !open_accept(server, config, parts, err)) {
        close_judges(server);
        talloc_free(server);
        return false;
    }
    server->api = admin_api_new(server, &(struct admin_api_options){ .directory = parts->directory,
                                                                     .groups = parts->groups,
                                                                     .cache = parts->cache,
                                                                     .deliver = parts->deliver,
                                                                     .accept = server->accept,
                                                                     .topology = server->topology,
                                                                     .auth = parts->auth,
                                                                     .federation = parts->federation,
                                                                     .rehearsal = &server->rehearsal,
                                                                     .message_max = config->max_message_size,
                                                                     .script_max = config->max_script_size,
                                                                     .host = server,
                                                                     .prepare_group = prepare_group,
                                                                     .try_group = try_group,
                                                                     .wake_queue = wake_queue,
                                                                     .note_change = note_change,
                                                                     .list_certificates = list_certificates,
                                                                     .port_of = port_of,
                                                                     .try_route = try_route,
                                                                     .try_services = try_services,
                                                                     .find_directory_servers = find_servers,
                                                                     .check = check });
    http.argument = server->api;
    if (!http_listen_unix(path, 0600, &http.fd, err) || !http_server_start(&http, &server->http, err)) {
        close_judges(server);
        talloc_free(server);
        return false;
    }
    *server_out = server;
    return true;
}

struct admin_api *admin_server_api(const struct admin_server *server)
{
    return server->api;
}

void admin_server_reload(struct admin_server *server, const struct config *config)
{
    const struct dns_options dns = dns_options_of(config);
    struct err err = ERR_INIT;

    atomic_store(&server->config, config);
    if (!dns_reload(server->dns, &dns, &err))
        log_err(LOG_LEVEL_WARNING, "main.reload.dns", &err);
    admin_api_set_message_max(server->api, config->max_message_size);
}

void admin_server_stop(struct admin_server **server)
{
    if (!*server)
        return;
    http_server_free(&(*server)->http);
    close_judges(*server);
    talloc_free(*server);
    *server = NULL;
}
