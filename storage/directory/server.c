/*
 * server.c -- the machines and databases of an installation.
 */
#include "directory/server.h"

#include "base/clock.h"
#include "directory/act.h"

#include <talloc.h>

static const struct actor installation = { .name = "chappe" };

static const char REGISTER[] = "INSERT INTO server (name, routing_group_id, seen_us)"
                               " VALUES ($1, (SELECT min(routing_group_id) FROM routing_group), $2)"
                               " ON CONFLICT (name) DO UPDATE SET seen_us = excluded.seen_us"
                               " RETURNING server_id";

static const char SELECT_SERVERS[] =
    "SELECT server_id, routing_group_id, name, seen_us, address FROM server ORDER BY name";

static const char INSERT_STORAGE_GROUP[] =
    "INSERT INTO storage_group (name, conninfo, takes_new) VALUES ($1, $2, $3) RETURNING storage_group_id";

static const char SELECT_STORAGE_GROUPS[] =
    "SELECT g.storage_group_id, g.name, g.conninfo, g.takes_new,"
    "       (SELECT coalesce(sum(mailbox_count), 0)::bigint FROM store s WHERE s.storage_group_id = g.storage_group_id)"
    "  FROM storage_group g ORDER BY g.storage_group_id";

static const char UPDATE_STORAGE_GROUP[] =
    "UPDATE storage_group SET conninfo = $2, takes_new = $3 WHERE storage_group_id = $1 RETURNING name";

static const char STORES_OF[] =
    "SELECT 'store ' || name, count(*) OVER () FROM store WHERE storage_group_id = $1 ORDER BY name LIMIT 6";

static const char DELETE_STORAGE_GROUP[] =
    "DELETE FROM storage_group WHERE storage_group_id = $1 RETURNING name";

static const char INSERT_STORE[] =
    "INSERT INTO store (storage_group_id, name, is_public, is_mounted) VALUES ($1, $2, $3, $4) RETURNING store_id";

static const char SELECT_STORES[] =
    "SELECT store_id, storage_group_id, name, is_public, is_mounted, mailbox_count FROM store"
    " ORDER BY storage_group_id, name";

static const char MOUNT_STORE[] = "UPDATE store SET is_mounted = $2 WHERE store_id = $1 RETURNING name";

static const char MAILBOXES_OF[] =
    "SELECT 'its mailboxes', mailbox_count FROM store WHERE store_id = $1 AND mailbox_count > 0";

static const char DELETE_STORE[] = "DELETE FROM store WHERE store_id = $1 RETURNING name";

struct change {
    const struct actor *actor;
    const char *name;
    const struct storage_group *group;
    const struct store *store;
    int64_t id;
    bool is_mounted;
};

/* Runs a statement that returns one id or name. */
static bool one(struct db *db, const void *scratch, const char *sql, struct db_args args, const char *what,
                struct db_row *row, struct err *err)
{
    if (db_one_row(db, scratch, sql, args, row, err))
        return true;
    return err->kind == ERR_NOT_FOUND || err->kind == ERR_CONFLICT ? not_found(err, what) : false;
}

static bool act(struct directory *directory, struct change *change, db_work *work, struct err *err)
{
    *err = ERR_INIT;
    return act_on_installation(change->actor, err) && act_in(directory, change->actor, 0, work, change, err);
}

static bool register_it(struct db *db, void *arg, struct err *err)
{
    struct change *change = arg;
    void *scratch = talloc_new(NULL);
    struct db_row row;
    bool ok =
        db_one_row(db, scratch, REGISTER, DB_ARGS(db_text(change->name), db_i64(clock_now_us())), &row, err);

    if (ok)
        change->id = db_get_i64(&row, 0);
    talloc_free(scratch);
    return ok;
}

bool server_register(struct directory *directory, const char *name, int64_t *server_id_out, struct err *err)
{
    struct change change = { .actor = &installation, .name = name };

    if (!act(directory, &change, register_it, err))
        return false;
    *server_id_out = change.id;
    return true;
}

