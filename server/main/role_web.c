/* role_web.c -- HTTP and HTTPS for everybody, and the admin API on its Unix socket. */
#include "main/role_web.h"

#include "accept/accept.h"
#include "admin_api/api.h"
#include "base/clock.h"
#include "base/descriptors.h"
#include "base/limits.h"
#include "dav/dav.h"
#include "dns/dns.h"
#include "http/certificates.h"
#include "jmap/jmap.h"
#include "learn/box.h"
#include "main/admin_server.h"
#include "main/certificates.h"
#include "main/front_ends.h"
#include "main/link_pages.h"
#include "main/role.h"
#include "main/storage.h"
#include "main/web_inside.h"
#include "main/web_state.h"
#include "session/server.h"
#include "slapd/slapd.h"

#include <limits.h>
#include <string.h>
#include <talloc.h>

enum { SERVERS_MAX = 32, DRAINING_MAX = 256, WEB_THREADS = 8 };

struct web_role {
    struct web web;
    struct accept *accept; /* letters that follow what links do */
    struct lesson_box *lessons;
    struct dns *dns; /* for pictures in letters */
    struct admin_server *admin;
    struct slapd_door *slapd; /* NULL where no LDAP is wanted */
    struct limits *peers;     /* of all servers together */
    struct http_server *servers[SERVERS_MAX];
    size_t count;
    struct http_server *draining[DRAINING_MAX]; /* closed by a reload: their connections end by themselves */
    size_t draining_count;
};

/* ---- listeners */

static bool open_one(struct web_role *own, const struct config *config, unsigned share, const char *address,
                     const struct service *service, struct err *err)
{
    /* The console's addresses name what the API names; its files are found in a table (http/site.h). */
    static const char *const names_below[] = { ADMIN_API_BELOW, "/admin/", NULL };
    struct http_server_options options = { .threads = WEB_THREADS,
                                           .max_connections = share,
                                           .peers = own->peers,
                                           .is_tls = service->tls == SERVICE_TLS,
                                           .limit = web_limit,
                                           .names_below = names_below,
                                           .answer = web_answer,
                                           .admits = web_admits,
                                           .argument = &own->web };

    if (own->count == SERVERS_MAX)
        return err_set(err, ERR_LIMIT, "`listen` names more addresses than the web role can open.");
    if (!http_listen_tcp(address, service_port(config, service), &options.fd, err) ||
        !http_server_start(&options, &own->servers[own->count], err))
        return false;
    own->count++;
    return true;
}

static bool is_of_web(const struct service *service)
{
    return strcmp(service->role, "web") == 0;
}

/* Libmicrohttpd spins where no descriptor is left, so each listener gets a part of them that is its own. */
static unsigned share_of_listener(const struct config *config, size_t addresses)
{
    size_t listeners = 0;
    unsigned share;

    for (const struct service *s = services; s->name; s++)
        listeners += is_of_web(s) ? addresses : 0;
    share = descriptors_for_connections(UINT_MAX) / (unsigned)(listeners ? listeners : 1);
    return share < WEB_THREADS                         ? WEB_THREADS
           : share < (unsigned)config->max_connections ? share
                                                       : (unsigned)config->max_connections;
}

static bool open_all(struct web_role *own, const struct config *config, struct err *err)
{
    char **addresses;
    size_t count = 0;
    void *arena = talloc_new(NULL);
    bool done = role_addresses(arena, config->listen, &addresses, &count, err);
    unsigned share = share_of_listener(config, count);

    for (const struct service *s = services; done && s->name; s++)
        for (size_t i = 0; done && is_of_web(s) && i < count; i++)
            done = open_one(own, config, share, addresses[i], s, err);
    talloc_free(arena);
    return done;
}

