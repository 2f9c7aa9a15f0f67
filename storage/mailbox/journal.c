/*
 * journal.c -- locks in the order of all writers (mailbox, quota roots, folders by id), then what changed.
 */
#include "mailbox/journal.h"

#include "base/clock.h"
#include "base/crashpoint.h"
#include "group/store.h"
#include "mailbox/receipt.h"

#include <talloc.h>

/* By primary key. The lock orders all changes of the mailbox. */
static const char LOCK_MAILBOX[] =
    "SELECT m.modseq, m.used_bytes, m.used_messages, m.quota_bytes, m.quota_messages, m.next_uidvalidity,"
    "       m.keywords, " MAILBOX_IS_MOUNTED
    "  FROM mailbox m WHERE m.mailbox_id = $1 AND m.deleted_us IS NULL"
    "   FOR NO KEY UPDATE";
static const char LOCK_ROOTS[] =
    "SELECT m.mailbox_id, q.quota_root_id, q.limit_bytes, q.used_bytes"
    "  FROM quota_root q JOIN mailbox m ON q.quota_root_id IN (m.domain_root_id, m.organisation_root_id)"
    " WHERE m.mailbox_id = ANY ($1)"
    " ORDER BY q.quota_root_id FOR NO KEY UPDATE OF q";
static const char LOCK_FOLDER[] = "SELECT uidvalidity, uidnext, modseq FROM folder"
                                  " WHERE folder_id = $1 AND mailbox_id = $2 AND deleted_us IS NULL"
                                  "   FOR NO KEY UPDATE";

static bool take_mailbox(const void *owner, struct mailbox *mailbox, const struct db_rows *rows,
                         struct locked_mailbox *at, struct err *err)
{
    struct db_row row;

    if (!db_rows_at(rows, 0, &row))
        return err_set(err, ERR_NOT_FOUND, "There is no such mailbox.");
    atomic_store(&mailbox->is_away, !db_get_bool(&row, 7));
    if (!db_get_bool(&row, 7))
        return err_set(err, ERR_BUSY, "The mailbox is not available at the moment.");
    *at = (struct locked_mailbox){ .modseq = (uint64_t)db_get_i64(&row, 0),
                                   .used_bytes = db_get_i64(&row, 1),
                                   .used_messages = db_get_i64(&row, 2),
                                   .quota_bytes = db_get_i64(&row, 3),
                                   .quota_messages = db_get_i64(&row, 4),
                                   .next_uidvalidity = db_get_i64(&row, 5) };
    at->keywords = db_get_span_array(owner, &row, 6, &at->keyword_count);
    return true;
}

static void take_roots(const struct db_rows *rows, struct journal_lock *lock)
{
    struct db_row row;

    for (size_t i = 0; db_rows_at(rows, i, &row); i++) {
        struct locked_mailbox *at = db_get_i64(&row, 0) == lock->mailbox->id ? &lock->at : &lock->at_other;

        if (at->root_count < COUNT_OF(at->roots))
            at->roots[at->root_count++] =
                (struct locked_root){ db_get_i64(&row, 1), db_get_i64(&row, 2), db_get_i64(&row, 3) };
    }
}

static bool take_folder(const struct db_rows *rows, int64_t folder_id, struct locked_folder *folder,
                        struct err *err)
{
    struct db_row row;

    if (!db_rows_at(rows, 0, &row))
        return err_set(err, ERR_NOT_FOUND, "There is no such folder.");
    *folder = (struct locked_folder){ folder_id, db_get_u32(&row, 0), db_get_u32(&row, 1),
                                      (uint64_t)db_get_i64(&row, 2) };
    return true;
}

/* The order of locking: indexes into mailboxes and folders, by id. */
struct order {
    size_t mailboxes[2], folders[2];
};

static struct order order_of(const struct journal_lock *lock)
{
    bool swaps = lock->other && lock->other->id < lock->mailbox->id;
    bool swaps_folders = lock->folder_ids[1] && lock->folder_ids[1] < lock->folder_ids[0];

