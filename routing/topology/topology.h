/*
 * topology.h -- which way a copy goes from this server: routing groups, connectors, link state.
 *
 * Servers of one routing group file into each other's storage groups directly; between groups mail travels over routing
 * group connectors only. Mail to other domains goes over the SMTP connector whose address space fits best, and where
 * none fits, directly to the domain's mail exchangers.
 *
 * Choice     Of the SMTP connectors that this sender, organisation and size may use, those with the most specific address
 *            space count ("example.org" before "*.example.org" before "*"), of these the ones made for the sender, then for
 *            the organisation, then for all; then the least cost: of the connector and of the cheapest path of open
 *            connectors to the group that has it. Equal ways share the load. A way that is closed now, by schedule or by a
 *            fault, is left for the next; where all that fit are closed, ROUTE_WAIT says until when.
 * No loops   The cost that is left falls with each hop while all servers see the same state. While they do not,
 *            `visited` prevents a circle: no way leads into a routing group that the message has left.
 * Backup     A question with is_backup never gets a host: only exchangers better than ourselves, or nothing.
 * Freshness  Configuration and link state are kept in memory and looked at again when a stamp in the directory has changed, which is
 *            read once a second, and at once after DIRECTORY_WAKE_CHANGED. A decision costs no query otherwise, whatever the
 *            number of recipients.
 *
 * Errors     false only for trouble that passes (ERR_BUSY, ERR_INTERNAL). No way is an answer: ROUTE_NONE, ROUTE_WAIT.
 * Threads    all functions may be called from any thread.
 */
#ifndef TOPOLOGY_TOPOLOGY_H
#define TOPOLOGY_TOPOLOGY_H

#include "base/err.h"
#include "base/span.h"
#include "topology/route.h"

struct directory;
struct topology;
struct wake_bus;

struct topology_options {
    struct directory *directory; /* outlives it */
    int64_t server_id;           /* ours (directory/server.h); 0: by name */
    const char *server; /* the name; NULL, or while it is not registered: a server of the first group */
    struct wake_bus
        *wake; /* tells of changes, and is told of what topology_report() learns; outlives it; NULL: none */
};

/* Under `owner`. Copies the options but not the directory, which must outlive it. Reads nothing yet, so it succeeds
 * while the database is down. */
MUST_CHECK bool topology_open(const void *owner, const struct topology_options *options,
                              struct topology **topology_out, struct err *err);
/* Accepts and sets NULL. */
void topology_close(struct topology **topology);

enum topology_priority { TOPOLOGY_NORMAL, TOPOLOGY_LOW, TOPOLOGY_HIGH, TOPOLOGY_PRIORITIES };

struct topology_question {
    const char *sender;    /* envelope; "" for <> */
    const char *recipient; /* address as SMTP writes it; may be NULL for a mailbox */
    const char *domain;    /* the recipient's, canonical; NULL for a mailbox */
    int64_t
        organisation_id; /* in whose name: of the logged-in sender, or of the recipient that sends it on; 0: none */
    int64_t storage_group_id; /* of a mailbox of ours; 0: the recipient is elsewhere */
    int64_t size_bytes;
    enum topology_priority priority;
    bool is_backup; /* RESOLVE_WHY_BACKUP */
    bool
        is_relay; /* RESOLVE_WHY_RELAY: only a connector made for this domain leads there, never "*" or DNS */
    const int64_t
        *visited; /* ids of servers that had the message before, as topology_read_path() gives them */
    size_t visited_count;
    int64_t server_id; /* asks as this server; 0: ours */
    int64_t
        message_id; /* copies of one message go the same way where several are equal; 0: each in its turn */
    int64_t now_us; /* 0: now */
};

/* ROUTE_STORE only for a mailbox, ROUTE_MX only for others. The route belongs to `owner`. */
MUST_CHECK bool topology_route(struct topology *topology, const void *owner,
                               const struct topology_question *question, struct route *route_out,
                               struct err *err);

/* The way over that connector alone, whatever its state, to try it out: for an address of `domain` where it asks the DNS.
 * ERR_NOT_FOUND: it is not known yet, or rests. */
MUST_CHECK bool topology_by_connector(struct topology *topology, const void *owner, int64_t connector_id,
                                      const char *domain, struct route *route_out, struct err *err);

/* Do our servers file into this storage group themselves? While nothing is known yet: yes. */
bool topology_is_near(struct topology *topology, int64_t storage_group_id);

/* What waits in the queue belongs to the routing group that accepted it, so that it leaves over that group's connectors:
 * its lane begins with "@3/", but for the first group, whose lanes are as they are. Under `owner`. */
char *topology_lane(struct topology *topology, const void *owner, const char *lane);
/* Is it work for our servers: of our routing group, or of one that has no server (any more)? */
bool topology_owns_lane(struct topology *topology, const char *lane);

/* The link over `connector_id` to `host` (as in struct route_host; "": the connector as a whole, for those that use DNS)
 * failed or works. Written to the directory only where it changes something; all servers see it within 5 s. A failure is
 * forgotten after TOPOLOGY_DOWN_S: then the link is tried again. connector_id 0 is ignored. */
enum { TOPOLOGY_DOWN_S = 300 };
MUST_CHECK bool topology_report(struct topology *topology, int64_t connector_id, const char *host, bool is_up,
                                const char *reason, struct err *err);

/* Messages between our servers carry "X-Chappe-Path: 3 1 7" with the ids of the servers they have passed. The line for a
 * message that leaves us after `visited`, with CRLF. (An id is known from the first decision on.) */
enum { TOPOLOGY_PATH_MAX = 64 };
char *topology_path_field(const void *owner, struct topology *topology, const int64_t *visited,
                          size_t visited_count);
/* The ids in a field's value; anything else in it ends the list. */
size_t topology_read_path(struct span value, int64_t ids_out[TOPOLOGY_PATH_MAX]);

#endif
