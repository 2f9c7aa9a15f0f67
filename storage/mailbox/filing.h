/*
 * filing.h -- putting new messages into folders: the transaction behind every delivery, APPEND and import.
 *
 * A batch of filings is one transaction. Where everything in it can be filed it is one round trip to a function of the database
 * (filing_plain.c); else two: lock the mailbox rows (ascending) and quota roots and read folders, known contents and
 * conversations; then write messages, bodies, items, memberships, counters, the receipt, and COMMIT. UIDs and modseq are taken
 * once a mailbox. Quota is judged under the row locks, target by target in the order given, so it is exact. Callers other
 * than routing/deliver (import) may use it directly.
 *
 * Results  each target ends with is_filed, or with its own err: ERR_QUOTA, ERR_NOT_FOUND (mailbox or folder gone),
 *          ERR_BUSY (store dismounted), ERR_LIMIT (too many keywords), ERR_CONFLICT (another script). The batch fails as a whole only with the
 *          database: ERR_BUSY, ERR_INTERNAL; ERR_UNKNOWN is settled here by the receipt row, over a fresh
 *          connection, and comes back only where that could not be asked either.
 * Threads  a batch belongs to one thread.
 */
#ifndef MAILBOX_FILING_H
#define MAILBOX_FILING_H

#include "db/transaction.h"
#include "message/message.h"

struct trace;

/* Where one copy goes. The first of folder_id, special_use, folder_name that is set decides; INBOX otherwise, and
 * also where special_use or folder_name name nothing. */
struct filing_target {
    int64_t mailbox_id;
    int64_t folder_id;       /* 0: none; one that is gone is ERR_NOT_FOUND */
    const char *special_use; /* "\\Junk" */
    const char *folder_name; /* whole path */
    uint64_t flags;          /* system bits (mailbox/flags.h); keyword bits too where the caller knows them */
    const char *const
        *keywords;      /* NULL-ended names, made known to the mailbox where they are new; NULL: none */
    bool ignores_quota; /* our own notices */
    /* The plan was made for this version of the mailbox's script (0: none); where another one is in force, nothing is filed:
     * ERR_CONFLICT, and found_script_version says which (mailbox/script.h). */
    bool checks_script;
    int64_t script_version;
    const uint8_t *
        receipt; /* 16 bytes that stand for this copy: where an earlier transaction left them, it is_filed already and
                     nothing is done (was_filed); filing_receipt() makes them. NULL: none */
    const struct trace *trace; /* of its message (trace/trace.h): written down with the copy. NULL: none */
    bool
        is_quota_warning; /* filed only where the mailbox is above 80 % and not warned yet; marks it warned */

    bool is_filed;  /* all below: results */
    bool was_filed; /* by an earlier transaction, under the same receipt: there are no other results */
    struct err err;
    int64_t filed_folder_id, uidvalidity, uid, item_id, thread_id, message_id;
    uint64_t modseq;
    uint64_t filed_flags; /* with the bits of its keywords */
    int64_t found_script_version;
    bool wants_quota_warning; /* above 80 % and not warned yet: file the warning in a following transaction */
};

struct filing {
    const struct message_draft *draft;
    int64_t staged_message_id; /* of filing_stage(), for a draft without pieces; else 0 */
    int64_t received_us;       /* INTERNALDATE */
    struct filing_target *targets;
    size_t target_count;
    bool is_all_or_nothing; /* no target is filed unless all filings of the batch that say so are */
    bool is_whole; /* no target of this filing is filed unless all of them are; others are not touched */
};

/* Where a mailbox came to by a batch, for wake_publish(). */
struct filing_change {
    int64_t mailbox_id;
    uint64_t modseq;
};

struct filing_batch {
    struct filing *filings;
    size_t count;
    /* Runs in the same transaction before anything is read (REPLACE removes the old message here); it takes its own
     * locks, mailbox rows first. NULL: none. */
    db_work *before;
    void *before_arg;
    bool is_rehearsal; /* results are what they would be; all is rolled back */

    struct filing_change *changes; /* results, under `owner` of filing_run() */
    size_t change_count;
};

/* Writes the pieces of a large message ahead of its batch, in transactions of their own. What is never filed is
 * reaped by housekeeping after a day. What the database loses by a crash before the batch makes that fail with ERR_BUSY. */
MUST_CHECK bool filing_stage(struct group *group, const struct message_draft *draft, int64_t *message_id_out,
                             struct err *err);

/* The receipt of one copy that comes from a queue: made from the row's id there, and beginning with a time long after the
 * message came, so that it is kept (for 30 days) as long as anybody may try to file it again. */
enum { FILING_RECEIPT_BYTES = 16 };
void filing_receipt(uint8_t receipt[FILING_RECEIPT_BYTES], int64_t row_id, int64_t received_us);

/* Gives up what was staged and not filed; does nothing where it was. Best effort: housekeeping comes behind. */
void filing_unstage(struct group *group, int64_t message_id);

/* `db` is a connection of `group` outside a transaction (pooled or dedicated). */
MUST_CHECK bool filing_run(struct group *group, struct db *db, const void *owner, struct filing_batch *batch,
                           struct err *err);

/* The notice that a mailbox is nearly full, in `language` ("fr", "en"; another one: in both), as a message to be filed in its
 * INBOX with ignores_quota. */
struct message_draft *filing_quota_warning(const void *owner, const char *address, const char *language,
                                           int64_t used_bytes, int64_t quota_bytes, int64_t now_us);

#endif
