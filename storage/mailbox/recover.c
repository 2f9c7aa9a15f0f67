/*
 * recover.c -- expunged memberships found through the journal, and filed again. The item is the same, so a client that knows
 * EMAILID sees the message come back; its old membership goes, so that it cannot come back twice.
 */
#include "mailbox/recover.h"

#include "base/clock.h"
#include "db/pipeline.h"
#include "db/transaction.h"
#include "group/store.h"
#include "mailbox/flags.h"
#include "mailbox/folded.h"
#include "mailbox/journal.h"
#include "mailbox/uid_set.h"

#include <talloc.h>

/* $2: one folder or 0; $3: now. Deleted folders show all they held; a MOVE (set_bits 1) is no expunge to undo. */
static const char FIND_EXPUNGES[] =
    "SELECT c.folder_id, c.uids, c.at_us, f.uidnext, f.name, c.at_us + s.deleted_item_days * 86400000000"
    "  FROM folder f JOIN mailbox m USING (mailbox_id) JOIN store s USING (store_id)"
    "  JOIN (SELECT folder_id, uids, at_us FROM folder_change WHERE kind = 2 AND set_bits = 0 AND NOT is_purged"
    "        UNION ALL"
    "        SELECT folder_id, NULL, deleted_us FROM folder WHERE deleted_us IS NOT NULL) AS c USING (folder_id)"
    " WHERE f.mailbox_id = $1 AND ($2 = 0 OR f.folder_id = $2) AND m.deleted_us IS NULL"
    "   AND c.at_us >= $3 - s.deleted_item_days * 86400000000"
    " ORDER BY c.at_us DESC";
static const char READ_MEMBERSHIPS[] =
    "SELECT uid, item_id, message_id, size, received_us FROM membership"
    " WHERE folder_id = $1 AND uid BETWEEN $2 AND $3 ORDER BY uid DESC LIMIT $4";

struct finding {
    const void *owner;
    struct recoverable *found;
    size_t count, limit;
};

static bool is_known(const struct finding *finding, int64_t folder_id, int64_t uid)
{
    for (size_t i = finding->count; i-- > 0;)
        if (finding->found[i].folder_id == folder_id && finding->found[i].uid == uid)
            return true;
    return false;
}

struct expunge {
    int64_t folder_id, at_us, until_us;
    const char *folder_name;
    bool is_all; /* a deleted folder */
};

static bool find_run(struct finding *finding, struct db *db, const struct expunge *expunge,
                     struct uid_run run, struct err *err)
{
    int64_t folder_id = expunge->folder_id;
    void *arena = talloc_new(NULL);
    struct db_rows *rows;
    struct db_row row;

    bool done = db_query(db, arena, READ_MEMBERSHIPS,
                         DB_ARGS(db_i64(folder_id), db_u32(run.first), db_u32(run.last),
                                 db_i64((int64_t)(finding->limit - finding->count))),
                         &rows, err);
    for (size_t i = 0; done && finding->count < finding->limit && db_rows_at(rows, i, &row); i++)
        if (!expunge->is_all || !is_known(finding, folder_id, db_get_i64(&row, 0)))
            finding->found[finding->count++] = (struct recoverable){ .folder_id = folder_id,
                                                                     .uid = db_get_i64(&row, 0),
                                                                     .item_id = db_get_i64(&row, 1),
                                                                     .message_id = db_get_i64(&row, 2),
                                                                     .size_bytes = db_get_i64(&row, 3),
                                                                     .received_us = db_get_i64(&row, 4),
                                                                     .expunged_us = expunge->at_us,
                                                                     .until_us = expunge->until_us,
                                                                     .folder_name = expunge->folder_name };
    talloc_free(arena);
    return done;
}

static bool find_row(struct finding *finding, struct db *db, const struct db_row *row, struct err *err)
{
    void *arena = talloc_new(NULL);
    struct uid_set set = UID_SET_INIT(arena);
    const struct expunge expunge = { .folder_id = db_get_i64(row, 0),
                                     .at_us = db_get_i64(row, 2),
                                     .until_us = db_get_i64(row, 5),
                                     .folder_name = db_copy_text(finding->owner, row, 4),
                                     .is_all = db_is_null(row, 1) };
    bool done = true;

    if (expunge.is_all)
        uid_set_add(&set, 1, db_get_u32(row, 3));
    else if (!uid_set_unpack(db_get_bytes(row, 1), &set))
        set.count = 0;
    for (size_t i = set.count; done && i-- > 0 && finding->count < finding->limit;)
        done = find_run(finding, db, &expunge, set.runs[i], err);
    talloc_free(arena);
    return done;
}

