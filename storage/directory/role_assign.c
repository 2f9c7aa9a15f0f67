/* role_assign.c -- giving and taking back, never more than one has. */
#include "base/clock.h"
#include "directory/act.h"
#include "directory/role_row.h"

#include <string.h>
#include <talloc.h>

static const char INSERT_ASSIGNMENT[] =
    "INSERT INTO role_assignment (organisation_id, recipient_id, role, scope, scope_id, from_us, until_us,"
    "                             created_us, created_by, custom_role_id, needs_approval)"
    " SELECT organisation_id, recipient_id, $2, $3, $4, $5, $6, $7, $8, nullif($9, 0), $10 FROM recipient"
    "  WHERE recipient_id = $1 AND kind = 'user'"
    " RETURNING role_assignment_id";
static const char SELECT_ONE[] = SELECT_ASSIGNMENT " WHERE g.role_assignment_id = $1";
static const char SELECT_SOME[] =
    SELECT_ASSIGNMENT " WHERE ($1 = 0 OR g.recipient_id = $1) ORDER BY a.address, g.role_assignment_id";
static const char DELETE_ASSIGNMENT[] = "DELETE FROM role_assignment WHERE role_assignment_id = $1";
/* Locks the table's changes: two who take back the last two see each other. */
static const char LOCK[] = "SELECT pg_advisory_xact_lock(hashtext('role_assignment'))";
static const char LOCATE_RECIPIENT[] = "SELECT organisation_id FROM recipient WHERE recipient_id = $1";
static const char LOCATE_ASSIGNMENT[] =
    "SELECT organisation_id FROM role_assignment WHERE role_assignment_id = $1";
/* Who else is full administrator of the installation now and can log in. */
static const char OTHER_FULL[] =
    "SELECT 1 FROM role_assignment g JOIN recipient r USING (organisation_id, recipient_id)"
    " WHERE g.role = 'full-administrator' AND g.scope = 'installation' AND g.role_assignment_id <> $1"
    "   AND g.recipient_id <> $3"
    "   AND r.state = 'active' AND g.from_us <= $2 AND (g.until_us = 0 OR g.until_us > $2)";
static const char IS_FULL[] = "SELECT 1 FROM role_assignment WHERE recipient_id = $1"
                              "   AND role = 'full-administrator' AND scope = 'installation'";

static const struct role *role_of(const void *owner, const struct db_row *row)
{
    const char *name = db_copy_text(owner, row, 4);

    return db_is_null(row, 13) ? role_named(name)
                               : role_custom_of(owner, db_get_i64(row, 13), db_get_i64(row, 1), name,
                                                (uint64_t)db_get_i64(row, 14), db_copy_text(owner, row, 15));
}

struct role_assignment *role_rows(const void *owner, const struct db_rows *rows, size_t *count_out)
{
    size_t count = db_rows_count(rows), kept = 0;
    struct role_assignment *all = talloc_zero_array(owner, struct role_assignment, (unsigned)count + 1);
    struct db_row row;

    for (size_t i = 0; i < count && db_rows_at(rows, i, &row); i++) {
        struct role_assignment *one = &all[kept];
        *one = (struct role_assignment){ .role_assignment_id = db_get_i64(&row, 0),
                                         .organisation_id = db_get_i64(&row, 1),
                                         .recipient_id = db_get_i64(&row, 2),
                                         .holder = db_copy_text(all, &row, 3),
                                         .role = role_of(all, &row),
                                         .scope_id = db_get_i64(&row, 6),
                                         .scope_name = db_copy_text(all, &row, 7),
                                         .from_us = db_get_i64(&row, 8),
                                         .until_us = db_get_i64(&row, 9),
                                         .created_us = db_get_i64(&row, 10),
                                         .created_by = db_copy_text(all, &row, 11),
                                         .needs_approval = db_get_bool(&row, 12) };
        kept += one->role && role_scope_of(db_copy_text(all, &row, 5), &one->scope);
    }
    *count_out = kept;
    return all;
}

struct change {
    struct directory *directory;
    const struct actor *actor;
    const struct role_holder *holder;
    const struct role_assignment *wanted;
    int64_t organisation_id, role_assignment_id;
};

