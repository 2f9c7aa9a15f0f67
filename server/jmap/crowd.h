/*
 * crowd.h -- how many requests, uploads and streams one client, and one person with all clients, has at once (RFC 8620, 2); private
 * to this room.
 *
 * Threads  any.
 */
#ifndef JMAP_CROWD_H
#define JMAP_CROWD_H

#include "base/compiler.h"

#include <stdbool.h>
#include <stdint.h>

enum jmap_crowd_kind {
    CROWD_REQUESTS,
    CROWD_UPLOADS,
    CROWD_STREAMS,
    CROWD_PICTURES,
    CROWD_SOCKETS,
    CROWD_KINDS
};
/* A browser that turns many pages leaves some behind, which end as soon as the server hears that they were closed. */
enum { JMAP_STREAMS_AT_ONCE = 128, JMAP_SOCKETS_AT_ONCE = 16, JMAP_CLIENTS_AT_ONCE = 4 };

struct identity;

struct jmap_client {
    int64_t recipient_id, login;
};
/* It is known by what it came in with: a session, a token, an app password; all that use the account's own password are one. */
struct jmap_client jmap_client_of(const struct identity *identity);

struct jmap_crowd;
/* Nobody is there yet. */
struct jmap_crowd *jmap_crowd_new(const void *owner);
/* Everybody has left. Accepts and sets NULL. */
void jmap_crowd_free(struct jmap_crowd **crowd);
/* One more; false where the client, or the person, has as many as may be. jmap_crowd_leave() must follow a true. */
MUST_CHECK bool jmap_crowd_enter(struct jmap_crowd *crowd, struct jmap_client client,
                                 enum jmap_crowd_kind kind);
/* One less. */
void jmap_crowd_leave(struct jmap_crowd *crowd, struct jmap_client client, enum jmap_crowd_kind kind);

#endif
