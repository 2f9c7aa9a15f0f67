/*
 * maintain.h -- what housekeeping does for mailboxes, in steps, never in anyone's way.
 *
 * Snapshots and packs are written for folders that have moved on; expunged messages and deleted folders are
 * removed for good when the store's period is over; long journals are folded. Every function does a bounded amount
 * of work in transactions of its own and says whether there is more. Running it in two processes at once is harmless.
 *
 * Errors   ERR_BUSY.
 * Threads  any.
 */
#ifndef MAILBOX_MAINTAIN_H
#define MAILBOX_MAINTAIN_H

#include "mailbox/mailbox.h"

struct maintain_report {
    uint64_t snapshots, packs, purged_messages, purged_folders, folded_changes;
    bool has_more; /* call again soon */
};
/* One round over a storage group, at most `budget_ms` long. */
MUST_CHECK bool maintain_group(struct mailbox_cache *cache, struct group *group, unsigned budget_ms,
                               struct maintain_report *report_out, struct err *err);
/* One folder now: its snapshot and packs; after an import or a slow cold open. */
MUST_CHECK bool maintain_folder(struct mailbox *mailbox, int64_t folder_id,
                                struct maintain_report *report_out, struct err *err);

#endif
