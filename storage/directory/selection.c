/* selection.c -- rows of two tables of one shape. */
#include "directory/selection.h"

#include "directory/act.h"
#include "directory/list.h"
#include "format/address_template.h"

#include <string.h>
#include <talloc.h>

#define STATEMENTS(table, what_, action, view)                                                               \
    {                                                                                                        \
        .what = what_,                                                                                       \
        .insert = "INSERT INTO " table " (organisation_id, name, query, templates) VALUES ($1, $2, $3, $4)", \
        .update = "UPDATE " table                                                                            \
                  " SET name = $3, query = $4, templates = $5 WHERE organisation_id = $1 AND name = $2",     \
        .delete = "DELETE FROM " table " WHERE organisation_id = $1 AND name = $2",                          \
        .select = "SELECT organisation_id, name, query, templates, " view " FROM " table " l"                \
                  " WHERE organisation_id = $1 AND ($2::text IS NULL OR name = $2) ORDER BY 5, name",        \
        .added = action ".add", .changed = action ".set", .removed = action ".remove",                       \
    }
static const struct statements {
    const char *what, *insert, *update, *delete, *select, *added, *changed, *removed;
} statements[SELECTION_KINDS] = {
    [SELECTION_ADDRESS_LIST] = STATEMENTS(
        "address_list", "address list", "address-list",
        "position, (SELECT a.address FROM address a WHERE a.recipient_id = l.visible_to_id AND a.is_primary),"
        " 0::bigint, 0::bigint, 0::bigint, 0::bigint"),
    [SELECTION_POLICY] =
        STATEMENTS("recipient_policy", "recipient policy", "recipient-policy",
                   "position, NULL::text, send_bytes, receive_bytes, recipients, quota_bytes"),
};

/* How an address list is shown. No row: nobody has the address of whom it is shown to. */
static const char SET_VIEW[] =
    "UPDATE address_list SET position = $3,"
    "       visible_to_id = (SELECT recipient_id FROM address WHERE organisation_id = $1 AND address = $4)"
    " WHERE organisation_id = $1 AND name = $2"
    "   AND ($4::text IS NULL OR EXISTS (SELECT FROM address WHERE organisation_id = $1 AND address = $4))";

/* What a policy says beside addresses. */
static const char SET_LIMITS[] =
    "UPDATE recipient_policy SET position = $3, send_bytes = $4, receive_bytes = $5, recipients = $6, quota_bytes = $7"
    " WHERE organisation_id = $1 AND name = $2";
static const char CLEAR_RULES[] = "DELETE FROM retention_rule WHERE organisation_id = $1 AND policy = $2";
static const char ADD_RULE[] = "INSERT INTO retention_rule (organisation_id, policy, folder, days, act)"
                               " VALUES ($1, $2, $3, $4, $5)";
static const char SELECT_RULES[] =
    "SELECT policy, folder, days, act FROM retention_rule"
    " WHERE organisation_id = $1 AND ($2::text IS NULL OR policy = $2) ORDER BY policy, folder";

struct change {
    const struct actor *actor;
    const struct statements *sql;
    int64_t organisation_id;
    const char *name;
    const struct selection *wanted;
    struct span templates[SELECTION_TEMPLATES_MAX];
};

static json_t *rule_json(const struct retention_rule *rule)
{
    char *text = retention_rule_text(NULL, rule);
    json_t *json = json_string(text);

    talloc_free(text);
    return json;
}

static json_t *describe(const struct selection *selection)
{
    const struct policy_limits *limits = &selection->limits;
    json_t *templates = json_array(), *rules = json_array();

    for (size_t i = 0; i < selection->template_count; i++)
        json_array_append_new(templates, json_string(selection->templates[i]));
    for (size_t i = 0; i < selection->rule_count; i++)
        json_array_append_new(rules, rule_json(&selection->rules[i]));
    return json_pack("{s:s, s:s, s:o, s:i, s:s?, s:I, s:I, s:I, s:I, s:o}", "name", selection->name, "query",
                     selection->query, "addresses", templates, "position", (int)selection->position,
                     "visible_to", selection->visible_to, "max_send", (json_int_t)limits->send_bytes,
                     "max_receive", (json_int_t)limits->receive_bytes, "max_recipients",
                     (json_int_t)limits->recipients, "quota", (json_int_t)limits->quota_bytes, "retention",
                     rules);
}

