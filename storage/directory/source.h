/*
 * source.h -- company directories as they are configured: LDAP servers and Active Directory domains, of an organisation or of one
 * of its domains. Recipients that none of them brought are internal.
 *
 * A recipient with a source belongs to it, field by field (source_owns()): its name, addresses, state, members and what it says
 * about a person come from there and are changed there; quota, protocols, administrative group, policies and redirects are ours.
 *
 * Ownership  a struct source belongs to the talloc context `owner` given.
 */
#ifndef DIRECTORY_SOURCE_H
#define DIRECTORY_SOURCE_H

#include "directory/directory.h"
#include "ldap/pool.h"

#include <jansson.h>

enum source_kind { SOURCE_LDAP, SOURCE_AD, SOURCE_KINDS };
/* "ldap", "ad". Static. */
const char *source_kind_name(enum source_kind kind);
/* False for a word that is none. */
MUST_CHECK bool source_kind_of(const char *name, enum source_kind *kind_out);

enum source_flavour {
    FLAVOUR_OPENLDAP, /* and what follows RFC 2798 and 2307 */
    FLAVOUR_AD,
    FLAVOUR_389DS, /* FreeIPA, too */
    FLAVOURS
};

/* Which users get a mailbox. */
enum source_mailboxes {
    MAILBOXES_ALL,
    MAILBOXES_FILTER, /* those that mailbox_filter matches */
    MAILBOXES_GROUP,  /* members of the group mailbox_group (its DN), nested */
    MAILBOXES_HAND,   /* those that an administrator chose */
    MAILBOXES_RULES
};

struct source_texts {
    const char **texts;
    size_t count;
};

/* In the order and with the names of source_settings[] (source_setting.c), which documents each. NULL: the default of the flavour,
 * or none. */
struct source {
    int64_t source_id, organisation_id, domain_id; /* domain 0: all of the organisation's */
    const char *name, *organisation, *domain;      /* domain NULL: all */
    enum source_kind kind;
    bool is_enabled;
    int64_t stamp, created_us;

    const char *flavour;
    struct source_texts urls; /* "URL" or "URL=COST" */
    const char *tls, *trusted, *certificate, *bind, *bind_dn, *keytab;
    const char *base;
    const char *user_filter, *contact_filter, *group_filter;
    struct source_texts mapping; /* "FIELD=TEMPLATE", over those of the flavour */
    const char *mailboxes, *mailbox_filter, *mailbox_group;
    struct source_texts placement; /* "ATTRIBUTE=VALUE:STORE", the first that fits; else the emptiest store */
    int64_t interval_s, full_interval_s;
    int64_t page_size, size_limit, time_limit_s;
    int64_t connections, connect_ms, answer_ms;
    int64_t remove_percent;
    const char *removed; /* "keep", "delete" */
    int64_t removed_days;
    struct source_texts write_back; /* "mail", "aliases", "photo": sync/write_back.h */
    const char *write_dn;
    bool logs_in;
    struct source_texts
        login_names;          /* "upn", "account", "mail", "domain": the forms that people may log in with */
    const char *login_domain; /* NetBIOS name, for DOMAIN\name; NULL: none */
    int64_t login_cache_s;

    /* Only from source_load(), and given to source_add() and source_set(): NULL is none, or as it was. */
    const char *bind_password, *key, *write_password;
    bool has_bind_password, has_key, has_write_password;
};

/* The settings with their defaults for a kind, under `owner`. */
void source_defaults(const void *owner, enum source_kind kind, struct source *source_out);
/* Takes the settings that `json` names over those in *source; ERR_INVALID says which is wrong. `owner` keeps the texts. */
MUST_CHECK bool source_take_json(const void *owner, struct source *source, const json_t *json,
                                 struct err *err);
/* All settings as JSON; secrets as {"bind_password": true}. A new reference. */
json_t *source_json(const struct source *source);
/* What the words of the settings say. */
enum source_flavour source_flavour(const struct source *source);
/* The same; what is not said is MAILBOXES_ALL. */
enum source_mailboxes source_mailboxes(const struct source *source);

