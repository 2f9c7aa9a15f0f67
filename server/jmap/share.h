/*
 * share.h -- with whom a mailbox is shared, as JMAP says it: {principal id: rights} (RFC 9670, 4); private to this room.
 *
 * Only what is granted to persons is shown and changed; entries of "anyone" and negative ones are IMAP's and the administrator's.
 */
#ifndef JMAP_SHARE_H
#define JMAP_SHARE_H

#include "jmap/request.h"

/* Rights as booleans: mayReadItems, ..., mayShare. `is_fixed`: it can be neither renamed nor deleted. A new reference. */
json_t *jmap_rights_object(unsigned rights, bool is_fixed);
/* shareWith of a folder: null where the caller may not know, or nobody has rights. A new reference. */
json_t *jmap_share_with(struct jmap_call *call, const struct folder *folder);
/* Makes it so; `wanted` NULL or null: nobody. A SetError, or NULL. */
json_t *jmap_share_set(struct jmap_call *call, const struct folder *folder, const json_t *wanted);

#endif
