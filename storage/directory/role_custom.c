/* role_custom.c -- roles that an organisation makes for its own people. */
#include "base/clock.h"
#include "directory/act.h"
#include "directory/role_row.h"

#include <string.h>
#include <talloc.h>

enum { CUSTOM_ROLES_MAX = 100, MEANING_MAX = 500 };
#define KNOWN (PERMISSION(PERMISSIONS) - 1)

#define SELECT_ROLE "SELECT custom_role_id, organisation_id, name, permissions, meaning FROM custom_role"
static const char SELECT_NAMED[] = SELECT_ROLE " WHERE organisation_id = $1 AND name = $2";
static const char SELECT_SOME[] = SELECT_ROLE " WHERE $1 = 0 OR organisation_id = $1 ORDER BY name, 1";
static const char SELECT_ONE[] = SELECT_ROLE " WHERE custom_role_id = $1 FOR UPDATE";
static const char COUNT[] = "SELECT count(*) FROM custom_role WHERE organisation_id = $1";
static const char INSERT_ROLE[] =
    "INSERT INTO custom_role (organisation_id, name, meaning, permissions, created_us, created_by)"
    " VALUES ($1, $2, $3, $4, $5, $6) RETURNING custom_role_id";
static const char UPDATE_ROLE[] =
    "UPDATE custom_role SET permissions = $2, meaning = $3 WHERE custom_role_id = $1";
static const char DELETE_ROLE[] = "DELETE FROM custom_role WHERE custom_role_id = $1";
static const char LOCATE[] = "SELECT organisation_id FROM custom_role WHERE custom_role_id = $1";
static const char SELECT_HELD[] = SELECT_ASSIGNMENT " WHERE g.custom_role_id = $1";
static const char HOLDERS[] =
    "SELECT a.address, count(*) OVER () FROM role_assignment g JOIN address a ON a.recipient_id = g.recipient_id"
    "  AND a.is_primary WHERE g.custom_role_id = $1 ORDER BY 1 LIMIT 5";

const struct role *role_custom_of(const void *owner, int64_t custom_role_id, int64_t organisation_id,
                                  const char *name, uint64_t permissions, const char *meaning)
{
    struct role *role = talloc_zero(owner, struct role);

    *role = (struct role){ .name = talloc_strdup(role, name),
                           .permissions = permissions & KNOWN,
                           .meaning = talloc_strdup(role, meaning ? meaning : ""),
                           .rank = role_rank_of(permissions & KNOWN),
                           .custom_role_id = custom_role_id,
                           .organisation_id = organisation_id };
    return role;
}

static const struct role *read_row(const void *owner, const void *scratch, const struct db_row *row)
{
    return role_custom_of(owner, db_get_i64(row, 0), db_get_i64(row, 1), db_copy_text(scratch, row, 2),
                          (uint64_t)db_get_i64(row, 3), db_copy_text(scratch, row, 4));
}

bool role_find(struct directory *directory, const void *owner, int64_t organisation_id, const char *name,
               const struct role **role_out, struct err *err)
{
    struct db_rows *rows;
    struct db_row row;

    *err = ERR_INIT;
    *role_out = role_named(name);
    if (*role_out)
        return true;
    if (!look_up(directory, NULL, SELECT_NAMED, DB_ARGS(db_i64(organisation_id), db_text(name ? name : "")),
                 &rows, err))
        return false;
    if (db_rows_at(rows, 0, &row))
        *role_out = read_row(owner, rows, &row);
    talloc_free(rows);
    return *role_out != NULL ||
           err_set(err, ERR_INVALID, "There is no role %.60s.", name ? name : "without a name");
}

struct change {
    struct directory *directory;
    const struct actor *actor;
    const struct role_holder *holder;
    const struct role *wanted;
    int64_t custom_role_id;
    uint64_t permissions;
    const char *meaning;
    struct role *roles;
    const void *owner;
    size_t count;
};

static bool list(struct db *db, void *arg, struct err *err)
{
    struct change *change = arg;
    void *scratch = talloc_new(NULL);
    struct db_rows *rows;
    struct db_row row;
    bool ok = db_query(db, scratch, SELECT_SOME, DB_ARGS(db_i64(change->custom_role_id)), &rows, err);

    if (ok) {
        change->count = db_rows_count(rows);
        change->roles = talloc_zero_array(change->owner, struct role, (unsigned)change->count + 1);
        for (size_t i = 0; db_rows_at(rows, i, &row); i++)
            change->roles[i] = *read_row(change->roles, scratch, &row);
    }
    talloc_free(scratch);
    return ok;
}

