/*
 * membership.h -- which groups hold somebody at this moment: by name, by way of others, or by a query.
 *
 * What it costs does not grow with the groups: it is looked for from the person upwards, through the groups that hold him. At most
 * MEMBERSHIP_GROUPS_MAX of these are followed, and MEMBERSHIP_QUERIES_MAX queries asked; who is in more is not found in the rest.
 */
#ifndef DIRECTORY_MEMBERSHIP_H
#define DIRECTORY_MEMBERSHIP_H

#include "directory/directory.h"

enum { MEMBERSHIP_GROUPS_MAX = 1000, MEMBERSHIP_QUERIES_MAX = 100 };

/* Those of the groups that hold the recipient, under `owner`. Any thread. */
MUST_CHECK bool membership_among(struct directory *directory, const void *owner, int64_t recipient_id,
                                 const int64_t *group_ids, size_t count, int64_t **held_out,
                                 size_t *held_count_out, struct err *err);

#endif
