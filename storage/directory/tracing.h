/*
 * tracing.h -- the trace in the directory database (trace/row.h): of what went through the queue, and what was refused.
 *
 * Threads  any.
 */
#ifndef DIRECTORY_TRACING_H
#define DIRECTORY_TRACING_H

#include "directory/directory.h"
#include "trace/find.h"
#include "trace/later.h"
#include "trace/row.h"

/* As trace_find(), as this actor may: one organisation, or all for the installation's. */
MUST_CHECK bool tracing_find(struct directory *directory, const struct actor *actor, const void *owner,
                             const struct trace_filter *filter, size_t limit, const char ***ids_out,
                             size_t *count_out, struct err *err);
/* As trace_load(). */
MUST_CHECK bool tracing_load(struct directory *directory, const struct actor *actor, const void *owner,
                             const char *const *ids, size_t count, int64_t organisation_id,
                             struct trace_found **rows_out, size_t *row_count_out, struct err *err);
/* Rows that belong to no transaction: of refusals. */
MUST_CHECK bool tracing_add(struct directory *directory, const struct trace_row *rows, size_t count,
                            struct err *err);
/* The same for trace/later.h: `directory`, and entries that are struct trace_row. */
bool tracing_write(void *directory, void *const *entries, size_t count, struct err *err);
/* As trace_tend(). */
MUST_CHECK bool tracing_tend(struct directory *directory, int64_t now_us, int keep_days,
                             uint64_t *dropped_out, struct err *err);

#endif
