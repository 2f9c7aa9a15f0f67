/* admin_server.c -- the admin API with what it needs of the program around it. */
#include "main/admin_server.h"

#include "accept/accept.h"
#include "admin_api/api.h"
#include "base/wake.h"
#include "main/check.h"
#include "main/database.h"
#include "main/storage.h"
#include "topology/topology.h"

#include <stdatomic.h>
#include <talloc.h>

struct admin_server {
    _Atomic(const struct config *) config; /* the newest; older ones live as long as the process */
    struct storage *storage;
    struct topology *topology;
    struct admin_api *api;
    struct http_server *http;
};

static bool prepare_group(void *host, int64_t storage_group_id, struct err *err)
{
    struct admin_server *server = host;

    return database_prepare_group(atomic_load(&server->config), storage_group_id, err) &&
           storage_refresh_groups(server->storage, err);
}

static void wake_queue(void *host)
{
    const struct admin_server *server = host;

    wake_publish(storage_parts(server->storage)->wake, ACCEPT_WAKE_GROUP, ACCEPT_WAKE_QUEUE, 0);
}

static void check(void *host, json_t *lines)
{
    struct admin_server *server = host;

    check_server(atomic_load(&server->config), server->storage, lines);
}

bool admin_server_start(const struct config *config, struct storage *storage, const char *path,
                        struct admin_server **server_out, struct err *err)
{
    struct admin_server *server = talloc_zero(NULL, struct admin_server);
    const struct storage_parts *parts = storage_parts(storage);
    struct http_server_options http = {
        .limit = admin_api_limit, .answer = admin_api_answer, .max_connections = 64, .timeout_s = 600
    };

    atomic_init(&server->config, config);
    server->storage = storage;
    if (!topology_open(
            server, &(struct topology_options){ .directory = parts->directory, .server = config->hostname },
            &server->topology, err)) {
        talloc_free(server);
        return false;
    }
    server->api = admin_api_new(server, &(struct admin_api_options){ .directory = parts->directory,
                                                                     .groups = parts->groups,
                                                                     .cache = parts->cache,
                                                                     .deliver = parts->deliver,
                                                                     .topology = server->topology,
                                                                     .message_max = config->max_message_size,
                                                                     .script_max = config->max_script_size,
                                                                     .host = server,
                                                                     .prepare_group = prepare_group,
                                                                     .wake_queue = wake_queue,
                                                                     .check = check });
    http.argument = server->api;
    if (!http_listen_unix(path, 0600, &http.fd, err) || !http_server_start(&http, &server->http, err)) {
        topology_close(&server->topology);
        talloc_free(server);
        return false;
    }
    *server_out = server;
    return true;
}

void admin_server_reload(struct admin_server *server, const struct config *config)
{
    atomic_store(&server->config, config);
    admin_api_set_message_max(server->api, config->max_message_size);
}

void admin_server_stop(struct admin_server **server)
{
    if (!*server)
        return;
    http_server_free(&(*server)->http);
    topology_close(&(*server)->topology);
    talloc_free(*server);
    *server = NULL;
}