bool role_custom_list(struct directory *directory, const struct actor *actor, const void *owner,
                      int64_t organisation_id, struct role **roles_out, size_t *count_out, struct err *err)
{
    struct change change = { .owner = owner,
                             .custom_role_id = organisation_id ? organisation_id : actor->organisation_id };

    if (!act_read(directory, actor, organisation_id, list, &change, err))
        return false;
    *roles_out = change.roles;
    *count_out = change.count;
    return true;
}

static bool check(const char *name, const char *meaning, uint64_t permissions, struct err *err)
{
    if (!check_name(name, "role", err))
        return false;
    if (role_named(name) || strcmp(name, "everybody") == 0 || strcmp(name, "administrators") == 0)
        return err_set(err, ERR_EXISTS, "%s is a word of its own already.", name);
    if (meaning && strlen(meaning) > MEANING_MAX)
        return err_set(err, ERR_INVALID, "What a role means takes at most %d bytes.", MEANING_MAX);
    return (permissions & KNOWN) != 0 || err_set(err, ERR_INVALID, "A role has at least one permission.");
}

static json_t *describe(const char *name, uint64_t permissions, const char *meaning)
{
    json_t *words = json_array();

    for (int i = 0; i < PERMISSIONS; i++)
        if (permissions & PERMISSION(i))
            json_array_append_new(words, json_string(permission_name((enum permission)i)));
    return json_pack("{s:s, s:o, s:s}", "name", name, "permissions", words, "meaning", meaning);
}

static bool insert(struct db *db, void *arg, struct err *err)
{
    struct change *change = arg;
    const struct role *w = change->wanted;
    void *scratch = talloc_new(NULL);
    struct db_row row;
    bool ok = db_one_row(db, scratch, COUNT, DB_ARGS(db_i64(w->organisation_id)), &row, err) &&
              (db_get_i64(&row, 0) < CUSTOM_ROLES_MAX ||
               err_set(err, ERR_LIMIT, "An organisation has at most %d roles of its own.", CUSTOM_ROLES_MAX));

    if (ok && !db_one_row(db, scratch, INSERT_ROLE,
                          DB_ARGS(db_i64(w->organisation_id), db_text(w->name), db_text(w->meaning),
                                  db_i64((int64_t)w->permissions), db_i64(clock_now_us()),
                                  db_text(change->actor->name)),
                          &row, err))
        ok = taken(err, "There is a role called %s already.", w->name);
    if (ok)
        change->custom_role_id = db_get_i64(&row, 0);
    talloc_free(scratch);
    return ok && audit_write(db, change->actor, w->organisation_id, "role.add", w->name, NULL,
                             describe(w->name, w->permissions, w->meaning), err);
}

bool role_custom_add(struct directory *directory, const struct actor *actor, const struct role_holder *holder,
                     const struct role *wanted, int64_t *custom_role_id_out, struct err *err)
{
    struct role ranked = *wanted;
    struct role_object object = { .organisation_id = wanted->organisation_id };
    struct change change = { .actor = actor, .wanted = &ranked };

    *err = ERR_INIT;
    ranked.rank = role_rank_of(wanted->permissions);
    if (!check(wanted->name, wanted->meaning, wanted->permissions, err) ||
        !role_may_give(directory, holder, &ranked, &object, err) ||
        !act_in(directory, actor, wanted->organisation_id, insert, &change, err))
        return false;
    *custom_role_id_out = change.custom_role_id;
    return true;
}

