/* place.h -- storage groups and stores by the names that a request gives; private to this room. */
#ifndef ADMIN_API_PLACE_H
#define ADMIN_API_PLACE_H

#include "admin_api/call.h"
#include "directory/server.h"
#include "directory/user.h"

/* ERR_NOT_FOUND. */
MUST_CHECK bool place_storage_group(const struct admin_call *call, const char *name,
                                    struct storage_group *group_out, struct err *err);
/* The name of that storage group or store, under call->arena; "" where it is gone meanwhile. */
const char *place_group_name(const struct admin_call *call, int64_t storage_group_id);
/* See above. */
const char *place_store_name(const struct admin_call *call, int64_t store_id);
/* The store of that name; `group_name` NULL: of all storage groups. ERR_NOT_FOUND; ERR_CONFLICT: several are called so. */
MUST_CHECK bool place_store(const struct admin_call *call, const char *group_name, const char *name,
                            struct store *store_out, struct err *err);
/* Of the mailbox stores that fit what was named (NULL: not named), the one with the fewest mailboxes; nothing named: *location
 * stays as it is, and the directory chooses. */
MUST_CHECK bool place_choose(const struct admin_call *call, const char *group_name, const char *store_name,
                             struct mailbox_location *location, struct err *err);

#endif
