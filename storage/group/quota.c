/* quota.c -- limits and what is used, read and set. What fits is decided where messages are filed. */
#include "group/quota.h"

#include "db/statement.h"
#include "db/transaction.h"

#include <talloc.h>

static const char READ_USAGE[] =
    "SELECT m.used_bytes, m.used_messages, m.quota_bytes, m.quota_messages,"
    "       d.used_bytes, d.limit_bytes, o.used_bytes, o.limit_bytes, s.is_mounted,"
    "       m.warn_bytes, m.no_send_bytes"
    "  FROM mailbox m JOIN store s USING (store_id)"
    "  LEFT JOIN quota_root d ON d.quota_root_id = m.domain_root_id"
    "  LEFT JOIN quota_root o ON o.quota_root_id = m.organisation_root_id"
    " WHERE m.mailbox_id = $1 AND m.deleted_us IS NULL";

static bool read_usage(struct group *group, int64_t mailbox_id, struct mailbox_usage *usage_out,
                       bool *is_mounted_out, struct err *err)
{
    struct db *db;
    struct db_row row;

    if (!group_acquire(group, DB_INTERACTIVE, &db, err))
        return false;
    void *arena = talloc_new(NULL);
    bool found = db_one_row(db, arena, READ_USAGE, DB_ARGS(db_i64(mailbox_id)), &row, err);
    db_release(&db);
    if (found) {
        *usage_out = (struct mailbox_usage){ .used_bytes = db_get_i64(&row, 0),
                                             .used_messages = db_get_i64(&row, 1),
                                             .quota_bytes = db_get_i64(&row, 2),
                                             .quota_messages = db_get_i64(&row, 3),
                                             .domain_used_bytes = db_get_i64(&row, 4),
                                             .domain_quota_bytes = db_get_i64(&row, 5),
                                             .organisation_used_bytes = db_get_i64(&row, 6),
                                             .organisation_quota_bytes = db_get_i64(&row, 7),
                                             .warn_bytes = db_get_i64(&row, 9),
                                             .no_send_bytes = db_get_i64(&row, 10) };
        *is_mounted_out = db_get_bool(&row, 8);
    } else if (err->kind == ERR_NOT_FOUND) {
        err_set(err, ERR_NOT_FOUND, "There is no such mailbox.");
    }
    talloc_free(arena);
    return found;
}

bool mailbox_usage(struct group *group, int64_t mailbox_id, struct mailbox_usage *usage_out, struct err *err)
{
    bool is_mounted;

    return read_usage(group, mailbox_id, usage_out, &is_mounted, err);
}

static bool is_over(int64_t used, int64_t more, int64_t limit)
{
    return limit > 0 && used + more > limit;
}

bool mailbox_has_room(struct group *group, int64_t mailbox_id, int64_t size_bytes, struct err *err)
{
    struct mailbox_usage usage;
    bool is_mounted;

    if (!read_usage(group, mailbox_id, &usage, &is_mounted, err))
        return false;
    if (!is_mounted) {
        err_log(err, "the store of mailbox %lld is dismounted", (long long)mailbox_id);
        return err_set(err, ERR_BUSY, "The mailbox is temporarily unavailable.");
    }
    if (is_over(usage.used_bytes, size_bytes, usage.quota_bytes) ||
        is_over(usage.used_messages, 1, usage.quota_messages))
        return err_set(err, ERR_QUOTA, "The mailbox is full.");
    if (is_over(usage.domain_used_bytes, size_bytes, usage.domain_quota_bytes))
        return err_set(err, ERR_QUOTA, "The domain's storage is full.");
    if (is_over(usage.organisation_used_bytes, size_bytes, usage.organisation_quota_bytes))
        return err_set(err, ERR_QUOTA, "The organisation's storage is full.");
    return true;
}

static const char SET_QUOTA[] =
    "UPDATE mailbox m SET has_own_quota = $2 > 0,"
    "       quota_bytes = coalesce(nullif($2, 0), nullif(s.no_receive_bytes, 0)), quota_messages = nullif($3, 0),"
    "       warn_bytes = CASE WHEN $2 = 0 THEN nullif(s.warn_bytes, 0) END,"
    "       no_send_bytes = CASE WHEN $2 = 0 THEN nullif(s.no_send_bytes, 0) END"
    "  FROM store s WHERE m.mailbox_id = $1 AND m.deleted_us IS NULL AND s.store_id = m.store_id";

bool mailbox_set_quota(struct group *group, int64_t mailbox_id, int64_t quota_bytes, int64_t quota_messages,
                       struct err *err)
{
    struct db *db;
    uint64_t changed;

    if (quota_bytes < 0 || quota_messages < 0)
        return err_set(err, ERR_INVALID, "A quota cannot be negative.");
    if (!group_acquire(group, DB_INTERACTIVE, &db, err))
        return false;
    bool done =
        db_exec(db, SET_QUOTA, DB_ARGS(db_i64(mailbox_id), db_i64(quota_bytes), db_i64(quota_messages)),
                &changed, err);
    db_release(&db);
    if (done && changed == 0)
        return err_set(err, ERR_NOT_FOUND, "There is no such mailbox.");
    return done;
}

