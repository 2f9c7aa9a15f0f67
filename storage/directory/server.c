/*
 * server.c -- the machines and databases of an installation.
 */
#include "directory/server.h"

#include "base/clock.h"
#include "base/sealing.h"
#include "directory/act.h"
#include "directory/connector.h"
#include "directory/sealed.h"

#include <talloc.h>

static const struct actor installation = { .name = "chappe" };

static const char REGISTER[] = "INSERT INTO server (name, routing_group_id, seen_us)"
                               " VALUES ($1, (SELECT min(routing_group_id) FROM routing_group), $2)"
                               " ON CONFLICT (name) DO UPDATE SET seen_us = excluded.seen_us"
                               " RETURNING server_id, address";
/* A server that starts can be reached again, as far as anybody knows. */
static const char FORGET_LINKS[] = "DELETE FROM link_state WHERE host = $1";

static const char SELECT_SERVERS[] =
    "SELECT server_id, routing_group_id, name, seen_us, address FROM server ORDER BY name";

static const char INSERT_STORAGE_GROUP[] =
    "INSERT INTO storage_group (name, takes_new) VALUES ($1, $2) RETURNING storage_group_id";
static const char PUT_CONNINFO[] = "UPDATE storage_group SET conninfo = $2 WHERE storage_group_id = $1";

static const char SELECT_STORAGE_GROUPS[] =
    "SELECT g.storage_group_id, g.name, g.conninfo, g.takes_new,"
    "       (SELECT coalesce(sum(mailbox_count), 0)::bigint FROM store s WHERE s.storage_group_id = g.storage_group_id),"
    "       r.name"
    "  FROM storage_group g LEFT JOIN routing_group r USING (routing_group_id) ORDER BY g.storage_group_id";

static const char UPDATE_STORAGE_GROUP[] =
    "UPDATE storage_group SET takes_new = $2, name = $3 WHERE storage_group_id = $1 RETURNING name";

static const char STORES_OF[] =
    "SELECT label, count(*) OVER () FROM ("
    " SELECT 1 AS n, 'store ' || name || CASE mailbox_count WHEN 0 THEN '' ELSE ' (' || mailbox_count || ' mailboxes)' END AS label"
    "   FROM store WHERE storage_group_id = $1"
    " UNION ALL SELECT 2, count(*) || ' mailboxes on their way from it' FROM mailbox_move"
    "   WHERE from_group_id = $1 AND state NOT IN ('done', 'cancelled', 'failed') HAVING count(*) > 0"
    ") AS d ORDER BY n, label LIMIT 6";
static const char FORGET_MOVES[] = "DELETE FROM mailbox_move WHERE to_group_id = $1";

static const char DELETE_STORAGE_GROUP[] =
    "DELETE FROM storage_group WHERE storage_group_id = $1 RETURNING name";

struct change {
    struct directory *directory;
    const struct actor *actor;
    const char *name;
    const struct storage_group *group;
    int64_t id;
};

static bool register_it(struct db *db, void *arg, struct err *err)
{
    struct change *change = arg;
    void *scratch = talloc_new(NULL);
    struct connector_host hosts[CONNECTOR_HOSTS_MAX];
    const char *host = change->name, *address;
    struct db_row row;
    size_t count;
    bool ok =
        db_one_row(db, scratch, REGISTER, DB_ARGS(db_text(change->name), db_i64(clock_now_us())), &row, err);

    if (ok) {
        change->id = db_get_i64(&row, 0);
        address = db_copy_text(scratch, &row, 1);
        if (address && connector_read_hosts(scratch, address, hosts, &count))
            host = hosts[0].host;
        ok = db_exec(db, FORGET_LINKS, DB_ARGS(db_text(host)), NULL, err);
    }
    talloc_free(scratch);
    return ok;
}

