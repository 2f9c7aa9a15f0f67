/*
 * query_memory.h -- members by query as they were selected last, kept while resolve.c keeps its answers: until the directory's
 * stamp changes, and not longer than a second without a look at it. For this room only.
 *
 * Bounded: at most QUERY_GROUPS_MAX groups with QUERY_IDS_MAX members together; a larger answer is not kept.
 */
#ifndef DIRECTORY_QUERY_MEMORY_H
#define DIRECTORY_QUERY_MEMORY_H

#include "directory/act.h"

enum { QUERY_GROUPS_MAX = 256, QUERY_IDS_MAX = 200000 };

/* False: ask the database. */
bool query_memory_recall(struct directory *directory, const void *owner, int64_t group_id, int64_t **ids_out,
                         size_t *count_out);
/* Selected after the stamp was read, which was at `start_us` (monotonic) or later. */
void query_memory_keep(struct directory *directory, int64_t group_id, int64_t stamp, int64_t start_us,
                       const int64_t *ids, size_t count);

#endif
