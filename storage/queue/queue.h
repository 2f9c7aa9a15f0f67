/*
 * queue.h -- the rows of the transport queue: messages that wait for their way on, one row a recipient.
 *
 * Whoever accepts a message puts it here in one transaction (put.c). A motor takes rows that are due under a lease (take.c),
 * and settles them with it (settle.c): a row whose lease is another's by then is left alone, so that of two who believe
 * that they have it one only decides. A motor that stops saying that it lives loses its rows (motor.c). A row that is settled for
 * good goes; with its last row goes the message.
 *
 * Rows wait in lanes: the recipient's domain, or "group 3" for mailboxes of a storage group. What one lane holds never costs
 * another one anything, neither in memory nor in a query.
 *
 * Ownership  results belong to the talloc context given as `owner`.
 * Errors     ERR_BUSY: the directory database is down.
 * Threads    all functions may be called from any thread. `pool` works as chappe_lookup (directory/directory.h).
 */
#ifndef QUEUE_QUEUE_H
#define QUEUE_QUEUE_H

#include "base/err.h"
#include "base/span.h"
#include "db/pool.h"

enum queue_row_state { QUEUE_WAITS, QUEUE_TAKEN, QUEUE_HELD, QUEUE_ROW_STATES };

enum queue_flag {                           /* of a recipient: bits */
                  QUEUE_IS_BACKUP = 1,      /* we are a backup MX of its domain */
                  QUEUE_IS_RELAY = 2,       /* of an internal relay domain */
                  QUEUE_SCRIPT_IS_DONE = 4, /* what its script sends is on its way already */
                  QUEUE_IS_RETURNED = 8,    /* an administrator gives it back to its sender */
                  QUEUE_IS_POST = 16, /* for a list of ours or what it understands, or moderated by a rule */
                  QUEUE_IS_MODERATED = 32,  /* a rule wants a moderator to decide: `target` names who */
                  QUEUE_IS_APPROVED = 64,   /* a moderator let it through */
                  QUEUE_IS_REJECTED = 128,  /* a moderator did not: `target` has the reason */
                  QUEUE_IS_UNDECIDED = 256, /* nobody decided in time */
                  QUEUE_IS_LIST_COPY = 512  /* a member's copy: `target` says of which list, and whose */
};

enum { QUEUE_COPY_RECEIPT_BYTES = 16 };
enum queue_ret { QUEUE_RET_UNSAID, QUEUE_RET_FULL, QUEUE_RET_HDRS };
/* RFC 2852: what happens to a message that is late. */
enum queue_by { QUEUE_BY_NOTIFY, QUEUE_BY_RETURN };
enum queue_body { QUEUE_7BIT, QUEUE_8BITMIME, QUEUE_BINARYMIME };
enum queue_notify { /* bits; 0: unsaid */
                    QUEUE_NOTIFY_NEVER = 1,
                    QUEUE_NOTIFY_SUCCESS = 2,
                    QUEUE_NOTIFY_FAILURE = 4,
                    QUEUE_NOTIFY_DELAY = 8
};

struct trace_row;
struct queue_message {
    int64_t message_id; /* of queue_put(): given by the database */
    const char *name;
    int64_t organisation_id; /* 0: none */
    const char *sender;      /* "": <> */
    int64_t login_id;        /* 0: nobody */
    const char *login;       /* NULL: nobody */
    const char *origin;
    enum queue_ret ret;
    const char *envid; /* NULL: unsaid */
    enum queue_body body;
    bool needs_smtputf8, needs_tls;
    int64_t deliver_by_us; /* 0: unsaid */
    enum queue_by deliver_by_mode;
    int priority;
    int64_t received_us, expires_us;
    int64_t size_bytes;
    const char *subject;
    const char *language;
    const char *path;
};

struct queue_recipient {
    const char *address;
    const char *sender;           /* other than the message's; NULL: that */
    int64_t group_id, mailbox_id; /* 0: elsewhere */
    const char *target;           /* JSON of what is not simply the INBOX; NULL: it is */
    const char *asked, *why;
    const char *via; /* the next server that an administrator chose; NULL: none. Not of queue_put() */
    unsigned flags, notify;
    const char *orcpt_type, *orcpt; /* NULL: unsaid */
    const char *lane;
    /* 16 bytes: the copy's receipt in its mailbox, where another server's queue had it first; NULL: made of this row */
    const uint8_t *receipt;
    int64_t next_try_us, overdue_us;
    bool is_held;
};

/* What queue_put() is given: the message, its bytes, its recipients. */
struct queue_new {
    struct queue_message message;
    struct span bytes;
    struct queue_recipient *recipients;
    size_t recipient_count;
    struct trace_row *traces; /* of the same transaction */
    size_t trace_count;
};

/* The lane of a mailbox's storage group, under `owner`. */
char *queue_group_lane(const void *owner, int64_t group_id);

/* Puts messages in, all or none, in one transaction (one round trip where they are smaller than QUEUE_PUT_BYTES). True: committed. A
 * COMMIT whose answer got lost is settled by a receipt; ERR_UNKNOWN only where that could not be asked either. Several messages
 * together: at most QUEUE_PUT_BYTES; one alone may be of any size. */
enum { QUEUE_PUT_BYTES = 4 << 20 };
MUST_CHECK bool queue_put(struct db_pool *pool, const struct queue_new *const *messages, size_t count,
                          struct err *err);
/* The same for one message, once under this receipt: true also where an earlier call put it in, which nothing is done about. The
 * receipt begins with the time until which it is known (mailbox/filing.h makes such). ERR_UNKNOWN: to be asked again. */
MUST_CHECK bool queue_put_once(struct db_pool *pool, const uint8_t receipt[QUEUE_COPY_RECEIPT_BYTES],
                               const struct queue_new *message, struct err *err);

struct db;
/* The same inside a transaction of the caller, between db_pipeline_add()s of its own: queues statements only. For messages
 * of at most QUEUE_ADD_MAX bytes each. `arena`: for what is built meanwhile. */
enum { QUEUE_ADD_MAX = 4 << 20 };
MUST_CHECK bool queue_add(struct db *db, const void *arena, const struct queue_new *const *messages,
                          size_t count, struct err *err);

#endif
