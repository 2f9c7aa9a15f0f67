/* verify_report.h -- inside this room: what the parts of verify_messages() share. */
#ifndef MAILBOX_VERIFY_REPORT_H
#define MAILBOX_VERIFY_REPORT_H

#include "db/statement.h"
#include "mailbox/verify_messages.h"

struct verify_work {
    struct group *group;
    const struct verify_options *options;
    struct verify_totals *totals;
};

/* Counts it and tells the caller. */
void verify_tell_finding(struct verify_work *work, struct verify_finding finding);

/* Rows of a query with $1 = where to go on (ids above) and $2 = how many, one page after the other, each on a connection of
 * its own for as long as the query takes; `each` gets every row, $1 follows the first column. */
typedef bool verify_each_row(struct verify_work *work, const struct db_row *row, struct err *err);
MUST_CHECK bool verify_pages(struct verify_work *work, const char *sql, size_t page, verify_each_row *each,
                             struct err *err);

/* The parts. */
MUST_CHECK bool verify_bodies(struct verify_work *work, struct err *err);
/* Items and messages that nothing refers to, or that refer to nothing. */
MUST_CHECK bool verify_references(struct verify_work *work, struct err *err);
/* Counters of mailboxes and quota roots. */
MUST_CHECK bool verify_roots(struct verify_work *work, struct err *err);
/* The texts for searching against the messages. */
MUST_CHECK bool verify_search(struct verify_work *work, struct err *err);
/* What attachments say, and the index of their words. */
MUST_CHECK bool verify_attachments(struct verify_work *work, struct err *err);

#endif
