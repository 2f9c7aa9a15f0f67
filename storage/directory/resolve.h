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
    RESOLVED_RECIPIENT, /* a mailbox */
    RESOLVED_ALIAS,     /* stands for `targets` */
    RESOLVED_RELAY,     /* not ours by name, but the domain is relay or backup: goes on to the other system */
    RESOLVED_DISABLED,  /* recipient, domain or organisation take no mail for now */
    RESOLVED_KINDS
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
};

/* `local` and `domain` as in struct address (canonical domain). */
MUST_CHECK bool directory_resolve(struct directory *directory, const void *owner, const char *local,
                                  const char *domain, struct resolved *resolved_out, struct err *err);
/* By id: targets of aliases, group members. ERR_NOT_FOUND. */
MUST_CHECK bool directory_resolve_id(struct directory *directory, const void *owner, int64_t recipient_id,
                                     struct resolved *resolved_out, struct err *err);
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
