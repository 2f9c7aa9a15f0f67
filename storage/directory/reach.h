/*
 * reach.h -- what an actor of a part of an organisation reaches (actor.within), as keys that indexes serve; for this room only.
 *
 * Row-level security looks at each row of the organisation to leave the few that are his. So the role that looks up finds those first,
 * and what is shown of them is read again as the actor: the wall stays where it is.
 */
#ifndef DIRECTORY_REACH_H
#define DIRECTORY_REACH_H

#include "directory/act.h"

/* Ids of what contains the recipients that he reaches; all arrays, perhaps empty. */
struct reach_keys {
    struct db_value admin_groups, domains, stores, groups, recipients;
};
/* From ",r12,d5,g7,": the arrays live as long as `owner`. */
struct reach_keys reach_keys(const void *owner, const char *within);

/* SQL: recipient r with its primary address a is among $17 (administrative groups), $18 (domains), $19 (stores), $20 (members of
 * groups) or $21 (recipients). */
#define REACHED                                                                                              \
    "(r.administrative_group_id = ANY ($17) OR a.domain_id = ANY ($18) OR r.store_id = ANY ($19)"            \
    " OR r.recipient_id = ANY ($21) OR EXISTS (SELECT FROM recipient_target t"                               \
    "     WHERE t.target_recipient_id = r.recipient_id AND t.recipient_id = ANY ($20)))"

enum { REACH_FEW = 2000 };
/* All that he reaches in the organisation where that are at most REACH_FEW; *ids_out NULL: it is more. Under `owner`. */
MUST_CHECK bool reach_few(struct directory *directory, const void *owner, int64_t organisation_id,
                          const struct reach_keys *keys, int64_t **ids_out, size_t *count_out,
                          struct err *err);

#endif
