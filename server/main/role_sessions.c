/* role_sessions.c -- what the roles with line protocols share: TLS, limits, listeners. */
#include "main/role.h"

#include "dns/dns.h"
#include "main/certificates.h"
#include "main/roll_keeper.h"
#include "main/storage.h"

#include <assert.h>
#include <string.h>
#include <sys/socket.h>
#include <talloc.h>
#include <unistd.h>

enum { STOP_MS = 15000 };

/* ---- addresses and networks */

static bool next_word(const char **text, struct span *word_out)
{
    size_t length;

    *text += strspn(*text, ", ");
    length = strcspn(*text, ", ");
    *word_out = span_of(*text, length);
    *text += length;
    return length > 0;
}

bool role_networks(const void *owner, const char *text, struct net_network **networks_out, size_t *count_out,
                   struct err *err)
{
    struct net_network *networks = NULL;
    struct span word;
    size_t count = 0;

    while (next_word(&text, &word)) {
        networks = talloc_realloc(owner, networks, struct net_network, (unsigned)count + 1);
        if (!net_network_parse(word, &networks[count++]))
            return err_set(err, ERR_INVALID, "%.*s is not a network such as 192.0.2.0/24.",
                           (int)span_length(word), word.p);
    }
    *networks_out = networks;
    *count_out = count;
    return true;
}

/* ---- starting */

static bool settings_of(const void *owner, const struct config *config, struct session_server_config *out,
                        struct err *err)
{
    struct net_network *trusted = NULL;

    *out = (struct session_server_config){
        .reactors = (unsigned)config->reactors,
        .workers = (unsigned)config->workers,
        .max_sessions = (unsigned)config->max_connections,
        .max_per_peer = (unsigned)config->max_connections_per_address,
        .max_new_per_peer = (unsigned)config->max_connection_rate,
        .spool_directory = config_path(owner, config, "spool"),
    };
    if (!role_networks(owner, config->trusted_proxies, &trusted, &out->trusted_count, err))
        return false;
    out->trusted = trusted;
    return true;
}

bool role_sessions_start(struct role *role, struct err *err)
{
    struct session_server_config settings;
    struct tls_config tls;

    return settings_of(role->arena, role->config, &settings, err) &&
           certificates_find(role->arena, role->config, &tls, err) && tls_server_new(&tls, &role->tls, err) &&
           storage_open(role, &role->storage, err) && session_server_start(&settings, &role->sessions, err) &&
           roll_keeper_start(role->arena, role->sessions, storage_parts(role->storage)->directory,
                             talloc_asprintf(role->arena, "%s/%s", role->config->hostname, role->kind->name),
                             &role->roll, err);
}

static const struct service *service_named(const char *name)
{
    const struct service *service = services;

    while (service->name && strcmp(service->name, name) != 0)
        service++;
    return service->name ? service : NULL;
}

