/*
 * purge_jobs.c -- what the recoverable period has passed over: expunged messages, deleted folders, deleted mailboxes; and what
 * deliveries left behind. Batches of PURGE_BATCH, one transaction each.
 */
#include "mailbox/purge.h"

#include "base/clock.h"
#include "base/crashpoint.h"
#include "db/statement.h"
#include "mailbox/receipt.h"
#include "mailbox/uid_set.h"

#include <talloc.h>

enum { ROWS_A_TURN = 50 };
static const int64_t TURN_US = 3 * US_PER_S;
#define PERIOD_PASSED(column) column " < $1 - s.deleted_item_days * 86400000000"
#define MAILBOX_PERIOD_PASSED(column) column " < $1 - s.deleted_mailbox_days * 86400000000"

struct batch {
    int64_t mailbox_id, folder_id;
    const int64_t *uids;
    size_t count;
    bool is_last;
    int64_t modseq; /* of the expunge row that is through with the last batch */
    int32_t part;
};

static const char MARK_PURGED[] =
    "UPDATE folder_change SET is_purged = true WHERE folder_id = $1 AND modseq = $2 AND part = $3";

static bool purge_batch(struct db *db, void *arg, struct err *err)
{
    const struct batch *batch = arg;

    if (!db_commit_lazily(db, err) || !purge_lock(db, batch->mailbox_id, err) ||
        !purge_memberships(db, batch->mailbox_id, batch->folder_id, batch->uids, batch->count, err))
        return false;
    CRASHPOINT("purge.before-commit");
    return !batch->is_last ||
           db_exec(db, MARK_PURGED,
                   DB_ARGS(db_i64(batch->folder_id), db_i64(batch->modseq), db_i32(batch->part)), NULL, err);
}

/* What is to be done for one row found; false with err->kind ERR_NONE when the turn was over before all was. */
typedef bool purge_each(struct db *db, const struct db_row *row, int64_t deadline_us, struct err *err);

/* One turn: the rows of `sql` ($1: now, $2: how many), until time is up. *is_done_out: there were no more. */
static bool purge_found(struct group *group, const char *sql, purge_each *each, bool *is_done_out,
                        struct err *err)
{
    int64_t deadline_us = clock_monotonic_us() + TURN_US;
    void *arena = talloc_new(NULL);
    struct db *db;
    struct db_rows *rows;
    struct db_row row;
    bool done = group_acquire(group, DB_BACKGROUND, &db, err);

    if (done) {
        done = db_query(db, arena, sql, DB_ARGS(db_i64(clock_now_us()), db_i64(ROWS_A_TURN)), &rows, err);
        size_t i = 0;
        if (done)
            *err = ERR_INIT;
        for (; done && clock_monotonic_us() < deadline_us && db_rows_at(rows, i, &row); i++)
            done = each(db, &row, deadline_us, err);
        *is_done_out = done && i == db_rows_count(rows) && i < ROWS_A_TURN;
        db_release(&db);
    }
    talloc_free(arena);
    return done || err->kind == ERR_NONE;
}

static const char FIND_EXPUNGED[] =
    "SELECT f.mailbox_id, c.folder_id, c.modseq, c.part, c.uids"
    "  FROM folder_change c JOIN folder f USING (folder_id) JOIN mailbox m USING (mailbox_id) JOIN store s USING (store_id)"
    " WHERE c.kind = 2 AND NOT c.is_purged AND " PERIOD_PASSED("c.at_us") " ORDER BY c.at_us LIMIT $2";

/* One expunge row, in batches. */
static bool purge_row(struct db *db, const struct db_row *row, int64_t deadline_us, struct err *err)
{
    void *arena = talloc_new(NULL);
    struct uid_set set = UID_SET_INIT(arena);
    int64_t *uids = talloc_array(arena, int64_t, PURGE_BATCH);
    struct batch batch = { .mailbox_id = db_get_i64(row, 0),
                           .folder_id = db_get_i64(row, 1),
                           .uids = uids,
                           .modseq = db_get_i64(row, 2),
                           .part = db_get_i32(row, 3) };
    struct uid_set_at at = UID_SET_START(&set);
    bool is_good = uid_set_unpack(db_get_bytes(row, 4), &set), done = true;

    for (uint32_t uid; done && !batch.is_last;) {
        batch.count = 0;
        while (is_good && batch.count < PURGE_BATCH && uid_set_next(&at, &uid))
            uids[batch.count++] = uid;
        batch.is_last = batch.count < PURGE_BATCH;
        done = with_transaction(db, purge_batch, &batch, err);
        if (done && !batch.is_last && clock_monotonic_us() > deadline_us)
            done = false;
    }
    talloc_free(arena);
    return done;
}

