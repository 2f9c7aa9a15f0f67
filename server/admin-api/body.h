/* body.h -- the JSON of a request against the fields of its route; private to this room. */
#ifndef ADMIN_API_BODY_H
#define ADMIN_API_BODY_H

#include "admin_api/call.h"

/* Fills call->in, which is never NULL afterwards but where it is no JSON. ERR_INVALID tells of the first fault, call->faults of
 * all. */
MUST_CHECK bool body_read(struct admin_call *call, const struct admin_route *route, struct err *err);
/* The same of a call->in that is there already. */
MUST_CHECK bool body_check(struct admin_call *call, const struct admin_route *route, struct err *err);

#endif