bool server_list(struct directory *directory, const void *owner, struct server **servers_out,
                 size_t *count_out, struct err *err)
{
    struct db_rows *rows;
    struct db_row row;

    if (!look_up(directory, owner, SELECT_SERVERS, DB_NO_ARGS, &rows, err))
        return false;
    *count_out = db_rows_count(rows);
    *servers_out = talloc_array(owner, struct server, (unsigned)*count_out);
    for (size_t i = 0; db_rows_at(rows, i, &row); i++)
        (*servers_out)[i] =
            (struct server){ db_get_i64(&row, 0), db_get_i64(&row, 1), db_copy_text(*servers_out, &row, 2),
                             db_get_i64(&row, 3), db_copy_text(*servers_out, &row, 4) };
    talloc_free(rows);
    return true;
}

static json_t *describe_group(const struct storage_group *group)
{
    return json_pack("{s:b, s:b}", "private", group->conninfo == NULL, "takes_new", group->takes_new);
}

static bool add_group(struct db *db, void *arg, struct err *err)
{
    struct change *change = arg;
    const struct storage_group *group = change->group;
    void *scratch = talloc_new(NULL);
    struct db_row row;
    bool ok = db_one_row(db, scratch, INSERT_STORAGE_GROUP,
                         DB_ARGS(db_text(group->name), db_text(group->conninfo), db_bool(group->takes_new)),
                         &row, err);

    if (ok)
        change->id = db_get_i64(&row, 0);
    else
        taken(err, "There is a storage group called %s already.", group->name);
    talloc_free(scratch);
    return ok && audit_write(db, change->actor, 0, "storage-group.add", group->name, NULL,
                             describe_group(group), err);
}

bool storage_group_add(struct directory *directory, const struct actor *actor,
                       const struct storage_group *wanted, int64_t *storage_group_id_out, struct err *err)
{
    struct change change = { .actor = actor, .group = wanted };

    *err = ERR_INIT;
    if (!check_name(wanted->name, "storage group", err) || !act(directory, &change, add_group, err))
        return false;
    *storage_group_id_out = change.id;
    return true;
}

bool storage_group_list(struct directory *directory, const void *owner, struct storage_group **groups_out,
                        size_t *count_out, struct err *err)
{
    struct db_rows *rows;
    struct db_row row;

    if (!look_up(directory, owner, SELECT_STORAGE_GROUPS, DB_NO_ARGS, &rows, err))
        return false;
    *count_out = db_rows_count(rows);
    *groups_out = talloc_array(owner, struct storage_group, (unsigned)*count_out);
    for (size_t i = 0; db_rows_at(rows, i, &row); i++)
        (*groups_out)[i] = (struct storage_group){ db_get_i64(&row, 0), db_copy_text(*groups_out, &row, 1),
                                                   db_copy_text(*groups_out, &row, 2), db_get_bool(&row, 3),
                                                   db_get_i64(&row, 4) };
    talloc_free(rows);
    return true;
}

static bool set_group(struct db *db, void *arg, struct err *err)
{
    struct change *change = arg;
    const struct storage_group *group = change->group;
    void *scratch = talloc_new(NULL);
    struct db_row row;
    bool ok =
        one(db, scratch, UPDATE_STORAGE_GROUP,
            DB_ARGS(db_i64(group->storage_group_id), db_text(group->conninfo), db_bool(group->takes_new)),
            "storage group", &row, err) &&
        audit_write(db, change->actor, 0, "storage-group.set", db_copy_text(scratch, &row, 0), NULL,
                    describe_group(group), err);

    talloc_free(scratch);
    return ok;
}

bool storage_group_set(struct directory *directory, const struct actor *actor,
                       const struct storage_group *wanted, struct err *err)
{
    struct change change = { .actor = actor, .group = wanted };

    return act(directory, &change, set_group, err);
}

