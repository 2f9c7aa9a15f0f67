/*
 * list_filter.h -- a filter over recipients (list.h) as a condition of SQL; its values become parameters. For this room only.
 *
 * A condition stands behind LIST_FILTER_TABLES, in a statement whose $1 is the organisation and whose next parameters, up to
 * LIST_FILTER_FIXED_ARGS, are its own. No byte of a filter becomes a part of it.
 *
 * Threads  pure functions.
 */
#ifndef DIRECTORY_LIST_FILTER_H
#define DIRECTORY_LIST_FILTER_H

#include "base/err.h"
#include "db/statement.h"

enum { LIST_FILTER_FIXED_ARGS = 4 };

/* Of a recipient r: p its primary address, e what a company directory tells. What a statement does not ask about, PostgreSQL leaves out. */
#define LIST_FILTER_TABLES                                                                                   \
    "  JOIN address p ON p.recipient_id = r.recipient_id AND p.is_primary"                                   \
    "  LEFT JOIN domain d ON d.domain_id = p.domain_id"                                                      \
    "  LEFT JOIN administrative_group g ON g.administrative_group_id = r.administrative_group_id"            \
    "  LEFT JOIN recipient_person e ON e.recipient_id = r.recipient_id"                                      \
    "  LEFT JOIN store s ON s.store_id = r.store_id"                                                         \
    "  LEFT JOIN storage_group sg ON sg.storage_group_id = r.storage_group_id"

struct list_filter {
    const char *condition;
    /* Statements joined by UNION ALL that read from indexes the numbers of some recipients, among them all for whom the condition is true;
     * NULL: there are no indexes for that. */
    const char *candidates;
    /* The same for a few of them, quickly where there are many: ten times $2 of each index, of names the first ones. */
    const char *first_candidates;
    struct db_value values[DB_ARGS_MAX]; /* from LIST_FILTER_FIXED_ARGS on; before it are the statement's */
    size_t count;                        /* of all values */
};

/* Under `owner`. ERR_INVALID says what is wrong with the filter. */
MUST_CHECK bool list_filter_read(const void *owner, const char *query, struct list_filter *filter_out,
                                 struct err *err);

#endif