/* The statements of one kind of root. LOCK_MEMBERS takes the mailbox rows in the order everybody does; the advisory
 * lock waits for mailboxes that are being created (store.c). */
struct root_statements {
    const char *kind, *lock_owner, *lock_members, *put_root, *link, *unlink;
};

#define ROOT_STATEMENTS(kind_, number, owner_column, root_column)                                            \
    {                                                                                                        \
        .kind = kind_, .lock_owner = "SELECT pg_advisory_xact_lock(" number ", hashint8($1))",               \
        .lock_members = "SELECT 1 FROM mailbox WHERE " owner_column " = $1"                                  \
                        " ORDER BY mailbox_id FOR NO KEY UPDATE",                                            \
        .put_root = "INSERT INTO quota_root (kind, owner_id, limit_bytes, used_bytes)"                       \
                    " SELECT '" kind_ "', $1, $2, coalesce(sum(used_bytes), 0)::bigint FROM mailbox"         \
                    "  WHERE " owner_column " = $1 AND deleted_us IS NULL"                                   \
                    " ON CONFLICT (kind, owner_id) DO UPDATE"                                                \
                    "   SET limit_bytes = excluded.limit_bytes, used_bytes = excluded.used_bytes",           \
        .link = "UPDATE mailbox SET " root_column " ="                                                       \
                "       (SELECT quota_root_id FROM quota_root WHERE kind = '" kind_ "' AND owner_id = $1)"   \
                " WHERE " owner_column " = $1",                                                              \
        .unlink = "UPDATE mailbox SET " root_column " = NULL WHERE " owner_column " = $1",                   \
    }

static const struct root_statements root_statements[] = {
    [QUOTA_ROOT_DOMAIN] = ROOT_STATEMENTS("domain", "1", "domain_id", "domain_root_id"),
    [QUOTA_ROOT_ORGANISATION] =
        ROOT_STATEMENTS("organisation", "2", "organisation_id", "organisation_root_id"),
};
static const char HAS_ROOT[] =
    "SELECT 1 FROM quota_root WHERE kind = $1 AND owner_id = $2 AND limit_bytes = $3";
static const char REMOVE_ROOT[] = "DELETE FROM quota_root WHERE kind = $2 AND owner_id = $1";

struct root_change {
    const struct root_statements *statements;
    int64_t owner_id, limit_bytes;
    bool is_only_if_new;
};

/* A root that is seen here has all its mailboxes: whoever makes one looks for the root after the lock. */
static bool has_root(struct db *db, const struct root_change *change, bool *has_out, struct err *err)
{
    void *arena = talloc_new(NULL);
    struct db_rows *rows;
    bool is_known = db_query(
        db, arena, HAS_ROOT,
        DB_ARGS(db_text(change->statements->kind), db_i64(change->owner_id), db_i64(change->limit_bytes)),
        &rows, err);

    *has_out = is_known && db_rows_count(rows) > 0;
    talloc_free(arena);
    return is_known;
}

static bool change_root(struct db *db, void *arg, struct err *err)
{
    const struct root_change *change = arg;
    const struct root_statements *sql = change->statements;
    struct db_value owner = db_i64(change->owner_id);
    bool is_there = false;

    if (change->is_only_if_new && (!has_root(db, change, &is_there, err) || is_there))
        return is_there;
    if (!db_exec(db, sql->lock_owner, DB_ARGS(owner), NULL, err) ||
        !db_exec(db, sql->lock_members, DB_ARGS(owner), NULL, err))
        return false;
    if (change->limit_bytes > 0)
        return db_exec(db, sql->put_root, DB_ARGS(owner, db_i64(change->limit_bytes)), NULL, err) &&
               db_exec(db, sql->link, DB_ARGS(owner), NULL, err);
    return db_exec(db, sql->unlink, DB_ARGS(owner), NULL, err) &&
           db_exec(db, REMOVE_ROOT, DB_ARGS(owner, db_text(sql->kind)), NULL, err);
}

static bool set_root(struct group *group, struct root_change change, struct err *err)
{
    struct db *db;

    if (change.limit_bytes < 0)
        return err_set(err, ERR_INVALID, "A quota cannot be negative.");
    if (!group_acquire(group, DB_BACKGROUND, &db, err))
        return false;
    bool done = with_transaction(db, change_root, &change, err);
    db_release(&db);
    return done;
}

bool quota_root_set(struct group *group, enum quota_root_kind kind, int64_t owner_id, int64_t limit_bytes,
                    struct err *err)
{
    return set_root(group, (struct root_change){ &root_statements[kind], owner_id, limit_bytes, false }, err);
}

bool quota_root_ensure(struct group *group, enum quota_root_kind kind, int64_t owner_id, int64_t limit_bytes,
                       struct err *err)
{
    return set_root(group, (struct root_change){ &root_statements[kind], owner_id, limit_bytes, true }, err);
}
