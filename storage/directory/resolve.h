/*
 * resolve.h -- to whom an address belongs: the question of every RCPT, answered in one query or from memory.
 *
 * Answers are kept in memory while a once-a-second look at the directory's modification stamp shows that nothing
 * changed; so a new alias is seen after at most one second. When the database cannot be asked, nothing is answered from
 * memory after that second: ERR_BUSY.
 */
#ifndef DIRECTORY_RESOLVE_H
#define DIRECTORY_RESOLVE_H

#include "directory/domain.h"
#include "directory/user.h"

enum resolved_kind {
    RESOLVED_FOREIGN,   /* the domain is not ours */
    RESOLVED_UNKNOWN,   /* the domain is ours and has no such address */
    RESOLVED_RECIPIENT, /* a mailbox; its redirect, if it has one, are `targets` */
    RESOLVED_ALIAS,     /* stands for `targets`: an alias, a group or a contact, as recipient_kind says */
    RESOLVED_RELAY,     /* not here, but the domain is an internal relay: the other system may know it */
    RESOLVED_BACKUP, /* we are backup MX of the domain, and its primary takes the address as far as we know */
    RESOLVED_DISABLED, /* recipient, domain or organisation take no mail for now */
    RESOLVED_KINDS
};

/* Who may write to a recipient: each one lets fewer in than the one before. */
enum recipient_accepts {
    ACCEPTS_ANYONE,
    ACCEPTS_AUTHENTICATED, /* who logged in to this installation */
    ACCEPTS_ORGANISATION,  /* who logged in and is of the same organisation */
    ACCEPTS_MEMBERS,       /* of a group: its members (directory/list.h) */
    ACCEPTS_NAMED,         /* who is on the list of allowed senders */
    ACCEPTS_KINDS
};
/* "anyone", "authenticated", "organisation", "members", "named". Static. */
const char *recipient_accepts_name(enum recipient_accepts accepts);
/* The value of such a word; false for a word that is none. */
MUST_CHECK bool recipient_accepts_of(const char *name, enum recipient_accepts *accepts_out);

struct recipient_limits {
    enum recipient_accepts accepts;
    enum recipient_accepts organisation_accepts; /* of all its organisation's recipients, beside it */
    bool has_allowed, has_denied;                /* there are senders by name: directory_sender_listed() */
    bool is_hidden;                              /* who may not write must not learn that it exists */
    int64_t max_bytes;                           /* of a message; 0: no limit of its own */
    int64_t send_bytes, send_recipients;         /* of a message that it sends; 0: no limit of its own */
};

struct resolved_target {
    int64_t recipient_id; /* 0: elsewhere */
    const char *address;
};

struct resolved {
    enum resolved_kind kind;
    int64_t organisation_id, domain_id; /* 0 for RESOLVED_FOREIGN */
    int64_t recipient_id;
    enum recipient_kind recipient_kind;
    const char
        *address; /* primary address of the recipient, or the alias's; the asked one where there is none */
    const char *name;
    const char *detail; /* "+detail" that was taken off to find it, without '+'; NULL: none */
    struct mailbox_location mailbox;
    struct resolved_target *targets;
    size_t target_count;
    bool keeps_copy; /* with a redirect: also into the mailbox */
    bool is_posted;  /* a group that is more than its members: a list, or moderated */
    bool has_query;  /* a group with members by query, beside its targets */
    struct recipient_limits limits;
    bool asks_primary;    /* RESOLVED_BACKUP: only its primary knows whether there is such a recipient */
    int64_t catch_all_id; /* RESOLVED_UNKNOWN: the recipient that takes it nevertheless; 0: none */
    bool
        is_doubtful; /* RESOLVED_UNKNOWN: a company directory of the domain cannot be asked now, and may have it meanwhile */
};

/* `local` and `domain` as in struct address (canonical domain). */
MUST_CHECK bool directory_resolve(struct directory *directory, const void *owner, const char *local,
                                  const char *domain, struct resolved *resolved_out, struct err *err);
/* By id. ERR_NOT_FOUND. */
MUST_CHECK bool directory_resolve_id(struct directory *directory, const void *owner, int64_t recipient_id,
                                     struct resolved *resolved_out, struct err *err);
/* Many by id, in one query: targets of aliases, group members. In the order of `ids`; those that do not exist are left
 * out. */
MUST_CHECK bool directory_resolve_ids(struct directory *directory, const void *owner, const int64_t *ids,
                                      size_t count, struct resolved **resolved_out, size_t *count_out,
                                      struct err *err);
/* Is the sender on a recipient's lists, by its address, its domain, or as a member of a group there? `sender`: address
 * key, "" for <>. `is_sure`: it has logged in; else it may be a forgery, and what is on the list of allowed senders as
 * a recipient of ours does not count. */
MUST_CHECK bool directory_sender_listed(struct directory *directory, int64_t recipient_id, const char *sender,
                                        bool is_sure, bool *is_allowed_out, bool *is_denied_out,
                                        struct err *err);
/* Is the domain one of ours? From the same memory. */
MUST_CHECK bool directory_has_domain(struct directory *directory, const char *domain, bool *is_ours_out,
                                     struct err *err);
/* "postmaster" without domain, and postmaster@ a domain where nobody has it: the recipient that gets it (the
 * first user, until another is named), else ERR_NOT_FOUND. */
MUST_CHECK bool directory_postmaster(struct directory *directory, const void *owner,
                                     struct resolved *resolved_out, struct err *err);
/* Names it; NULL takes it away. */
MUST_CHECK bool directory_set_postmaster(struct directory *directory, const struct actor *actor,
                                         const char *address, struct err *err);

#endif
