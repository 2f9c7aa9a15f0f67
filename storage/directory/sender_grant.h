/*
 * sender_grant.h -- who may write in the name of a mailbox or a group.
 *
 * "As" it: its address stands in From, and nothing tells who wrote. "On behalf": its address stands in From, the writer's in Sender
 * (RFC 5322, 3.6.2). A grant holds from its COMMIT on, and no longer than it is there: whoever sends asks each time.
 *
 * Ownership  results belong to the talloc context `owner`.
 * Errors     ERR_NOT_FOUND, ERR_INVALID (somebody without a login, or the mailbox itself), ERR_LIMIT, ERR_BUSY.
 * Threads    any.
 */
#ifndef DIRECTORY_SENDER_GRANT_H
#define DIRECTORY_SENDER_GRANT_H

#include "directory/directory.h"
#include "directory/user.h"

enum { SENDER_GRANTS_MAX = 500 }; /* of one mailbox or group */

struct sender_grant {
    int64_t recipient_id; /* who may */
    const char *address, *name;
    bool is_on_behalf;
    int64_t created_us;
};
struct sender_grants {
    const char *address; /* primary, of whom they are */
    bool has_mailbox;
    bool keeps_sent; /* what is sent by them lies in the mailbox's own Sent as well */
    struct sender_grant *list;
    size_t count;
};
/* Of the recipient with this address, by address. */
MUST_CHECK bool sender_grants_list(struct directory *directory, const struct actor *actor, const void *owner,
                                   const char *address, struct sender_grants *grants_out, struct err *err);
struct sender_pair {
    const char *address; /* primary, of whom it is */
    struct sender_grant grant;
};
/* All of an organisation, or of all where that is 0, as far as the actor sees in whose name they are; by both addresses. */
MUST_CHECK bool sender_pairs_list(struct directory *directory, const struct actor *actor, const void *owner,
                                  int64_t organisation_id, struct sender_pair **pairs_out, size_t *count_out,
                                  struct err *err);
/* A new one, or another one instead of what the person had; *person_id_out: who that is. */
MUST_CHECK bool sender_grant_put(struct directory *directory, const struct actor *actor, const char *address,
                                 const char *person, bool is_on_behalf, int64_t *person_id_out,
                                 struct err *err);
/* ERR_NOT_FOUND also where the person has none. */
MUST_CHECK bool sender_grant_remove(struct directory *directory, const struct actor *actor,
                                    const char *address, const char *person, struct err *err);
/* ERR_INVALID for what has no mailbox. */
MUST_CHECK bool sender_grants_keep_sent(struct directory *directory, const struct actor *actor,
                                        const char *address, bool keeps_sent, struct err *err);

/* In whose name a person may write. */
struct sender_right {
    int64_t recipient_id, organisation_id;
    const char *address, *name; /* the primary one; a key */
    bool is_on_behalf, keeps_sent;
    struct mailbox_location mailbox; /* all 0: a group */
};
/* Of nobody who is disabled; by address. */
MUST_CHECK bool sender_rights_of(struct directory *directory, const void *owner, int64_t recipient_id,
                                 struct sender_right **rights_out, size_t *count_out, struct err *err);
/* The one by which that person may use this address (a key): any of the granter's, also under an alias domain, or an alias that
 * stands for it alone. ERR_NOT_FOUND: none. */
MUST_CHECK bool sender_right_find(struct directory *directory, const void *owner, int64_t recipient_id,
                                  const char *key, struct sender_right *right_out, struct err *err);

#endif
