/* approval.h -- changes that wait for a second person; private to this room. */
#ifndef ADMIN_API_APPROVAL_H
#define ADMIN_API_APPROVAL_H

#include "admin_api/call.h"

/* Whether the caller, who may by `reason`, needs somebody else's word for this request. */
bool approval_is_needed(const struct admin_call *call, const struct role_assignment *reason);
/* Beside the route's own right: whether the caller may do that to the object, too, without waiting for somebody's word. */
MUST_CHECK bool approval_may_now(const struct admin_call *call, enum permission permission,
                                 const struct role_object *object, bool *may_out, struct err *err);
/* What stands there of what the request names, and what is to stand there, without passwords; NULL: nothing. The caller's. */
MUST_CHECK bool approval_difference(struct admin_call *call, json_t **before_out, json_t **after_out,
                                    struct err *err);
/* Keeps the request until somebody decides, and answers 202 with it: instead of the handler's work. ERR_DENIED for what cannot be
 * kept. */
MUST_CHECK bool approval_file(struct admin_call *call, enum permission permission,
                              const struct role_object *object, struct err *err);

#endif
