/*
 * administrative_group.c -- the scopes of delegated administration inside an organisation.
 */
#include "base/clock.h"
#include "directory/act.h"
#include "directory/organisation.h"

#include <talloc.h>

static const char INSERT_GROUP[] =
    "INSERT INTO administrative_group (organisation_id, name) VALUES ($1, $2) RETURNING administrative_group_id";

#define SELECT_GROUP                                                                                         \
    "SELECT g.administrative_group_id, g.organisation_id, g.name,"                                           \
    "       (SELECT count(*) FROM recipient r WHERE r.administrative_group_id = g.administrative_group_id)," \
    "       (SELECT count(*) FROM domain d WHERE d.administrative_group_id = g.administrative_group_id)"     \
    "  FROM administrative_group g"

static const char SELECT_GROUPS[] =
    SELECT_GROUP " WHERE ($1 = 0 OR g.organisation_id = $1) AND ($2::text IS NULL OR g.name = $2)"
                 " ORDER BY g.administrative_group_id";

static const char LOCK_GROUP[] =
    "SELECT name FROM administrative_group WHERE organisation_id = $1 AND administrative_group_id = $2 FOR UPDATE";

static const char RENAME_GROUP[] =
    "UPDATE administrative_group SET name = $2 WHERE administrative_group_id = $1";

static const char DELETE_GROUP[] = "DELETE FROM administrative_group WHERE administrative_group_id = $1";

static const char DEPENDENTS[] =
    "SELECT label, count(*) OVER ()"
    "  FROM (SELECT 'domain ' || name AS label FROM domain WHERE administrative_group_id = $1"
    "        UNION ALL"
    "        SELECT coalesce(a.address, r.name) FROM recipient r"
    "          LEFT JOIN address a ON a.recipient_id = r.recipient_id AND a.is_primary"
    "         WHERE r.administrative_group_id = $1"
    "        UNION ALL"
    "        SELECT 'the organisation, which needs one' WHERE NOT EXISTS ("
    "            SELECT FROM administrative_group WHERE organisation_id = $2 AND administrative_group_id <> $1)) d"
    " ORDER BY label LIMIT 6";

static const char LOCATE_RECIPIENT[] = "SELECT organisation_id FROM recipient WHERE recipient_id = $1";

static const char LOCK_RECIPIENT[] =
    "SELECT r.kind, r.administrative_group_id, a.address"
    "  FROM recipient r JOIN address a ON a.recipient_id = r.recipient_id AND a.is_primary"
    " WHERE r.recipient_id = $1 AND r.mailbox_id IS NULL FOR UPDATE OF r";

static const char TAKE_RECIPIENT[] =
    "UPDATE recipient SET administrative_group_id = $2, changed_us = $3, stamp = stamp + 1 WHERE recipient_id = $1";

struct change {
    const struct actor *actor;
    int64_t organisation_id, id;
    const char *name;
};

static json_t *describe(const char *name)
{
    return json_pack("{s:s}", "name", name);
}

static bool add(struct db *db, void *arg, struct err *err)
{
    struct change *change = arg;
    struct db_row row;
    void *scratch = talloc_new(NULL);
    bool ok = db_one_row(db, scratch, INSERT_GROUP,
                         DB_ARGS(db_i64(change->organisation_id), db_text(change->name)), &row, err);

    if (ok)
        change->id = db_get_i64(&row, 0);
    else
        taken(err, "There is an administrative group called %s already.", change->name);
    talloc_free(scratch);
    return ok && audit_write(db, change->actor, change->organisation_id, "admin-group.add", change->name,
                             NULL, describe(change->name), err);
}

bool administrative_group_add(struct directory *directory, const struct actor *actor, int64_t organisation_id,
                              const char *name, int64_t *id_out, struct err *err)
{
    struct change change = { actor, organisation_id, 0, name };

    *err = ERR_INIT;
    if (!check_name(name, "administrative group", err) ||
        !act_in(directory, actor, organisation_id, add, &change, err))
        return err->kind == ERR_CONFLICT ? not_found(err, "organisation") : false;
    *id_out = change.id;
    return true;
}

struct listing {
    const void *owner;
    int64_t organisation_id;
    const char *name;
    struct administrative_group *groups;
    size_t count;
};

static bool read_list(struct db *db, void *arg, struct err *err)
{
    struct listing *listing = arg;
    struct db_rows *rows;
    struct db_row row;

    if (!db_query(db, listing->owner, SELECT_GROUPS,
                  DB_ARGS(db_i64(listing->organisation_id), db_text(listing->name)), &rows, err))
        return false;
    listing->count = db_rows_count(rows);
    listing->groups = talloc_array(listing->owner, struct administrative_group, (unsigned)listing->count);
    for (size_t i = 0; db_rows_at(rows, i, &row); i++)
        listing->groups[i] = (struct administrative_group){ db_get_i64(&row, 0), db_get_i64(&row, 1),
                                                            db_copy_text(listing->groups, &row, 2),
                                                            db_get_i64(&row, 3), db_get_i64(&row, 4) };
    talloc_free(rows);
    return true;
}

