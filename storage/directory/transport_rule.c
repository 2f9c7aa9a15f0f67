/*
 * transport_rule.c -- rules of organisations: added, switched, removed, loaded.
 */
#include "directory/transport_rule.h"

#include "directory/act.h"

#include <talloc.h>

static const char INSERT_RULE[] =
    "INSERT INTO transport_rule (organisation_id, position, name, is_enabled, rule)"
    " VALUES ($1, CASE WHEN $2 > 0 THEN $2 ELSE"
    "         (SELECT coalesce(max(position), 0) + 10 FROM transport_rule WHERE organisation_id = $1) END, $3, $4, $5)";

static const char SET_RULE[] =
    "UPDATE transport_rule SET name = $3, position = CASE WHEN $4 > 0 THEN $4 ELSE position END, is_enabled = $5, rule = $6"
    " WHERE organisation_id = $1 AND name = $2";
static const char COUNT_RULES[] = "SELECT count(*) FROM transport_rule WHERE organisation_id = $1";
static const char ORDER[] = "UPDATE transport_rule t SET position = n.place * 10"
                            "  FROM unnest($2::text[]) WITH ORDINALITY AS n (name, place)"
                            " WHERE t.organisation_id = $1 AND t.name = n.name";
static const char DELETE_RULE[] = "DELETE FROM transport_rule WHERE organisation_id = $1 AND name = $2";

#define SELECT_RULE "SELECT organisation_id, name, position, is_enabled, rule::text FROM transport_rule"
static const char SELECT_RULES[] =
    SELECT_RULE " WHERE organisation_id = $1 ORDER BY position, transport_rule_id";
static const char SELECT_ONE[] = SELECT_RULE " WHERE organisation_id = $1 AND name = $2";
static const char SELECT_ENABLED[] =
    SELECT_RULE " WHERE is_enabled ORDER BY organisation_id, position, transport_rule_id";

struct change {
    const struct actor *actor;
    int64_t organisation_id;
    const char *name;
    const struct transport_rule *wanted;
    const char *const *names; /* all, in their new order */
    size_t count;
};

static bool insert(struct db *db, void *arg, struct err *err)
{
    const struct change *c = arg;
    const struct transport_rule *r = c->wanted;

    if (!db_exec(db, INSERT_RULE,
                 DB_ARGS(db_i64(c->organisation_id), db_i32(r->position), db_text(r->name),
                         db_bool(r->is_enabled), db_jsonb(r->rule)),
                 NULL, err))
        return taken(err, "There is a rule %s already.", r->name);
    return audit_write(db, c->actor, c->organisation_id, "rule.add", r->name, NULL,
                       json_loads(r->rule, 0, NULL), err);
}

static bool set(struct db *db, void *arg, struct err *err)
{
    const struct change *c = arg;
    const struct transport_rule *r = c->wanted;
    uint64_t changed;

    if (!db_exec(db, SET_RULE,
                 DB_ARGS(db_i64(c->organisation_id), db_text(c->name), db_text(r->name), db_i32(r->position),
                         db_bool(r->is_enabled), db_jsonb(r->rule)),
                 &changed, err))
        return taken(err, "There is a rule %s already.", r->name);
    return (changed > 0 || not_found(err, "rule")) &&
           audit_write(db, c->actor, c->organisation_id, "rule.set", c->name, NULL,
                       json_pack("{s:s, s:b, s:o?}", "name", r->name, "enabled", r->is_enabled, "rule",
                                 json_loads(r->rule, 0, NULL)),
                       err);
}

static bool order(struct db *db, void *arg, struct err *err)
{
    const struct change *c = arg;
    void *scratch = talloc_new(NULL);
    struct span *names = talloc_array(scratch, struct span, (unsigned)c->count + 1);
    uint64_t changed = 0;
    struct db_row row;

    for (size_t i = 0; i < c->count; i++)
        names[i] = span_text(c->names[i]);
    bool done = db_exec(db, ORDER, DB_ARGS(db_i64(c->organisation_id), db_text_array(names, c->count)),
                        &changed, err) &&
                db_one_row(db, scratch, COUNT_RULES, DB_ARGS(db_i64(c->organisation_id)), &row, err);
    if (done && (changed != c->count || (int64_t)c->count != db_get_i64(&row, 0)))
        done = err_set(err, ERR_CONFLICT, "The rules are not those any more. Read them again.");
    talloc_free(scratch);
    return done && audit_write(db, c->actor, c->organisation_id, "rule.order", "", NULL, NULL, err);
}

