/* verify_references.c -- memberships, items and messages must name each other; sums of shared quotas must be sums. */
#include "db/transaction.h"
#include "group/store.h"
#include "mailbox/purge.h"
#include "mailbox/verify_report.h"

#include <talloc.h>

/* What is wrong, found by a page query without locks, is looked at again under the mailbox's row lock. */
struct suspect {
    const struct verify_options *options;
    int64_t mailbox_id, folder_id, uid, item_id, message_id;
    bool is_confirmed, is_repaired;
};

typedef bool confirm_work(struct db *db, void *arg, struct err *err);

static bool confirm(struct verify_work *work, confirm_work *look, struct suspect *suspect, const char *what,
                    const char *text, struct err *err)
{
    struct db *db;

    suspect->options = work->options;
    if (!group_acquire(work->group, DB_BACKGROUND, &db, err))
        return false;
    bool done = with_transaction(db, look, suspect, err);
    db_release(&db);
    if (done && suspect->is_confirmed)
        verify_tell_finding(work, (struct verify_finding){ .what = what,
                                                           .text = text,
                                                           .mailbox_id = suspect->mailbox_id,
                                                           .folder_id = suspect->folder_id,
                                                           .uid = suspect->uid,
                                                           .message_id = suspect->message_id,
                                                           .is_repaired = suspect->is_repaired });
    return done;
}

static bool exists(struct db *db, const char *sql, struct db_args args, bool *exists_out, struct err *err)
{
    uint64_t rows;

    if (!db_exec(db, sql, args, &rows, err))
        return false;
    *exists_out = rows > 0;
    return true;
}

/* Items in no folder. */
static const char LOST_ITEMS[] =
    "SELECT i.item_id, i.mailbox_id, i.message_id FROM item i"
    " WHERE i.item_id > $1 AND ($3 = 0 OR i.mailbox_id = $3) AND " MAILBOX_IS_SETTLED(
        "i.mailbox_id") "   AND NOT EXISTS (SELECT 1 FROM membership m WHERE m.item_id = i.item_id) ORDER BY i.item_id LIMIT $2";
static const char IS_LOST_ITEM[] =
    "SELECT 1 FROM item i WHERE i.item_id = $1"
    "   AND NOT EXISTS (SELECT 1 FROM membership m WHERE m.item_id = i.item_id)";

static bool look_at_lost_item(struct db *db, void *arg, struct err *err)
{
    struct suspect *s = arg;

    if (!purge_lock(db, s->mailbox_id, err) ||
        !exists(db, IS_LOST_ITEM, DB_ARGS(db_i64(s->item_id)), &s->is_confirmed, err))
        return false;
    s->is_repaired = s->is_confirmed && s->options->may_repair;
    return !s->is_repaired || purge_items(db, s->mailbox_id, &s->item_id, 1, err);
}

static bool lost_item(struct verify_work *work, const struct db_row *row, struct err *err)
{
    struct suspect suspect = { .item_id = db_get_i64(row, 0),
                               .mailbox_id = db_get_i64(row, 1),
                               .message_id = db_get_i64(row, 2) };

    return confirm(work, look_at_lost_item, &suspect, "orphan-item", "An item is in no folder.", err);
}

/* Messages nobody has. */
static const char LOST_MESSAGES[] =
    "SELECT m.message_id FROM message m WHERE m.message_id > $1 AND $3 = 0"
    "   AND NOT EXISTS (SELECT 1 FROM item i WHERE i.message_id = m.message_id) ORDER BY m.message_id LIMIT $2";
static const char IS_LOST_MESSAGE[] =
    "SELECT 1 FROM message m WHERE m.message_id = $1"
    "   AND NOT EXISTS (SELECT 1 FROM item i WHERE i.message_id = m.message_id)";

static bool look_at_lost_message(struct db *db, void *arg, struct err *err)
{
    struct suspect *s = arg;

    if (!exists(db, IS_LOST_MESSAGE, DB_ARGS(db_i64(s->message_id)), &s->is_confirmed, err))
        return false;
    s->is_repaired = s->is_confirmed && s->options->may_repair;
    return !s->is_repaired || purge_messages(db, &s->message_id, 1, err);
}

static bool lost_message(struct verify_work *work, const struct db_row *row, struct err *err)
{
    struct suspect suspect = { .message_id = db_get_i64(row, 0) };

    return confirm(work, look_at_lost_message, &suspect, "orphan-message", "A message is in no mailbox.",
                   err);
}

/* Memberships whose item or message is missing or another one. The item can be made again; a message cannot. */
static const char WRONG_MEMBERSHIPS[] =
    "SELECT m.item_id, f.mailbox_id, m.folder_id, m.uid, m.message_id"
    "  FROM membership m JOIN folder f USING (folder_id)"
    "  LEFT JOIN item i ON i.item_id = m.item_id LEFT JOIN message g ON g.message_id = m.message_id"
    " WHERE m.item_id > $1 AND ($3 = 0 OR f.mailbox_id = $3)"
    "   AND (g.message_id IS NULL OR g.size <> m.size OR i.item_id IS NULL OR i.message_id <> m.message_id"
    "        OR i.mailbox_id <> f.mailbox_id)"
    " ORDER BY m.item_id LIMIT $2";
static const char IS_WRONG[] =
    "SELECT i.item_id IS NULL AND g.size = m.size"
    "  FROM membership m JOIN folder f USING (folder_id)"
    "  LEFT JOIN item i ON i.item_id = m.item_id LEFT JOIN message g ON g.message_id = m.message_id"
    " WHERE m.folder_id = $1 AND m.uid = $2"
    "   AND (g.message_id IS NULL OR g.size <> m.size OR i.item_id IS NULL OR i.message_id <> m.message_id"
    "        OR i.mailbox_id <> f.mailbox_id)";
