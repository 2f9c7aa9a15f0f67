/*
 * list_query.h -- whom of some recipients a filter selects; for this room only.
 */
#ifndef DIRECTORY_LIST_QUERY_H
#define DIRECTORY_LIST_QUERY_H

#include "directory/act.h"

/* Those of `ids` whom it selects, by address, under `owner`; who is disabled, a group or an alias is not among them. ERR_INVALID. */
MUST_CHECK bool list_query_among(struct db *db, const void *owner, int64_t organisation_id, const char *query,
                                 const int64_t *ids, size_t count, int64_t **found_out,
                                 size_t *found_count_out, struct err *err);

#endif
