/* store.c -- stores and the mailboxes in them, as rows. */
#include "group/store.h"

#include "base/clock.h"
#include "db/statement.h"
#include "db/transaction.h"

#include <stdlib.h>
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

static const char READ_LIMITS[] = "SELECT warn_bytes, no_send_bytes, no_receive_bytes FROM store"
                                  " WHERE store_id = $1 FOR UPDATE";
static const char PUT_STORE[] =
    "INSERT INTO store (store_id, name, kind, deleted_item_days, deleted_mailbox_days, warn_bytes, no_send_bytes,"
    "                   no_receive_bytes) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"
    " ON CONFLICT (store_id) DO UPDATE"
    "   SET name = excluded.name, deleted_item_days = excluded.deleted_item_days,"
    "       deleted_mailbox_days = excluded.deleted_mailbox_days, warn_bytes = excluded.warn_bytes,"
    "       no_send_bytes = excluded.no_send_bytes, no_receive_bytes = excluded.no_receive_bytes";
static const char TAKE_LIMITS[] =
    "SELECT take_store_limits(array_agg(mailbox_id)) FROM"
    " (SELECT mailbox_id FROM mailbox WHERE store_id = $1 ORDER BY mailbox_id FOR NO KEY UPDATE) AS m";

static bool put_store(struct db *db, void *arg, struct err *err)
{
    enum { ITEM_DAYS = 14, MAILBOX_DAYS = 30 };
    const struct store_options *options = arg;
    int item_days = options->deleted_item_days < 0 ? ITEM_DAYS : options->deleted_item_days;
    int mailbox_days = options->deleted_mailbox_days < 0 ? MAILBOX_DAYS : options->deleted_mailbox_days;
    struct db_value id = db_i64(options->store_id);
    void *arena = talloc_new(NULL);
    struct db_rows *rows;
    struct db_row row;
    bool done =
        db_query(db, arena, READ_LIMITS, DB_ARGS(id), &rows, err) &&
        db_exec(db, PUT_STORE,
                DB_ARGS(id, db_text(options->name), db_text(options->is_public ? "public" : "mailbox"),
                        db_i32(item_days), db_i32(mailbox_days), db_i64(options->warn_bytes),
                        db_i64(options->no_send_bytes), db_i64(options->no_receive_bytes)),
                NULL, err);

    if (done && db_rows_at(rows, 0, &row) &&
        (db_get_i64(&row, 0) != options->warn_bytes || db_get_i64(&row, 1) != options->no_send_bytes ||
         db_get_i64(&row, 2) != options->no_receive_bytes))
        done = db_exec(db, TAKE_LIMITS, DB_ARGS(id), NULL, err);
    talloc_free(arena);
    return done;
}

