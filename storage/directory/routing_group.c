/*
 * routing_group.c -- routing groups, and what is in them.
 */
#include "directory/act.h"
#include "directory/routing.h"

#include <talloc.h>

static const char COUNT_GROUPS[] = "SELECT count(*) FROM routing_group";
static const char INSERT_GROUP[] = "INSERT INTO routing_group (name) VALUES ($1)";

static const char SELECT_GROUPS[] =
    "SELECT g.routing_group_id, g.name,"
    "       (SELECT count(*) FROM server s WHERE s.routing_group_id = g.routing_group_id),"
    "       (SELECT count(*) FROM storage_group s"
    "         WHERE coalesce(s.routing_group_id, (SELECT min(routing_group_id) FROM routing_group)) = g.routing_group_id)"
    "  FROM routing_group g ORDER BY g.routing_group_id";

static const char LOCK_GROUP[] = "SELECT routing_group_id FROM routing_group WHERE name = $1 FOR UPDATE";
static const char UPDATE_GROUP[] = "UPDATE routing_group SET name = $2 WHERE routing_group_id = $1";

/* The first group also has everything that names none. */
static const char DEPENDENTS[] =
    "SELECT label, count(*) OVER ()"
    "  FROM (SELECT 'server ' || name AS label FROM server WHERE routing_group_id = $1"
    "        UNION ALL"
    "        SELECT 'storage group ' || name FROM storage_group"
    "         WHERE coalesce(routing_group_id, (SELECT min(routing_group_id) FROM routing_group)) = $1"
    "        UNION ALL"
    "        SELECT 'connector ' || name FROM connector WHERE $1 IN (routing_group_id, target_routing_group_id)) d"
    " ORDER BY label LIMIT 6";
static const char DELETE_GROUP[] = "DELETE FROM routing_group WHERE routing_group_id = $1";

/* Its bridgeheads on the side of the old group would no longer be there. */
static const char BRIDGEHEAD_OF[] =
    "SELECT 'connector ' || c.name, count(*) OVER ()"
    "  FROM connector_bridgehead b JOIN connector c USING (connector_id) JOIN server s USING (server_id)"
    " WHERE s.name = $1 ORDER BY 1 LIMIT 6";
static const char MOVE_SERVER[] = "UPDATE server SET routing_group_id = $2 WHERE name = $1";
static const char MOVE_STORAGE_GROUP[] = "UPDATE storage_group SET routing_group_id = $2 WHERE name = $1";
static const char SET_ADDRESS[] = "UPDATE server SET address = $2 WHERE name = $1";
static const char DELETE_SERVER[] = "DELETE FROM server WHERE name = $1";

struct change {
    const struct actor *actor;
    const char *name, *other;
    void *scratch;
};

static bool act(struct directory *directory, struct change *change, db_work *work, struct err *err)
{
    *err = ERR_INIT;
    change->scratch = talloc_new(NULL);
    bool ok =
        act_on_installation(change->actor, err) && act_in(directory, change->actor, 0, work, change, err);
    talloc_free(change->scratch);
    return ok;
}

static bool lock(struct db *db, struct change *change, const char *name, int64_t *id_out, struct err *err)
{
    struct db_row row;

    if (!db_one_row(db, change->scratch, LOCK_GROUP, DB_ARGS(db_text(name)), &row, err))
        return err->kind == ERR_NOT_FOUND ? not_found(err, "routing group") : false;
    *id_out = db_get_i64(&row, 0);
    return true;
}

static bool add(struct db *db, void *arg, struct err *err)
{
    struct change *change = arg;
    struct db_row row;

    if (!db_one_row(db, change->scratch, COUNT_GROUPS, DB_NO_ARGS, &row, err))
        return false;
    if (db_get_i64(&row, 0) >= ROUTING_GROUPS_MAX)
        return err_set(err, ERR_LIMIT, "There are at most %d routing groups.", ROUTING_GROUPS_MAX);
    if (!db_exec(db, INSERT_GROUP, DB_ARGS(db_text(change->name)), NULL, err))
        return taken(err, "There is a routing group called %s already.", change->name);
    return audit_write(db, change->actor, 0, "routing-group.add", change->name, NULL, NULL, err);
}

bool routing_group_add(struct directory *directory, const struct actor *actor, const char *name,
                       struct err *err)
{
    struct change change = { .actor = actor, .name = name };

    *err = ERR_INIT;
    return check_name(name, "routing group", err) && act(directory, &change, add, err);
}

bool routing_group_list(struct directory *directory, const struct actor *actor, const void *owner,
                        struct routing_group **groups_out, size_t *count_out, struct err *err)
{
    struct db_rows *rows;
    struct db_row row;

    *err = ERR_INIT;
    if (!act_on_installation(actor, err) || !look_up(directory, owner, SELECT_GROUPS, DB_NO_ARGS, &rows, err))
        return false;
    *count_out = db_rows_count(rows);
    *groups_out = talloc_array(owner, struct routing_group, (unsigned)*count_out);
    for (size_t i = 0; db_rows_at(rows, i, &row); i++)
        (*groups_out)[i] = (struct routing_group){ db_get_i64(&row, 0), db_copy_text(*groups_out, &row, 1),
                                                   db_get_i64(&row, 2), db_get_i64(&row, 3) };
    talloc_free(rows);
    return true;
}