/* Uses everything but ids, stamp and times; the caller sets organisation_id and name. ERR_EXISTS; ERR_NOT_FOUND: the domain;
 * ERR_INVALID. */
MUST_CHECK bool source_add(struct directory *directory, const struct actor *actor, struct source *source,
                           struct err *err);
/* By id. */
MUST_CHECK bool source_set(struct directory *directory, const struct actor *actor,
                           const struct source *source, struct err *err);
/* By name or id. ERR_NOT_FOUND; ERR_CONFLICT: several organisations have one of that name (`organisation_id` 0). */
MUST_CHECK bool source_find(struct directory *directory, const struct actor *actor, const void *owner,
                            int64_t organisation_id, const char *name, struct source *source_out,
                            struct err *err);
/* By organisation, then name; organisation 0: all that the actor may see. */
MUST_CHECK bool source_list(struct directory *directory, const struct actor *actor, const void *owner,
                            int64_t organisation_id, struct source **sources_out, size_t *count_out,
                            struct err *err);
/* Its recipients stay, and are internal from then on. */
MUST_CHECK bool source_remove(struct directory *directory, const struct actor *actor, int64_t source_id,
                              struct err *err);

/* For whoever connects: with its secrets. ERR_NOT_FOUND. */
MUST_CHECK bool source_load(struct directory *directory, const void *owner, int64_t source_id,
                            struct source *source_out, struct err *err);
/* The ids of all that are enabled. */
MUST_CHECK bool source_enabled(struct directory *directory, const void *owner, int64_t **ids_out,
                               size_t *count_out, struct err *err);
/* How to reach it, under `owner`; find_srv is left to the caller. ERR_INVALID. */
MUST_CHECK bool source_ldap(const void *owner, const struct source *source,
                            struct ldap_settings *settings_out, struct err *err);
/* Whose a recipient is. */
struct source_holder {
    const char *
        name; /* of the source that owns name, addresses, state and members; NULL: none, it is internal or its entry
                               is gone */
    const char *dn;    /* of its entry there */
    bool has_password; /* its people log in with their password of the directory */
};
/* Texts under `owner`. ERR_BUSY. */
MUST_CHECK bool source_of(struct directory *directory, const void *owner, int64_t recipient_id,
                          struct source_holder *holder_out, struct err *err);

/* ---- connections, shared by all of this process */

struct sources;
/* Under `owner`; the directory must live longer. `find_srv` (NULL: none) as in ldap/pool.h. */
struct sources *sources_open(const void *owner, struct directory *directory, ldap_find_srv *find_srv,
                             void *find_srv_arg);
/* Nobody uses a source any more. Accepts and sets NULL. */
void sources_close(struct sources **sources);

/* A source in use: its settings as of now, and its connections, which live on from one use to the next until it is changed. */
struct source_use {
    const struct source *source;
    struct ldap_pool *pool;
};
/* ERR_NOT_FOUND: there is no such source, or it is disabled; ERR_BUSY: the directory database is down and the source was not in use
 * before; ERR_INVALID: its settings do not fit together. Given back by source_leave(), by any thread. */
MUST_CHECK bool source_enter(struct sources *sources, int64_t source_id, const struct source_use **use_out,
                             struct err *err);
/* Who enters next has it as it is now: it may be as it was a second ago otherwise. */
void source_look_again(struct sources *sources, int64_t source_id);
/* Accepts and sets NULL. */
void source_leave(struct sources *sources, const struct source_use **use);
/* Its servers as this process knows them, without asking them: [{"url", "cost", "state", "connections", "in_use", "connected",
 * "failed", "timed_out", "fault"}], "state" one of "up", "down" (its breaker is open), "failing" and "unused" (nobody had to ask it).
 * A new reference. */
json_t *source_health(const struct source_use *use);
/* Of all sources that this process uses: [{"source", "organisation", "servers"}]. A new reference. */
json_t *sources_health(struct sources *sources);

#endif
