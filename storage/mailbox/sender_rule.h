/*
 * sender_rule.h -- whose mail goes into Junk, and whose never does, as the owner of a mailbox says.
 *
 * A rule is about the key of an address (format/address.h), or about "@" and a domain. Every change gives the mailbox another script
 * version (mailbox/script.h), so that no delivery goes by old ones.
 *
 * Ownership  results belong to the talloc context `owner`.
 * Errors     ERR_NOT_FOUND no such rule, or mailbox; ERR_INVALID what is no address; ERR_LIMIT more than SENDER_RULES_MAX; ERR_BUSY,
 *            ERR_UNKNOWN.
 * Threads    any.
 */
#ifndef MAILBOX_SENDER_RULE_H
#define MAILBOX_SENDER_RULE_H

#include "group/group.h"

enum { SENDER_RULES_MAX = 1000 };

struct sender_rule {
    const char *sender;
    bool is_blocked;
    int64_t created_us;
};
/* By sender. */
MUST_CHECK bool sender_rule_list(struct group *group, int64_t mailbox_id, const void *owner,
                                 struct sender_rule **rules_out, size_t *count_out, struct err *err);
/* New, or instead of the one about this sender. `sender`: as a person writes it; *key_out: as it is kept. */
MUST_CHECK bool sender_rule_put(struct group *group, int64_t mailbox_id, const void *owner,
                                const char *sender, bool is_blocked, const char **key_out, struct err *err);
/* ERR_NOT_FOUND: there is none about it. */
MUST_CHECK bool sender_rule_remove(struct group *group, int64_t mailbox_id, const char *sender,
                                   struct err *err);

#endif
