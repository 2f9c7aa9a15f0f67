/* role_web.c -- HTTP and HTTPS for everybody, and the admin API on its Unix socket. */
#include "main/role_web.h"

#include "main/admin_server.h"
#include "main/role.h"
#include "main/storage.h"

#include <string.h>
#include <talloc.h>

enum { SERVERS_MAX = 32, WEB_THREADS = 8 };

struct web_role {
    struct web web;
    struct admin_server *admin;
    struct http_server *plain[SERVERS_MAX], *tls[SERVERS_MAX];
    size_t plain_count, tls_count;
    struct net_network *proxies;
    size_t proxy_count;
};

static bool open_one(struct role *role, const char *address, const struct service *service, struct err *err)
{
    struct web_role *own = role->own;
    struct http_server_options options = { .threads = WEB_THREADS,
                                           .max_connections = (unsigned)role->config->max_connections,
                                           .max_per_address = 0,
                                           .limit = web_limit,
                                           .answer = web_answer,
                                           .argument = &own->web,
                                           .proxies = own->proxies,
                                           .proxy_count = own->proxy_count };
    bool is_tls = service->tls == SERVICE_TLS;
    struct http_server **place = is_tls ? &own->tls[own->tls_count] : &own->plain[own->plain_count];

    if (is_tls) {
        options.certificate = role->config->tls_certificate;
        options.key = role->config->tls_key;
    }
    if (!http_listen_tcp(address, service_port(role->config, service), &options.fd, err) ||
        !http_server_start(&options, place, err))
        return false;
    *(is_tls ? &own->tls_count : &own->plain_count) += 1;
    return true;
}

static bool open_all(struct role *role, struct err *err)
{
    const struct web_role *own = role->own;
    char **addresses;
    size_t count;

    if (!role_addresses(role->arena, role->config->listen, &addresses, &count, err))
        return false;
    for (const struct service *s = services; s->name; s++)
        for (size_t i = 0; strcmp(s->role, "web") == 0 && i < count && own->tls_count < SERVERS_MAX; i++)
            if (!open_one(role, addresses[i], s, err))
                return false;
    return true;
}

bool role_web_start(struct role *role, struct err *err)
{
    struct web_role *own = talloc_zero(role->arena, struct web_role);
    char *socket_path = config_path(role->arena, role->config, "run/admin.sock");

    role->own = own;
    atomic_init(&own->web.config, role->config);
    return role_networks(role->arena, role->config->trusted_proxies, &own->proxies, &own->proxy_count, err) &&
           storage_open(role, &role->storage, err) &&
           admin_server_start(role->config, role->storage, socket_path, &own->admin, err) &&
           open_all(role, err);
}

bool role_web_reload(struct role *role, const struct config *config, struct err *err)
{
    struct web_role *own = role->own;

    for (size_t i = 0; i < own->tls_count; i++)
        if (!http_server_reload(own->tls[i], config->tls_certificate, config->tls_key, err))
            return false;
    atomic_store(&own->web.config, config);
    admin_server_reload(own->admin, config);
    return storage_reload(role->storage, err);
}

void role_web_stop(struct role *role)
{
    struct web_role *own = role->own;

    if (!own)
        return;
    for (size_t i = 0; i < own->tls_count; i++)
        http_server_free(&own->tls[i]);
    for (size_t i = 0; i < own->plain_count; i++)
        http_server_free(&own->plain[i]);
    admin_server_stop(&own->admin);
}
