/*
 * listen.h -- the mailboxes that somebody sees, and which of them changed since he was told; private to this room.
 *
 * Under all ways of telling (event streams, WebSocket, push services). A wake-up says only that it is time to look; the counter of changes
 * alone is believed.
 *
 * Threads  a listener belongs to one thread at a time; the callback comes from any.
 */
#ifndef JMAP_LISTEN_H
#define JMAP_LISTEN_H

#include "jmap/request.h"

struct listener;
struct wake_bus;

enum { LISTEN_ACCOUNTS_MAX = 200 };

/* All accounts of who asks, as they are now. ERR_NOT_FOUND: there is none. */
MUST_CHECK bool jmap_listen(struct jmap_request *request, struct listener **listener_out, struct err *err);
/* From now on `callback` is called when one of them may have changed, as wake.h says; `bus` NULL: never. */
void jmap_listen_wake(struct listener *listener, struct wake_bus *bus, void (*callback)(void *argument),
                      void *argument);
/* The callback is not running, and will not be called again. Accepts and sets NULL. */
void jmap_listen_end(struct listener **listener);

/* {account: {type: state}} of those that changed since they were told, a new reference; NULL where none did. `types`: "*", or names
 * separated by commas. */
json_t *jmap_listen_changes(struct listener *listener, const char *types);
/* What jmap_listen_changes() found last was told. */
void jmap_listen_told(struct listener *listener);

/* The state of the first account, as it was told. */
uint64_t jmap_listen_state(const struct listener *listener);
/* He knows the first account as of then. */
void jmap_listen_from(struct listener *listener, uint64_t state);
/* What was told, {account: modseq}, a new reference; and he knows of it. */
json_t *jmap_listen_save(const struct listener *listener);
/* Accounts that are not in it are as they are now. */
void jmap_listen_resume(struct listener *listener, const json_t *saved);

/* Is it a type that has states? */
bool jmap_listen_knows(const char *type);
/* {"@type": "StateChange", "changed": ...}; takes the reference. */
json_t *jmap_state_change(json_t *changed);

#endif
