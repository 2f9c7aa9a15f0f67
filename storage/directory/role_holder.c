/* role_holder.c -- what somebody holds, and whether that is enough. */
#include "base/clock.h"
#include "directory/act.h"
#include "directory/role_row.h"

#include <inttypes.h>
#include <talloc.h>

static const char SELECT_CURRENT[] =
    SELECT_ASSIGNMENT " WHERE g.recipient_id = $1 AND g.from_us <= $2 AND (g.until_us = 0 OR g.until_us > $2)"
                      " ORDER BY g.role_assignment_id";

static const char SELECT_ALL[] = SELECT_ASSIGNMENT " WHERE g.recipient_id = $1 ORDER BY g.role_assignment_id";

static const char IS_MEMBER[] =
    "SELECT 1 FROM recipient_target WHERE recipient_id = $1 AND target_recipient_id = $2";

bool role_holder_load(struct directory *directory, const void *owner, int64_t recipient_id,
                      struct role_holder *holder_out, struct err *err)
{
    struct role_assignment *assignments;
    struct db_rows *rows;
    void *scratch = talloc_new(NULL);

    *err = ERR_INIT;
    *holder_out = (struct role_holder){ .recipient_id = recipient_id, .permissions_max = UINT64_MAX };
    bool ok = look_up(directory, scratch, SELECT_CURRENT,
                      DB_ARGS(db_i64(recipient_id), db_i64(clock_now_us())), &rows, err);
    if (ok) {
        assignments = role_rows(owner, rows, &holder_out->count);
        holder_out->assignments = assignments;
        if (holder_out->count > 0)
            holder_out->organisation_id = assignments[0].organisation_id;
    }
    talloc_free(scratch);
    return ok;
}

/* Asked also of nobody (0), so that what is not there takes as long. */
static bool is_member(struct directory *directory, int64_t group_id, int64_t recipient_id, bool *is_out,
                      struct err *err)
{
    struct db_rows *rows;

    *is_out = false;
    if (!look_up(directory, NULL, IS_MEMBER, DB_ARGS(db_i64(group_id), db_i64(recipient_id)), &rows, err))
        return false;
    *is_out = db_rows_count(rows) > 0;
    talloc_free(rows);
    return true;
}

/* Whether the scope of the assignment contains the object. */
static bool covers(struct directory *directory, const struct role_assignment *held,
                   const struct role_object *object, bool *is_out, struct err *err)
{
    const int64_t container[SCOPES] = {
        [SCOPE_ORGANISATION] = object->organisation_id,
        [SCOPE_ADMIN_GROUP] = object->administrative_group_id,
        [SCOPE_DOMAIN] = object->domain_id,
        [SCOPE_STORE] = object->store_id,
    };

    if (held->scope == SCOPE_GROUP)
        return is_member(directory, held->scope_id, object->recipient_id, is_out, err);
    *is_out = held->scope == SCOPE_INSTALLATION ||
              (held->scope_id != 0 && container[held->scope] == held->scope_id);
    return true;
}

/* What needs nobody else's word comes first, then the higher rank. */
static bool is_stronger(const struct role_assignment *a, const struct role_assignment *than)
{
    if (!than || a->needs_approval != than->needs_approval)
        return !than || !a->needs_approval;
    return a->role->rank > than->role->rank;
}

bool role_may(struct directory *directory, const struct role_holder *holder, enum permission permission,
              const struct role_object *object, const struct role_assignment **reason_out, struct err *err)
{
    *err = ERR_INIT;
    *reason_out = NULL;
    if (!(holder->permissions_max & PERMISSION(permission)))
        return true;
    for (size_t i = 0; i < holder->count; i++) {
        const struct role_assignment *held = &holder->assignments[i];
        bool is_covered;
        if (!(held->role->permissions & PERMISSION(permission)) || !is_stronger(held, *reason_out))
            continue;
        if (!covers(directory, held, object, &is_covered, err))
            return false;
        if (is_covered)
            *reason_out = held;
    }
    return true;
}