    return (struct order){ .mailboxes = { swaps, !swaps }, .folders = { swaps_folders, !swaps_folders } };
}

static bool send_locks(struct db *db, const struct journal_lock *lock, struct err *err)
{
    const struct mailbox *mailboxes[2] = { lock->mailbox, lock->other };
    int64_t ids[2] = { lock->mailbox->id, lock->other ? lock->other->id : 0 };
    struct order order = order_of(lock);

    for (size_t i = 0; i < 2; i++)
        if (mailboxes[order.mailboxes[i]] &&
            !db_pipeline_add(db, LOCK_MAILBOX, DB_ARGS(db_i64(ids[order.mailboxes[i]])), err))
            return false;
    if ((lock->needs & JOURNAL_QUOTA) &&
        !db_pipeline_add(db, LOCK_ROOTS, DB_ARGS(db_i64_array(ids, lock->other ? 2 : 1)), err))
        return false;
    for (size_t i = 0; i < 2; i++) {
        size_t n = order.folders[i];
        int64_t in = n == 1 && lock->other ? ids[1] : ids[0];

        if (lock->folder_ids[n] &&
            !db_pipeline_add(db, LOCK_FOLDER, DB_ARGS(db_i64(lock->folder_ids[n]), db_i64(in)), err))
            return false;
    }
    if (lock->view_of && !view_read_add(db, lock->view_of, lock->base, err))
        return false;
    return db_pipeline_send(db, err);
}

static bool take_locks(struct db *db, const void *owner, struct journal_lock *lock, struct err *err)
{
    struct mailbox *mailboxes[2] = { lock->mailbox, lock->other };
    struct locked_mailbox *at[2] = { &lock->at, &lock->at_other };
    struct order order = order_of(lock);
    struct db_rows *rows;

    for (size_t i = 0; i < 2; i++)
        if (mailboxes[order.mailboxes[i]] &&
            (!db_pipeline_next(db, owner, &rows, NULL, err) ||
             !take_mailbox(owner, mailboxes[order.mailboxes[i]], rows, at[order.mailboxes[i]], err)))
            return false;
    if (lock->needs & JOURNAL_QUOTA) {
        if (!db_pipeline_next(db, owner, &rows, NULL, err))
            return false;
        take_roots(rows, lock);
    }
    for (size_t i = 0; i < 2; i++) {
        size_t n = order.folders[i];

        if (lock->folder_ids[n] && (!db_pipeline_next(db, owner, &rows, NULL, err) ||
                                    !take_folder(rows, lock->folder_ids[n], &lock->folders[n], err)))
            return false;
    }
    return !lock->view_of ||
           view_read_next(db,
                          lock->view_of == lock->folder_ids[0] || !lock->other ? lock->mailbox : lock->other,
                          lock->view_of, lock->base, owner, &lock->read, err);
}

bool journal_lock(struct db *db, const void *owner, struct journal_lock *lock, struct err *err)
{
    bool is_taken;

    view_read_release(&lock->read);
    if (!send_locks(db, lock, err))
        return false;
    is_taken = take_locks(db, owner, lock, err);
    if (!is_taken) {
        struct err ignored = ERR_INIT;

        (void)!db_pipeline_end(db, &ignored);
        return false;
    }
    if (!db_pipeline_end(db, err))
        return false;
    if (lock->view_of && !lock->read.view)
        return view_read_rows(db, lock->mailbox, lock->view_of, &lock->read, err);
    return true;
}

static const char WRITE_CHANGE[] =
    "INSERT INTO folder_change (folder_id, modseq, part, kind, uids, clear_bits, set_bits, at_us)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";

bool journal_write_change(struct db *db, void *owner, const struct journal_change *change, struct err *err)
{
    struct buf packed = BUF_INIT(owner);

    uid_set_pack(&packed, change->uids);
    return db_pipeline_add(db, WRITE_CHANGE,
                           DB_ARGS(db_i64(change->folder_id), db_i64((int64_t)change->modseq),
                                   db_i32(change->part), db_i16((int16_t)change->kind),
                                   db_bytes(buf_span(&packed)), db_i64((int64_t)change->clear_bits),
                                   db_i64((int64_t)change->set_bits), db_i64(clock_now_us())),
                           err);
}