static bool set(struct db *db, void *arg, struct err *err)
{
    struct change *change = arg;
    int64_t id;

    if (!lock(db, change, change->name, &id, err))
        return false;
    if (!db_exec(db, UPDATE_GROUP, DB_ARGS(db_i64(id), db_text(change->other)), NULL, err))
        return taken(err, "There is a routing group called %s already.", change->other);
    return audit_write(db, change->actor, 0, "routing-group.set", change->name,
                       json_pack("{s:s}", "name", change->name), json_pack("{s:s}", "name", change->other),
                       err);
}

bool routing_group_set(struct directory *directory, const struct actor *actor, const char *name,
                       const char *new_name, struct err *err)
{
    struct change change = { .actor = actor, .name = name, .other = new_name };

    *err = ERR_INIT;
    return check_name(new_name, "routing group", err) && act(directory, &change, set, err);
}

static bool remove_it(struct db *db, void *arg, struct err *err)
{
    struct change *change = arg;
    int64_t id;

    return lock(db, change, change->name, &id, err) &&
           refuse_dependents(db, "The routing group", DEPENDENTS, DB_ARGS(db_i64(id)), err) &&
           db_exec(db, DELETE_GROUP, DB_ARGS(db_i64(id)), NULL, err) &&
           audit_write(db, change->actor, 0, "routing-group.remove", change->name, NULL, NULL, err);
}

bool routing_group_remove(struct directory *directory, const struct actor *actor, const char *name,
                          struct err *err)
{
    struct change change = { .actor = actor, .name = name };

    return act(directory, &change, remove_it, err);
}

/* Moves what is called change->name into the group change->other. */
static bool move(struct db *db, struct change *change, const char *sql, const char *what, const char *action,
                 struct err *err)
{
    uint64_t moved;
    int64_t id;

    if (!lock(db, change, change->other, &id, err) ||
        !db_exec(db, sql, DB_ARGS(db_text(change->name), db_i64(id)), &moved, err))
        return false;
    return (moved > 0 || not_found(err, what)) &&
           audit_write(db, change->actor, 0, action, change->name, NULL,
                       json_pack("{s:s}", "routing_group", change->other), err);
}

static bool move_server(struct db *db, void *arg, struct err *err)
{
    struct change *change = arg;

    return refuse_dependents(db, "The server's place", BRIDGEHEAD_OF, DB_ARGS(db_text(change->name)), err) &&
           move(db, change, MOVE_SERVER, "server", "server.set", err);
}

bool server_set_routing_group(struct directory *directory, const struct actor *actor, const char *server,
                              const char *routing_group, struct err *err)
{
    struct change change = { .actor = actor, .name = server, .other = routing_group };

    return act(directory, &change, move_server, err);
}

static bool move_storage_group(struct db *db, void *arg, struct err *err)
{
    return move(db, arg, MOVE_STORAGE_GROUP, "storage group", "storage-group.set", err);
}

bool storage_group_set_routing_group(struct directory *directory, const struct actor *actor,
                                     const char *storage_group, const char *routing_group, struct err *err)
{
    struct change change = { .actor = actor, .name = storage_group, .other = routing_group };

    return act(directory, &change, move_storage_group, err);
}

static bool set_address(struct db *db, void *arg, struct err *err)
{
    struct change *change = arg;
    uint64_t changed;

    return db_exec(db, SET_ADDRESS, DB_ARGS(db_text(change->name), db_text(change->other)), &changed, err) &&
           (changed > 0 || not_found(err, "server")) &&
           audit_write(db, change->actor, 0, "server.set", change->name, NULL,
                       json_pack("{s:s?}", "address", change->other), err);
}

bool server_set_address(struct directory *directory, const struct actor *actor, const char *server,
                        const char *address, struct err *err)
{
    struct change change = { .actor = actor, .name = server, .other = address };
    struct connector_host hosts[CONNECTOR_HOSTS_MAX];
    void *scratch = talloc_new(NULL);
    size_t count;
    bool ok = !address || (connector_read_hosts(scratch, address, hosts, &count) && count == 1);

    talloc_free(scratch);
    *err = ERR_INIT;
    return (ok || err_set(err, ERR_INVALID, "A server's address is HOST[:PORT].")) &&
           act(directory, &change, set_address, err);
}

static bool remove_server(struct db *db, void *arg, struct err *err)
{
    struct change *change = arg;
    uint64_t removed;

    return refuse_dependents(db, "The server", BRIDGEHEAD_OF, DB_ARGS(db_text(change->name)), err) &&
           db_exec(db, DELETE_SERVER, DB_ARGS(db_text(change->name)), &removed, err) &&
           (removed > 0 || not_found(err, "server")) &&
           audit_write(db, change->actor, 0, "server.remove", change->name, NULL, NULL, err);
}

bool server_remove(struct directory *directory, const struct actor *actor, const char *name, struct err *err)
{
    struct change change = { .actor = actor, .name = name };

    return act(directory, &change, remove_server, err);
}
