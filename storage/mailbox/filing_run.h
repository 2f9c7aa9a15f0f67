/*
 * filing_run.h -- inside filing: one run of a batch through its transaction. What the first round trip read, and what is
 * added to it; the rows read are never changed, so that judging may start again.
 */
#ifndef MAILBOX_FILING_RUN_H
#define MAILBOX_FILING_RUN_H

#include "mailbox/filing.h"

#include <glib.h>

struct filing_folder {
    int64_t folder_id, mailbox_id, uidvalidity, uidnext;
    struct span name, special_use;
    int64_t messages, unseen, deleted, bytes; /* added by this batch */
    struct filing_folder *next;               /* of the same mailbox */
};

struct filing_root {
    int64_t root_id, limit_bytes, used_bytes;
    int64_t bytes; /* added */
};

struct filing_mailbox {
    int64_t mailbox_id;
    bool is_found, is_mounted, was_warned;
    int64_t script_version, organisation_id;
    int64_t modseq, used_bytes, used_messages, quota_bytes, quota_messages;
    int64_t warn_bytes;                        /* 0: 80 % of the quota */
    struct filing_root *domain, *organisation; /* NULL: no limit */
    struct span *keywords;                     /* as read */
    size_t keyword_count;
    struct filing_folder *folders;
    const struct filing_target *place; /* names the one folder that a plain run files into */
    int64_t bytes, messages;           /* added */
    int64_t unseen, deleted, placed;   /* the same, by a plain run only */
    struct span *new_keywords;
    size_t new_keyword_count;
    bool is_warned;
};

/* One content of the batch, however many filings bring it. */
struct filing_content {
    const struct message_draft *draft;
    int64_t staged_message_id;
    int64_t known_message_id; /* 0: not stored yet */
    int64_t message_id;       /* what items refer to */
    bool is_used;             /* some target was filed */
};

/* One Message-ID hash in one mailbox. */
struct filing_thread {
    int64_t mailbox_id, hash, subject_hash;
    int64_t stored_thread_id; /* as read; 0: none */
    int64_t thread_id;
};

struct filing_run {
    struct group *group;
    struct filing_batch *batch;
    const void *owner; /* of results */
    void *arena;       /* of everything else; emptied when the transaction is run again */
    int64_t now_us;
    uint8_t receipt[16];
    const int64_t *message_ids, *item_ids; /* taken before: one for each filing, one for each target */
    size_t target_count;

    struct filing_mailbox *mailboxes; /* by id */
    size_t mailbox_count;
    int64_t *mailbox_ids;
    struct filing_root *roots;
    size_t root_count;
    struct filing_content *contents;
    size_t content_count;
    size_t *content_of; /* of each filing */
    GHashTable *threads;
    struct filing_thread **thread_list;
    size_t thread_count;
    bool shares_threads;        /* two targets know the same conversation of the same mailbox */
    struct span *done_receipts; /* of targets, found in the database */
    size_t done_count;
    bool has_receipts;
    size_t filed; /* targets */
    bool is_rehearsed;
    bool is_one_each, is_done; /* of a plain run: each message has a mailbox of its own; it was filed */
};

/* What the batch is about, by itself: mailboxes, contents, conversations. */
void filing_collect(struct filing_run *run);

/* May functions of the database do it, as far as the batch tells? Fills what a mailbox gets. */
bool filing_is_plain(struct filing_run *run);
/* The whole transaction in one round trip. *is_done_out false: the database is not as plain as the batch, nothing was
 * written; so also where it fails with FILING_ODD. */
MUST_CHECK bool filing_write_plain(struct filing_run *run, struct db *db, bool *is_done_out, struct err *err);
#define FILING_ODD "CH001" /* SQLSTATE; the constraint is the mailbox_id where there is one to blame */
/* The next batches with this mailbox are not tried in the plain way. */
void filing_note_odd(int64_t mailbox_id);
/* The results, where the COMMIT is known to have happened and its answer is not. */
MUST_CHECK bool filing_recall_plain(struct filing_run *run, struct err *err);

/* First round trip, after filing_collect(): locks and reads. */
MUST_CHECK bool filing_load(struct filing_run *run, struct db *db, struct err *err);
/* No database: which targets are filed, under which UIDs, and what that adds to every counter. */
void filing_judge(struct filing_run *run);
/* Second round trip, COMMIT included. Nothing is sent where nothing is filed. */
MUST_CHECK bool filing_write(struct filing_run *run, struct db *db, struct err *err);
/* The same without COMMIT. */
MUST_CHECK bool filing_try_write(struct filing_run *run, struct db *db, struct err *err);

/* filing_trace.c: the traces of what is filed, as one statement of the second round trip; of a plain run, where the database alone
 * will know under which UIDs. */
MUST_CHECK bool filing_add_traces(struct filing_run *run, struct db *db, struct err *err);
/* The same of a plain run: where copies are filed is filled in by the statement itself. */
MUST_CHECK bool filing_add_plain_traces(struct filing_run *run, struct db *db, struct err *err);

/* The contents that are to be stored, in the order of their hashes: two batches with the same new contents must not wait for
 * each other in a circle. */
const struct filing_content **filing_new_contents(const struct filing_run *run, size_t *count_out);
/* An empty span that is not NULL where it is. */
struct span filing_not_null(struct span s);

/* Among those of the run, by bisection; NULL: it was not asked for. The run's. */
struct filing_mailbox *filing_find_mailbox(const struct filing_run *run, int64_t mailbox_id);
/* What is known of the conversation with that hash of a message id and of a base subject; NULL: nothing. The run's. */
struct filing_thread *filing_find_thread(const struct filing_run *run, int64_t mailbox_id, int64_t hash,
                                         int64_t subject_hash);

#endif
