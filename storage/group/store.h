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
    bool is_public;        /* a public folder store */
    int deleted_item_days; /* how long expunged messages stay recoverable; < 0: 14 */
};
/* Makes the store or changes name and period. */
MUST_CHECK bool store_put(struct group *group, const struct store_options *options, struct err *err);
/* ERR_DEPENDED_ON while a mailbox is in it. */
MUST_CHECK bool store_remove(struct group *group, int64_t store_id, struct err *err);
/* Dismounted: everything in its mailboxes is ERR_BUSY, and nothing is refused for good. */
MUST_CHECK bool store_mount(struct group *group, int64_t store_id, struct err *err);
/* From now on ERR_BUSY for its mailboxes. */
MUST_CHECK bool store_dismount(struct group *group, int64_t store_id, struct err *err);

struct mailbox_options {
    int64_t mailbox_id, store_id, organisation_id, domain_id;
    int64_t quota_bytes, quota_messages; /* 0: unlimited */
    bool is_inbox_only;                  /* else also Drafts, Sent, Junk, Trash, Archive */
};
/* The row and its folders, subscribed. Succeeds without changing anything where it exists already; a deleted
 * one is ERR_EXISTS (mailbox_reconnect() brings it back). */
MUST_CHECK bool mailbox_create(struct group *group, const struct mailbox_options *options, struct err *err);
/* Marks it deleted: nobody sees it, the domain's and organisation's use drop by its size, and it can be
 * reconnected until housekeeping removes it after the store's period. */
MUST_CHECK bool mailbox_delete(struct group *group, int64_t mailbox_id, struct err *err);
/* Undoes a deletion within the recoverable period. ERR_NOT_FOUND afterwards. */
MUST_CHECK bool mailbox_reconnect(struct group *group, int64_t mailbox_id, struct err *err);

/* ERR_BUSY where its store is dismounted, ERR_NOT_FOUND where there is none or it was deleted. */
MUST_CHECK bool mailbox_check_mounted(struct group *group, int64_t mailbox_id, struct err *err);

#endif