static bool check_limits(const struct selection *wanted, struct err *err)
{
    const struct policy_limits *limits = &wanted->limits;

    if (limits->send_bytes < 0 || limits->receive_bytes < 0 || limits->recipients < 0 ||
        limits->quota_bytes < 0)
        return err_set(err, ERR_INVALID, "A limit is 0 (none) or more.");
    if (wanted->rule_count > RETENTION_RULES_MAX)
        return err_set(err, ERR_INVALID, "A policy keeps mail by at most %d rules.", RETENTION_RULES_MAX);
    for (size_t i = 0; i < wanted->rule_count; i++) {
        const struct retention_rule *rule = &wanted->rules[i];
        if (*rule->folder && !check_name(rule->folder, "folder", err))
            return false;
        for (size_t k = 0; k < i; k++)
            if (strcmp(rule->folder, wanted->rules[k].folder) == 0)
                return err_set(err, ERR_INVALID, "A folder has one rule.");
    }
    return true;
}

static bool check(struct change *change, struct err *err)
{
    const struct selection *wanted = change->wanted;

    if (!check_name(wanted->name, change->sql->what, err) || !list_query_check(wanted->query, err))
        return false;
    if (wanted->template_count > SELECTION_TEMPLATES_MAX)
        return err_set(err, ERR_INVALID, "A policy has at most %d addresses.", SELECTION_TEMPLATES_MAX);
    if (!check_limits(wanted, err))
        return false;
    for (size_t i = 0; i < wanted->template_count; i++) {
        change->templates[i] = span_text(wanted->templates[i]);
        if (!address_template_is_valid(change->templates[i]))
            return err_set(
                err, ERR_INVALID,
                "%.100s is no template such as %%g.%%s@example.org: %%g, %%s, %%d and %%m are known.",
                wanted->templates[i]);
    }
    return true;
}

static bool set_view(struct db *db, const struct change *change, struct err *err)
{
    const struct selection *wanted = change->wanted;
    char *key = NULL, *domain;
    void *scratch = talloc_new(NULL);
    uint64_t changed = 1;
    bool ok = (!wanted->visible_to || address_canonical(scratch, wanted->visible_to, &key, &domain, err)) &&
              db_exec(db, SET_VIEW,
                      DB_ARGS(db_i64(wanted->organisation_id), db_text(wanted->name),
                              db_i32(wanted->position), db_text(key)),
                      &changed, err);

    talloc_free(scratch);
    return ok && (changed > 0 || not_found(err, "recipient in this organisation"));
}

static bool set_limits(struct db *db, const struct change *change, struct err *err)
{
    const struct selection *wanted = change->wanted;
    const struct policy_limits *limits = &wanted->limits;
    struct db_value organisation = db_i64(wanted->organisation_id), name = db_text(wanted->name);
    bool ok = db_exec(db, SET_LIMITS,
                      DB_ARGS(organisation, name, db_i32(wanted->position), db_i64(limits->send_bytes),
                              db_i64(limits->receive_bytes), db_i64(limits->recipients),
                              db_i64(limits->quota_bytes)),
                      NULL, err) &&
              db_exec(db, CLEAR_RULES, DB_ARGS(organisation, name), NULL, err);

    for (size_t i = 0; ok && i < wanted->rule_count; i++)
        ok =
            db_exec(db, ADD_RULE,
                    DB_ARGS(organisation, name, db_text(wanted->rules[i].folder),
                            db_i32(wanted->rules[i].days), db_text(retention_act_name(wanted->rules[i].act))),
                    NULL, err);
    return ok;
}