/* Who changes a role changes what every holder may, wherever it is granted. */
static bool may_change(struct db *db, const void *scratch, const struct change *change,
                       const struct role *before, const struct role *after, struct err *err)
{
    struct role_object object = { .organisation_id = before->organisation_id };
    struct role_assignment *held;
    struct db_rows *rows;
    size_t count;

    if (!role_may_give(change->directory, change->holder, before, &object, err) ||
        !role_may_give(change->directory, change->holder, after, &object, err) ||
        !db_query(db, scratch, SELECT_HELD, DB_ARGS(db_i64(before->custom_role_id)), &rows, err))
        return false;
    held = role_rows(scratch, rows, &count);
    for (size_t i = 0; i < count; i++) {
        if (!role_object_scope(change->directory, held[i].scope, held[i].scope_id, &object, err)) {
            if (err->kind != ERR_NOT_FOUND)
                return false;
            continue; /* what it was granted on is gone */
        }
        if (!role_may_give(change->directory, change->holder, before, &object, err) ||
            !role_may_give(change->directory, change->holder, after, &object, err))
            return err->kind == ERR_NOT_FOUND
                       ? err_set(err, ERR_DENIED, "This role is granted where you have less than it.")
                       : false;
    }
    return true;
}

static bool find_locked(struct db *db, const void *scratch, int64_t custom_role_id, const struct role **out,
                        struct err *err)
{
    struct db_row row;

    if (!db_one_row(db, scratch, SELECT_ONE, DB_ARGS(db_i64(custom_role_id)), &row, err))
        return err->kind == ERR_NOT_FOUND ? not_found(err, "role") : false;
    *out = read_row(scratch, scratch, &row);
    return true;
}

static bool update_found(struct db *db, const void *scratch, const struct change *change,
                         const struct role *before, struct err *err)
{
    struct role after = *before;

    if (change->permissions)
        after.permissions = change->permissions & KNOWN;
    if (change->meaning)
        after.meaning = change->meaning;
    after.rank = role_rank_of(after.permissions);
    return may_change(db, scratch, change, before, &after, err) &&
           db_exec(db, UPDATE_ROLE,
                   DB_ARGS(db_i64(before->custom_role_id), db_i64((int64_t)after.permissions),
                           db_text(after.meaning)),
                   NULL, err) &&
           audit_write(db, change->actor, before->organisation_id, "role.set", before->name,
                       describe(before->name, before->permissions, before->meaning),
                       describe(after.name, after.permissions, after.meaning), err);
}

static bool update(struct db *db, void *arg, struct err *err)
{
    const struct change *change = arg;
    void *scratch = talloc_new(NULL);
    const struct role *before;
    bool ok = find_locked(db, scratch, change->custom_role_id, &before, err) &&
              update_found(db, scratch, change, before, err);

    talloc_free(scratch);
    return ok;
}

static bool act_on(struct directory *directory, struct change *change, db_work *work, struct err *err)
{
    int64_t organisation_id;

    return act_locate(directory, change->actor, LOCATE, db_i64(change->custom_role_id), "role",
                      &organisation_id, err) &&
           act_in(directory, change->actor, organisation_id, work, change, err);
}

bool role_custom_set(struct directory *directory, const struct actor *actor, const struct role_holder *holder,
                     int64_t custom_role_id, uint64_t permissions, const char *meaning, struct err *err)
{
    struct change change = { .directory = directory,
                             .actor = actor,
                             .holder = holder,
                             .custom_role_id = custom_role_id,
                             .permissions = permissions,
                             .meaning = meaning };

    *err = ERR_INIT;
    if (meaning && strlen(meaning) > MEANING_MAX)
        return err_set(err, ERR_INVALID, "What a role means takes at most %d bytes.", MEANING_MAX);
    return act_on(directory, &change, update, err);
}

static bool erase(struct db *db, void *arg, struct err *err)
{
    const struct change *change = arg;
    void *scratch = talloc_new(NULL);
    const struct role *before;
    bool ok = find_locked(db, scratch, change->custom_role_id, &before, err) &&
              refuse_dependents(db, "The role", HOLDERS, DB_ARGS(db_i64(before->custom_role_id)), err) &&
              db_exec(db, DELETE_ROLE, DB_ARGS(db_i64(before->custom_role_id)), NULL, err) &&
              audit_write(db, change->actor, before->organisation_id, "role.remove", before->name,
                          describe(before->name, before->permissions, before->meaning), NULL, err);

    talloc_free(scratch);
    return ok;
}

bool role_custom_remove(struct directory *directory, const struct actor *actor, int64_t custom_role_id,
                        struct err *err)
{
    struct change change = { .actor = actor, .custom_role_id = custom_role_id };

    *err = ERR_INIT;
    return act_on(directory, &change, erase, err);
}