bool server_register(struct directory *directory, const char *name, int64_t *server_id_out, struct err *err)
{
    struct change change = { .actor = &installation, .name = name };

    if (!act_installing(directory, change.actor, register_it, &change, err))
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

static char *context_of(const void *owner, int64_t storage_group_id)
{
    return seal_context(owner, "storage-group", talloc_asprintf(owner, "%lld", (long long)storage_group_id),
                        "database");
}

static bool put_conninfo(struct db *db, const struct change *change, int64_t id, void *scratch,
                         struct err *err)
{
    char *sealed = NULL;

    return (!change->group->conninfo ||
            sealing_seal(change->directory->sealing, scratch, context_of(scratch, id),
                         change->group->conninfo, &sealed, err)) &&
           db_exec(db, PUT_CONNINFO, DB_ARGS(db_i64(id), db_text(sealed)), NULL, err);
}

static bool add_group(struct db *db, void *arg, struct err *err)
{
    struct change *change = arg;
    const struct storage_group *group = change->group;
    void *scratch = talloc_new(NULL);
    struct db_row row;
    bool ok = db_one_row(db, scratch, INSERT_STORAGE_GROUP,
                         DB_ARGS(db_text(group->name), db_bool(group->takes_new)), &row, err);

    if (ok) {
        change->id = db_get_i64(&row, 0);
        ok = put_conninfo(db, change, change->id, scratch, err);
    } else {
        taken(err, "There is a storage group called %s already.", group->name);
    }
    talloc_free(scratch);
    return ok && audit_write(db, change->actor, 0, "storage-group.add", group->name, NULL,
                             describe_group(group), err);
}

bool storage_group_add(struct directory *directory, const struct actor *actor,
                       const struct storage_group *wanted, int64_t *storage_group_id_out, struct err *err)
{
    struct change change = { .directory = directory, .actor = actor, .group = wanted };

    *err = ERR_INIT;
    if (!check_name(wanted->name, "storage group", err) ||
        !act_installing(directory, change.actor, add_group, &change, err))
        return false;
    *storage_group_id_out = change.id;
    return true;
}

static struct storage_group group_of(struct directory *directory, const void *owner, const struct db_row *row)
{
    struct storage_group group = { .storage_group_id = db_get_i64(row, 0),
                                   .name = db_copy_text(owner, row, 1),
                                   .takes_new = db_get_bool(row, 3),
                                   .mailbox_count = db_get_i64(row, 4),
                                   .routing_group = db_copy_text(owner, row, 5) };

    group.conninfo =
        unsealed(directory, owner, context_of(owner, group.storage_group_id), db_copy_text(owner, row, 2));
    group.is_locked = group.conninfo && !*group.conninfo;
    return group;
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
        (*groups_out)[i] = group_of(directory, *groups_out, &row);
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
        act_one(db, scratch, UPDATE_STORAGE_GROUP,
                DB_ARGS(db_i64(group->storage_group_id), db_bool(group->takes_new), db_text(group->name)),
                "storage group", &row, err) &&
        (group->keeps_conninfo || put_conninfo(db, change, group->storage_group_id, scratch, err)) &&
        audit_write(db, change->actor, 0, "storage-group.set", db_copy_text(scratch, &row, 0), NULL,
                    describe_group(group), err);

    talloc_free(scratch);
    return ok;
}

bool storage_group_set(struct directory *directory, const struct actor *actor,
                       const struct storage_group *wanted, struct err *err)
{
    struct change change = { .directory = directory, .actor = actor, .group = wanted };

    *err = ERR_INIT;
    return check_name(wanted->name, "storage group", err) &&
           (act_installing(directory, change.actor, set_group, &change, err) ||
            taken(err, "There is a storage group called %s already.", wanted->name));
}

static bool remove_group(struct db *db, void *arg, struct err *err)
{
    struct change *change = arg;
    void *scratch = talloc_new(NULL);
    struct db_row row;
    bool ok =
        refuse_dependents(db, "The storage group", STORES_OF, DB_ARGS(db_i64(change->id)), err) &&
        db_exec(db, FORGET_MOVES, DB_ARGS(db_i64(change->id)), NULL, err) &&
        act_one(db, scratch, DELETE_STORAGE_GROUP, DB_ARGS(db_i64(change->id)), "storage group", &row, err) &&
        audit_write(db, change->actor, 0, "storage-group.remove", db_copy_text(scratch, &row, 0), NULL, NULL,
                    err);

    talloc_free(scratch);
    return ok;
}

bool storage_group_remove(struct directory *directory, const struct actor *actor, int64_t storage_group_id,
                          struct err *err)
{
    struct change change = { .actor = actor, .id = storage_group_id };

    return act_installing(directory, change.actor, remove_group, &change, err);
}
