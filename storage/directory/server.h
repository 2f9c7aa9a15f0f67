/*
 * server.h -- the machines and databases of the installation: servers, routing group, storage groups, stores.
 * Only actors of the whole installation change them.
 */
#ifndef DIRECTORY_SERVER_H
#define DIRECTORY_SERVER_H

#include "directory/directory.h"

struct server {
    int64_t server_id, routing_group_id;
    const char *name; /* host name */
    int64_t seen_us;
    const char *address; /* where other servers hand mail to it, as a smarthost is written; NULL: its name */
};
/* Makes itself known or renews seen_us; there is one routing group at first. That its links were down is forgotten. */
MUST_CHECK bool server_register(struct directory *directory, const char *name, int64_t *server_id_out,
                                struct err *err);
/* All that ever made themselves known, by name. */
MUST_CHECK bool server_list(struct directory *directory, const void *owner, struct server **servers_out,
                            size_t *count_out, struct err *err);

/* What a server proves itself with to the others; made where it has none yet. ERR_NOT_FOUND: no such server. For whoever routes
 * mail: the key never leaves the process. */
enum { SERVER_KEY_BYTES = 32 };
MUST_CHECK bool server_key(struct directory *directory, const char *name, int64_t *server_id_out,
                           uint8_t key_out[SERVER_KEY_BYTES], struct err *err);
/* The next one to be asked for is another. ERR_NOT_FOUND. */
MUST_CHECK bool server_forget_key(struct directory *directory, const struct actor *actor, const char *name,
                                  struct err *err);

struct storage_group {
    int64_t storage_group_id;
    const char *name;
    const char *
        conninfo; /* NULL: database chappe_group_<id> of the private cluster. Sealed in the directory: it may hold a password */
    bool is_locked; /* the key is missing that conninfo is sealed with: where the database is is not known */
    bool keeps_conninfo; /* of storage_group_set(): as it is */
    bool takes_new;      /* new mailboxes may be put here */
    int64_t mailbox_count;
    const char *routing_group; /* whose servers file into it; NULL: that of all */
};
/* ERR_EXISTS for a name that is taken. */
MUST_CHECK bool storage_group_add(struct directory *directory, const struct actor *actor,
                                  const struct storage_group *wanted, int64_t *storage_group_id_out,
                                  struct err *err);
/* All, the oldest first: no organisation owns one. */
MUST_CHECK bool storage_group_list(struct directory *directory, const void *owner,
                                   struct storage_group **groups_out, size_t *count_out, struct err *err);
/* Another name, conninfo (NULL: private) and takes_new. ERR_EXISTS for a name that is taken. */
MUST_CHECK bool storage_group_set(struct directory *directory, const struct actor *actor,
                                  const struct storage_group *wanted, struct err *err);
/* ERR_DEPENDED_ON: it has stores. */
MUST_CHECK bool storage_group_remove(struct directory *directory, const struct actor *actor,
                                     int64_t storage_group_id, struct err *err);

/* Of its mailboxes. Limits are of a mailbox without a limit of its own; 0: none. */
struct store_policy {
    int deleted_item_days;    /* how long expunged messages stay recoverable; -1: as the configuration says */
    int deleted_mailbox_days; /* how long a deleted mailbox can be reconnected */
    int64_t warn_bytes;       /* from there its owner is warned; 0: from 80 % of no_receive_bytes */
    int64_t no_send_bytes;    /* from there its owner cannot send */
    int64_t no_receive_bytes; /* so much and no more */
};

struct store {
    int64_t store_id, storage_group_id;
    const char *name; /* unique in its storage group */
    bool is_public;   /* public folder store */
    bool is_mounted;  /* what the administrator wants; the storage group knows what is */
    int64_t mailbox_count;
    int64_t organisation_id; /* new mailboxes of this organisation only, and first; 0: of all */
    struct store_policy policy;
};
/* ERR_EXISTS for a name that is taken in its storage group. Its policy is the usual one. */
MUST_CHECK bool directory_store_add(struct directory *directory, const struct actor *actor,
                                    const struct store *wanted, int64_t *store_id_out, struct err *err);
/* Stores of all storage groups. */
MUST_CHECK bool directory_store_list(struct directory *directory, const void *owner,
                                     struct store **stores_out, size_t *count_out, struct err *err);
struct user;
/* Who has a mailbox in it, at most `limit`, by number: recipient_id, address and mailbox are filled. Across organisations. */
MUST_CHECK bool directory_store_users(struct directory *directory, const void *owner, int64_t store_id,
                                      size_t limit, struct user **users_out, size_t *count_out,
                                      struct err *err);
/* Writes down what the administrator wants (is_mounted); ERR_NOT_FOUND. */
MUST_CHECK bool directory_store_mount(struct directory *directory, const struct actor *actor,
                                      int64_t store_id, bool is_mounted, struct err *err);
/* Name, organisation and policy. ERR_EXISTS, ERR_INVALID, ERR_NOT_FOUND. */
MUST_CHECK bool directory_store_set(struct directory *directory, const struct actor *actor,
                                    const struct store *wanted, struct err *err);
/* ERR_DEPENDED_ON: mailboxes are in it, also deleted ones, or on their way to it. */
MUST_CHECK bool directory_store_remove(struct directory *directory, const struct actor *actor,
                                       int64_t store_id, struct err *err);

#endif