bool administrative_group_list(struct directory *directory, const struct actor *actor, const void *owner,
                               int64_t organisation_id, struct administrative_group **groups_out,
                               size_t *count_out, struct err *err)
{
    struct listing listing = { .owner = owner, .organisation_id = organisation_id };

    if (!act_read(directory, actor, organisation_id, read_list, &listing, err))
        return false;
    *groups_out = listing.groups;
    *count_out = listing.count;
    return true;
}

bool administrative_group_find(struct directory *directory, const struct actor *actor, const void *owner,
                               int64_t organisation_id, const char *name,
                               struct administrative_group *group_out, struct err *err)
{
    struct listing listing = { .owner = owner, .organisation_id = organisation_id, .name = name };

    if (!act_read(directory, actor, organisation_id, read_list, &listing, err))
        return false;
    if (listing.count != 1)
        return not_found(err, "administrative group");
    *group_out = listing.groups[0];
    return true;
}

/* Its name, locked. */
static bool lock(struct db *db, const void *owner, const struct change *change, char **name_out,
                 struct err *err)
{
    struct db_row row;

    if (!db_one_row(db, owner, LOCK_GROUP, DB_ARGS(db_i64(change->organisation_id), db_i64(change->id)), &row,
                    err))
        return err->kind == ERR_NOT_FOUND ? not_found(err, "administrative group") : false;
    *name_out = db_copy_text(owner, &row, 0);
    return true;
}

static bool rename_it(struct db *db, void *arg, struct err *err)
{
    struct change *change = arg;
    void *scratch = talloc_new(NULL);
    char *old;
    bool ok = lock(db, scratch, change, &old, err);

    if (ok && !db_exec(db, RENAME_GROUP, DB_ARGS(db_i64(change->id), db_text(change->name)), NULL, err))
        ok = taken(err, "There is an administrative group called %s already.", change->name);
    ok = ok && audit_write(db, change->actor, change->organisation_id, "admin-group.set", old, describe(old),
                           describe(change->name), err);
    talloc_free(scratch);
    return ok;
}

bool administrative_group_rename(struct directory *directory, const struct actor *actor,
                                 int64_t organisation_id, int64_t id, const char *name, struct err *err)
{
    struct change change = { actor, organisation_id, id, name };

    *err = ERR_INIT;
    return check_name(name, "administrative group", err) &&
           act_in(directory, actor, organisation_id, rename_it, &change, err);
}

static bool remove_it(struct db *db, void *arg, struct err *err)
{
    struct change *change = arg;
    void *scratch = talloc_new(NULL);
    char *old;
    bool ok = lock(db, scratch, change, &old, err) &&
              refuse_dependents(db, "The administrative group", DEPENDENTS,
                                DB_ARGS(db_i64(change->id), db_i64(change->organisation_id)), err) &&
              db_exec(db, DELETE_GROUP, DB_ARGS(db_i64(change->id)), NULL, err) &&
              audit_write(db, change->actor, change->organisation_id, "admin-group.remove", old,
                          describe(old), NULL, err);

    talloc_free(scratch);
    return ok;
}

bool administrative_group_remove(struct directory *directory, const struct actor *actor,
                                 int64_t organisation_id, int64_t id, struct err *err)
{
    struct change change = { .actor = actor, .organisation_id = organisation_id, .id = id };

    return act_in(directory, actor, organisation_id, remove_it, &change, err);
}

/* ---- recipients change hands */

struct taking {
    const struct actor *actor;
    int64_t organisation_id, recipient_id, id;
};

static json_t *describe_holder(int64_t id)
{
    return json_pack("{s:I}", "administrative_group_id", (json_int_t)id);
}

static bool take(struct db *db, void *arg, struct err *err)
{
    const struct taking *taking = arg;
    void *scratch = talloc_new(NULL);
    struct db_row row;
    bool ok = db_one_row(db, scratch, LOCK_RECIPIENT, DB_ARGS(db_i64(taking->recipient_id)), &row, err);

    if (!ok)
        ok = err->kind == ERR_NOT_FOUND ? not_found(err, "recipient") : false;
    else if (!db_exec(db, TAKE_RECIPIENT,
                      DB_ARGS(db_i64(taking->recipient_id), db_i64(taking->id), db_i64(clock_now_us())), NULL,
                      err))
        ok = err->kind == ERR_CONFLICT ? not_found(err, "administrative group") : false;
    else
        ok = audit_write(db, taking->actor, taking->organisation_id,
                         talloc_asprintf(scratch, "%s.set", db_copy_text(scratch, &row, 0)),
                         db_copy_text(scratch, &row, 2), describe_holder(db_get_i64(&row, 1)),
                         describe_holder(taking->id), err);
    talloc_free(scratch);
    return ok;
}

bool administrative_group_take(struct directory *directory, const struct actor *actor, int64_t recipient_id,
                               int64_t id, struct err *err)
{
    struct taking taking = { .actor = actor, .recipient_id = recipient_id, .id = id };

    *err = ERR_INIT;
    return act_locate(directory, actor, LOCATE_RECIPIENT, db_i64(recipient_id), "recipient",
                      &taking.organisation_id, err) &&
           act_in(directory, actor, taking.organisation_id, take, &taking, err);
}