static json_t *describe(const struct role_assignment *a)
{
    return json_pack("{s:s, s:s, s:I, s:I, s:b}", "role", a->role->name, "scope", role_scope_name(a->scope),
                     "scope_id", (json_int_t)a->scope_id, "until_us", (json_int_t)a->until_us,
                     "needs_approval", a->needs_approval);
}

static bool insert(struct db *db, void *arg, struct err *err)
{
    struct change *change = arg;
    const struct role_assignment *w = change->wanted;
    void *scratch = talloc_new(NULL);
    struct db_rows *rows;
    struct db_row row;

    bool ok = db_query(db, scratch, INSERT_ASSIGNMENT,
                       DB_ARGS(db_i64(w->recipient_id), db_text(w->role->name),
                               db_text(role_scope_name(w->scope)), db_i64(w->scope_id), db_i64(w->from_us),
                               db_i64(w->until_us), db_i64(clock_now_us()), db_text(change->actor->name),
                               db_i64(w->role->custom_role_id), db_bool(w->needs_approval)),
                       &rows, err);
    if (!ok)
        taken(err, "%s holds this already.", w->holder);
    else if (!db_rows_at(rows, 0, &row))
        ok = not_found(err, "user");
    else
        change->role_assignment_id = db_get_i64(&row, 0);
    talloc_free(scratch);
    return ok && audit_write(db, change->actor, change->organisation_id, "grant.add", w->holder, NULL,
                             describe(w), err);
}

bool role_may_give(struct directory *directory, const struct role_holder *holder, const struct role *role,
                   const struct role_object *object, struct err *err)
{
    uint64_t permissions;
    int rank;

    *err = ERR_INIT;
    if (!holder)
        return true;
    if (!role_effective(directory, holder, object, &permissions, &rank, err))
        return false;
    if (!(permissions & PERMISSION(DELEGATION_WRITE)))
        return not_found(err, "object");
    return ((role->permissions & ~permissions) == 0 && role->rank <= rank) ||
           err_set(err, ERR_DENIED, "Nobody can grant more than they have.");
}

bool role_assign(struct directory *directory, const struct actor *actor, const struct role_holder *holder,
                 const struct role_assignment *wanted, const struct role_object *object,
                 int64_t *role_assignment_id_out, struct err *err)
{
    struct change change = { .directory = directory, .actor = actor, .wanted = wanted };

    *err = ERR_INIT;
    if (!role_may_give(directory, holder, wanted->role, object, err) ||
        !act_locate(directory, actor, LOCATE_RECIPIENT, db_i64(wanted->recipient_id), "user",
                    &change.organisation_id, err) ||
        !act_in(directory, actor, change.organisation_id, insert, &change, err))
        return false;
    *role_assignment_id_out = change.role_assignment_id;
    return true;
}

static bool is_last_full(const struct change *change, const struct role_assignment *found, bool *is_out,
                         struct err *err)
{
    struct db_rows *rows;

    *is_out = false;
    if (strcmp(found->role->name, "full-administrator") != 0 || found->scope != SCOPE_INSTALLATION)
        return true;
    if (!look_up(change->directory, NULL, OTHER_FULL,
                 DB_ARGS(db_i64(found->role_assignment_id), db_i64(clock_now_us()), db_i64(0)), &rows, err))
        return false;
    *is_out = db_rows_count(rows) == 0;
    talloc_free(rows);
    return true;
}

/* Who takes back may hand out there, and ranks as high as what was given. */
static bool may_take(const struct change *change, const struct role_assignment *found, struct err *err)
{
    struct role_object object;
    uint64_t permissions;
    int rank;

    if (!change->holder)
        return true;
    if (!role_object_scope(change->directory, found->scope, found->scope_id, &object, err) ||
        !role_effective(change->directory, change->holder, &object, &permissions, &rank, err))
        return false;
    if (!(permissions & PERMISSION(DELEGATION_WRITE)))
        return not_found(err, "grant");
    return found->role->rank <= rank ||
           err_set(err, ERR_DENIED, "This was granted to somebody of a higher rank.");
}

