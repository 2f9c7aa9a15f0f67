/*
 * role.h -- delegated administration: who may do what on which part of the tree, and why.
 *
 * A permission is one thing that can be done to one kind of object. A role is a set of permissions with a rank. An assignment
 * gives a holder a role on a scope: all that the scope contains. role_may() is the only place that decides; the admin API, the
 * console and the command line ask it, and row-level security stands behind it.
 */
#ifndef DIRECTORY_ROLE_H
#define DIRECTORY_ROLE_H

#include "directory/directory.h"

/* Bits. */
#define PERMISSION(n) (UINT64_C(1) << (n))
enum permission {
    ORGANISATION_READ,
    ORGANISATION_WRITE,
    DOMAIN_READ,
    DOMAIN_WRITE,
    RECIPIENT_READ,
    RECIPIENT_WRITE,
    PASSWORD_WRITE,
    SESSION_WRITE, /* see and end the sessions and tokens of others */
    MAILBOX_READ,
    MAILBOX_WRITE,
    POLICY_READ, /* filters, lists, rules, signing keys */
    POLICY_WRITE,
    QUEUE_READ,
    QUEUE_WRITE,
    ROUTING_READ, /* servers, routing groups, connectors, backup MX */
    ROUTING_WRITE,
    STORAGE_READ,
    STORAGE_WRITE,
    QUARANTINE_WRITE, /* see, release and delete what was set aside */
    AUDIT_READ,
    DELEGATION_READ,
    DELEGATION_WRITE,
    PERMISSIONS
};
/* "recipient.write". Static. */
const char *permission_name(enum permission permission);
/* False for a word that is none. */
MUST_CHECK bool permission_of(const char *name, enum permission *permission_out);

struct role {
    const char *name; /* "help-desk" */
    int rank;         /* nobody changes somebody of a higher one */
    uint64_t permissions;
    const char *meaning;
    int64_t custom_role_id, organisation_id; /* of a custom role; 0: one of the program's */
};
/* The program's, by rank, the highest first. Static. */
const struct role *roles(size_t *count_out);
/* One of the program's; NULL for a word that is none. Static. */
const struct role *role_named(const char *name);
/* The rank of a custom role: that of the lowest of the program's that may as much. */
int role_rank_of(uint64_t permissions);

/* ---- custom roles: of an organisation, for its own people (role_custom.c) */

/* One of the program's, or of that organisation. ERR_INVALID: no such role. */
MUST_CHECK bool role_find(struct directory *directory, const void *owner, int64_t organisation_id,
                          const char *name, const struct role **role_out, struct err *err);
/* Those of an organisation; of all, for 0 and an actor of the installation. By name. */
MUST_CHECK bool role_custom_list(struct directory *directory, const struct actor *actor, const void *owner,
                                 int64_t organisation_id, struct role **roles_out, size_t *count_out,
                                 struct err *err);
struct role_holder;
/* Uses name, meaning, permissions, organisation_id. ERR_DENIED: the holder (NULL: root) has less there; ERR_EXISTS. */
MUST_CHECK bool role_custom_add(struct directory *directory, const struct actor *actor,
                                const struct role_holder *holder, const struct role *wanted,
                                int64_t *custom_role_id_out, struct err *err);
/* Other permissions (0: as they are) and meaning (NULL: as it is). ERR_DENIED where the holder has less than it is to have, or had,
 * in any place where it is granted. ERR_NOT_FOUND. */
MUST_CHECK bool role_custom_set(struct directory *directory, const struct actor *actor,
                                const struct role_holder *holder, int64_t custom_role_id,
                                uint64_t permissions, const char *meaning, struct err *err);
/* ERR_DEPENDED_ON while somebody holds it; ERR_NOT_FOUND. */
MUST_CHECK bool role_custom_remove(struct directory *directory, const struct actor *actor,
                                   int64_t custom_role_id, struct err *err);

enum role_scope {
    SCOPE_INSTALLATION,
    SCOPE_ORGANISATION,
    SCOPE_ADMIN_GROUP,
    SCOPE_DOMAIN,
    SCOPE_STORE,
    SCOPE_GROUP, /* the direct members of a group of recipients */
    SCOPES
};
/* "administrative-group". Static. */
const char *role_scope_name(enum role_scope scope);
/* False for a word that is none. */
MUST_CHECK bool role_scope_of(const char *name, enum role_scope *scope_out);

struct role_assignment {
    int64_t role_assignment_id, organisation_id, recipient_id;
    const char *holder; /* primary address */
    const struct role *role;
    enum role_scope scope;
    int64_t scope_id;
    const char *scope_name;    /* NULL: what it named is gone, or it is the installation */
    int64_t from_us, until_us; /* 0: always, for ever */
    int64_t created_us;
    const char *created_by;
    bool needs_approval; /* changes by it wait for somebody else's word */
};

/* What is asked about: ids of what contains the object, 0 where nothing of that kind does. All 0: the installation. */
struct role_object {
    int64_t organisation_id, administrative_group_id, domain_id, store_id, recipient_id;
};
/* An organisation by its name. ERR_NOT_FOUND, as with all of these: whoever asks decides what may be said of it. */
MUST_CHECK bool role_object_organisation(struct directory *directory, const char *name,
                                         struct role_object *object_out, struct err *err);
