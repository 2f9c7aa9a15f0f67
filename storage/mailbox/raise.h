/*
 * raise.h -- a change of a mailbox that is not of its mail: takes the next modseq, under the row's lock, for rows of its own.
 *
 * Threads  any.
 */
#ifndef MAILBOX_RAISE_H
#define MAILBOX_RAISE_H

#include "mailbox/mailbox.h"

struct db;

/* Writes rows that carry this modseq; false undoes all. Run again where the database asks for that. */
typedef bool raise_work(struct db *db, struct mailbox *mailbox, uint64_t modseq, void *arg, struct err *err);
/* One transaction; after COMMIT everybody is told. ERR_NOT_FOUND: the mailbox is gone. ERR_BUSY (also: its store is
 * dismounted, or it is on its way to another storage group), ERR_UNKNOWN, and what `work` says. NULL: there is nothing to
 * write with it. */
MUST_CHECK bool mailbox_raise(struct mailbox *mailbox, raise_work *work, void *arg, struct err *err);

#endif
