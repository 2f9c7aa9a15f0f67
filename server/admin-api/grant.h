/* grant.h -- what handlers of roles and grants share; private to this room. */
#ifndef ADMIN_API_GRANT_H
#define ADMIN_API_GRANT_H

#include "admin_api/call.h"

/* Whether the caller hands out rights there: ERR_NOT_FOUND. Where he needs a second person's word for it, the request is kept and
 * answered (*is_filed_out), and nothing else is to be done. */
MUST_CHECK bool grant_may_delegate(struct admin_call *call, const struct role_object *object,
                                   bool *is_filed_out, struct err *err);
/* A grant as GET /grants shows it. */
json_t *grant_json(const struct role_assignment *a);
/* Permissions as an array of words. */
json_t *role_permission_words(uint64_t permissions);
/* The body's `permissions` as bits; 0 where absent. ERR_INVALID. */
MUST_CHECK bool role_read_permissions(struct admin_call *call, uint64_t *permissions_out, struct err *err);

#endif
