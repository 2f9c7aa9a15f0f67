/*
 * domain.h -- the domains (postoffices) for which mail is accepted.
 *
 * A name is canonical: lower-case A-labels (format/address.h, address_domain()).
 */
#ifndef DIRECTORY_DOMAIN_H
#define DIRECTORY_DOMAIN_H

#include "directory/directory.h"

enum domain_kind {
    DOMAIN_AUTHORITATIVE, /* all its addresses are ours: another one does not exist */
    DOMAIN_RELAY,         /* shared with another system inside: unknown addresses go there */
    DOMAIN_BACKUP,        /* we are backup MX: all goes to the primary */
    DOMAIN_ALIAS,         /* another name of `target`: each address there is one here */
    DOMAIN_KINDS
};
/* "authoritative", "relay", "backup", "alias". Static. */
const char *domain_kind_name(enum domain_kind kind);
/* False for a word that is none. */
MUST_CHECK bool domain_kind_of(const char *name, enum domain_kind *kind_out);

struct domain {
    int64_t domain_id, organisation_id, administrative_group_id;
    const char *name;
    enum domain_kind kind;
    const char *target;  /* name of the domain that an alias stands for, else NULL */
    int64_t quota_bytes; /* of all its mailboxes together; 0: unlimited */
    unsigned protocols;
    bool is_enabled;        /* false: its mail is refused for now, nobody of it logs in */
    bool has_subaddresses;  /* user+anything reaches user */
    const char *catch_all;  /* address of the recipient that gets what no address takes; NULL: nobody */
    bool covers_subdomains; /* DOMAIN_BACKUP: of all domains below it, too */
    bool knows_recipients;  /* read only: DOMAIN_BACKUP with a list of its recipients (directory/backup.h) */
    bool asks_primary;      /* DOMAIN_BACKUP without such a list: its primary is asked for each recipient */
    const char *organisation;         /* read only: its name */
    const char *administrative_group; /* read only: its name; NULL: the actor does not see it */
    int64_t address_count;            /* read only; of a backup domain the length of that list */
};

enum domain_field {
    DOMAIN_KIND = 1, /* with `target` */
    DOMAIN_QUOTA = 2,
    DOMAIN_PROTOCOLS = 4,
    DOMAIN_ENABLED = 8,
    DOMAIN_SUBADDRESSES = 16,
    DOMAIN_GROUP = 32,
    DOMAIN_CATCH_ALL = 64,
    DOMAIN_COVERS = 128, /* covers_subdomains */
    DOMAIN_ASKS = 256    /* asks_primary */
};

/* ERR_EXISTS also where another organisation has it. administrative_group_id 0: the organisation's first. An alias's
 * target is an authoritative or relay domain of the same organisation. */
MUST_CHECK bool domain_add(struct directory *directory, const struct actor *actor,
                           const struct domain *wanted, int64_t *domain_id_out, struct err *err);
/* By name, as an administrator writes it; strings are under `owner`. ERR_NOT_FOUND also where it is another
 * organisation's; ERR_INVALID for what is no domain. */
MUST_CHECK bool domain_find(struct directory *directory, const struct actor *actor, const void *owner,
                            const char *name, struct domain *domain_out, struct err *err);
/* By name; organisation_id 0: of all that the actor may see. */
MUST_CHECK bool domain_list(struct directory *directory, const struct actor *actor, const void *owner,
                            int64_t organisation_id, struct domain **domains_out, size_t *count_out,
                            struct err *err);
/* Changes those fields of `wanted` that `fields` names. ERR_NOT_FOUND, ERR_INVALID; one audit row. */
MUST_CHECK bool domain_set(struct directory *directory, const struct actor *actor, const char *name,
                           unsigned fields, const struct domain *wanted, struct err *err);
/* ERR_DEPENDED_ON names addresses and alias domains that are left. */
MUST_CHECK bool domain_remove(struct directory *directory, const struct actor *actor, const char *name,
                              struct err *err);

#endif