bool mailbox_recoverable(struct group *group, const void *owner, int64_t mailbox_id, int64_t folder_id,
                         size_t limit, struct recoverable **found_out, size_t *count_out, struct err *err)
{
    enum { LIMIT_MAX = 10 * 1000 };
    void *arena = talloc_new(NULL);
    struct finding finding = { .owner = owner, .limit = limit < LIMIT_MAX ? limit : LIMIT_MAX };
    struct db *db;
    struct db_rows *rows;
    struct db_row row;
    bool done = group_acquire(group, DB_INTERACTIVE, &db, err);

    finding.found = talloc_array(owner, struct recoverable, (unsigned)finding.limit + 1);
    if (done) {
        done = db_query(db, arena, FIND_EXPUNGES,
                        DB_ARGS(db_i64(mailbox_id), db_i64(folder_id), db_i64(clock_now_us())), &rows, err);
        for (size_t i = 0; done && finding.count < finding.limit && db_rows_at(rows, i, &row); i++)
            done = find_row(&finding, db, &row, err);
        db_release(&db);
    }
    *found_out = finding.found;
    *count_out = finding.count;
    talloc_free(arena);
    return done;
}

struct recovering {
    void *arena;
    int64_t mailbox_id, into_folder_id;
    const struct recoverable *items;
    size_t count;
    int64_t modseq, uidnext, bytes;
    int64_t *flags; /* of each item, as they were last */
};

static const char LOCK_MAILBOX[] =
    "SELECT m.modseq, m.used_bytes, m.used_messages, m.quota_bytes, m.quota_messages, " MAILBOX_IS_MOUNTED
    "  FROM mailbox m WHERE m.mailbox_id = $1 AND m.deleted_us IS NULL FOR NO KEY UPDATE";
static const char LOCK_ROOTS[] =
    "SELECT r.used_bytes, r.limit_bytes FROM quota_root r"
    " WHERE r.quota_root_id IN (SELECT unnest(ARRAY[domain_root_id, organisation_root_id])"
    "                             FROM mailbox WHERE mailbox_id = $1)"
    " ORDER BY r.quota_root_id FOR NO KEY UPDATE";
static const char READ_TARGET[] = "SELECT folder_id, uidnext FROM folder"
                                  " WHERE mailbox_id = $1 AND deleted_us IS NULL"
                                  "   AND (folder_id = $2 OR ($2 = 0 AND name = 'INBOX'))";

static bool is_over(int64_t used, int64_t more, int64_t limit)
{
    return limit > 0 && used + more > limit;
}

static bool check_room(struct db *db, struct recovering *r, struct err *err)
{
    struct db_row row;
    struct db_rows *roots;

    if (!db_one_row(db, r->arena, LOCK_MAILBOX, DB_ARGS(db_i64(r->mailbox_id)), &row, err) ||
        !db_query(db, r->arena, LOCK_ROOTS, DB_ARGS(db_i64(r->mailbox_id)), &roots, err))
        return false;
    if (!db_get_bool(&row, 5))
        return err_set(err, ERR_BUSY, "The mailbox is temporarily unavailable.");
    r->modseq = db_get_i64(&row, 0) + 1;
    bool is_full = is_over(db_get_i64(&row, 1), r->bytes, db_get_i64(&row, 3)) ||
                   is_over(db_get_i64(&row, 2), (int64_t)r->count, db_get_i64(&row, 4));
    for (size_t i = 0; db_rows_at(roots, i, &row); i++)
        is_full = is_full || is_over(db_get_i64(&row, 0), r->bytes, db_get_i64(&row, 1));
    return !is_full || err_set(err, ERR_QUOTA, "There is not enough room to bring these messages back.");
}

/* Under the lock: what is asked for is exactly what may be recovered now. */
static const char READ_OLD[] =
    "SELECT o.number, m.item_id, m.message_id, m.size, m.flags, m.received_us, f.deleted_us IS NOT NULL, f.mailbox_id"
    "  FROM unnest($1::bigint[], $2::bigint[]) WITH ORDINALITY AS o (folder_id, uid, number)"
    "  JOIN membership m ON m.folder_id = o.folder_id AND m.uid = o.uid JOIN folder f ON f.folder_id = o.folder_id"
    " ORDER BY o.number";
static const char READ_JOURNAL[] =
    "SELECT folder_id, uids FROM folder_change"
    " WHERE folder_id = ANY($1) AND kind = 2 AND set_bits = 0 AND NOT is_purged";

/* The expunged UIDs of each folder that the items name, as bits over the items. */
static bool mark_expunged(struct db *db, struct recovering *r, const int64_t *folders, bool *is_expunged,
                          struct err *err)
{
    struct db_rows *rows;
    struct db_row row;

