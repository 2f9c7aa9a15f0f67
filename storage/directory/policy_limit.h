/*
 * policy_limit.h -- what the policies of an organisation allow somebody (directory/selection.h). Nothing is stored of whom a policy
 * selects: a change of the policy, or of the person, counts at once.
 *
 * Errors   ERR_BUSY.
 * Threads  any.
 */
#ifndef DIRECTORY_POLICY_LIMIT_H
#define DIRECTORY_POLICY_LIMIT_H

#include "directory/selection.h"

struct db;

/* Of each of these recipients, in their order. On a connection of the role that looks up; one question a policy that has limits. */
MUST_CHECK bool policy_limits_of(struct db *db, int64_t organisation_id, const int64_t *ids, size_t count,
                                 struct policy_limits *limits_out, struct err *err);
/* The same on a connection of its own. */
MUST_CHECK bool policy_limits_find(struct directory *directory, int64_t organisation_id, const int64_t *ids,
                                   size_t count, struct policy_limits *limits_out, struct err *err);

#endif
