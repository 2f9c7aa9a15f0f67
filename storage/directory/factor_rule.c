/* factor_rule.c -- whose password is not enough. */
#include "directory/act.h"
#include "directory/second_factor.h"

#include <talloc.h>

enum { RULES_MAX = 50 };
static const char everybody[] = "everybody", administrators[] = "administrators";

static const char SELECT_RULES[] =
    "SELECT who FROM second_factor_rule WHERE organisation_id = $1 ORDER BY who";
static const char DELETE_RULES[] = "DELETE FROM second_factor_rule WHERE organisation_id = $1";
static const char INSERT_RULE[] = "INSERT INTO second_factor_rule (organisation_id, who)"
                                  " VALUES ($1, $2) ON CONFLICT DO NOTHING";

bool factor_rules(struct directory *directory, const void *owner, int64_t organisation_id,
                  const char ***who_out, size_t *count_out, struct err *err)
{
    struct db_rows *rows;
    struct db_row row;

    *err = ERR_INIT;
    if (!look_up(directory, NULL, SELECT_RULES, DB_ARGS(db_i64(organisation_id)), &rows, err))
        return false;
    *count_out = db_rows_count(rows);
    *who_out = talloc_zero_array(owner, const char *, (unsigned)*count_out + 1);
    for (size_t i = 0; db_rows_at(rows, i, &row); i++)
        (*who_out)[i] = db_copy_text(*who_out, &row, 0);
    talloc_free(rows);
    return true;
}

struct change {
    const struct actor *actor;
    int64_t organisation_id;
    const char *const *who;
    size_t count;
};

static json_t *words(const struct change *change)
{
    json_t *list = json_array();

    for (size_t i = 0; i < change->count; i++)
        json_array_append_new(list, json_string(change->who[i]));
    return json_pack("{s:o}", "required", list);
}

static json_t *words_before(const void *scratch, const struct db_rows *rows)
{
    json_t *list = json_array();
    struct db_row row;

    for (size_t i = 0; db_rows_at(rows, i, &row); i++)
        json_array_append_new(list, json_string(db_copy_text(scratch, &row, 0)));
    return json_pack("{s:o}", "required", list);
}

static bool set(struct db *db, void *arg, struct err *err)
{
    const struct change *change = arg;
    void *scratch = talloc_new(NULL);
    struct db_rows *rows;
    bool ok = db_query(db, scratch, SELECT_RULES, DB_ARGS(db_i64(change->organisation_id)), &rows, err) &&
              db_exec(db, DELETE_RULES, DB_ARGS(db_i64(change->organisation_id)), NULL, err);

    for (size_t i = 0; ok && i < change->count; i++)
        ok = db_exec(db, INSERT_RULE, DB_ARGS(db_i64(change->organisation_id), db_text(change->who[i])), NULL,
                     err);
    ok = ok && audit_write(db, change->actor, change->organisation_id, "second-factor.require",
                           "organisation", words_before(scratch, rows), words(change), err);
    talloc_free(scratch);
    return ok;
}

static bool check_word(struct directory *directory, int64_t organisation_id, const char *word,
                       struct err *err)
{
    void *scratch = talloc_new(NULL);
    const struct role *role;
    bool ok = strcmp(word, everybody) == 0 || strcmp(word, administrators) == 0 ||
              role_find(directory, scratch, organisation_id, word, &role, err);

    if (!ok && err->kind == ERR_INVALID)
        err_set(err, ERR_INVALID, "%.60s is neither everybody nor administrators nor a role.", word);
    talloc_free(scratch);
    return ok;
}

bool factor_rules_set(struct directory *directory, const struct actor *actor, int64_t organisation_id,
                      const char *const *who, size_t count, struct err *err)
{
    struct change change = { actor, organisation_id, who, count };

    *err = ERR_INIT;
    if (count > RULES_MAX)
        return err_set(err, ERR_LIMIT, "At most %d can be named.", RULES_MAX);
    for (size_t i = 0; i < count; i++)
        if (!check_word(directory, organisation_id, who[i], err))
            return false;
    return act_in(directory, actor, organisation_id, set, &change, err);
}

static bool concerns(const char *who, const struct role_holder *holder)
{
    if (strcmp(who, everybody) == 0 || (holder->count > 0 && strcmp(who, administrators) == 0))
        return true;
    for (size_t i = 0; i < holder->count; i++)
        if (strcmp(holder->assignments[i].role->name, who) == 0)
            return true;
    return false;
}

bool factor_is_required(struct directory *directory, int64_t organisation_id,
                        const struct role_holder *holder, bool *is_out, struct err *err)
{
    void *scratch = talloc_new(NULL);
    const char **who;
    size_t count;
    bool ok = factor_rules(directory, scratch, organisation_id, &who, &count, err);

    *is_out = false;
    for (size_t i = 0; ok && i < count; i++)
        *is_out = *is_out || concerns(who[i], holder);
    talloc_free(scratch);
    return ok;
}