bool role_effective(struct directory *directory, const struct role_holder *holder,
                    const struct role_object *object, uint64_t *permissions_out, int *rank_out,
                    struct err *err)
{
    *err = ERR_INIT;
    *permissions_out = 0;
    *rank_out = -1;
    for (size_t i = 0; i < holder->count; i++) {
        const struct role_assignment *held = &holder->assignments[i];
        bool is_covered;
        if (!covers(directory, held, object, &is_covered, err))
            return false;
        if (!is_covered)
            continue;
        *permissions_out |= held->role->permissions & holder->permissions_max;
        if (held->role->rank > *rank_out)
            *rank_out = held->role->rank;
    }
    return true;
}

/* A letter for each kind of scope below the organisation; schema/directory/0013 reads them. */
static const char letters[SCOPES] = {
    [SCOPE_ADMIN_GROUP] = 'g', [SCOPE_DOMAIN] = 'd', [SCOPE_STORE] = 's', [SCOPE_GROUP] = 'm'
};

const char *role_within(const void *owner, const struct role_holder *holder, int64_t organisation_id,
                        uint64_t permissions)
{
    char *within = talloc_asprintf(owner, ",r%" PRId64 ",", holder->recipient_id);

    for (size_t i = 0; i < holder->count; i++) {
        const struct role_assignment *held = &holder->assignments[i];
        if (!(held->role->permissions & permissions))
            continue;
        if (held->scope == SCOPE_INSTALLATION ||
            (held->scope == SCOPE_ORGANISATION && held->scope_id == organisation_id))
            return "";
        if (letters[held->scope])
            within = talloc_asprintf_append(within, "%c%" PRId64 ",", letters[held->scope], held->scope_id);
    }
    return within;
}

const struct role_assignment *role_in_part(const struct role_holder *holder, enum permission permission,
                                           int64_t organisation_id)
{
    for (size_t i = 0; i < holder->count; i++) {
        const struct role_assignment *held = &holder->assignments[i];
        if (letters[held->scope] && held->organisation_id == organisation_id &&
            (held->role->permissions & holder->permissions_max & PERMISSION(permission)))
            return held;
    }
    return NULL;
}

bool role_explain(struct directory *directory, const void *owner, int64_t recipient_id,
                  enum permission permission, const struct role_object *object, struct role_step **steps_out,
                  size_t *count_out, struct err *err)
{
    int64_t now_us = clock_now_us();
    struct role_assignment *all;
    struct db_rows *rows;

    *err = ERR_INIT;
    if (!look_up(directory, NULL, SELECT_ALL, DB_ARGS(db_i64(recipient_id)), &rows, err))
        return false;
    all = role_rows(owner, rows, count_out);
    talloc_free(rows);
    *steps_out = talloc_zero_array(owner, struct role_step, (unsigned)*count_out + 1);
    for (size_t i = 0; i < *count_out; i++) {
        struct role_step *step = &(*steps_out)[i];
        step->assignment = &all[i];
        step->is_current = all[i].from_us <= now_us && (all[i].until_us == 0 || all[i].until_us > now_us);
        step->includes = (all[i].role->permissions & PERMISSION(permission)) != 0;
        if (!covers(directory, &all[i], object, &step->covers, err))
            return false;
    }
    return true;
}

bool role_rank(struct directory *directory, int64_t recipient_id, int *rank_out, struct err *err)
{
    struct role_holder holder;
    void *scratch = talloc_new(NULL);
    bool ok = role_holder_load(directory, scratch, recipient_id, &holder, err);

    *rank_out = -1;
    for (size_t i = 0; ok && i < holder.count; i++)
        if (holder.assignments[i].role->rank > *rank_out)
            *rank_out = holder.assignments[i].role->rank;
    talloc_free(scratch);
    return ok;
}

bool role_holds_all(const struct role_holder *holder)
{
    for (size_t i = 0; i < holder->count; i++)
        if (holder->assignments[i].scope == SCOPE_INSTALLATION)
            return true;
    return false;
}
