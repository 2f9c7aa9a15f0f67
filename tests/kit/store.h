/*
 * store.h -- a storage group of its own for a test: group 1 with store 1, on the private PostgreSQL of kit/pg.h.
 */
#ifndef KIT_STORE_H
#define KIT_STORE_H

#include "group/group.h"
#include "kit/pg.h"

struct kit_store {
    struct groups *groups;
    struct group *group;
    char *conninfo;
};

enum { KIT_GROUP_ID = 1, KIT_STORE_ID = 1, KIT_ORGANISATION_ID = 100, KIT_DOMAIN_ID = 200 };

/* A fresh database, migrated. Talloc children of `owner`; close with kit_store_close() before freeing it. */
struct kit_store *kit_store_open(const void *owner);
void kit_store_close(struct kit_store *store);

/* A mailbox with INBOX only, in KIT_ORGANISATION_ID and KIT_DOMAIN_ID; quotas 0: none. Ends the program on failure. */
void kit_store_mailbox(struct kit_store *store, int64_t mailbox_id, int64_t quota_bytes,
                       int64_t quota_messages);

/* The one integer that this SQL gives (constant text; `id` is $1). */
int64_t kit_store_number(struct kit_store *store, const char *sql, int64_t id);
/* Runs a statement with $1 = id. */
void kit_store_exec(struct kit_store *store, const char *sql, int64_t id);

#endif