bool purge_expunged(struct group *group, bool *is_done_out, struct err *err)
{
    return purge_found(group, FIND_EXPUNGED, purge_row, is_done_out, err);
}

static const char FIND_FOLDERS[] =
    "SELECT f.mailbox_id, f.folder_id"
    "  FROM folder f JOIN mailbox m USING (mailbox_id) JOIN store s USING (store_id)"
    " WHERE f.deleted_us IS NOT NULL AND " PERIOD_PASSED("f.deleted_us") " LIMIT $2";
static const char SOME_UIDS[] = "SELECT uid FROM membership WHERE folder_id = $1 LIMIT $2";
/* Whatever hangs on a folder, the folder last. */
static const char *const folder_rows[] = {
    "DELETE FROM folder_change WHERE folder_id = $1", "DELETE FROM folder_snapshot WHERE folder_id = $1",
    "DELETE FROM folder_pack WHERE folder_id = $1",   "DELETE FROM folder_right WHERE folder_id = $1",
    "DELETE FROM annotation WHERE folder_id = $1",    "DELETE FROM search_text WHERE folder_id = $1",
    "DELETE FROM search_state WHERE folder_id = $1",  "DELETE FROM folder WHERE folder_id = $1",
};

struct folder_batch {
    int64_t mailbox_id, folder_id;
    bool is_last;
};

static bool purge_folder_batch(struct db *db, void *arg, struct err *err)
{
    struct folder_batch *batch = arg;
    void *arena = talloc_new(NULL);
    int64_t uids[PURGE_BATCH];
    struct db_rows *rows;
    struct db_row row;
    size_t count = 0;

    bool done =
        db_commit_lazily(db, err) && purge_lock(db, batch->mailbox_id, err) &&
        db_query(db, arena, SOME_UIDS, DB_ARGS(db_i64(batch->folder_id), db_i64(PURGE_BATCH)), &rows, err);
    for (; done && db_rows_at(rows, count, &row); count++)
        uids[count] = db_get_i64(&row, 0);
    done = done && purge_memberships(db, batch->mailbox_id, batch->folder_id, uids, count, err);
    batch->is_last = done && count < PURGE_BATCH;
    for (size_t i = 0; done && batch->is_last && i < COUNT_OF(folder_rows); i++)
        done = db_exec(db, folder_rows[i], DB_ARGS(db_i64(batch->folder_id)), NULL, err);
    talloc_free(arena);
    return done;
}

bool purge_folder_step(struct db *db, int64_t mailbox_id, int64_t folder_id, bool *is_done_out,
                       struct err *err)
{
    struct folder_batch batch = { mailbox_id, folder_id, false };
    bool done = with_transaction(db, purge_folder_batch, &batch, err);

    *is_done_out = done && batch.is_last;
    return done;
}

static bool purge_folder(struct db *db, const struct db_row *row, int64_t deadline_us, struct err *err)
{
    bool is_last = false;

    while (!is_last) {
        if (clock_monotonic_us() > deadline_us ||
            !purge_folder_step(db, db_get_i64(row, 0), db_get_i64(row, 1), &is_last, err))
            return false;
    }
    return true;
}

bool purge_folders(struct group *group, bool *is_done_out, struct err *err)
{
    return purge_found(group, FIND_FOLDERS, purge_folder, is_done_out, err);
}

static const char FIND_MAILBOXES[] =
    "SELECT m.mailbox_id FROM mailbox m JOIN store s USING (store_id)"
    " WHERE m.deleted_us IS NOT NULL AND " MAILBOX_PERIOD_PASSED("m.deleted_us") " LIMIT $2";
/* Its folders are left to purge_folders(), as if deleted long ago; when none is left, the rest goes. */
static const char EXPIRE_FOLDERS[] = "UPDATE folder SET deleted_us = 0 WHERE mailbox_id = $1"
                                     "   AND (deleted_us IS NULL OR deleted_us > 0)";
