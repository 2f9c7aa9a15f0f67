/*
 * alias.h -- recipients without a mailbox, which stand for others: aliases, groups and contacts.
 *
 * An alias stands for at least one address, of this installation or elsewhere. A group stands for its members, users,
 * contacts, other groups and addresses elsewhere; it may have none, and may hold itself by way of others (the loop is cut
 * where mail is sent). A contact stands for one address elsewhere. None of them can log in.
 */
#ifndef DIRECTORY_ALIAS_H
#define DIRECTORY_ALIAS_H

#include "directory/user.h"

enum { ALIAS_TARGETS_MAX = 1000, GROUP_MEMBERS_MAX = 10000 };

struct alias {
    int64_t recipient_id, organisation_id;
    int64_t
        administrative_group_id; /* in what is wanted new: 0 is the organisation's first; a change leaves it alone */
    const char *organisation,
        *administrative_group; /* read only: their names; NULL: the actor does not see that */
    enum recipient_kind
        kind; /* RECIPIENT_ALIAS, _GROUP or _CONTACT; RECIPIENT_USER (0) in what is wanted: an alias */
    const char *address;
    const char *name;     /* for people; may be "" */
    const char **targets; /* addresses; of a user of this organisation: its primary one */
    size_t target_count;
    bool is_enabled;
};

/* A target in a domain of this organisation must exist (ERR_NOT_FOUND); one elsewhere is kept as an address. ERR_INVALID: an
 * alias would reach itself, a contact would not lead elsewhere. */
MUST_CHECK bool alias_add(struct directory *directory, const struct actor *actor, const struct alias *wanted,
                          int64_t *recipient_id_out, struct err *err);
/* `kind` in all below: another kind under this address is ERR_NOT_FOUND. */
MUST_CHECK bool alias_find(struct directory *directory, const struct actor *actor, const void *owner,
                           enum recipient_kind kind, const char *address, struct alias *alias_out,
                           struct err *err);
/* By address. `leads_to`: only those that stand for this address themselves, not by way of others; NULL: all. ERR_INVALID: it is none. */
MUST_CHECK bool alias_list(struct directory *directory, const struct actor *actor, const void *owner,
                           enum recipient_kind kind, int64_t organisation_id, const char *leads_to,
                           struct alias **aliases_out, size_t *count_out, struct err *err);
/* Replaces targets, name and is_enabled. */
MUST_CHECK bool alias_set(struct directory *directory, const struct actor *actor, const char *address,
                          const struct alias *wanted, struct err *err);
/* ERR_DEPENDED_ON: other recipients or a domain's catch-all lead to it. It leaves the groups that it is in. */
MUST_CHECK bool alias_remove(struct directory *directory, const struct actor *actor, enum recipient_kind kind,
                             const char *address, struct err *err);

/* One member more or less. ERR_EXISTS; ERR_NOT_FOUND: no such group, or not a member of it. */
MUST_CHECK bool group_member_add(struct directory *directory, const struct actor *actor, const char *group,
                                 const char *member, struct err *err);
/* Takes a member away again. ERR_NOT_FOUND: no such group, or it is no member. */
MUST_CHECK bool group_member_remove(struct directory *directory, const struct actor *actor, const char *group,
                                    const char *member, struct err *err);

#endif
