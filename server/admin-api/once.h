/*
 * once.h -- a POST with an Idempotency-Key is done once: asked again within a day, it is given the same answer. A try (?dry_run=true) is no request
 * in this sense.
 *
 * Keys belong to their caller. Answers that hold a secret are not kept: asked again, the caller is told to look.
 */
#ifndef ADMIN_API_ONCE_H
#define ADMIN_API_ONCE_H

#include "admin_api/call.h"

/* Runs the route, or answers as it was answered before. */
MUST_CHECK bool once_run(struct admin_call *call, const struct admin_route *route, struct err *err);

#endif
