/*
 * recipient.h -- what every kind of recipient has: who may write to it, and where its mail goes on to.
 */
#ifndef DIRECTORY_RECIPIENT_H
#define DIRECTORY_RECIPIENT_H

#include "directory/resolve.h"

enum { RECIPIENT_SENDERS_MAX = 1000, RECIPIENT_REDIRECTS_MAX = 20 };

struct recipient_rules {
    enum recipient_accepts accepts;
    int64_t max_bytes; /* of a message; 0: no limit of its own */
    bool is_hidden;    /* not in address lists; who may not write to it is told that it does not exist */
    const char **allowed, **denied; /* senders: address (a group's stands for its members), or "@domain" */
    size_t allowed_count, denied_count;
    const char **redirects; /* where its mail goes on to; only of recipients with a mailbox */
    size_t redirect_count;
    bool keeps_copy; /* and into its own mailbox as well */
};

enum recipient_rule {
    RULE_ACCEPTS = 1,
    RULE_MAX_BYTES = 2,
    RULE_HIDDEN = 4,
    RULE_ALLOWED = 8,
    RULE_DENIED = 16,
    RULE_REDIRECTS = 32, /* with keeps_copy */
    RULES_ALL = 63
};

/* All that the recipient accepts and redirects; lists are under `owner`. ERR_NOT_FOUND also where it is not the
 * actor's. */
MUST_CHECK bool recipient_rules_get(struct directory *directory, const struct actor *actor, const void *owner,
                                    int64_t recipient_id, struct recipient_rules *rules_out, struct err *err);
/* Changes those of `fields`. ERR_INVALID: a redirect of a recipient without a mailbox, or to itself; ERR_NOT_FOUND names
 * an address in one of our domains that does not exist. */
MUST_CHECK bool recipient_rules_set(struct directory *directory, const struct actor *actor,
                                    int64_t recipient_id, unsigned fields,
                                    const struct recipient_rules *wanted, struct err *err);

#endif