/* An administrative group by its name and its organisation's. */
MUST_CHECK bool role_object_admin_group(struct directory *directory, const char *organisation,
                                        const char *name, struct role_object *object_out, struct err *err);
/* The administrative group of that name in an organisation whose id is known. */
MUST_CHECK bool role_object_group_of(struct directory *directory, int64_t organisation_id, const char *name,
                                     int64_t *administrative_group_id_out, struct err *err);
/* A domain by its name, as an administrator writes it. */
MUST_CHECK bool role_object_domain(struct directory *directory, const char *name,
                                   struct role_object *object_out, struct err *err);
/* The recipient with this address, or, where there is none, its domain. */
MUST_CHECK bool role_object_address(struct directory *directory, const char *address,
                                    struct role_object *object_out, struct err *err);
/* A mailbox store by its name. */
MUST_CHECK bool role_object_store(struct directory *directory, const char *name,
                                  struct role_object *object_out, struct err *err);
/* What an assignment's scope is itself, and what contains it. ERR_NOT_FOUND: it is gone. */
MUST_CHECK bool role_object_scope(struct directory *directory, enum role_scope scope, int64_t scope_id,
                                  struct role_object *object_out, struct err *err);

/* Who asks, with all that he holds now. */
struct role_holder {
    int64_t recipient_id, organisation_id;
    uint64_t permissions_max; /* of the token he came with; all bits: no limit */
    const struct role_assignment *assignments;
    size_t count;
};
/* Those that hold at this moment; `owner` keeps them. */
MUST_CHECK bool role_holder_load(struct directory *directory, const void *owner, int64_t recipient_id,
                                 struct role_holder *holder_out, struct err *err);
/* Whether he holds something on the whole installation. */
bool role_holds_all(const struct role_holder *holder);
/* The strongest assignment by which the holder may do that to the object, one that needs no approval before all others; NULL: by
 * none. False only on failure. */
MUST_CHECK bool role_may(struct directory *directory, const struct role_holder *holder,
                         enum permission permission, const struct role_object *object,
                         const struct role_assignment **reason_out, struct err *err);
/* One by which he may do that in a part of the organisation; NULL: in none, or in all of it (role_may()). */
const struct role_assignment *role_in_part(const struct role_holder *holder, enum permission permission,
                                           int64_t organisation_id);
/* All that the holder may do to the object, as bits, and his highest rank there (-1: none). */
MUST_CHECK bool role_effective(struct directory *directory, const struct role_holder *holder,
                               const struct role_object *object, uint64_t *permissions_out, int *rank_out,
                               struct err *err);
/* What the holder reaches in that organisation by assignments with one of these permissions (bits), and himself, as row-level security
 * takes it (actor.within): "" where that is all of it. Under `owner`. */
const char *role_within(const void *owner, const struct role_holder *holder, int64_t organisation_id,
                        uint64_t permissions);

struct role_step {
    const struct role_assignment *assignment;
    bool is_current, includes,
        covers; /* it holds now; its role has the permission; its scope contains the object */
};
/* Why, or why not: one step for each assignment of the holder, those of other times included. */
MUST_CHECK bool role_explain(struct directory *directory, const void *owner, int64_t recipient_id,
                             enum permission permission, const struct role_object *object,
                             struct role_step **steps_out, size_t *count_out, struct err *err);
/* The highest rank that the recipient holds anywhere; -1: none. */
MUST_CHECK bool role_rank(struct directory *directory, int64_t recipient_id, int *rank_out, struct err *err);

/* ERR_DEPENDED_ON where nobody but this recipient is full administrator of the installation: it is neither removed nor locked
 * out. To be asked inside the change (act_in): changes wait for each other there, so that of two that let go of the last two the
 * second sees the first. */
MUST_CHECK bool role_let_go(struct directory *directory, int64_t recipient_id, struct err *err);

/* `holder` NULL: the machine's own root. The scope is where `object` is narrowest of its kind. ERR_DENIED: it would give
 * more than the holder has. ERR_EXISTS. */
MUST_CHECK bool role_assign(struct directory *directory, const struct actor *actor,
                            const struct role_holder *holder, const struct role_assignment *wanted,
                            const struct role_object *object, int64_t *role_assignment_id_out,
                            struct err *err);
/* What the role may do, the holder (NULL: root) may do there himself, and he ranks as high: ERR_DENIED; ERR_NOT_FOUND: he hands out
 * nothing there. */
MUST_CHECK bool role_may_give(struct directory *directory, const struct role_holder *holder,
                              const struct role *role, const struct role_object *object, struct err *err);
/* One, by its id, under `owner`. ERR_NOT_FOUND. */
MUST_CHECK bool role_assignment_find(struct directory *directory, const void *owner,
                                     int64_t role_assignment_id, const struct role_assignment **out,
                                     struct err *err);
/* ERR_NOT_FOUND; ERR_DENIED: of higher rank; ERR_DEPENDED_ON: the last full administrator. */
MUST_CHECK bool role_withdraw(struct directory *directory, const struct actor *actor,
                              const struct role_holder *holder, int64_t role_assignment_id, struct err *err);
/* By holder; recipient_id 0: of all that the actor sees. Also those that do not hold yet or any more. */
MUST_CHECK bool role_assignments(struct directory *directory, const struct actor *actor, const void *owner,
                                 int64_t recipient_id, struct role_assignment **assignments_out,
                                 size_t *count_out, struct err *err);

#endif