static bool machine_has_ipv6(void)
{
    int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

bool role_addresses(const void *owner, const char *text, char ***addresses_out, size_t *count_out,
                    struct err *err)
{
    char **addresses = NULL;
    struct span word;
    size_t count = 0;

    while (next_word(&text, &word)) {
        addresses = talloc_realloc(owner, addresses, char *, (unsigned)count + 1);
        addresses[count++] = span_equals_text(word, "*")
                                 ? talloc_strdup(owner, machine_has_ipv6() ? "::" : "0.0.0.0")
                                 : span_copy(owner, word);
    }
    *addresses_out = addresses;
    *count_out = count;
    return count > 0 || err_set(err, ERR_INVALID, "`listen` names no address.");
}

static bool add_listener(struct role *role, struct role_door *door, const struct session_listen *listen,
                         struct err *err)
{
    struct session_listener *listener;

    if (!session_server_listen(role->sessions, listen, &listener, err))
        return false;
    door->listeners = talloc_realloc(role->arena, door->listeners, struct session_listener *,
                                     (unsigned)door->listener_count + 1);
    door->listeners[door->listener_count++] = listener;
    return true;
}

static bool open_addresses(struct role *role, const struct config *config, struct role_door *door,
                           struct session_listen *listen, struct err *err)
{
    const char *text = door->service->is_loopback_only ? "127.0.0.1" : config->listen;
    char **addresses;
    size_t count;

    if (!role_addresses(role->arena, text, &addresses, &count, err))
        return false;
    for (size_t i = 0; i < count; i++) {
        listen->address = addresses[i];
        if (!add_listener(role, door, listen, err))
            return false;
    }
    return true;
}

static bool open_door(struct role *role, const struct config *config, struct role_door *door, struct err *err)
{
    struct net_network *proxies = NULL;
    struct session_listen listen = {
        .protocol = door->protocol,
        .context = door->context,
        .name = door->service->name,
        .fd = -1,
        .tls = role->tls,
        .is_implicit_tls = door->service->tls == SERVICE_TLS,
        .plaintext_login = (enum plaintext_login)config->plaintext_login,
        .port = service_port(config, door->service),
    };

    if (door->is_unix) {
        /* LMTP is for neighbours of our group; who submits here says who he is and is believed (smtp/cmd_auth.c). */
        listen.unix_mode = strcmp(door->service->name, "submission") == 0 ? 0600 : 0660;
        listen.unix_path = talloc_asprintf(role->arena, "%s/run/%s.sock", config->data, door->service->name);
        return add_listener(role, door, &listen, err);
    }
    if (!role_networks(role->arena, config->trusted_proxies, &proxies, &listen.proxy_count, err))
        return false;
    listen.proxies = proxies;
    return open_addresses(role, config, door, &listen, err);
}

static void close_doors(struct role *role)
{
    for (size_t i = 0; i < role->door_count; i++) {
        for (size_t j = 0; j < role->doors[i].listener_count; j++)
            session_listener_close(&role->doors[i].listeners[j]);
        role->doors[i].listener_count = 0;
    }
}

static bool open_doors(struct role *role, const struct config *config, struct err *err)
{
    for (size_t i = 0; i < role->door_count; i++)
        if (!open_door(role, config, &role->doors[i], err))
            return false;
    return true;
}

static bool add_door(struct role *role, const struct role_door *door, struct err *err)
{
    assert(door->service); /* the callers' names are ours */
    role->doors = talloc_realloc(role->arena, role->doors, struct role_door, (unsigned)role->door_count + 1);
    role->doors[role->door_count] = *door;
    return open_door(role, role->config, &role->doors[role->door_count++], err);
}

bool role_listen(struct role *role, const char *name, const struct protocol *protocol, void *context,
                 struct err *err)
{
    return add_door(role, &(struct role_door){ service_named(name), protocol, context, .is_unix = false },
                    err);
}

bool role_listen_unix(struct role *role, const char *name, const struct protocol *protocol, void *context,
                      struct err *err)
{
    return add_door(role, &(struct role_door){ service_named(name), protocol, context, .is_unix = true },
                    err);
}

/* ---- while running, and the end */

static bool doors_differ(const struct config *old, const struct config *fresh)
{
    return strcmp(old->listen, fresh->listen) != 0 || old->plaintext_login != fresh->plaintext_login ||
           strcmp(old->trusted_proxies, fresh->trusted_proxies) != 0;
}

/* Sessions go on; for a moment nobody new comes in. Where the new addresses cannot be opened the old ones are again. */
static bool reopen_doors(struct role *role, const struct config *config, struct err *err)
{
    struct err ignored = ERR_INIT;

    if (!doors_differ(role->config, config))
        return true;
    close_doors(role);
    if (open_doors(role, config, err))
        return true;
    close_doors(role);
    if (!open_doors(role, role->config, &ignored))
        log_err(LOG_LEVEL_ERROR, "main.listen", &ignored);
    return false;
}

void role_replace_context(struct role *role, const void *old, void *fresh)
{
    for (size_t i = 0; i < role->door_count; i++) {
        if (role->doors[i].context != old)
            continue;
        role->doors[i].context = fresh;
        for (size_t j = 0; j < role->doors[i].listener_count; j++)
            session_listener_set_context(role->doors[i].listeners[j], fresh);
    }
}

static bool reload_dns(const struct role *role, const struct config *config, struct err *err)
{
    struct dns_options options = { .servers = config->dns, .trust_anchor = config->trust_anchor };
    struct dns *dns = storage_parts(role->storage)->dns;

    return !dns || dns_reload(dns, &options, err);
}

bool role_sessions_reload(struct role *role, const struct config *config, struct err *err)
{
    void *arena = talloc_new(NULL);
    struct session_server_config settings;
    struct tls_config tls;
    bool done = settings_of(arena, config, &settings, err) && certificates_find(arena, config, &tls, err) &&
                tls_server_reload(role->tls, &tls, err) && storage_reload(role->storage, err) &&
                reload_dns(role, config, err) && reopen_doors(role, config, err);

    if (done)
        session_server_set_limits(role->sessions, &settings);
    talloc_free(arena);
    return done;
}

void role_sessions_stop(struct role *role)
{
    if (role->sessions) {
        session_server_stop(role->sessions, STOP_MS);
        roll_keeper_stop(&role->roll);
        session_server_free(&role->sessions);
    }
    tls_server_free(&role->tls);
}