static bool erase(struct db *db, void *arg, struct err *err)
{
    const struct change *c = arg;
    uint64_t removed;

    return db_exec(db, DELETE_RULE, DB_ARGS(db_i64(c->organisation_id), db_text(c->name)), &removed, err) &&
           (removed > 0 || not_found(err, "rule")) &&
           audit_write(db, c->actor, c->organisation_id, "rule.remove", c->name, NULL, NULL, err);
}

bool transport_rule_add(struct directory *directory, const struct actor *actor,
                        const struct transport_rule *wanted, struct err *err)
{
    struct change change = { .actor = actor, .organisation_id = wanted->organisation_id, .wanted = wanted };

    *err = ERR_INIT;
    return check_name(wanted->name, "rule", err) &&
           act_in(directory, actor, wanted->organisation_id, insert, &change, err);
}

bool transport_rule_set(struct directory *directory, const struct actor *actor, const char *name,
                        const struct transport_rule *wanted, struct err *err)
{
    struct change change = {
        .actor = actor, .organisation_id = wanted->organisation_id, .name = name, .wanted = wanted
    };

    *err = ERR_INIT;
    return check_name(wanted->name, "rule", err) &&
           act_in(directory, actor, wanted->organisation_id, set, &change, err);
}

bool transport_rule_order(struct directory *directory, const struct actor *actor, int64_t organisation_id,
                          const char *const *names, size_t count, struct err *err)
{
    struct change change = {
        .actor = actor, .organisation_id = organisation_id, .names = names, .count = count
    };

    return act_in(directory, actor, organisation_id, order, &change, err);
}

bool transport_rule_remove(struct directory *directory, const struct actor *actor, int64_t organisation_id,
                           const char *name, struct err *err)
{
    struct change change = { .actor = actor, .organisation_id = organisation_id, .name = name };

    return act_in(directory, actor, organisation_id, erase, &change, err);
}

static void read_rows(const void *owner, const struct db_rows *rows, struct transport_rule **rules_out,
                      size_t *count_out)
{
    size_t count = db_rows_count(rows);
    struct transport_rule *rules = talloc_zero_array(owner, struct transport_rule, (unsigned)count);
    struct db_row row;

    for (size_t i = 0; db_rows_at(rows, i, &row); i++)
        rules[i] = (struct transport_rule){
            .organisation_id = db_get_i64(&row, 0),
            .name = db_copy_text(rules, &row, 1),
            .position = db_get_i32(&row, 2),
            .is_enabled = db_get_bool(&row, 3),
            .rule = db_copy_text(rules, &row, 4),
        };
    *rules_out = rules;
    *count_out = count;
}

struct listing {
    const void *owner;
    int64_t organisation_id;
    const char *name; /* NULL: all */
    struct transport_rule *rules;
    size_t count;
};

static bool read_list(struct db *db, void *arg, struct err *err)
{
    struct listing *l = arg;
    struct db_rows *rows;

    if (l->name ? !db_query(db, NULL, SELECT_ONE, DB_ARGS(db_i64(l->organisation_id), db_text(l->name)),
                            &rows, err)
                : !db_query(db, NULL, SELECT_RULES, DB_ARGS(db_i64(l->organisation_id)), &rows, err))
        return false;
    read_rows(l->owner, rows, &l->rules, &l->count);
    talloc_free(rows);
    return true;
}

bool transport_rule_list(struct directory *directory, const struct actor *actor, const void *owner,
                         int64_t organisation_id, struct transport_rule **rules_out, size_t *count_out,
                         struct err *err)
{
    struct listing listing = { .owner = owner, .organisation_id = organisation_id };

    if (!act_read(directory, actor, organisation_id, read_list, &listing, err))
        return false;
    *rules_out = listing.rules;
    *count_out = listing.count;
    return true;
}

bool transport_rule_get(struct directory *directory, const struct actor *actor, const void *owner,
                        int64_t organisation_id, const char *name, struct transport_rule *rule_out,
                        struct err *err)
{
    struct listing listing = { .owner = owner, .organisation_id = organisation_id, .name = name };

    if (!act_read(directory, actor, organisation_id, read_list, &listing, err))
        return false;
    if (listing.count == 0)
        return not_found(err, "rule");
    *rule_out = listing.rules[0];
    return true;
}

bool transport_rule_load(struct directory *directory, const void *owner, struct transport_rule **rules_out,
                         size_t *count_out, struct err *err)
{
    struct db_rows *rows;

    if (!look_up(directory, NULL, SELECT_ENABLED, DB_NO_ARGS, &rows, err))
        return false;
    read_rows(owner, rows, rules_out, count_out);
    talloc_free(rows);
    return true;
}
