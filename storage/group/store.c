/* store.c -- stores and the mailboxes in them, as rows. */
#include "group/store.h"

#include "base/clock.h"
#include "db/statement.h"
#include "db/transaction.h"

#include <talloc.h>

static bool run(struct group *group, db_work *work, void *arg, struct err *err)
{
    struct db *db;

    if (!group_acquire(group, DB_INTERACTIVE, &db, err))
        return false;
    bool done = with_transaction(db, work, arg, err);
    db_release(&db);
    return done;
}

/* One statement that changes rows; `missing` is said where it changed none. */
static bool exec_one(struct group *group, const char *sql, struct db_args args, const char *missing,
                     struct err *err)
{
    struct db *db;
    uint64_t affected;

    if (!group_acquire(group, DB_INTERACTIVE, &db, err))
        return false;
    bool done = db_exec(db, sql, args, &affected, err);
    db_release(&db);
    if (done && affected == 0)
        return err_set(err, ERR_NOT_FOUND, "%s", missing);
    return done;
}

static const char PUT_STORE[] = "INSERT INTO store (store_id, name, kind, deleted_item_days)"
                                " VALUES ($1, $2, $3, $4)"
                                " ON CONFLICT (store_id) DO UPDATE"
                                "   SET name = excluded.name, deleted_item_days = excluded.deleted_item_days";

bool store_put(struct group *group, const struct store_options *options, struct err *err)
{
    enum { DEFAULT_DAYS = 14 };
    int days = options->deleted_item_days < 0 ? DEFAULT_DAYS : options->deleted_item_days;

    return exec_one(group, PUT_STORE,
                    DB_ARGS(db_i64(options->store_id), db_text(options->name),
                            db_text(options->is_public ? "public" : "mailbox"), db_i32(days)),
                    "There is no such store.", err);
}

static const char REMOVE_STORE[] = "DELETE FROM store WHERE store_id = $1";

bool store_remove(struct group *group, int64_t store_id, struct err *err)
{
    if (exec_one(group, REMOVE_STORE, DB_ARGS(db_i64(store_id)), "There is no such store.", err))
        return true;
    if (err->kind == ERR_CONFLICT)
        err_set(err, ERR_DEPENDED_ON, "There are mailboxes in this store.");
    return false;
}

static const char MOUNT_STORE[] = "UPDATE store SET is_mounted = $2 WHERE store_id = $1";

bool store_mount(struct group *group, int64_t store_id, struct err *err)
{
    return exec_one(group, MOUNT_STORE, DB_ARGS(db_i64(store_id), db_bool(true)), "There is no such store.",
                    err);
}

bool store_dismount(struct group *group, int64_t store_id, struct err *err)
{
    return exec_one(group, MOUNT_STORE, DB_ARGS(db_i64(store_id), db_bool(false)), "There is no such store.",
                    err);
}

/* The folders of a new mailbox; the first alone for inbox-only ones. */
static const struct {
    const char *name, *special_use;
} new_folders[] = {
    { "INBOX", NULL },    { "Drafts", "\\Drafts" }, { "Sent", "\\Sent" },
    { "Junk", "\\Junk" }, { "Trash", "\\Trash" },   { "Archive", "\\Archive" },
};

/* Holds off quota_root_set() for the same domain or organisation until the new row can be seen by it. */
static const char LOCK_ROOTS[] = "SELECT pg_advisory_xact_lock_shared(1, hashint8($1)),"
                                 "       pg_advisory_xact_lock_shared(2, hashint8($2))";
static const char INSERT_MAILBOX[] =
    "INSERT INTO mailbox (mailbox_id, store_id, organisation_id, domain_id, domain_root_id, organisation_root_id,"
    "                     next_uidvalidity, quota_bytes, quota_messages, created_us)"
    " SELECT $1, $2, $3, $4,"
    "        (SELECT quota_root_id FROM quota_root WHERE kind = 'domain' AND owner_id = $4),"
    "        (SELECT quota_root_id FROM quota_root WHERE kind = 'organisation' AND owner_id = $3),"
    "        $5, nullif($6, 0), nullif($7, 0), $8"
    " ON CONFLICT (mailbox_id) DO NOTHING";
static const char INSERT_FOLDERS[] =
    "INSERT INTO folder (mailbox_id, name, uidvalidity, modseq, created_modseq, properties_modseq, special_use)"
    " SELECT $1, f.name, f.number, 1, 1, 1, f.special_use"
    "   FROM unnest($2::text[], $3::text[]) WITH ORDINALITY AS f (name, special_use, number)";
static const char INSERT_SUBSCRIPTIONS[] =
    "INSERT INTO subscription (mailbox_id, name) SELECT $1, unnest($2::text[])";
static const char IS_DELETED[] = "SELECT deleted_us IS NOT NULL FROM mailbox WHERE mailbox_id = $1";

static bool insert_folders(struct db *db, int64_t mailbox_id, size_t count, struct err *err)
{
    struct span names[COUNT_OF(new_folders)], uses[COUNT_OF(new_folders)];

    for (size_t i = 0; i < count; i++) {
        names[i] = span_text(new_folders[i].name);
        uses[i] = span_text(new_folders[i].special_use);
    }
    return db_exec(db, INSERT_FOLDERS,
                   DB_ARGS(db_i64(mailbox_id), db_text_array(names, count), db_text_array(uses, count)), NULL,
                   err) &&
           db_exec(db, INSERT_SUBSCRIPTIONS, DB_ARGS(db_i64(mailbox_id), db_text_array(names, count)), NULL,
                   err);
}