    if (!db_query(db, r->arena, READ_JOURNAL, DB_ARGS(db_i64_array(folders, r->count)), &rows, err))
        return false;
    for (size_t i = 0; db_rows_at(rows, i, &row); i++) {
        struct uid_set set = UID_SET_INIT(r->arena);
        if (!uid_set_unpack(db_get_bytes(&row, 1), &set))
            continue;
        for (size_t k = 0; k < r->count; k++)
            if (folders[k] == db_get_i64(&row, 0) && uid_set_contains(&set, (uint32_t)r->items[k].uid))
                is_expunged[k] = true;
    }
    return true;
}

static const char READ_FLAG_CHANGES[] =
    "SELECT folder_id, uids, clear_bits, set_bits, kind FROM folder_change"
    " WHERE folder_id = ANY($1) AND kind IN (1, 3) ORDER BY folder_id, modseq, part";

static void replay_folded(struct recovering *r, const int64_t *folders, const struct db_row *row)
{
    void *arena = talloc_new(r->arena);
    struct folded folded;

    if (folded_unpack(arena, db_get_bytes(row, 1), &folded)) {
        for (size_t k = 0; k < r->count; k++) {
            uint32_t i = folders[k] == db_get_i64(row, 0) ? folded_find(&folded, (uint32_t)r->items[k].uid)
                                                          : folded.count;
            if (i < folded.count)
                r->flags[k] = (int64_t)folded.flags[i];
        }
    }
    talloc_free(arena);
}

/* The journal makes of the flags a message came with those it had when it was expunged. */
static bool replay_flags(struct db *db, struct recovering *r, const int64_t *folders, struct err *err)
{
    struct db_rows *rows;
    struct db_row row;

    if (!db_query(db, r->arena, READ_FLAG_CHANGES, DB_ARGS(db_i64_array(folders, r->count)), &rows, err))
        return false;
    for (size_t i = 0; db_rows_at(rows, i, &row); i++) {
        struct uid_set set = UID_SET_INIT(r->arena);
        if (db_get_i32(&row, 4) == JOURNAL_FOLDED) {
            replay_folded(r, folders, &row);
            continue;
        }
        if (!uid_set_unpack(db_get_bytes(&row, 1), &set))
            continue;
        for (size_t k = 0; k < r->count; k++)
            if (folders[k] == db_get_i64(&row, 0) && uid_set_contains(&set, (uint32_t)r->items[k].uid))
                r->flags[k] = (r->flags[k] & ~db_get_i64(&row, 2)) | db_get_i64(&row, 3);
    }
    return true;
}

static const char INSERT_NEW[] =
    "INSERT INTO membership (folder_id, uid, modseq, flags, item_id, message_id, size, received_us, saved_us)"
    " SELECT $1, o.number - 1 + $2, $3, o.flags, m.item_id, m.message_id, m.size, m.received_us, $4"
    "   FROM unnest($5::bigint[], $6::bigint[], $7::bigint[]) WITH ORDINALITY AS o (folder_id, uid, flags, number)"
    "   JOIN membership m ON m.folder_id = o.folder_id AND m.uid = o.uid";
static const char DELETE_OLD[] =
    "DELETE FROM membership m USING unnest($1::bigint[], $2::bigint[]) AS o (folder_id, uid)"
    " WHERE m.folder_id = o.folder_id AND m.uid = o.uid";
static const char UPDATE_FOLDER[] =
    "UPDATE folder SET uidnext = uidnext + $2, modseq = $3, messages = messages + $2, bytes = bytes + $4,"
    "       unseen = unseen + $5 WHERE folder_id = $1";
static const char UPDATE_MAILBOX[] = "UPDATE mailbox SET modseq = $2, used_bytes = used_bytes + $3,"
                                     "       used_messages = used_messages + $4 WHERE mailbox_id = $1";
static const char UPDATE_ROOTS[] =
    "UPDATE quota_root SET used_bytes = used_bytes + $2"
    " WHERE quota_root_id IN (SELECT unnest(ARRAY[domain_root_id, organisation_root_id])"
    "                           FROM mailbox WHERE mailbox_id = $1)";

