/*
 * maintain.h -- what keeps folders fast, done by housekeeping in steps, never in anyone's way.
 *
 * Snapshots are written for folders that have moved on since their last one, packs for messages that are in none. Both are
 * derived: work from committed states, COMMITs that need not be durable, and running it twice at once is harmless.
 *
 * Errors   ERR_BUSY.
 * Threads  any.
 */
#ifndef MAILBOX_MAINTAIN_H
#define MAILBOX_MAINTAIN_H

#include "mailbox/mailbox.h"

struct maintain_report {
    uint64_t snapshots, packs;
};

/* One step over a storage group, some seconds long at most; fits housekeeping_job.run. */
MUST_CHECK bool maintain_step(struct group *group, bool *is_done_out, struct err *err);
/* One folder now: its snapshot and all its packs; after an import. */
MUST_CHECK bool maintain_folder(struct mailbox *mailbox, int64_t folder_id,
                                struct maintain_report *report_out, struct err *err);

#endif