static bool check_not_deleted(struct db *db, int64_t mailbox_id, struct err *err)
{
    void *arena = talloc_new(NULL);
    struct db_row row;
    bool found = db_one_row(db, arena, IS_DELETED, DB_ARGS(db_i64(mailbox_id)), &row, err);

    if (found && db_get_bool(&row, 0))
        found = err_set(err, ERR_EXISTS, "The deleted mailbox still exists; reconnect it instead.");
    talloc_free(arena);
    return found;
}

static bool create(struct db *db, void *arg, struct err *err)
{
    const struct mailbox_options *options = arg;
    size_t folders = options->is_inbox_only ? 1 : COUNT_OF(new_folders);
    uint64_t inserted;

    if (!db_exec(db, LOCK_ROOTS, DB_ARGS(db_i64(options->domain_id), db_i64(options->organisation_id)), NULL,
                 err) ||
        !db_exec(db, INSERT_MAILBOX,
                 DB_ARGS(db_i64(options->mailbox_id), db_i64(options->store_id),
                         db_i64(options->organisation_id), db_i64(options->domain_id),
                         db_i64((int64_t)folders + 1), db_i64(options->quota_bytes),
                         db_i64(options->quota_messages), db_i64(clock_now_us())),
                 &inserted, err))
        return false;
    if (inserted == 0)
        return check_not_deleted(db, options->mailbox_id, err);
    return insert_folders(db, options->mailbox_id, folders, err);
}

bool mailbox_create(struct group *group, const struct mailbox_options *options, struct err *err)
{
    struct mailbox_options copy = *options;

    return run(group, create, &copy, err);
}

static const char MARK_DELETED[] = "UPDATE mailbox SET deleted_us = $2, modseq = modseq + 1"
                                   " WHERE mailbox_id = $1 AND deleted_us IS NULL";
static const char MARK_CONNECTED[] = "UPDATE mailbox SET deleted_us = NULL, modseq = modseq + 1"
                                     " WHERE mailbox_id = $1 AND deleted_us IS NOT NULL";
/* Locks in the order of ids, as everybody does. $2: 1 gives the bytes back to the roots, -1 takes them away. */
static const char LOCK_ITS_ROOTS[] =
    "SELECT 1 FROM quota_root"
    " WHERE quota_root_id IN (SELECT unnest(ARRAY[domain_root_id, organisation_root_id])"
    "                           FROM mailbox WHERE mailbox_id = $1)"
    " ORDER BY quota_root_id FOR NO KEY UPDATE";
static const char MOVE_USE[] =
    "UPDATE quota_root r SET used_bytes = r.used_bytes + $2 * m.used_bytes"
    "  FROM mailbox m"
    " WHERE m.mailbox_id = $1 AND r.quota_root_id IN (m.domain_root_id, m.organisation_root_id)";

static bool mark(struct db *db, const char *sql, struct db_args args, int64_t mailbox_id, int64_t sign,
                 struct err *err)
{
    uint64_t marked;

    if (!db_exec(db, sql, args, &marked, err))
        return false;
    if (marked == 0)
        return err_set(err, ERR_NOT_FOUND, "There is no such mailbox.");
    return db_exec(db, LOCK_ITS_ROOTS, DB_ARGS(db_i64(mailbox_id)), NULL, err) &&
           db_exec(db, MOVE_USE, DB_ARGS(db_i64(mailbox_id), db_i64(sign)), NULL, err);
}

static bool delete (struct db *db, void *arg, struct err *err)
{
    const int64_t *mailbox_id = arg;

    return mark(db, MARK_DELETED, DB_ARGS(db_i64(*mailbox_id), db_i64(clock_now_us())), *mailbox_id, -1, err);
}

bool mailbox_delete(struct group *group, int64_t mailbox_id, struct err *err)
{
    return run(group, delete, &mailbox_id, err);
}

static bool reconnect(struct db *db, void *arg, struct err *err)
{
    const int64_t *mailbox_id = arg;

    return mark(db, MARK_CONNECTED, DB_ARGS(db_i64(*mailbox_id)), *mailbox_id, 1, err);
}

bool mailbox_reconnect(struct group *group, int64_t mailbox_id, struct err *err)
{
    return run(group, reconnect, &mailbox_id, err);
}

static const char IS_MOUNTED[] = "SELECT s.is_mounted FROM mailbox m JOIN store s USING (store_id)"
                                 " WHERE m.mailbox_id = $1 AND m.deleted_us IS NULL";

bool mailbox_check_mounted(struct group *group, int64_t mailbox_id, struct err *err)
{
    void *arena;
    struct db *db;
    struct db_row row;

    if (!group_acquire(group, DB_INTERACTIVE, &db, err))
        return false;
    arena = talloc_new(NULL);
    bool is_mounted = db_one_row(db, arena, IS_MOUNTED, DB_ARGS(db_i64(mailbox_id)), &row, err);
    db_release(&db);
    if (is_mounted && !db_get_bool(&row, 0)) {
        err_log(err, "the store of mailbox %lld is dismounted", (long long)mailbox_id);
        is_mounted = err_set(err, ERR_BUSY, "The mailbox is temporarily unavailable.");
    }
    talloc_free(arena);
    return is_mounted;
}
