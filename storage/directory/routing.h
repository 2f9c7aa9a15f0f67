/*
 * routing.h -- which servers, routing groups and connectors an installation has, and which links are down: all of it at
 * once, as routing/topology keeps it in memory.
 *
 * Ownership  everything belongs to the talloc context `owner`.
 */
#ifndef DIRECTORY_ROUTING_H
#define DIRECTORY_ROUTING_H

#include "directory/connector.h"
#include "directory/server.h"

struct routing_group {
    int64_t routing_group_id;
    const char *name;
    int64_t server_count, storage_group_count; /* routing_group_list() only */
};

/* Which routing group files into a storage group. */
struct routing_home {
    int64_t storage_group_id, routing_group_id;
};

/* A link that failed. */
struct routing_link {
    int64_t connector_id;
    const char *connector; /* its name */
    const char *host;      /* of the other side; "": all of it */
    int64_t since_us, until_us;
    const char *reporter; /* the server that met it; NULL: not a registered one */
    const char *reason;
};

struct routing {
    int64_t stamp;
    struct routing_group *groups; /* by id: the first is where everything is that names none */
    size_t group_count;
    struct server *servers;
    size_t server_count;
    struct routing_home *homes;
    size_t home_count;
    struct connector *connectors; /* with passwords */
    size_t connector_count;
    struct routing_link *links;
    size_t link_count;
};

/* One snapshot. */
MUST_CHECK bool routing_load(struct directory *directory, const void *owner, struct routing *routing_out,
                             struct err *err);
/* Has it changed since? */
MUST_CHECK bool routing_stamp(struct directory *directory, int64_t *stamp_out, struct err *err);

/* Forgets links whose time is over, too. */
MUST_CHECK bool link_report_down(struct directory *directory, const struct routing_link *link,
                                 int64_t reporter_id, struct err *err);
/* It works again. Nothing is written where nobody had reported it down. */
MUST_CHECK bool link_report_up(struct directory *directory, int64_t connector_id, const char *host,
                               struct err *err);

/* Routing groups. Only actors of the whole installation. ERR_EXISTS, ERR_NOT_FOUND. */
enum { ROUTING_GROUPS_MAX = 250 };
MUST_CHECK bool routing_group_add(struct directory *directory, const struct actor *actor, const char *name,
                                  struct err *err);
/* All, oldest first, with how many servers and storage groups each has; under `owner`. */
MUST_CHECK bool routing_group_list(struct directory *directory, const struct actor *actor, const void *owner,
                                   struct routing_group **groups_out, size_t *count_out, struct err *err);
/* Another name. */
MUST_CHECK bool routing_group_set(struct directory *directory, const struct actor *actor, const char *name,
                                  const char *new_name, struct err *err);
/* ERR_DEPENDED_ON: servers, storage groups or connectors are in it. */
MUST_CHECK bool routing_group_remove(struct directory *directory, const struct actor *actor, const char *name,
                                     struct err *err);
/* Puts a server or a storage group into a routing group. */
MUST_CHECK bool server_set_routing_group(struct directory *directory, const struct actor *actor,
                                         const char *server, const char *routing_group, struct err *err);
/* Where other servers hand mail to it: "HOST[:PORT]"; NULL: its name. */
MUST_CHECK bool server_set_address(struct directory *directory, const struct actor *actor, const char *server,
                                   const char *address, struct err *err);
/* Puts a storage group into a routing group: what is delivered into it is filed by servers there. */
MUST_CHECK bool storage_group_set_routing_group(struct directory *directory, const struct actor *actor,
                                                const char *storage_group, const char *routing_group,
                                                struct err *err);
/* A server that is gone for good. ERR_DEPENDED_ON while connectors name it. */
MUST_CHECK bool server_remove(struct directory *directory, const struct actor *actor, const char *name,
                              struct err *err);

#endif