static bool write_back(struct db *db, struct recovering *r, int64_t folder_id, int64_t unseen,
                       const int64_t *folders, const int64_t *uids, struct err *err)
{
    struct db_value old_folders = db_i64_array(folders, r->count), old_uids = db_i64_array(uids, r->count);
    int64_t count = (int64_t)r->count;

    return db_pipeline_add(db, INSERT_NEW,
                           DB_ARGS(db_i64(folder_id), db_i64(r->uidnext), db_i64(r->modseq),
                                   db_i64(clock_now_us()), old_folders, old_uids,
                                   db_i64_array(r->flags, r->count)),
                           err) &&
           db_pipeline_add(db, DELETE_OLD, DB_ARGS(old_folders, old_uids), err) &&
           db_pipeline_add(
               db, UPDATE_FOLDER,
               DB_ARGS(db_i64(folder_id), db_i64(count), db_i64(r->modseq), db_i64(r->bytes), db_i64(unseen)),
               err) &&
           db_pipeline_add(db, UPDATE_MAILBOX,
                           DB_ARGS(db_i64(r->mailbox_id), db_i64(r->modseq), db_i64(r->bytes), db_i64(count)),
                           err) &&
           db_pipeline_add(db, UPDATE_ROOTS, DB_ARGS(db_i64(r->mailbox_id), db_i64(r->bytes)), err) &&
           db_pipeline_commit(db, err) && db_pipeline_send(db, err) && db_pipeline_end(db, err);
}

/* True where all of them are there, expunged, and of this mailbox; sums up what they bring. */
static bool check_items(struct db *db, struct recovering *r, int64_t *folders, int64_t *uids, struct err *err)
{
    bool *is_expunged = talloc_zero_array(r->arena, bool, (unsigned)r->count + 1);
    struct db_rows *rows;
    struct db_row row;
    size_t there = 0;

    for (size_t i = 0; i < r->count; i++) {
        folders[i] = r->items[i].folder_id;
        uids[i] = r->items[i].uid;
    }
    if (!mark_expunged(db, r, folders, is_expunged, err) ||
        !db_query(db, r->arena, READ_OLD,
                  DB_ARGS(db_i64_array(folders, r->count), db_i64_array(uids, r->count)), &rows, err))
        return false;
    r->bytes = 0;
    r->flags = talloc_zero_array(r->arena, int64_t, (unsigned)r->count + 1);
    for (; db_rows_at(rows, there, &row); there++) {
        if (db_get_i64(&row, 7) != r->mailbox_id || !(db_get_bool(&row, 6) || is_expunged[there]))
            break;
        r->bytes += db_get_i64(&row, 3);
        r->flags[there] = db_get_i64(&row, 4);
    }
    return there == r->count || err_set(err, ERR_NOT_FOUND, "A message can no longer be brought back.");
}

/* Without \Deleted, or they would go again; how many of them are unseen. */
static int64_t clean_flags(struct recovering *r)
{
    int64_t unseen = 0;

    for (size_t i = 0; i < r->count; i++) {
        r->flags[i] &= (int64_t)~FLAG_DELETED;
        unseen += !((uint64_t)r->flags[i] & FLAG_SEEN);
    }
    return unseen;
}

static const char ONLY_LOCK[] = "SELECT 1 FROM mailbox WHERE mailbox_id = $1 FOR NO KEY UPDATE";

static bool recover(struct db *db, void *arg, struct err *err)
{
    struct recovering *r = arg;
    int64_t *folders = talloc_array(r->arena, int64_t, (unsigned)r->count + 1);
    int64_t *uids = talloc_array(r->arena, int64_t, (unsigned)r->count + 1);
    struct db_row row;

    if (!db_exec(db, ONLY_LOCK, DB_ARGS(db_i64(r->mailbox_id)), NULL, err) ||
        !check_items(db, r, folders, uids, err) || !replay_flags(db, r, folders, err) ||
        !check_room(db, r, err) ||
        !db_one_row(db, r->arena, READ_TARGET, DB_ARGS(db_i64(r->mailbox_id), db_i64(r->into_folder_id)),
                    &row, err))
        return false;
    r->uidnext = db_get_i64(&row, 1);
    return write_back(db, r, db_get_i64(&row, 0), clean_flags(r), folders, uids, err);
}

bool mailbox_recover(struct group *group, int64_t mailbox_id, const struct recoverable *items, size_t count,
                     int64_t into_folder_id, struct recovered *recovered_out, struct err *err)
{
    struct recovering r = {
        .mailbox_id = mailbox_id, .into_folder_id = into_folder_id, .items = items, .count = count
    };
    struct db *db;

    *recovered_out = (struct recovered){ 0 };
    if (count == 0)
        return true;
    if (!group_acquire(group, DB_INTERACTIVE, &db, err))
        return false;
    r.arena = talloc_new(NULL);
    bool done = with_transaction(db, recover, &r, err);
    db_release(&db);
    if (done)
        *recovered_out = (struct recovered){ count, (uint64_t)r.modseq };
    talloc_free(r.arena);
    return done;
}
