/* store.c -- the stores of all storage groups, as the administrator wants them. */
#include "base/clock.h"
#include "directory/act.h"
#include "directory/server.h"
#include "directory/user.h"

#include <talloc.h>

static const char INSERT_STORE[] =
    "INSERT INTO store (storage_group_id, name, is_public, is_mounted) VALUES ($1, $2, $3, $4) RETURNING store_id";

#define COLUMNS                                                                                              \
    "store_id, storage_group_id, name, is_public, is_mounted, mailbox_count, coalesce(reserved_for, 0),"     \
    " coalesce(deleted_item_days, -1), deleted_mailbox_days, warn_bytes, no_send_bytes, no_receive_bytes"
static const char SELECT_STORES[] = "SELECT " COLUMNS " FROM store ORDER BY storage_group_id, name";
static const char LOCK_STORE[] = "SELECT " COLUMNS " FROM store WHERE store_id = $1 FOR UPDATE";
static const char UPDATE_STORE[] =
    "UPDATE store SET name = $2, reserved_for = nullif($3, 0), deleted_item_days = nullif($4, -1),"
    "       deleted_mailbox_days = $5, warn_bytes = $6, no_send_bytes = $7, no_receive_bytes = $8"
    " WHERE store_id = $1";

static const char MOUNT_STORE[] = "UPDATE store SET is_mounted = $2 WHERE store_id = $1 RETURNING name";

/* Labels for refuse_dependents(): with how many of a kind there are. */
static const char DEPENDENTS[] =
    "SELECT label, count(*) OVER () FROM ("
    " SELECT 1 AS n, mailbox_count || CASE mailbox_count WHEN 1 THEN ' mailbox' ELSE ' mailboxes' END AS label"
    "   FROM store WHERE store_id = $1 AND mailbox_count > 0"
    " UNION ALL SELECT 2, count(*) || ' deleted mailboxes that can still be reconnected' FROM deleted_mailbox"
    "   WHERE store_id = $1 HAVING count(*) > 0"
    " UNION ALL SELECT 3, count(*) || ' mailboxes on their way to it' FROM mailbox_move"
    "   WHERE to_store_id = $1 AND state IN ('copying', 'switching', 'cancelling') HAVING count(*) > 0"
    ") AS d ORDER BY n";
static const char FORGET_MOVES[] = "DELETE FROM mailbox_move WHERE to_store_id = $1";
static const char DELETE_STORE[] = "DELETE FROM store WHERE store_id = $1 RETURNING name";

struct change {
    const struct actor *actor;
    const struct store *wanted;
    unsigned fields;
    int64_t id;
    bool is_mounted;
};

static bool add_store(struct db *db, void *arg, struct err *err)
{
    struct change *change = arg;
    const struct store *store = change->wanted;
    void *scratch = talloc_new(NULL);
    struct db_row row;
    bool ok = act_one(db, scratch, INSERT_STORE,
                      DB_ARGS(db_i64(store->storage_group_id), db_text(store->name),
                              db_bool(store->is_public), db_bool(store->is_mounted)),
                      "storage group", &row, err);

    if (ok)
        change->id = db_get_i64(&row, 0);
    else
        taken(err, "The storage group has a store called %s already.", store->name);
    talloc_free(scratch);
    return ok && audit_write(db, change->actor, 0, "store.add", store->name, NULL,
                             json_pack("{s:I, s:b}", "storage_group_id", (json_int_t)store->storage_group_id,
                                       "public", store->is_public),
                             err);
}

bool directory_store_add(struct directory *directory, const struct actor *actor, const struct store *wanted,
                         int64_t *store_id_out, struct err *err)
{
    struct change change = { .actor = actor, .wanted = wanted };

    *err = ERR_INIT;
    if (!check_name(wanted->name, "store", err) ||
        !act_installing(directory, change.actor, add_store, &change, err))
        return false;
    *store_id_out = change.id;
    return true;
}

static void read_row(const void *owner, const struct db_row *row, struct store *store)
{
    *store = (struct store){ .store_id = db_get_i64(row, 0),
                             .storage_group_id = db_get_i64(row, 1),
                             .name = db_copy_text(owner, row, 2),
                             .is_public = db_get_bool(row, 3),
                             .is_mounted = db_get_bool(row, 4),
                             .mailbox_count = db_get_i64(row, 5),
                             .organisation_id = db_get_i64(row, 6),
                             .policy = { .deleted_item_days = db_get_i32(row, 7),
                                         .deleted_mailbox_days = db_get_i32(row, 8),
                                         .warn_bytes = db_get_i64(row, 9),
                                         .no_send_bytes = db_get_i64(row, 10),
                                         .no_receive_bytes = db_get_i64(row, 11) } };
}

bool directory_store_list(struct directory *directory, const void *owner, struct store **stores_out,
                          size_t *count_out, struct err *err)
{
    struct db_rows *rows;
    struct db_row row;

    if (!look_up(directory, owner, SELECT_STORES, DB_NO_ARGS, &rows, err))
        return false;
    *count_out = db_rows_count(rows);
    *stores_out = talloc_array(owner, struct store, (unsigned)*count_out + 1);
    for (size_t i = 0; db_rows_at(rows, i, &row); i++)
        read_row(*stores_out, &row, &(*stores_out)[i]);
    talloc_free(rows);
    return true;
}

static const char SELECT_USERS[] =
    "SELECT r.recipient_id, a.address, r.storage_group_id, r.store_id, r.mailbox_id, r.organisation_id"
    "  FROM recipient r JOIN address a ON a.recipient_id = r.recipient_id AND a.is_primary"
    " WHERE r.store_id = $1 ORDER BY r.recipient_id LIMIT $2";

