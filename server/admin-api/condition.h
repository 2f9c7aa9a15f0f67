/*
 * condition.h -- ETag, If-None-Match and If-Match (RFC 9110, 13): two administrators who change one object do not overwrite
 * each other.
 *
 * An ETag is a digest of what GET answers, without its counters (openapi: volatile), so mail that arrives meanwhile does not
 * make a change of the user fail.
 */
#ifndef ADMIN_API_CONDITION_H
#define ADMIN_API_CONDITION_H

#include "admin_api/call.h"

/* Sets ETag of call->out. True: the caller has it already, and 304 is the whole answer. */
bool condition_is_known(struct admin_call *call, const struct admin_route *get);
/* After a change: the ETag of what is there now. */
void condition_tell(struct admin_call *call, const struct admin_route *route);
/* Whether a change may go on. From afar it says in If-Match which state it means (428); it is told where that is another now
 * (412). To be called, and the change made, under condition_lock(). */
MUST_CHECK bool condition_holds(struct admin_call *call, const struct admin_route *route, struct err *err);

struct directory_lock;
/* Nobody else, on any machine, changes what the call's path names, until condition_unlock(). ERR_BUSY. */
MUST_CHECK bool condition_lock(struct admin_call *call, struct directory_lock **lock_out, struct err *err);
/* Accepts NULL. */
void condition_unlock(struct directory_lock **lock);

#endif
