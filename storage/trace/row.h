/*
 * row.h -- rows of the trace: the same table in the directory database and in each storage group's.
 *
 * A row holds several events of one message (trace/event.h). One that says how the message came, or why it did not, `is_begin`, and
 * is found by its terms; the others by the id.
 *
 * Errors   as statements have them (db/statement.h).
 * Threads  any.
 */
#ifndef TRACE_ROW_H
#define TRACE_ROW_H

#include "base/buf.h"
#include "db/statement.h"

enum { TRACE_ID_MAX = 32 };

struct trace_row {
    int64_t at_us;
    const char *id;
    const char *parent;      /* NULL: none */
    int64_t organisation_id; /* 0: the installation's */
    bool is_begin;
    const char *sender;                    /* "" for <>, and where another row says it */
    const char *message_id, *login, *peer; /* UTF-8; NULL: unknown */
    struct buf terms;                      /* numbers, separated by commas */
    struct buf events;                     /* objects, separated by commas; never empty */
};

/* Empty buffers under `owner`. */
void trace_row_init(struct trace_row *row, const void *owner);
/* One more number by which the row is found (trace/term.h). */
void trace_row_add_term(struct trace_row *row, int64_t term);

/* Queues one statement for all rows; nothing for none. `arena` for what is built meanwhile. */
MUST_CHECK bool trace_rows_add(struct db *db, const void *arena, const struct trace_row *rows, size_t count,
                               struct err *err);
/* The same, for rows that stand only if a row of the queue is still under a lease: guards[i] is the row's, 0 for none. */
struct trace_guard {
    int64_t recipient_id, lease;
};
/* Queues one statement for all rows; guards[i] belongs to rows[i]. Errors as trace_rows_add(). */
MUST_CHECK bool trace_rows_add_guarded(struct db *db, const void *arena, const struct trace_row *rows,
                                       const struct trace_guard *guards, size_t count, struct err *err);
/* In a storage group: rows of copies that this transaction files. Each copy's event is told with the folder and UID that its item has
 * got; where the items are not there, nothing is written. */
struct trace_copy {
    size_t row; /* index of the row that tells of it */
    int64_t item_id;
    struct span event; /* an object, without folder and UID */
};
/* Queues one statement for all rows; a copy's `row` is an index into `rows`. Errors as trace_rows_add(). */
MUST_CHECK bool trace_rows_add_filed(struct db *db, const void *arena, int64_t group_id,
                                     const struct trace_row *rows, size_t count,
                                     const struct trace_copy *copies, size_t copy_count, struct err *err);

#endif