static bool believe(struct web_role *own, const struct config *config, struct err *err)
{
    void *arena = talloc_new(NULL);
    struct net_network *proxies;
    size_t count;
    bool done = role_networks(arena, config->trusted_proxies, &proxies, &count, err);

    for (size_t i = 0; done && i < own->count; i++)
        http_server_believe(own->servers[i], proxies, count);
    talloc_free(arena);
    return done;
}

static bool load_certificates(const struct config *config, struct err *err)
{
    void *arena = talloc_new(NULL);
    struct tls_config tls;
    bool done = certificates_find(arena, config, &tls, err) && http_certificates_load(&tls, err);

    talloc_free(arena);
    return done;
}

static bool open_links(struct role *role, struct web_role *own, struct err *err)
{
    const struct storage_parts *parts = storage_parts(role->storage);
    struct accept_options options;

    role_accept_options(role, &options);
    options.wake = parts->wake;
    if (!accept_open(own, &options, &own->accept, err))
        return false;
    own->web.links = link_pages_new(own, parts->directory, own->accept);
    own->web.directory = parts->directory;
    return true;
}

static bool open_jmap(struct role *role, struct web_role *own, struct err *err)
{
    const struct storage_parts *parts = storage_parts(role->storage);
    const struct config *config = role->config;
    const struct dns_options dns = { .servers = config->dns, .trust_anchor = config->trust_anchor };
    struct net_network *networks, *push_networks;
    size_t network_count, push_network_count;

    if (!dns_open(&dns, &own->dns, err) ||
        !role_networks(own, config->picture_networks, &networks, &network_count, err) ||
        !role_networks(own, config->push_networks, &push_networks, &push_network_count, err))
        return false;
    const struct jmap_options options = { .directory = parts->directory,
                                          .groups = parts->groups,
                                          .cache = parts->cache,
                                          .deliver = parts->deliver,
                                          .auth = parts->auth,
                                          .lessons = own->lessons,
                                          .wake = parts->wake,
                                          .message_max = config->max_message_size,
                                          .search_time_us = config->search_time_s * US_PER_S,
                                          .script_max = config->max_script_size,
                                          .origins = config->jmap_origins,
                                          .host_name = config->hostname,
                                          .ask_admin = web_ask_admin,
                                          .host = &own->web,
                                          .submission_socket =
                                              config_path(role->arena, config, "run/submission.sock"),
                                          .undo_s = (int)config->undo_window_s,
                                          .dns = own->dns,
                                          .ca_file = config->trusted_certificates,
                                          .openpgp_socket = config_path(role->arena, config, OPENPGP_SOCKET),
                                          .picture_networks = networks,
                                          .picture_network_count = network_count,
                                          .push_networks = push_networks,
                                          .push_network_count = push_network_count };

    own->web.dav = dav_open(own, parts->directory, parts->auth);
    return jmap_open(&options, &own->web.jmap, err);
}

/* ---- LDAP */

static bool may_send_password(void *arg, const struct net_address *peer)
{
    const struct web *web = arg;
    int allowed = atomic_load(&web->config)->plaintext_login;

    return allowed == PLAINTEXT_LOGIN_ALWAYS ||
           (allowed == PLAINTEXT_LOGIN_LOOPBACK && net_is_loopback(peer));
}

static const char *open_organisation(void *arg)
{
    const struct web *web = arg;

    return atomic_load(&web->config)->ldap_organisation;
}

static bool open_slapd(struct role *role, struct web_role *own, const struct config *config, struct err *err)
{
    const struct storage_parts *parts = storage_parts(role->storage);
    const struct slapd_options options = { .directory = parts->directory,
                                           .auth = parts->auth,
                                           .socket_path = config_path(role->arena, config, "run/ldap.sock"),
                                           .may_send_password = may_send_password,
                                           .open_organisation = open_organisation,
                                           .arg = &own->web };

    if (!config->ldap)
        slapd_door_close(&own->slapd);
    return !config->ldap || own->slapd || slapd_door_open(own, &options, &own->slapd, err);
}

