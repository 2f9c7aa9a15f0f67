/*
 * store.h -- the stores of a storage group and the mailboxes in them: making, deleting, mounting.
 *
 * Ids come from the directory database, which knows the same objects; every function here may be repeated
 * after a failure between the two databases.
 *
 * Errors   ERR_NOT_FOUND, ERR_BUSY (database down, store dismounted), ERR_EXISTS as told below.
 * Threads  all functions may be called from any thread.
 */
#ifndef GROUP_STORE_H
#define GROUP_STORE_H

#include "group/group.h"

struct store_options {
    int64_t store_id;
    const char *name;
    bool is_public;           /* a public folder store */
    int deleted_item_days;    /* how long expunged messages stay recoverable; < 0: 14 */
    int deleted_mailbox_days; /* how long a deleted mailbox can be reconnected; < 0: 30 */
    /* Of mailboxes without a quota of their own; 0: none. From the first on their owners are warned, from the second on they cannot
     * send, more than the third is not received. */
    int64_t warn_bytes, no_send_bytes, no_receive_bytes;
};
/* Makes the store or changes name, periods and limits; changed limits are written into all its mailboxes. */
MUST_CHECK bool store_put(struct group *group, const struct store_options *options, struct err *err);
/* ERR_DEPENDED_ON while a mailbox is in it. */
MUST_CHECK bool store_remove(struct group *group, int64_t store_id, struct err *err);
/* Dismounted: everything in its mailboxes is ERR_BUSY, and nothing is refused for good. */
MUST_CHECK bool store_mount(struct group *group, int64_t store_id, struct err *err);
/* From now on ERR_BUSY for its mailboxes. */
MUST_CHECK bool store_dismount(struct group *group, int64_t store_id, struct err *err);

/* What is in a store now, and how it grew. */
struct store_usage {
    int64_t mailboxes, deleted_mailboxes, used_bytes, used_messages;
    int64_t quota_bytes;                   /* of those that have one, together */
    int64_t nearly_full, full;             /* mailboxes beyond their warning, and beyond their quota */
    int64_t grown_bytes_7, grown_bytes_30; /* within so many days, or since there was a first look */
    bool is_mounted;
};
/* ERR_NOT_FOUND. Sums over the rows of its mailboxes. */
MUST_CHECK bool store_usage(struct group *group, int64_t store_id, struct store_usage *usage_out,
                            struct err *err);
/* Writes down how much is in each store today: a job of housekeeping. */
MUST_CHECK bool store_note_history(struct group *group, bool *is_done_out, struct err *err);

struct mailbox_options {
    int64_t mailbox_id, store_id, organisation_id, domain_id;
    int64_t quota_bytes, quota_messages; /* 0: unlimited */
    bool is_inbox_only;                  /* else also Drafts, Sent, Junk, Trash, Archive */
    const char *
        anyone_rights; /* letters (mailbox/rights.h) that everybody of the organisation has in it; NULL: none */
};
/* The row and its folders, subscribed. Succeeds without changing anything where it exists already; a deleted
 * one is ERR_EXISTS (mailbox_reconnect() brings it back). */
MUST_CHECK bool mailbox_create(struct group *group, const struct mailbox_options *options, struct err *err);

enum mailbox_made {
    MAILBOX_MADE,   /* by this call */
    MAILBOX_THERE,  /* it was there, and stays as it was */
    MAILBOX_DELETED /* it is waiting for housekeeping: mailbox_reconnect() brings it back */
};
/* The same for many in one transaction of a few round trips, for an import: all of them or none. made_out[0 .. count) says
 * which is which. After ERR_UNKNOWN it may be called again like after every other failure. */
MUST_CHECK bool mailbox_create_many(struct group *group, const struct mailbox_options *options, size_t count,
                                    enum mailbox_made *made_out, struct err *err);
/* Marks it deleted: nobody sees it, the domain's and organisation's use drop by its size, and it can be
 * reconnected until housekeeping removes it after the store's period. */
MUST_CHECK bool mailbox_delete(struct group *group, int64_t mailbox_id, struct err *err);
/* What a deleted mailbox holds. ERR_NOT_FOUND: none is deleted that could be had again. */
MUST_CHECK bool mailbox_deleted_size(struct group *group, int64_t mailbox_id, int64_t *bytes_out,
                                     struct err *err);
/* A deleted one: housekeeping removes it with its next turn, whatever the store's period. ERR_NOT_FOUND: none is deleted. */
MUST_CHECK bool mailbox_expire(struct group *group, int64_t mailbox_id, struct err *err);
/* Undoes a deletion within the recoverable period. ERR_NOT_FOUND afterwards. */
MUST_CHECK bool mailbox_reconnect(struct group *group, int64_t mailbox_id, struct err *err);

/* Into another store of the same group. ERR_BUSY while it is on its way to another group; ERR_NOT_FOUND: no such mailbox. */
MUST_CHECK bool mailbox_set_store(struct group *group, int64_t mailbox_id, int64_t store_id, struct err *err);

/* In statements that lock a mailbox m: a store that is joined would be the one before whoever held the lock moved it, and the
 * row would be missed. */
#define MAILBOX_IS_MOUNTED "coalesce((SELECT s.is_mounted FROM store s WHERE s.store_id = m.store_id), false)"
/* A condition: that mailbox is neither a copy that is still being made (storage/move), of which nothing can be derived yet, nor what
 * a move left behind. */
#define MAILBOX_IS_SETTLED(mailbox_id)                                                                       \
    "NOT EXISTS (SELECT FROM mailbox_transit AS way WHERE way.mailbox_id = " mailbox_id ")"
/* ERR_BUSY where its store is dismounted, ERR_NOT_FOUND where there is none or it was deleted. */
MUST_CHECK bool mailbox_check_mounted(struct group *group, int64_t mailbox_id, struct err *err);

#endif
