/*
 * find.h -- asking one database for traces: first which messages, then all that is told of them.
 *
 * Ids sort by the time at which the message began to come, so they are the cursor, too.
 *
 * Ownership  results belong to `owner`.
 * Errors     those of statements.
 * Threads    any; a connection belongs to one thread.
 */
#ifndef TRACE_FIND_H
#define TRACE_FIND_H

#include "db/statement.h"

enum { TRACE_FIND_MOST = 1000, TRACE_ROWS_MOST = 5000 };

struct trace_filter {
    const int64_t *terms; /* all of them (trace/term.h) */
    size_t term_count;
    int64_t organisation_id;    /* 0: any */
    const char *before;         /* ids below this one; NULL: from the newest */
    int64_t since_us, until_us; /* 0: open */
};
/* Up to `limit` ids, the newest first. */
MUST_CHECK bool trace_find(struct db *db, const void *owner, const struct trace_filter *filter, size_t limit,
                           const char ***ids_out, size_t *count_out, struct err *err);

struct trace_found {
    int64_t at_us, organisation_id;
    const char *id, *parent; /* NULL: none */
    bool is_begin;
    const char *sender, *message_id, *login, *peer; /* NULL but for the sender: unknown */
    struct span events;                             /* a JSON array */
};
/* The rows of these ids, and of those that came of them (their parent is one), by id and time; at most TRACE_ROWS_MOST.
 * `organisation_id` 0: of all. */
MUST_CHECK bool trace_load(struct db *db, const void *owner, const char *const *ids, size_t count,
                           int64_t organisation_id, struct trace_found **rows_out, size_t *row_count_out,
                           struct err *err);

/* Partitions of today and the days to come are made, those of more than `keep_days` ago dropped; their number. */
MUST_CHECK bool trace_tend(struct db *db, int64_t now_us, int keep_days, uint64_t *dropped_out,
                           struct err *err);

#endif