bool role_web_start(struct role *role, struct err *err)
{
    struct web_role *own = talloc_zero(role->arena, struct web_role);
    char *socket_path = config_path(role->arena, role->config, "run/admin.sock");

    role->own = own;
    own->web.state = web_state_new();
    own->peers = limits_new((unsigned)role->config->max_connections_per_address,
                            (unsigned)role->config->max_connection_rate);
    atomic_init(&own->web.config, role->config);
    own->web.front_ends = front_ends_load(own, role->config);
    if (!load_certificates(role->config, err) || !storage_open(role, &role->storage, err) ||
        !open_links(role, own, err) ||
        !lesson_box_open(own, storage_parts(role->storage)->directory, &own->lessons, err) ||
        !open_jmap(role, own, err) ||
        !admin_server_start(role->config, role->storage, socket_path, &own->admin, err))
        return false;
    own->web.api = admin_server_api(own->admin);
    return open_slapd(role, own, role->config, err) && open_all(own, role->config, err) &&
           believe(own, role->config, err);
}

/* ---- a reload */

static void forget_drained(struct web_role *own)
{
    size_t kept = 0;

    for (size_t i = 0; i < own->draining_count; i++)
        if (http_server_is_drained(own->draining[i]))
            http_server_free(&own->draining[i]);
        else
            own->draining[kept++] = own->draining[i];
    own->draining_count = kept;
}

/* Nobody new comes in at the old addresses; who is there is served to the end. */
static void close_all(struct web_role *own)
{
    forget_drained(own);
    for (size_t i = 0; i < own->count; i++) {
        http_server_quiesce(own->servers[i]);
        if (own->draining_count < DRAINING_MAX)
            own->draining[own->draining_count++] = own->servers[i];
        else
            http_server_free(&own->servers[i]);
    }
    own->count = 0;
}

static bool reopen(struct web_role *own, const struct config *old, const struct config *fresh,
                   struct err *err)
{
    struct err ignored = ERR_INIT;

    if (strcmp(old->listen, fresh->listen) == 0 && old->max_connections == fresh->max_connections)
        return true;
    close_all(own);
    if (open_all(own, fresh, err))
        return true;
    close_all(own);
    if (!open_all(own, old, &ignored) || !believe(own, old, &ignored))
        log_err(LOG_LEVEL_ERROR, "main.listen", &ignored);
    return false;
}

static void reload_dns(struct web_role *own, const struct config *config)
{
    const struct dns_options dns = { .servers = config->dns, .trust_anchor = config->trust_anchor };
    struct err err = ERR_INIT;

    if (!dns_reload(own->dns, &dns, &err))
        log_err(LOG_LEVEL_WARNING, "main.reload.dns", &err);
}

bool role_web_reload(struct role *role, const struct config *config, struct err *err)
{
    struct web_role *own = role->own;

    if (!load_certificates(config, err) || !reopen(own, role->config, config, err) ||
        !believe(own, config, err) || !open_slapd(role, own, config, err))
        return false;
    limits_set(own->peers, (unsigned)config->max_connections_per_address,
               (unsigned)config->max_connection_rate);
    reload_dns(own, config);
    admin_server_reload(own->admin, config);
    atomic_store(&own->web.config, config);
    return storage_reload(role->storage, err);
}

void role_web_stop(struct role *role)
{
    struct web_role *own = role->own;

    if (!own)
        return;
    slapd_door_close(&own->slapd);
    jmap_quiesce(own->web.jmap);
    for (size_t i = 0; i < own->count; i++)
        http_server_free(&own->servers[i]);
    for (size_t i = 0; i < own->draining_count; i++)
        http_server_free(&own->draining[i]);
    limits_free(&own->peers);
    web_state_free(&own->web.state);
    admin_server_stop(&own->admin);
    jmap_close(&own->web.jmap);
    dav_close(&own->web.dav);
    dns_close(&own->dns);
    lesson_box_close(&own->lessons);
    http_certificates_forget();
}
