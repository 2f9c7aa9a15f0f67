/*
 * admin_group.h -- which administrative group holds a recipient or a domain; private to this room.
 */
#ifndef ADMIN_API_ADMIN_GROUP_H
#define ADMIN_API_ADMIN_GROUP_H

#include "admin_api/call.h"
#include "directory/role.h"

/* The group that the body's "admin_group" names, of the organisation of `object`, which is to go into it: the caller must hold the
 * permission on it there as well, so that nobody hands over what he could not take back. *id_out is left alone where the body names none.
 * ERR_NOT_FOUND: there is no such group, or he may not. */
MUST_CHECK bool admin_group_wanted(struct admin_call *call, enum permission permission,
                                   const struct role_object *object, int64_t *id_out, struct err *err);
/* That group takes the alias, group or contact with this address, where the body names one; the rest as above. */
MUST_CHECK bool admin_group_change(struct admin_call *call, int64_t recipient_id, const char *address,
                                   struct err *err);
/* The group called `name` (NULL: *id_out is left alone) for a new recipient, by its address. ERR_INVALID: that is none; ERR_NOT_FOUND. */
MUST_CHECK bool admin_group_of_new(struct admin_call *call, const char *name, const char *address,
                                   int64_t *id_out, struct err *err);
/* Its name, under call->arena; NULL: the caller does not see it. */
const char *admin_group_name(struct admin_call *call, int64_t organisation_id, int64_t id);

#endif