static const char REMAKE_ITEM[] =
    "INSERT INTO item (item_id, mailbox_id, message_id, thread_id, created_modseq, saved_us)"
    " SELECT m.item_id, f.mailbox_id, m.message_id, m.item_id, m.modseq, m.saved_us"
    "   FROM membership m JOIN folder f USING (folder_id) WHERE m.folder_id = $1 AND m.uid = $2";

static bool look_at_membership(struct db *db, void *arg, struct err *err)
{
    struct suspect *s = arg;
    void *arena = talloc_new(NULL);
    struct db_rows *rows;
    struct db_row row;
    struct db_args place = DB_ARGS(db_i64(s->folder_id), db_i64(s->uid));

    bool done = purge_lock(db, s->mailbox_id, err) && db_query(db, arena, IS_WRONG, place, &rows, err);
    if (done && db_rows_at(rows, 0, &row)) {
        s->is_confirmed = true;
        s->is_repaired = s->options->may_repair && db_get_bool(&row, 0);
        done = !s->is_repaired || db_exec(db, REMAKE_ITEM, place, NULL, err);
    }
    talloc_free(arena);
    return done;
}

static bool wrong_membership(struct verify_work *work, const struct db_row *row, struct err *err)
{
    struct suspect suspect = { .item_id = db_get_i64(row, 0),
                               .mailbox_id = db_get_i64(row, 1),
                               .folder_id = db_get_i64(row, 2),
                               .uid = db_get_i64(row, 3),
                               .message_id = db_get_i64(row, 4) };

    return confirm(work, look_at_membership, &suspect, "membership",
                   "A message in a folder refers to an item or to bytes that are missing or different.", err);
}

static const char COUNT_ALL[] = "SELECT (SELECT count(*) FROM item WHERE $1 = 0 OR mailbox_id = $1),"
                                "       (SELECT count(*) FROM membership m WHERE $1 = 0 OR m.folder_id IN"
                                "          (SELECT folder_id FROM folder WHERE mailbox_id = $1)),"
                                "       (SELECT count(*) FROM mailbox WHERE $1 = 0 OR mailbox_id = $1)";

static bool count_all(struct verify_work *work, struct err *err)
{
    void *arena = talloc_new(NULL);
    struct db *db;
    struct db_row row;
    bool done = group_acquire(work->group, DB_BACKGROUND, &db, err);

    if (done) {
        done = db_one_row(db, arena, COUNT_ALL, DB_ARGS(db_i64(work->options->mailbox_id)), &row, err);
        db_release(&db);
    }
    if (done) {
        work->totals->items = (uint64_t)db_get_i64(&row, 0);
        work->totals->memberships = (uint64_t)db_get_i64(&row, 1);
        work->totals->mailboxes = (uint64_t)db_get_i64(&row, 2);
    }
    talloc_free(arena);
    return done;
}

bool verify_references(struct verify_work *work, struct err *err)
{
    enum { PAGE = 1000 };

    return count_all(work, err) && verify_pages(work, WRONG_MEMBERSHIPS, PAGE, wrong_membership, err) &&
           verify_pages(work, LOST_ITEMS, PAGE, lost_item, err) &&
           verify_pages(work, LOST_MESSAGES, PAGE, lost_message, err);
}

/* Quota roots: the sum of their mailboxes. */
#define ROOT_SUM                                                                                             \
    "coalesce((SELECT sum(m.used_bytes) FROM mailbox m WHERE m.deleted_us IS NULL"                           \
    "            AND r.quota_root_id IN (m.domain_root_id, m.organisation_root_id)), 0)::bigint"
static const char ROOTS[] = "SELECT r.quota_root_id FROM quota_root r"
                            " WHERE r.quota_root_id > $1 AND $3 = 0 AND r.used_bytes <> " ROOT_SUM
                            " ORDER BY r.quota_root_id LIMIT $2";
static const char LOCK_MEMBERS[] = "SELECT 1 FROM mailbox WHERE $1 IN (domain_root_id, organisation_root_id)"
                                   " ORDER BY mailbox_id FOR NO KEY UPDATE";
static const char IS_WRONG_ROOT[] =
    "SELECT 1 FROM quota_root r WHERE r.quota_root_id = $1 AND r.used_bytes <> " ROOT_SUM;
static const char REPAIR_ROOT[] =
    "UPDATE quota_root r SET used_bytes = " ROOT_SUM " WHERE r.quota_root_id = $1";

static bool look_at_root(struct db *db, void *arg, struct err *err)
{
    struct suspect *s = arg;
    struct db_args root = DB_ARGS(db_i64(s->item_id));

    if (!db_exec(db, LOCK_MEMBERS, root, NULL, err) ||
        !exists(db, IS_WRONG_ROOT, root, &s->is_confirmed, err))
        return false;
    s->is_repaired = s->is_confirmed && s->options->may_repair;
    return !s->is_repaired || db_exec(db, REPAIR_ROOT, root, NULL, err);
}

static bool wrong_root(struct verify_work *work, const struct db_row *row, struct err *err)
{
    struct suspect suspect = { .item_id = db_get_i64(row, 0) };

    return confirm(work, look_at_root, &suspect, "quota-root-bytes",
                   "What a domain or organisation uses is not the sum of its mailboxes.", err);
}

bool verify_roots(struct verify_work *work, struct err *err)
{
    return verify_pages(work, ROOTS, 1000, wrong_root, err);
}