bool directory_store_users(struct directory *directory, const void *owner, int64_t store_id, size_t limit,
                           struct user **users_out, size_t *count_out, struct err *err)
{
    struct db_rows *rows;
    struct db_row row;

    if (!look_up(directory, owner, SELECT_USERS, DB_ARGS(db_i64(store_id), db_i64((int64_t)limit)), &rows,
                 err))
        return false;
    *count_out = db_rows_count(rows);
    *users_out = talloc_zero_array(owner, struct user, (unsigned)*count_out + 1);
    for (size_t i = 0; db_rows_at(rows, i, &row); i++)
        (*users_out)[i] =
            (struct user){ .recipient_id = db_get_i64(&row, 0),
                           .address = db_copy_text(*users_out, &row, 1),
                           .mailbox = { db_get_i64(&row, 2), db_get_i64(&row, 3), db_get_i64(&row, 4) },
                           .organisation_id = db_get_i64(&row, 5) };
    return true;
}

static bool mount(struct db *db, void *arg, struct err *err)
{
    struct change *change = arg;
    void *scratch = talloc_new(NULL);
    struct db_row row;
    bool ok = act_one(db, scratch, MOUNT_STORE, DB_ARGS(db_i64(change->id), db_bool(change->is_mounted)),
                      "store", &row, err) &&
              audit_write(db, change->actor, 0, "store.mount", db_copy_text(scratch, &row, 0), NULL,
                          json_pack("{s:b}", "mounted", change->is_mounted), err);

    talloc_free(scratch);
    return ok;
}

bool directory_store_mount(struct directory *directory, const struct actor *actor, int64_t store_id,
                           bool is_mounted, struct err *err)
{
    struct change change = { .actor = actor, .id = store_id, .is_mounted = is_mounted };

    return act_installing(directory, change.actor, mount, &change, err);
}

/* ---- name and policy */

static json_t *describe(const struct store *store)
{
    const struct store_policy *policy = &store->policy;

    return json_pack("{s:s, s:I, s:i, s:i, s:I, s:I, s:I}", "name", store->name, "organisation_id",
                     (json_int_t)store->organisation_id, "deleted_item_days", policy->deleted_item_days,
                     "deleted_mailbox_days", policy->deleted_mailbox_days, "warn",
                     (json_int_t)policy->warn_bytes, "no_send", (json_int_t)policy->no_send_bytes,
                     "no_receive", (json_int_t)policy->no_receive_bytes);
}

static bool check_policy(const struct store_policy *policy, struct err *err)
{
    enum { DAYS_MAX = 3650 };

    if (policy->warn_bytes < 0 || policy->no_send_bytes < 0 || policy->no_receive_bytes < 0)
        return err_set(err, ERR_INVALID, "A limit cannot be negative.");
    if (policy->deleted_item_days < -1 || policy->deleted_item_days > DAYS_MAX ||
        policy->deleted_mailbox_days < 0 || policy->deleted_mailbox_days > DAYS_MAX)
        return err_set(err, ERR_INVALID, "Periods are 0 to %d days.", DAYS_MAX);
    if (policy->no_receive_bytes > 0 &&
        (policy->warn_bytes > policy->no_receive_bytes || policy->no_send_bytes > policy->no_receive_bytes))
        return err_set(err, ERR_INVALID, "Warning and no sending come before no receiving.");
    return true;
}

static bool set_store(struct db *db, void *arg, struct err *err)
{
    struct change *change = arg;
    const struct store_policy *policy = &change->wanted->policy;
    void *scratch = talloc_new(NULL);
    struct store before;
    struct db_row row;
    bool ok = act_one(db, scratch, LOCK_STORE, DB_ARGS(db_i64(change->wanted->store_id)), "store", &row, err);

    if (ok) {
        read_row(scratch, &row, &before);
        ok = db_exec(db, UPDATE_STORE,
                     DB_ARGS(db_i64(before.store_id), db_text(change->wanted->name),
                             db_i64(change->wanted->organisation_id), db_i32(policy->deleted_item_days),
                             db_i32(policy->deleted_mailbox_days), db_i64(policy->warn_bytes),
                             db_i64(policy->no_send_bytes), db_i64(policy->no_receive_bytes)),
                     NULL, err);
        if (!ok)
            taken(err, "The storage group has a store called %s already.", change->wanted->name);
        ok = ok && audit_write(db, change->actor, 0, "store.set", before.name, describe(&before),
                               describe(change->wanted), err);
    }
    talloc_free(scratch);
    return ok;
}

bool directory_store_set(struct directory *directory, const struct actor *actor, const struct store *wanted,
                         struct err *err)
{
    struct change change = { .actor = actor, .wanted = wanted };

    *err = ERR_INIT;
    return check_name(wanted->name, "store", err) && check_policy(&wanted->policy, err) &&
           act_installing(directory, change.actor, set_store, &change, err);
}

static bool remove_store(struct db *db, void *arg, struct err *err)
{
    struct change *change = arg;
    struct db_value id = db_i64(change->id);
    void *scratch = talloc_new(NULL);
    struct db_row row;
    bool ok =
        refuse_dependents(db, "The store", DEPENDENTS, DB_ARGS(id), err) &&
        db_exec(db, FORGET_MOVES, DB_ARGS(id), NULL, err) &&
        act_one(db, scratch, DELETE_STORE, DB_ARGS(id), "store", &row, err) &&
        audit_write(db, change->actor, 0, "store.remove", db_copy_text(scratch, &row, 0), NULL, NULL, err);

    talloc_free(scratch);
    return ok;
}

bool directory_store_remove(struct directory *directory, const struct actor *actor, int64_t store_id,
                            struct err *err)
{
    struct change change = { .actor = actor, .id = store_id };

    return act_installing(directory, change.actor, remove_store, &change, err);
}
