/*
 * user.h -- recipients with a mailbox and a login.
 *
 * A user's primary address is the login name. Addresses are canonical keys (format/address.h, address_key());
 * functions take them as an administrator writes them and bring them into that form (ERR_INVALID where that is not
 * possible). Every change raises the user's stamp, by which caches notice.
 *
 * The mailbox itself is made in its storage group by the caller, with the ids that user_add() chose, before or after:
 * mailbox_id equals recipient_id.
 */
#ifndef DIRECTORY_USER_H
#define DIRECTORY_USER_H

#include "directory/credential.h"
#include "directory/directory.h"

enum recipient_kind {
    RECIPIENT_USER,
    RECIPIENT_SHARED,
    RECIPIENT_ROOM,
    RECIPIENT_EQUIPMENT,
    RECIPIENT_CONTACT,
    RECIPIENT_GROUP,
    RECIPIENT_PUBLIC_FOLDER,
    RECIPIENT_ALIAS, /* no mailbox: stands for its targets (directory/alias.h) */
    RECIPIENT_KINDS
};

enum recipient_state {
    RECIPIENT_ACTIVE,
    RECIPIENT_NO_LOGIN, /* mail is accepted, nobody logs in */
    RECIPIENT_DISABLED, /* neither */
    RECIPIENT_STATES
};
/* "user", "shared", ... Static. */
const char *recipient_kind_name(enum recipient_kind kind);
/* "active", "no-login", "disabled". Static. */
const char *recipient_state_name(enum recipient_state state);
/* False for a word that is none. */
MUST_CHECK bool recipient_state_of(const char *name, enum recipient_state *state_out);

/* Where a mailbox lives. */
struct mailbox_location {
    int64_t storage_group_id, store_id, mailbox_id;
};

struct user {
    int64_t recipient_id, organisation_id, administrative_group_id, domain_id;
    enum recipient_kind kind;
    enum recipient_state state;
    const char *address;    /* primary: login name and default sender */
    const char *name;       /* for people; UTF-8 */
    const char **addresses; /* all, the primary first */
    size_t address_count;
    struct mailbox_location mailbox;
    int64_t quota_bytes, quota_messages; /* 0: unlimited */
    unsigned protocols;
    bool has_password;
    int64_t created_us, changed_us, stamp;
};

enum user_field {
    USER_NAME = 1,
    USER_STATE = 2,
    USER_QUOTA = 4, /* both */
    USER_PROTOCOLS = 8,
    USER_GROUP = 16
};

/* Uses address, name, kind, state, quotas, protocols, and, where not 0, group, storage group and store (else the
 * organisation's first group, the store with fewest mailboxes). `credential` NULL: cannot log in by password yet.
 * A mailbox.mailbox_id that is not 0 is that of a deleted mailbox, which becomes this user's.
 * ERR_EXISTS: the address is taken; ERR_NOT_FOUND: the domain is not (the actor's); ERR_INVALID: the domain is an alias
 * or backup. */
MUST_CHECK bool user_add(struct directory *directory, const struct actor *actor, const struct user *wanted,
                         const struct credential *credential, struct user *user_out, const void *owner,
                         struct err *err);
/* Up to 1,000 users of one organisation in one transaction and a few round trips. faults_out[i] says for each what
 * is wrong with it (ERR_NONE: added, and its ids are in users[i]); the rest is added. ERR_EXISTS with a mailbox_id in users[i]:
 * a user of this organisation logs in by that address, whose ids, place and quotas are in users[i] now, so that the caller of
 * an import that broke off can make the mailbox that is still missing. False only when nothing could be done at all. */
MUST_CHECK bool user_import(struct directory *directory, const struct actor *actor, int64_t organisation_id,
                            const void *owner, struct user *users, const struct credential *credentials,
                            size_t count, struct err *faults_out, struct err *err);

/* By any of its addresses. */
MUST_CHECK bool user_find(struct directory *directory, const struct actor *actor, const void *owner,
                          const char *address, struct user *user_out, struct err *err);
/* By id. ERR_NOT_FOUND also where it is not the actor's. */
MUST_CHECK bool user_get(struct directory *directory, const struct actor *actor, const void *owner,
                         int64_t recipient_id, struct user *user_out, struct err *err);

struct user_query {
    int64_t organisation_id; /* 0: all that the actor may see */
    const char *domain;      /* NULL: all */
    const char *text;        /* in name or any address, case and accents aside; NULL: all */
    const char *after;       /* primary address of the last one seen; NULL: from the start */
    bool is_restricted;      /* only who may not use every protocol that his domain and organisation allow */
    size_t limit;            /* 0: 1,000 */
};
/* By primary address. */
MUST_CHECK bool user_list(struct directory *directory, const struct actor *actor, const void *owner,
                          const struct user_query *query, struct user **users_out, size_t *count_out,
                          struct err *err);

/* Changes those fields of `wanted` that `fields` (enum user_field) names. */
MUST_CHECK bool user_set(struct directory *directory, const struct actor *actor, int64_t recipient_id,
                         unsigned fields, const struct user *wanted, struct err *err);
/* Gives it another primary address (in the same organisation); the old one stays as a secondary. */
MUST_CHECK bool user_rename(struct directory *directory, const struct actor *actor, int64_t recipient_id,
                            const char *address, struct err *err);
/* A further address. ERR_EXISTS: it is taken; ERR_NOT_FOUND: its domain is not the actor's. */
MUST_CHECK bool user_address_add(struct directory *directory, const struct actor *actor, int64_t recipient_id,
                                 const char *address, struct err *err);
/* ERR_INVALID: the primary one. */
MUST_CHECK bool user_address_remove(struct directory *directory, const struct actor *actor,
                                    int64_t recipient_id, const char *address, struct err *err);
/* After its mailbox was moved. */
MUST_CHECK bool user_move(struct directory *directory, const struct actor *actor, int64_t recipient_id,
                          const struct mailbox_location *location, struct err *err);
/* Its addresses and app passwords go with it, and its mailbox stands among the deleted ones (directory/deleted.h); ERR_DEPENDED_ON: aliases have it as a target. The caller
 * deletes the mailbox (location in *location_out). */
MUST_CHECK bool user_remove(struct directory *directory, const struct actor *actor, int64_t recipient_id,
                            struct mailbox_location *location_out, struct err *err);

#endif
