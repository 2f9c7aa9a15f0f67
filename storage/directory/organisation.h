/*
 * organisation.h -- the tenants of an installation and their administrative groups.
 *
 * Only an actor of the whole installation adds and removes organisations. Each gets one administrative group
 * called "First Administrative Group" with it.
 */
#ifndef DIRECTORY_ORGANISATION_H
#define DIRECTORY_ORGANISATION_H

#include "directory/resolve.h"

struct organisation {
    int64_t organisation_id;
    const char *name;    /* unique in the installation, 1-100 characters */
    int64_t quota_bytes; /* of all its mailboxes together; 0: unlimited */
    unsigned protocols;  /* enum directory_protocol */
    bool is_enabled;     /* false: nobody logs in, its mail is refused for now */
    enum recipient_accepts
        accepts; /* who may write to its recipients, beside their own rules; not ACCEPTS_MEMBERS or _NAMED */
    int64_t max_bytes; /* of a message to one of them; 0: as the server takes */
    int64_t created_us;
    int64_t domain_count, user_count; /* read only */
};

/* Which fields of a struct given to a _set function count. */
enum organisation_field {
    ORGANISATION_NAME = 1,
    ORGANISATION_QUOTA = 2,
    ORGANISATION_PROTOCOLS = 4,
    ORGANISATION_ENABLED = 8,
    ORGANISATION_ACCEPTS = 16,
    ORGANISATION_MAX_BYTES = 32
};

/* ERR_EXISTS, ERR_INVALID (name). Takes all fields but id, date and counts. */
MUST_CHECK bool organisation_add(struct directory *directory, const struct actor *actor,
                                 const struct organisation *wanted, int64_t *organisation_id_out,
                                 struct err *err);
/* By name. ERR_NOT_FOUND also where it is not the actor's. */
MUST_CHECK bool organisation_find(struct directory *directory, const struct actor *actor, const void *owner,
                                  const char *name, struct organisation *organisation_out, struct err *err);
/* By id. ERR_NOT_FOUND also where it is not the actor's. */
MUST_CHECK bool organisation_get(struct directory *directory, const struct actor *actor, const void *owner,
                                 int64_t organisation_id, struct organisation *organisation_out,
                                 struct err *err);
/* By name; an actor of one organisation sees that one. */
MUST_CHECK bool organisation_list(struct directory *directory, const struct actor *actor, const void *owner,
                                  struct organisation **organisations_out, size_t *count_out,
                                  struct err *err);
/* Changes those fields of `wanted` that `fields` (ORGANISATION_...) names. */
MUST_CHECK bool organisation_set(struct directory *directory, const struct actor *actor,
                                 int64_t organisation_id, unsigned fields, const struct organisation *wanted,
                                 struct err *err);
/* ERR_DEPENDED_ON names the domains and recipients that are left. */
MUST_CHECK bool organisation_remove(struct directory *directory, const struct actor *actor,
                                    int64_t organisation_id, struct err *err);

struct administrative_group {
    int64_t administrative_group_id, organisation_id;
    const char *name;                      /* unique in the organisation */
    int64_t recipient_count, domain_count; /* read only */
};

/* ERR_EXISTS: the name is taken in this organisation. */
MUST_CHECK bool administrative_group_add(struct directory *directory, const struct actor *actor,
                                         int64_t organisation_id, const char *name, int64_t *id_out,
                                         struct err *err);
/* By name, in one organisation. ERR_NOT_FOUND. */
MUST_CHECK bool administrative_group_find(struct directory *directory, const struct actor *actor,
                                          const void *owner, int64_t organisation_id, const char *name,
                                          struct administrative_group *group_out, struct err *err);
/* Those of one organisation, the oldest first. */
MUST_CHECK bool administrative_group_list(struct directory *directory, const struct actor *actor,
                                          const void *owner, int64_t organisation_id,
                                          struct administrative_group **groups_out, size_t *count_out,
                                          struct err *err);
/* ERR_EXISTS, ERR_NOT_FOUND. */
MUST_CHECK bool administrative_group_rename(struct directory *directory, const struct actor *actor,
                                            int64_t organisation_id, int64_t id, const char *name,
                                            struct err *err);
/* ERR_DEPENDED_ON: domains or recipients are in it, or it is the last one. */
MUST_CHECK bool administrative_group_remove(struct directory *directory, const struct actor *actor,
                                            int64_t organisation_id, int64_t id, struct err *err);
/* It holds that recipient without a mailbox (of others: user_set()) from now on. ERR_NOT_FOUND: no such recipient, or no such group in
 * its organisation. */
MUST_CHECK bool administrative_group_take(struct directory *directory, const struct actor *actor,
                                          int64_t recipient_id, int64_t id, struct err *err);

#endif
