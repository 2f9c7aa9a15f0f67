/* admin_filter.h -- inside this room: a filter as a WHERE clause of constants. */
#ifndef QUEUE_ADMIN_FILTER_H
#define QUEUE_ADMIN_FILTER_H

#include "base/buf.h"
#include "db/statement.h"
#include "queue/admin.h"

enum { FILTER_ARGS_MAX = 12 };

struct filter_sql {
    struct buf where; /* " AND ..." for each part that is set */
    struct db_value values[FILTER_ARGS_MAX];
    size_t count;
};

/* Over queue_recipient r JOIN queue_message m. Its arguments stand behind those that `out` has already: it begins as
 * (struct filter_sql){ .count = 0 }. */
void filter_sql_build(const void *owner, const struct queue_filter *filter, struct filter_sql *out);
/* One more argument; its number. */
size_t filter_sql_add(struct filter_sql *sql, struct db_value value);
/* All arguments so far; they live as long as `sql`. */
struct db_args filter_sql_args(const struct filter_sql *sql);

#endif
