/*
 * storage.h -- everything a role needs to reach what is stored: directory, storage groups, logins, delivery.
 *
 * Opens while the databases are down; a thread of its own learns every two seconds from the directory which storage
 * groups there are, so that a new one, or one that moved, is used without a restart. Whoever meets an unknown one before that asks
 * at once (group/group.h).
 *
 * Threads  opened and closed by the role's main thread; the parts say themselves who may use them.
 */
#ifndef MAIN_STORAGE_H
#define MAIN_STORAGE_H

#include "base/err.h"
#include "main/config.h"

struct role;
struct storage_parts {
    struct directory *directory;
    struct sources *sources; /* connections to company directories */
    struct groups *groups;
    struct mailbox_cache *cache;
    struct deliver *deliver;
    struct dns *dns; /* this and the next: NULL in roles that receive no mail */
    struct filter *filter;
    struct rules *rules;
    struct federation *federation;
    struct auth *auth;
    struct fetched *fetched; /* told of, too; NULL but in the role where clients read */
    struct later *refusals;  /* told of in the trace; NULL in roles that receive no mail */
    struct wake_bus *wake;
};

struct storage;
/* Uses role->config, role->wake and role->kind. */
MUST_CHECK bool storage_open(struct role *role, struct storage **storage_out, struct err *err);
/* Accepts and sets NULL. All users of the parts have ended. */
void storage_close(struct storage **storage);
/* What was opened; the storage's, as long as it is open. */
const struct storage_parts *storage_parts(const struct storage *storage);

/* True when the directory answered lately; otherwise `trouble` says why not. NULL storage: up. */
bool storage_is_up(struct storage *storage, char *trouble, size_t size);
/* Connects anew, for changed addresses of the database. */
MUST_CHECK bool storage_reload(struct storage *storage, struct err *err);
/* Sets the gauges of the pools and caches. */
void storage_refresh_metrics(struct storage *storage);
/* Reads the list of storage groups now. */
MUST_CHECK bool storage_refresh_groups(struct storage *storage, struct err *err);

/* How a storage group is reached: as it says, or in a database of its own beside the directory. Under `owner`. */
MUST_CHECK bool storage_group_conninfo(const void *owner, const struct config *config, int64_t id,
                                       const char *stored, char **conninfo_out, struct err *err);

#endif