static const char WRITE_FOLDER[] = "UPDATE folder SET modseq = $2, messages = $3, unseen = $4, deleted = $5,"
                                   "       bytes = $6, uidnext = $7 WHERE folder_id = $1";

bool journal_write_folder(struct db *db, const struct view *view, struct err *err)
{
    return db_pipeline_add(db, WRITE_FOLDER,
                           DB_ARGS(db_i64(view->folder_id), db_i64((int64_t)view->modseq),
                                   db_i64(view->count), db_i64(view->unseen), db_i64(view->deleted),
                                   db_i64((int64_t)view->bytes), db_u32(view->uidnext)),
                           err);
}

/* The warning of 80 % is due again when the use has fallen below (group/quota.h). */
static const char WRITE_MAILBOX[] =
    "UPDATE mailbox SET modseq = $2, used_bytes = used_bytes + $3, used_messages = used_messages + $4,"
    "       keywords = coalesce($5, keywords),"
    "       is_quota_warned = is_quota_warned AND (used_bytes + $3) * 5 >= quota_bytes * 4"
    " WHERE mailbox_id = $1";
static const char WRITE_ROOT[] =
    "UPDATE quota_root SET used_bytes = used_bytes + $2 WHERE quota_root_id = $1";

bool journal_write_mailbox(struct db *db, int64_t mailbox_id, const struct locked_mailbox *at,
                           uint64_t modseq, int64_t bytes, int64_t messages, const struct span *keywords,
                           size_t keyword_count, struct err *err)
{
    struct db_value names = keywords ? db_text_array(keywords, keyword_count) : db_null(DB_TEXT_ARRAY);

    if (!db_pipeline_add(
            db, WRITE_MAILBOX,
            DB_ARGS(db_i64(mailbox_id), db_i64((int64_t)modseq), db_i64(bytes), db_i64(messages), names),
            err))
        return false;
    for (size_t i = 0; bytes && i < at->root_count; i++)
        if (!db_pipeline_add(db, WRITE_ROOT, DB_ARGS(db_i64(at->roots[i].root_id), db_i64(bytes)), err))
            return false;
    return true;
}

bool journal_finish(struct db *db, struct mailbox *mailbox, struct err *err)
{
    uint8_t receipt[RECEIPT_BYTES];

    db_receipt_make(receipt);
    if (!receipt_add(db, receipt, err))
        return false;
    CRASHPOINT("journal.before-commit");
    if (!db_pipeline_commit(db, err) || !db_pipeline_send(db, err) || !db_pipeline_end(db, err)) {
        if (err->kind != ERR_UNKNOWN || !receipt_settle(mailbox->group, receipt, err))
            return false;
        db_commit_was_found(db);
    }
    CRASHPOINT("journal.after-commit");
    return true;
}

bool journal_has_room(const struct locked_mailbox *at, int64_t bytes, int64_t messages, struct err *err)
{
    if (at->quota_bytes && bytes > at->quota_bytes - at->used_bytes)
        return err_set(err, ERR_QUOTA, "The mailbox is full.");
    if (at->quota_messages && messages > at->quota_messages - at->used_messages)
        return err_set(err, ERR_QUOTA, "The mailbox has as many messages as it may have.");
    for (size_t i = 0; i < at->root_count; i++)
        if (bytes > at->roots[i].limit_bytes - at->roots[i].used_bytes)
            return err_set(err, ERR_QUOTA, "The space of the domain or organisation is used up.");
    return true;
}

bool journal_run(struct mailbox *mailbox, db_work *work, void *arg, struct err *err)
{
    struct db *db;
    bool is_done;

    if (!group_acquire(mailbox->group, DB_INTERACTIVE, &db, err))
        return false;
    is_done = with_transaction(db, work, arg, err);
    db_release(&db);
    return is_done;
}