static const char HAS_FOLDERS[] = "SELECT EXISTS (SELECT 1 FROM folder WHERE mailbox_id = $1)";
static const char *const mailbox_rows[] = {
    "DELETE FROM subscription WHERE mailbox_id = $1",
    "DELETE FROM annotation WHERE mailbox_id = $1",
    "DELETE FROM thread_reference WHERE mailbox_id = $1",
    "DELETE FROM search_lexeme WHERE item_id IN (SELECT item_id FROM search_word WHERE mailbox_id = $1)",
    "DELETE FROM search_word WHERE mailbox_id = $1",
    "DELETE FROM import_receipt WHERE mailbox_id = $1",
    "DELETE FROM sieve_script WHERE mailbox_id = $1",
    "DELETE FROM automatic_reply WHERE mailbox_id = $1",
    "DELETE FROM sieve_mark WHERE mailbox_id = $1",
    "DELETE FROM jmap_identity WHERE mailbox_id = $1",
    "DELETE FROM jmap_submission WHERE mailbox_id = $1",
    "DELETE FROM upload WHERE mailbox_id = $1",
    "DELETE FROM client_setting WHERE mailbox_id = $1",
    "DELETE FROM sender_rule WHERE mailbox_id = $1",
    "DELETE FROM snooze WHERE mailbox_id = $1",
    "DELETE FROM openpgp_key WHERE mailbox_id = $1",
    "DELETE FROM mailbox_right WHERE mailbox_id = $1",
    "DELETE FROM search_shown WHERE mailbox_id = $1",
    "DELETE FROM search_folder WHERE mailbox_id = $1",
};
static const char DELETE_MAILBOX[] = "DELETE FROM mailbox WHERE mailbox_id = $1";

bool purge_mailbox_rest(struct db *db, int64_t mailbox_id, struct err *err)
{
    bool done = true;

    for (size_t i = 0; done && i < COUNT_OF(mailbox_rows); i++)
        done = db_exec(db, mailbox_rows[i], DB_ARGS(db_i64(mailbox_id)), NULL, err);
    return done;
}

static bool purge_mailbox(struct db *db, void *arg, struct err *err)
{
    struct db_value mailbox = db_i64(*(const int64_t *)arg);
    void *arena = talloc_new(NULL);
    struct db_row row;

    bool done = purge_lock(db, *(const int64_t *)arg, err) &&
                db_exec(db, EXPIRE_FOLDERS, DB_ARGS(mailbox), NULL, err) &&
                db_one_row(db, arena, HAS_FOLDERS, DB_ARGS(mailbox), &row, err);
    bool is_empty = done && !db_get_bool(&row, 0);
    if (is_empty)
        done = purge_mailbox_rest(db, *(const int64_t *)arg, err) &&
               db_exec(db, DELETE_MAILBOX, DB_ARGS(mailbox), NULL, err);
    talloc_free(arena);
    return done;
}

static bool purge_mailbox_row(struct db *db, const struct db_row *row, int64_t deadline_us, struct err *err)
{
    int64_t mailbox_id = db_get_i64(row, 0);

    (void)deadline_us;
    return with_transaction(db, purge_mailbox, &mailbox_id, err);
}

bool purge_mailboxes(struct group *group, bool *is_done_out, struct err *err)
{
    bool done = purge_found(group, FIND_MAILBOXES, purge_mailbox_row, is_done_out, err);

    *is_done_out = true; /* what is left waits for purge_folders() */
    return done;
}

static bool exec_alone(struct group *group, const char *sql, struct db_args args, uint64_t *affected_out,
                       struct err *err)
{
    struct db *db;

    if (!group_acquire(group, DB_BACKGROUND, &db, err))
        return false;
    bool done = db_exec(db, sql, args, affected_out, err);
    db_release(&db);
    return done;
}

/* Staged a day ago and never filed. A delivery that files it removes the body_staged row in its transaction. */
static const char REAP_STAGED[] =
    "WITH old AS (SELECT message_id FROM body_staged WHERE created_us < $1 LIMIT 100 FOR UPDATE SKIP LOCKED),"
    "     unstaged AS (DELETE FROM body_staged WHERE message_id IN (SELECT message_id FROM old))"
    " DELETE FROM body WHERE message_id IN (SELECT message_id FROM old)";

bool purge_staged(struct group *group, bool *is_done_out, struct err *err)
{
    uint64_t reaped;

    if (!exec_alone(group, REAP_STAGED, DB_ARGS(db_i64(clock_now_us() - 86400 * US_PER_S)), &reaped, err))
        return false;
    *is_done_out = reaped == 0;
    return true;
}

bool purge_receipts(struct group *group, bool *is_done_out, struct err *err)
{
    struct db *db;

    *is_done_out = true;
    if (!group_acquire(group, DB_BACKGROUND, &db, err))
        return false;
    bool done = receipt_reap(db, err);
    db_release(&db);
    return done;
}
