/*
 * purge.h -- inside this room and storage/move: removing rows for good, always under the mailbox's row lock.
 *
 * Memberships go first; items that were in no other folder go with them, and messages that no item has any more. A message that
 * somebody gets again at this moment is locked by its delivery and left alone.
 */
#ifndef MAILBOX_PURGE_H
#define MAILBOX_PURGE_H

#include "db/transaction.h"
#include "group/group.h"

enum { PURGE_BATCH = 2000 };

/* In a transaction that holds the mailbox's row: these memberships, and what they alone kept. UIDs that are gone already
 * are passed over. */
MUST_CHECK bool purge_memberships(struct db *db, int64_t mailbox_id, int64_t folder_id, const int64_t *uids,
                                  size_t count, struct err *err);
/* Items without any membership, of these. */
MUST_CHECK bool purge_items(struct db *db, int64_t mailbox_id, const int64_t *item_ids, size_t count,
                            struct err *err);
/* Messages without any item, of these, with their bodies. */
MUST_CHECK bool purge_messages(struct db *db, const int64_t *message_ids, size_t count, struct err *err);

/* One transaction: a batch of the folder's memberships; with the last one *is_done_out, and the folder is gone with all that
 * hangs on it. */
MUST_CHECK bool purge_folder_step(struct db *db, int64_t mailbox_id, int64_t folder_id, bool *is_done_out,
                                  struct err *err);
/* In a transaction: what hangs on a mailbox without folders; the mailbox's row stays. */
MUST_CHECK bool purge_mailbox_rest(struct db *db, int64_t mailbox_id, struct err *err);

/* Locks the mailbox's row, deleted or not. */
MUST_CHECK bool purge_lock(struct db *db, int64_t mailbox_id, struct err *err);

/* Jobs, as housekeeping_job.run. */
MUST_CHECK bool purge_expunged(struct group *group, bool *is_done_out, struct err *err);
/* Memberships of deleted folders, then the folders. */
MUST_CHECK bool purge_folders(struct group *group, bool *is_done_out, struct err *err);
/* Deleted mailboxes whose recoverable period is over, with all that is in them. */
MUST_CHECK bool purge_mailboxes(struct group *group, bool *is_done_out, struct err *err);
/* Messages that were stored and never filed. */
MUST_CHECK bool purge_staged(struct group *group, bool *is_done_out, struct err *err);
/* What told repeated deliveries apart and is too old to be asked for. */
MUST_CHECK bool purge_receipts(struct group *group, bool *is_done_out, struct err *err);

#endif