static bool erase_found(struct db *db, const struct change *change, const struct role_assignment *found,
                        struct err *err)
{
    bool is_last;

    if (!may_take(change, found, err) || !is_last_full(change, found, &is_last, err))
        return false;
    if (is_last)
        return err_set(err, ERR_DEPENDED_ON,
                       "%s is the last full administrator of the installation; name another one first.",
                       found->holder);
    return db_exec(db, DELETE_ASSIGNMENT, DB_ARGS(db_i64(found->role_assignment_id)), NULL, err) &&
           audit_write(db, change->actor, change->organisation_id, "grant.remove", found->holder,
                       describe(found), NULL, err);
}

static bool erase(struct db *db, void *arg, struct err *err)
{
    const struct change *change = arg;
    void *scratch = talloc_new(NULL);
    struct db_rows *rows;
    size_t count;

    bool ok = db_exec(db, LOCK, DB_NO_ARGS, NULL, err) &&
              db_query(db, scratch, SELECT_ONE, DB_ARGS(db_i64(change->role_assignment_id)), &rows, err);
    if (ok) {
        const struct role_assignment *found = role_rows(scratch, rows, &count);
        ok = count > 0 ? erase_found(db, change, found, err) : not_found(err, "grant");
    }
    talloc_free(scratch);
    return ok;
}

bool role_withdraw(struct directory *directory, const struct actor *actor, const struct role_holder *holder,
                   int64_t role_assignment_id, struct err *err)
{
    struct change change = {
        .directory = directory, .actor = actor, .holder = holder, .role_assignment_id = role_assignment_id
    };

    return act_locate(directory, actor, LOCATE_ASSIGNMENT, db_i64(role_assignment_id), "grant",
                      &change.organisation_id, err) &&
           act_in(directory, actor, change.organisation_id, erase, &change, err);
}

bool role_assignment_find(struct directory *directory, const void *owner, int64_t role_assignment_id,
                          const struct role_assignment **out, struct err *err)
{
    struct db_rows *rows;
    size_t count;

    *err = ERR_INIT;
    if (!look_up(directory, NULL, SELECT_ONE, DB_ARGS(db_i64(role_assignment_id)), &rows, err))
        return false;
    *out = role_rows(owner, rows, &count);
    talloc_free(rows);
    return count > 0 || not_found(err, "grant");
}

struct listing {
    const void *owner;
    int64_t recipient_id;
    struct role_assignment **assignments_out;
    size_t *count_out;
};

static bool list(struct db *db, void *arg, struct err *err)
{
    const struct listing *listing = arg;
    void *scratch = talloc_new(NULL);
    struct db_rows *rows;
    bool ok = db_query(db, scratch, SELECT_SOME, DB_ARGS(db_i64(listing->recipient_id)), &rows, err);

    if (ok)
        *listing->assignments_out = role_rows(listing->owner, rows, listing->count_out);
    talloc_free(scratch);
    return ok;
}

bool role_assignments(struct directory *directory, const struct actor *actor, const void *owner,
                      int64_t recipient_id, struct role_assignment **assignments_out, size_t *count_out,
                      struct err *err)
{
    struct listing listing = { owner, recipient_id, assignments_out, count_out };

    return act_read(directory, actor, 0, list, &listing, err);
}

bool role_let_go(struct directory *directory, int64_t recipient_id, struct err *err)
{
    void *scratch = talloc_new(NULL);
    struct db_rows *held, *others;

    *err = ERR_INIT;
    bool ok =
        look_up(directory, scratch, IS_FULL, DB_ARGS(db_i64(recipient_id)), &held, err) &&
        (db_rows_count(held) == 0 ||
         (look_up(directory, scratch, OTHER_FULL,
                  DB_ARGS(db_i64(0), db_i64(clock_now_us()), db_i64(recipient_id)), &others, err) &&
          (db_rows_count(others) > 0 ||
           err_set(err, ERR_DEPENDED_ON,
                   "This is the last full administrator of the installation; name another one first."))));
    talloc_free(scratch);
    return ok;
}
