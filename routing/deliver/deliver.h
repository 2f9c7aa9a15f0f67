/*
 * deliver.h -- the one door into the stores.
 *
 * The caller's thread prepares the message (message/message.h) and waits here; a few committer threads a storage
 * group put what queued meanwhile into one transaction (at most 64 messages
 * or 4 MB; nobody waits for a timer) and wake the callers after COMMIT. A batch that fails is tried again
 * message by message, so that one bad message harms only itself. Whoever gets is_filed may acknowledge:
 * the message is durable. Afterwards the mailboxes are published on the wake bus.
 *
 * Errors   per recipient: ERR_QUOTA, ERR_NOT_FOUND, ERR_BUSY (store dismounted, group down), ERR_UNKNOWN (the outcome
 *          of a COMMIT could not be learnt: answer "temporary"; a retry may then deliver twice, silence never loses).
 * Threads  all functions may be called from any thread; a call blocks until its messages are committed or refused. One that rehearses
 *          (db/rehearsal.h) files itself, within that.
 */
#ifndef DELIVER_DELIVER_H
#define DELIVER_DELIVER_H

#include "mailbox/filing.h"

struct wake_bus;
struct deliver;

struct directory;

struct deliver_options {
    struct groups *groups;
    struct directory *directory; /* in which language an owner is warned; NULL: in all */
    struct wake_bus *wake;       /* NULL: nobody is told */
    unsigned committers;         /* threads a storage group; 0: 2 */
    unsigned queue_limit; /* messages waiting for a storage group before callers get ERR_BUSY; 0: 2000 */
};

/* Under `owner`. Copies the options; what they point at must outlive it. Starts no thread before the first delivery.
 * Cannot fail. */
MUST_CHECK bool deliver_open(const void *owner, const struct deliver_options *options,
                             struct deliver **deliver_out, struct err *err);
/* Commits what is queued; no call may be running or come any more. Accepts and sets NULL. */
void deliver_close(struct deliver **deliver);

/* ERR_NO_ROOM while disks are nearly full: whoever brings a message may ask before it is sent. The deliveries below ask
 * themselves, and refuse. */
MUST_CHECK bool deliver_has_room(struct deliver *deliver, struct err *err);

/* One recipient of a message, already resolved. */
struct deliver_recipient {
    int64_t group_id;            /* the storage group of the mailbox */
    const char *address;         /* for notices to the owner ("your mailbox is nearly full") */
    struct filing_target target; /* mailbox, folder, flags; the results come back in it */
};

/* Files the message for all recipients: in each storage group one transaction. True where every recipient got an
 * answer in its target (is_filed or err); false with *err where nothing could be tried at all. */
MUST_CHECK bool deliver_message(struct deliver *deliver, const struct message_draft *draft,
                                int64_t received_us, struct deliver_recipient *recipients, size_t count,
                                struct err *err);

/* All or none, for a protocol with one reply for all recipients (SMTP): true when every recipient has its copy. In each
 * storage group the first recipient that cannot be filed keeps all others of this message from being filed, and is
 * *err; other messages of the same batch are not touched. With several groups they are done one after the other and the
 * first refusal ends it: what an earlier group has committed stays (a sender that wants none of that asks for one
 * group at a time), and a retry doubles it. */
MUST_CHECK bool deliver_message_whole(struct deliver *deliver, const struct message_draft *draft,
                                      int64_t received_us, struct deliver_recipient *recipients, size_t count,
                                      struct err *err);

/* IMAP APPEND, MULTIAPPEND, REPLACE, CATENATE: one or several messages into one folder, all or none.
 * `before` runs inside the transaction first (see filing_batch); with it, or with several messages, a transaction
 * of its own; a single append shares its COMMIT with others. False with the reason where nothing was stored; results
 * (uid, uidvalidity, item_id) in the targets, whose mailbox_id and folder_id must all be the same. */
struct deliver_append {
    const struct message_draft *draft;
    int64_t received_us;
    const char *address; /* for notices to the owner; NULL: none is sent now, the next delivery does */
    struct filing_target target;
};
/* As told above struct deliver_append; `before` may be NULL. Drafts and targets must live until it returns. */
MUST_CHECK bool deliver_appends(struct deliver *deliver, int64_t group_id, struct deliver_append *appends,
                                size_t count, db_work *before, void *before_arg, struct err *err);

#endif