static bool set_rest(struct db *db, const struct change *change, struct err *err)
{
    return change->sql == &statements[SELECTION_POLICY] ? set_limits(db, change, err)
                                                        : set_view(db, change, err);
}

static bool add(struct db *db, void *arg, struct err *err)
{
    const struct change *change = arg;
    const struct selection *wanted = change->wanted;

    if (!db_exec(db, change->sql->insert,
                 DB_ARGS(db_i64(wanted->organisation_id), db_text(wanted->name), db_text(wanted->query),
                         db_text_array(change->templates, wanted->template_count)),
                 NULL, err))
        return taken(err, "There is one called %s already.", wanted->name);
    return set_rest(db, change, err) &&
           audit_write(db, change->actor, wanted->organisation_id, change->sql->added, wanted->name, NULL,
                       describe(wanted), err);
}

bool selection_add(struct directory *directory, const struct actor *actor, enum selection_kind kind,
                   const struct selection *wanted, struct err *err)
{
    struct change change = { .actor = actor, .sql = &statements[kind], .wanted = wanted };

    return check(&change, err) && act_in(directory, actor, wanted->organisation_id, add, &change, err);
}

static bool set(struct db *db, void *arg, struct err *err)
{
    const struct change *change = arg;
    const struct selection *wanted = change->wanted;
    uint64_t changed;

    if (!db_exec(db, change->sql->update,
                 DB_ARGS(db_i64(wanted->organisation_id), db_text(change->name), db_text(wanted->name),
                         db_text(wanted->query), db_text_array(change->templates, wanted->template_count)),
                 &changed, err))
        return taken(err, "There is one called %s already.", wanted->name);
    return (changed > 0 || not_found(err, change->sql->what)) && set_rest(db, change, err) &&
           audit_write(db, change->actor, wanted->organisation_id, change->sql->changed, change->name, NULL,
                       describe(wanted), err);
}

bool selection_set(struct directory *directory, const struct actor *actor, enum selection_kind kind,
                   const char *name, const struct selection *wanted, struct err *err)
{
    struct change change = { .actor = actor, .sql = &statements[kind], .name = name, .wanted = wanted };

    return check(&change, err) && act_in(directory, actor, wanted->organisation_id, set, &change, err);
}

static bool remove_it(struct db *db, void *arg, struct err *err)
{
    const struct change *change = arg;
    uint64_t removed;

    return db_exec(db, change->sql->delete, DB_ARGS(db_i64(change->organisation_id), db_text(change->name)),
                   &removed, err) &&
           (removed > 0 || not_found(err, change->sql->what)) &&
           audit_write(db, change->actor, change->organisation_id, change->sql->removed, change->name, NULL,
                       NULL, err);
}

bool selection_remove(struct directory *directory, const struct actor *actor, enum selection_kind kind,
                      int64_t organisation_id, const char *name, struct err *err)
{
    struct change change = {
        .actor = actor, .sql = &statements[kind], .organisation_id = organisation_id, .name = name
    };

    return act_in(directory, actor, organisation_id, remove_it, &change, err);
}

struct listing {
    const void *owner;
    const char *sql, *name;
    int64_t organisation_id;
    enum selection_kind kind;
    struct db_rows *rows, *rules;
};

static bool list(struct db *db, void *arg, struct err *err)
{
    struct listing *listing = arg;
    const struct db_value organisation = db_i64(listing->organisation_id), name = db_text(listing->name);

    return db_query(db, listing->owner, listing->sql, DB_ARGS(organisation, name), &listing->rows, err) &&
           (listing->kind != SELECTION_POLICY ||
            db_query(db, listing->owner, SELECT_RULES, DB_ARGS(organisation, name), &listing->rules, err));
}

