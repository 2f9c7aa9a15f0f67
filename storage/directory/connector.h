/*
 * connector.h -- connectors: what leads mail out of a routing group.
 *
 * An SMTP connector leads to other systems: its address spaces say which domains, its smarthosts (or DNS) how. A routing group
 * connector leads to the servers of another routing group, one way; the way back is another one. Only actors of the whole
 * installation see and change them. The password of a smarthost can be written and not read.
 */
#ifndef DIRECTORY_CONNECTOR_H
#define DIRECTORY_CONNECTOR_H

#include "directory/directory.h"

#include "base/span.h"

enum {
    CONNECTOR_SPACES_MAX = 1000,
    CONNECTOR_SENDERS_MAX = 1000, /* allowed; and as many refused */
    CONNECTOR_HOSTS_MAX = 16,
    CONNECTOR_BRIDGEHEADS_MAX = 50, /* of each side */
    CONNECTORS_MAX = 1000,
    CONNECTOR_COST_MAX = 100,
};

enum connector_kind { CONNECTOR_SMTP, CONNECTOR_ROUTING_GROUP, CONNECTOR_KINDS };
/* "smtp", "routing-group". Static. */
const char *connector_kind_name(enum connector_kind kind);

/* What may go over it: bits of struct connector.priorities. */
enum connector_priority { CONNECTOR_NORMAL = 1, CONNECTOR_LOW = 2, CONNECTOR_HIGH = 4, CONNECTOR_ALL = 7 };

struct connector_space {
    const char *space; /* "example.org", "*.example.org" (its sub-domains), "*" */
    int cost;
};

struct connector_server {
    int64_t server_id;
    const char *name;
};

struct connector {
    int64_t connector_id;
    const char *name;
    enum connector_kind kind;
    int64_t routing_group_id, target_group_id; /* the second: 0 for SMTP */
    const char *routing_group, *target_group;  /* their names; NULL in what is wanted: the first group */
    int64_t organisation_id;                   /* whose mail alone it takes; 0: everybody's */
    const char *organisation;                  /* its name, or NULL */
    bool is_enabled;
    int cost;             /* of a routing group connector, and of a space that names none */
    const char *schedule; /* format/schedule.h */
    int64_t max_bytes;    /* larger messages take another way; 0: no limit */
    unsigned priorities;
    const char *smarthost;      /* "smart.example:587, [192.0.2.1]"; NULL: by DNS */
    const char *tls;            /* "never", "opportunistic", "encrypt", "verify", "implicit" */
    const char *source_address; /* bound to before connecting, as net_source_parse() reads it; NULL: any */
    int connections_max, messages_per_minute; /* 0: no limit of its own */
    int recipients_max;                       /* of one transaction; 0: as the other side takes */
    int alarm_per_hour;                       /* messages: what goes beyond is told, not held; 0: never */
    struct connector_space *spaces;
    size_t space_count;
    struct connector_server *sources, *targets; /* bridgehead servers; none: all of that group */
    size_t source_count, target_count;
    const char **allowed, **refused; /* senders: address, or "@domain"; some allowed: all others are not */
    size_t allowed_count, refused_count;
    const char *login,
        *password; /* of the smarthost; password only from routing_load(). NULL in what is wanted: as
                                     it was; login "": none */
};

/* Ids are looked up from names. ERR_EXISTS; ERR_NOT_FOUND names what does not exist; ERR_INVALID. */
MUST_CHECK bool connector_add(struct directory *directory, const struct actor *actor,
                              const struct connector *wanted, struct err *err);
/* By name; strings and lists are under `owner`. ERR_NOT_FOUND; ERR_DENIED for an actor of one organisation. */
MUST_CHECK bool connector_find(struct directory *directory, const struct actor *actor, const void *owner,
                               const char *name, struct connector *connector_out, struct err *err);
/* All, by name, under `owner`. ERR_DENIED for an actor of one organisation. */
MUST_CHECK bool connector_list(struct directory *directory, const struct actor *actor, const void *owner,
                               struct connector **connectors_out, size_t *count_out, struct err *err);
/* Replaces all but the name, the kind, and a login that is not given. */
MUST_CHECK bool connector_set(struct directory *directory, const struct actor *actor,
                              const struct connector *wanted, struct err *err);
/* With its address spaces, bridgeheads, and reports of its links. ERR_NOT_FOUND. */
MUST_CHECK bool connector_remove(struct directory *directory, const struct actor *actor, const char *name,
                                 struct err *err);

/* One smarthost as written: "[192.0.2.1]:25", "[IPv6:2001:db8::1]", "[smart.example]:587", "smart.example". */
struct connector_host {
    const char *host; /* without brackets */
    uint16_t port;    /* 0: unsaid */
    bool is_exact;    /* in brackets: the name's own mail exchangers are not asked */
    bool is_address;  /* an IP address */
};
/* All of a list. False: one of them is none, or there are more than CONNECTOR_HOSTS_MAX. */
MUST_CHECK bool connector_read_hosts(const void *owner, const char *text,
                                     struct connector_host hosts_out[CONNECTOR_HOSTS_MAX], size_t *count_out);

#endif
