/*
 * settle.h -- how taken rows end, wait again, or go back untried: many in one transaction, with the notices that follow.
 *
 * Only rows that still are under the lease with which they were taken are touched; the others say so (is_lost), and nothing is
 * written for them, not even a notice.
 *
 * Errors   ERR_BUSY: nothing is settled. ERR_UNKNOWN is settled here by asking again: what is no longer under its lease was.
 * Threads  any.
 */
#ifndef QUEUE_SETTLE_H
#define QUEUE_SETTLE_H

#include "queue/queue.h"

enum queue_end {
    QUEUE_END_GONE,    /* delivered, failed, returned: the row goes */
    QUEUE_END_WAITS,   /* tried, and to be tried again */
    QUEUE_END_UNTRIED, /* goes back as it was */
    QUEUE_END_HELD,    /* waits for a moderator (moderation.h) */
    QUEUE_END_KINDS
};

struct trace_row;
/* What is held with one row, and for whom. */
struct queue_hold {
    int64_t organisation_id;
    const int64_t *rows; /* the row's own number first */
    size_t row_count;
    const char *cause; /* for people: "staff@example.org" */
    const char *const *moderators;
    size_t moderator_count;
    int64_t expires_us;
};

struct queue_settlement {
    int64_t recipient_id, message_id, lease;
    enum queue_end end;
    bool wants_notice; /* the maker of notices looks at it */
    /* of QUEUE_END_WAITS */
    int64_t next_try_us, overdue_us;
    bool was_warned, was_tried;
    unsigned code;
    const char *enhanced, *text, *host;
    unsigned flags;

    const struct trace_row *trace; /* written if this row is still under its lease; NULL: none */
    const struct queue_hold
        *hold; /* of the first row of those that QUEUE_END_HELD holds together; NULL: of others */

    /* What the maker adds for this row is wanted once under this receipt (16 bytes; NULL: whenever the row is settled): another row
     * may stand for the same copy. */
    const uint8_t *once;

    void *what;    /* the caller's */
    bool is_lost;  /* result: another had it */
    bool was_once; /* result, for the maker: it was added already */
};

/* Called inside the transaction, when it is known which settlements stand: gives the messages to be put in with them. May be
 * called again when the transaction is repeated. `owner` lives until it has ended. */
typedef bool queue_notices(void *arg, const void *owner, struct queue_settlement *settlements, size_t count,
                           struct queue_new **notices_out, size_t *notice_count_out, struct err *err);

/* One round trip; two where a settlement wants a notice. `make` NULL: none does. */
MUST_CHECK bool queue_settle(struct db_pool *pool, struct queue_settlement *settlements, size_t count,
                             queue_notices *make, void *arg, struct err *err);

#endif