/* Those of this policy, among those of all. */
static void read_rules(const struct listing *listing, struct selection *selection)
{
    struct retention_rule *rules = talloc_array(listing->owner, struct retention_rule, RETENTION_RULES_MAX);
    struct db_row row;

    selection->rules = rules;
    for (size_t i = 0;
         listing->rules && selection->rule_count < RETENTION_RULES_MAX && db_rows_at(listing->rules, i, &row);
         i++) {
        struct retention_rule *rule = &rules[selection->rule_count];
        if (!span_equals_text(db_get_text(&row, 0), selection->name))
            continue;
        rule->folder = db_copy_text(rules, &row, 1);
        rule->days = db_get_i32(&row, 2);
        selection->rule_count += retention_act_of(db_get_text(&row, 3), &rule->act);
    }
}

bool selection_list(struct directory *directory, const struct actor *actor, const void *owner,
                    enum selection_kind kind, int64_t organisation_id, const char *name,
                    struct selection **list_out, size_t *count_out, struct err *err)
{
    struct listing listing = { owner, statements[kind].select, name, organisation_id, kind, NULL, NULL };
    struct db_row row;

    if (!act_read(directory, actor, organisation_id, list, &listing, err))
        return false;
    *count_out = db_rows_count(listing.rows);
    *list_out = talloc_zero_array(owner, struct selection, (unsigned)*count_out + 1);
    for (size_t i = 0; db_rows_at(listing.rows, i, &row); i++) {
        struct selection *selection = &(*list_out)[i];
        struct span *templates = db_get_span_array(owner, &row, 3, &selection->template_count);
        selection->organisation_id = db_get_i64(&row, 0);
        selection->name = db_copy_text(owner, &row, 1);
        selection->query = db_copy_text(owner, &row, 2);
        selection->position = db_get_i32(&row, 4);
        selection->visible_to = db_copy_text(owner, &row, 5);
        selection->limits = (struct policy_limits){ db_get_i64(&row, 6), db_get_i64(&row, 7),
                                                    db_get_i64(&row, 8), db_get_i64(&row, 9) };
        read_rules(&listing, selection);
        selection->templates = talloc_array(owner, const char *, (unsigned)selection->template_count + 1);
        for (size_t t = 0; t < selection->template_count; t++)
            selection->templates[t] = span_copy(owner, templates[t]);
    }
    return true;
}

/* ---- keeping mail */

static const char SELECT_KEEPING[] =
    "SELECT organisation_id FROM retention_rule UNION SELECT organisation_id FROM retention_told ORDER BY 1";

bool retention_organisations(struct directory *directory, const void *owner, int64_t **ids_out,
                             size_t *count_out, struct err *err)
{
    struct db_rows *rows;
    struct db_row row;

    if (!look_up(directory, owner, SELECT_KEEPING, DB_NO_ARGS, &rows, err))
        return false;
    *count_out = db_rows_count(rows);
    *ids_out = talloc_array(owner, int64_t, (unsigned)*count_out + 1);
    for (size_t i = 0; db_rows_at(rows, i, &row); i++)
        (*ids_out)[i] = db_get_i64(&row, 0);
    return true;
}

struct kept {
    const struct actor *actor;
    int64_t organisation_id, messages, bytes;
    const char *policy;
};

static bool write_kept(struct db *db, void *arg, struct err *err)
{
    const struct kept *kept = arg;

    return audit_write(
        db, kept->actor, kept->organisation_id, "recipient-policy.retention", kept->policy, NULL,
        json_pack("{s:I, s:I}", "messages", (json_int_t)kept->messages, "bytes", (json_int_t)kept->bytes),
        err);
}

bool retention_note(struct directory *directory, const struct actor *actor, int64_t organisation_id,
                    const char *policy, int64_t messages, int64_t bytes, struct err *err)
{
    struct kept kept = { actor, organisation_id, messages, bytes, policy };

    return act_in(directory, actor, organisation_id, write_kept, &kept, err);
}