bool store_put(struct group *group, const struct store_options *options, struct err *err)
{
    struct store_options wanted = *options;

    return run(group, put_store, &wanted, err);
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

/* Holds off quota_root_set() for the same domains or organisations until the new rows can be seen by it. */
static const char LOCK_ROOTS[] =
    "SELECT pg_advisory_xact_lock_shared(kind, hashint8(owner_id))"
    "  FROM (SELECT 1 AS kind, unnest($1) AS owner_id UNION SELECT 2, unnest($2) ORDER BY 1, 2) AS roots";
/* $1 to $7: the mailboxes as columns, $7 how many folders each gets of $9 and $10. Gives the ids of those that were not there. */
static const char INSERT_MAILBOXES[] =
    "WITH made AS ("
    "  INSERT INTO mailbox (mailbox_id, store_id, organisation_id, domain_id, domain_root_id, organisation_root_id,"
    "                       next_uidvalidity, has_own_quota, quota_bytes, warn_bytes, no_send_bytes, quota_messages,"
    "                       created_us)"
    "  SELECT n.id, n.store, n.organisation, n.domain, d.quota_root_id, o.quota_root_id, n.folders + 1,"
    "         n.bytes > 0, coalesce(nullif(n.bytes, 0), nullif(s.no_receive_bytes, 0)),"
    "         CASE WHEN n.bytes = 0 THEN nullif(s.warn_bytes, 0) END,"
    "         CASE WHEN n.bytes = 0 THEN nullif(s.no_send_bytes, 0) END, nullif(n.messages, 0), $8"
    "    FROM unnest($1, $2, $3, $4, $5, $6, $7)"
    "      AS n (id, store, organisation, domain, bytes, messages, folders)"
    "    LEFT JOIN store s ON s.store_id = n.store"
    "    LEFT JOIN quota_root d ON d.kind = 'domain' AND d.owner_id = n.domain"
    "    LEFT JOIN quota_root o ON o.kind = 'organisation' AND o.owner_id = n.organisation"
    "   ORDER BY n.id"
    "  ON CONFLICT (mailbox_id) DO NOTHING RETURNING mailbox_id, next_uidvalidity),"
    " folders AS ("
    "  INSERT INTO folder (mailbox_id, name, uidvalidity, modseq, created_modseq, properties_modseq, special_use)"
    "  SELECT made.mailbox_id, f.name, f.number, 1, 1, 1, f.special_use"
    "    FROM made JOIN unnest($9::text[], $10::text[]) WITH ORDINALITY AS f (name, special_use, number)"
    "      ON f.number < made.next_uidvalidity),"
    " subscriptions AS ("
    "  INSERT INTO subscription (mailbox_id, name)"
    "  SELECT made.mailbox_id, f.name FROM made JOIN unnest($9::text[]) WITH ORDINALITY AS f (name, number)"
    "      ON f.number < made.next_uidvalidity)"
    " SELECT mailbox_id FROM made ORDER BY mailbox_id";
/* What everybody of the organisation may do in these mailboxes, and in what is made in them later. */
static const char OPEN_TO_ANYONE[] =
    "WITH opened AS (SELECT id, rights FROM unnest($1::bigint[], $2::text[]) AS n (id, rights)),"
    " tops AS (INSERT INTO mailbox_right (mailbox_id, identifier, rights) SELECT id, 'anyone', rights FROM opened)"
    " INSERT INTO folder_right (folder_id, identifier, rights)"
    " SELECT f.folder_id, 'anyone', o.rights FROM opened o JOIN folder f ON f.mailbox_id = o.id";
static const char WHICH_ARE_DELETED[] =
    "SELECT mailbox_id FROM mailbox WHERE mailbox_id = ANY ($1) AND deleted_us IS NOT NULL"
    " ORDER BY mailbox_id";

struct creation {
    const struct mailbox_options *options;
    size_t count;
    enum mailbox_made *made;
    void *scratch;
    int64_t *id, *store, *organisation, *domain, *bytes, *messages, *folders;
};

static int64_t *column(const struct creation *creation)
{
    return talloc_array(creation->scratch, int64_t, (unsigned)creation->count);
}

static void make_columns(struct creation *creation)
{
    creation->id = column(creation);
    creation->store = column(creation);
    creation->organisation = column(creation);
    creation->domain = column(creation);
    creation->bytes = column(creation);
    creation->messages = column(creation);
    creation->folders = column(creation);
    for (size_t i = 0; i < creation->count; i++) {
        const struct mailbox_options *options = &creation->options[i];
        creation->id[i] = options->mailbox_id;
        creation->store[i] = options->store_id;
        creation->organisation[i] = options->organisation_id;
        creation->domain[i] = options->domain_id;
        creation->bytes[i] = options->quota_bytes;
        creation->messages[i] = options->quota_messages;
        creation->folders[i] = options->is_inbox_only ? 1 : (int64_t)COUNT_OF(new_folders);
    }
}

static int by_number(const void *a, const void *b)
{
    const int64_t *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

/* Those of the creation whose id is among the rows. */
static void mark_made(struct creation *creation, const struct db_rows *rows, enum mailbox_made made)
{
    size_t found = db_rows_count(rows);
    int64_t *ids = talloc_array(creation->scratch, int64_t, (unsigned)found + 1);
    struct db_row row;

    for (size_t i = 0; db_rows_at(rows, i, &row); i++)
        ids[i] = db_get_i64(&row, 0);
    for (size_t i = 0; i < creation->count; i++)
        if (bsearch(&creation->options[i].mailbox_id, ids, found, sizeof *ids, by_number))
            creation->made[i] = made;
}

static bool open_to_anyone(struct db *db, const struct creation *creation, struct err *err)
{
    int64_t *ids = column(creation);
    struct span *rights = talloc_array(creation->scratch, struct span, (unsigned)creation->count);
    size_t count = 0;

    for (size_t i = 0; i < creation->count; i++)
        if (creation->made[i] == MAILBOX_MADE && creation->options[i].anyone_rights) {
            ids[count] = creation->id[i];
            rights[count++] = span_text(creation->options[i].anyone_rights);
        }
    return count == 0 || db_exec(db, OPEN_TO_ANYONE,
                                 DB_ARGS(db_i64_array(ids, count), db_text_array(rights, count)), NULL, err);
}

static bool create(struct db *db, void *arg, struct err *err)
{
    struct creation *creation = arg;
    struct span names[COUNT_OF(new_folders)], uses[COUNT_OF(new_folders)];
    size_t count = creation->count;
    struct db_rows *made, *deleted;

    for (size_t i = 0; i < COUNT_OF(new_folders); i++) {
        names[i] = span_text(new_folders[i].name);
        uses[i] = span_text(new_folders[i].special_use);
    }
    if (!db_exec(db, LOCK_ROOTS,
                 DB_ARGS(db_i64_array(creation->domain, count), db_i64_array(creation->organisation, count)),
                 NULL, err) ||
        !db_query(db, creation->scratch, INSERT_MAILBOXES,
                  DB_ARGS(db_i64_array(creation->id, count), db_i64_array(creation->store, count),
                          db_i64_array(creation->organisation, count), db_i64_array(creation->domain, count),
                          db_i64_array(creation->bytes, count), db_i64_array(creation->messages, count),
                          db_i64_array(creation->folders, count), db_i64(clock_now_us()),
                          db_text_array(names, COUNT_OF(names)), db_text_array(uses, COUNT_OF(uses))),
                  &made, err))
        return false;
    for (size_t i = 0; i < count; i++)
        creation->made[i] = MAILBOX_THERE;
    mark_made(creation, made, MAILBOX_MADE);
    if (!open_to_anyone(db, creation, err))
        return false;
    if (db_rows_count(made) == count)
        return true;
    if (!db_query(db, creation->scratch, WHICH_ARE_DELETED, DB_ARGS(db_i64_array(creation->id, count)),
                  &deleted, err))
        return false;
    mark_made(creation, deleted, MAILBOX_DELETED);
    return true;
}

bool mailbox_create_many(struct group *group, const struct mailbox_options *options, size_t count,
                         enum mailbox_made *made_out, struct err *err)
{
    struct creation creation = {
        .options = options, .count = count, .made = made_out, .scratch = talloc_new(NULL)
    };
    bool done;

    make_columns(&creation);
    done = count == 0 || run(group, create, &creation, err);
    talloc_free(creation.scratch);
    return done;
}

bool mailbox_create(struct group *group, const struct mailbox_options *options, struct err *err)
{
    enum mailbox_made made;

    if (!mailbox_create_many(group, options, 1, &made, err))
        return false;
    return made != MAILBOX_DELETED ||
           err_set(err, ERR_EXISTS, "The deleted mailbox still exists; reconnect it instead.");
}

static const char MARK_DELETED[] = "UPDATE mailbox SET deleted_us = $2, modseq = modseq + 1"
                                   " WHERE mailbox_id = $1 AND deleted_us IS NULL";
static const char MARK_CONNECTED[] = "UPDATE mailbox SET deleted_us = NULL, modseq = modseq + 1"
                                     " WHERE mailbox_id = $1 AND deleted_us > 0";
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

static const char EXPIRE[] =
    "UPDATE mailbox SET deleted_us = 0 WHERE mailbox_id = $1 AND deleted_us IS NOT NULL";

bool mailbox_expire(struct group *group, int64_t mailbox_id, struct err *err)
{
    return exec_one(group, EXPIRE, DB_ARGS(db_i64(mailbox_id)), "There is no such deleted mailbox.", err);
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