static bool remove_group(struct db *db, void *arg, struct err *err)
{
    struct change *change = arg;
    void *scratch = talloc_new(NULL);
    struct db_row row;
    bool ok =
        refuse_dependents(db, "The storage group", STORES_OF, DB_ARGS(db_i64(change->id)), err) &&
        one(db, scratch, DELETE_STORAGE_GROUP, DB_ARGS(db_i64(change->id)), "storage group", &row, err) &&
        audit_write(db, change->actor, 0, "storage-group.remove", db_copy_text(scratch, &row, 0), NULL, NULL,
                    err);

    talloc_free(scratch);
    return ok;
}

bool storage_group_remove(struct directory *directory, const struct actor *actor, int64_t storage_group_id,
                          struct err *err)
{
    struct change change = { .actor = actor, .id = storage_group_id };

    return act(directory, &change, remove_group, err);
}

static bool add_store(struct db *db, void *arg, struct err *err)
{
    struct change *change = arg;
    const struct store *store = change->store;
    void *scratch = talloc_new(NULL);
    struct db_row row;
    bool ok = one(db, scratch, INSERT_STORE,
                  DB_ARGS(db_i64(store->storage_group_id), db_text(store->name), db_bool(store->is_public),
                          db_bool(store->is_mounted)),
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
    struct change change = { .actor = actor, .store = wanted };

    *err = ERR_INIT;
    if (!check_name(wanted->name, "store", err) || !act(directory, &change, add_store, err))
        return false;
    *store_id_out = change.id;
    return true;
}

bool directory_store_list(struct directory *directory, const void *owner, struct store **stores_out,
                          size_t *count_out, struct err *err)
{
    struct db_rows *rows;
    struct db_row row;

    if (!look_up(directory, owner, SELECT_STORES, DB_NO_ARGS, &rows, err))
        return false;
    *count_out = db_rows_count(rows);
    *stores_out = talloc_array(owner, struct store, (unsigned)*count_out);
    for (size_t i = 0; db_rows_at(rows, i, &row); i++)
        (*stores_out)[i] =
            (struct store){ db_get_i64(&row, 0),  db_get_i64(&row, 1),  db_copy_text(*stores_out, &row, 2),
                            db_get_bool(&row, 3), db_get_bool(&row, 4), db_get_i64(&row, 5) };
    talloc_free(rows);
    return true;
}

static bool mount(struct db *db, void *arg, struct err *err)
{
    struct change *change = arg;
    void *scratch = talloc_new(NULL);
    struct db_row row;
    bool ok = one(db, scratch, MOUNT_STORE, DB_ARGS(db_i64(change->id), db_bool(change->is_mounted)), "store",
                  &row, err) &&
              audit_write(db, change->actor, 0, "store.mount", db_copy_text(scratch, &row, 0), NULL,
                          json_pack("{s:b}", "mounted", change->is_mounted), err);

    talloc_free(scratch);
    return ok;
}

bool directory_store_mount(struct directory *directory, const struct actor *actor, int64_t store_id,
                           bool is_mounted, struct err *err)
{
    struct change change = { .actor = actor, .id = store_id, .is_mounted = is_mounted };

    return act(directory, &change, mount, err);
}

static bool remove_store(struct db *db, void *arg, struct err *err)
{
    struct change *change = arg;
    void *scratch = talloc_new(NULL);
    struct db_row row;
    bool ok =
        refuse_dependents(db, "The store", MAILBOXES_OF, DB_ARGS(db_i64(change->id)), err) &&
        one(db, scratch, DELETE_STORE, DB_ARGS(db_i64(change->id)), "store", &row, err) &&
        audit_write(db, change->actor, 0, "store.remove", db_copy_text(scratch, &row, 0), NULL, NULL, err);

    talloc_free(scratch);
    return ok;
}

bool directory_store_remove(struct directory *directory, const struct actor *actor, int64_t store_id,
                            struct err *err)
{
    struct change change = { .actor = actor, .id = store_id };

    return act(directory, &change, remove_store, err);
}
