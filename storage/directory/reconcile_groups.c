/*
 * reconcile_groups.c -- members of groups and managers of people, from what entries of both sides say.
 */
#include "base/clock.h"
#include "base/crashpoint.h"
#include "directory/alias.h"
#include "directory/reconcile_work.h"

#include <talloc.h>

enum { TOUCHED_MAX = 5000 }; /* more than that: all groups are looked at */

/* Who is directly in a group: named by it, naming it, or by primary group. `g` is the group. */
#define DIRECT_MEMBERS                                                                                       \
    "SELECT e.entry_key FROM directory_member d"                                                             \
    "  JOIN directory_entry e ON e.source_id = $1 AND e.dn_key = d.other"                                    \
    " WHERE d.source_id = $1 AND d.entry_key = g.entry_key AND NOT d.is_upward"                              \
    " UNION ALL"                                                                                             \
    " SELECT e.entry_key FROM directory_member d"                                                            \
    "  JOIN directory_entry e ON e.source_id = $1 AND e.account <> '' AND e.account = substr(d.other, 5)"    \
    " WHERE d.source_id = $1 AND d.entry_key = g.entry_key AND NOT d.is_upward AND d.other LIKE 'uid=%'"     \
    " UNION ALL"                                                                                             \
    " SELECT d.entry_key FROM directory_member d"                                                            \
    "  WHERE d.source_id = $1 AND d.is_upward AND d.other = g.dn_key"                                        \
    " UNION ALL"                                                                                             \
    " SELECT e.entry_key FROM directory_entry e"                                                             \
    "  WHERE e.source_id = $1 AND g.token <> '' AND e.primary_group = g.token AND e.kind = 'user'"

/* The groups that a touched entry is, is in, or was named by; upwards as far as groups go that are no recipients. */
static const char SELECT_GROUPS[] =
    "WITH RECURSIVE up (entry_key) AS ("
    "    SELECT unnest($2)"
    "  UNION"
    "    SELECT m.entry_key FROM up JOIN directory_entry e ON e.source_id = $1 AND e.entry_key = up.entry_key"
    "     CROSS JOIN LATERAL ("
    "        SELECT d.entry_key FROM directory_member d WHERE d.source_id = $1 AND NOT d.is_upward"
    "           AND d.other IN (e.dn_key, 'uid=' || e.account)"
    "        UNION ALL"
    "        SELECT g.entry_key FROM directory_member d JOIN directory_entry g ON g.source_id = $1 AND g.dn_key = d.other"
    "         WHERE d.source_id = $1 AND d.entry_key = e.entry_key AND d.is_upward"
    "        UNION ALL"
    "        SELECT g.entry_key FROM directory_entry g"
    "         WHERE g.source_id = $1 AND e.primary_group <> '' AND g.token = e.primary_group AND g.kind = 'group') m)"
    " SELECT DISTINCT e.entry_key, e.recipient_id, e.dn FROM directory_entry e"
    "  WHERE e.source_id = $1 AND e.kind = 'group' AND e.recipient_id IS NOT NULL AND e.missing_us = 0"
    "    AND ($3 OR e.entry_key IN (SELECT entry_key FROM up))";

/* Members that are recipients, and those in groups that are none; contacts elsewhere by their address. Each step reads by key (OFFSET 0), however
 * little is known of the tables yet. Where they are more than $5 nothing is changed. How many there should be, went and came. */
static const char SET_MEMBERS[] =
    "WITH RECURSIVE inside (entry_key) AS ("
    "    SELECT $2::text"
    "  UNION"
    "    SELECT m.entry_key FROM inside i"
    "     CROSS JOIN LATERAL ("
    "        SELECT * FROM directory_entry e WHERE e.source_id = $1 AND e.entry_key = i.entry_key AND e.kind = 'group'"
    "           AND e.missing_us = 0 AND (e.recipient_id IS NULL OR e.entry_key = $2) OFFSET 0) g"
    "     CROSS JOIN LATERAL (" DIRECT_MEMBERS ") m),"
    " wanted AS (SELECT DISTINCT e.recipient_id, CASE WHEN e.recipient_id IS NULL THEN e.target END AS target"
    "   FROM inside i CROSS JOIN LATERAL ("
    "        SELECT * FROM directory_entry e WHERE e.source_id = $1 AND e.entry_key = i.entry_key OFFSET 0) e"
    "  WHERE e.entry_key <> $2 AND e.missing_us = 0"
    "    AND (e.recipient_id IS NOT NULL OR (e.kind = 'contact' AND e.target <> ''))),"
    " counted AS (SELECT count(*) AS number FROM wanted),"
    " dropped AS (DELETE FROM recipient_target t USING counted c"
    "   WHERE c.number <= $5 AND t.recipient_id = $3"
    "     AND NOT EXISTS (SELECT FROM wanted w WHERE w.recipient_id = t.target_recipient_id)"
    "     AND NOT EXISTS (SELECT FROM wanted w WHERE lower(w.target) = lower(t.target_address))"
    "   RETURNING 1),"
    " added AS (INSERT INTO recipient_target (recipient_id, organisation_id, position, target_recipient_id, target_address)"
    "   SELECT $3, $4, (SELECT coalesce(max(position), 0) FROM recipient_target WHERE recipient_id = $3) + row_number() OVER (),"
    "          w.recipient_id, w.target FROM wanted w CROSS JOIN counted c"
    "    WHERE c.number <= $5"
    "      AND NOT EXISTS (SELECT FROM recipient_target t WHERE t.recipient_id = $3"
    "                         AND t.target_recipient_id = w.recipient_id)"
    "      AND NOT EXISTS (SELECT FROM recipient_target t WHERE t.recipient_id = $3"
    "                         AND lower(t.target_address) = lower(w.target))"
    "   RETURNING 1)"
    " SELECT c.number, (SELECT count(*) FROM dropped), (SELECT count(*) FROM added) FROM counted c";
static const char TOUCH[] = "UPDATE recipient SET changed_us = $2, stamp = stamp + 1 WHERE recipient_id = $1";

static const char SET_MANAGERS[] =
    "UPDATE recipient_person p SET manager_id = m.recipient_id"
    "  FROM directory_entry e LEFT JOIN directory_entry m"
    "    ON m.source_id = e.source_id AND m.dn_key = e.manager_key AND m.missing_us = 0 AND e.manager_key <> ''"
    " WHERE e.source_id = $1 AND p.recipient_id = e.recipient_id"
    "   AND ($3 OR e.entry_key = ANY ($2) OR m.entry_key = ANY ($2))"
    "   AND p.manager_id IS DISTINCT FROM m.recipient_id";

/* By index directory_entry_groups_due: in order, all entries would be walked through. */
static const char SELECT_TOUCHED[] =
    "SELECT entry_key FROM directory_entry WHERE source_id = $1 AND groups_due LIMIT $2";
/* What was noted meanwhile stays. */
static const char TOUCHED_DONE[] =
    "UPDATE directory_entry SET groups_due = false WHERE source_id = $1 AND groups_due AND ($3 OR entry_key = ANY ($2))";

/* Gone, never a recipient, and no group has to be told any more. */
static const char FORGET_UNUSED[] = "DELETE FROM directory_entry WHERE source_id = $1 AND missing_us > 0"
                                    "   AND recipient_id IS NULL AND NOT is_due AND NOT groups_due";

static const char PUT_CONFLICT[] =
    "INSERT INTO directory_conflict (source_id, organisation_id, entry_key, dn, what, message, since_us, run_id)"
    " VALUES ($1, $2, $3, $4, 'too-many-members', $5, $6, $7)"
    " ON CONFLICT (source_id, entry_key, what) DO UPDATE SET message = excluded.message, run_id = excluded.run_id";
static const char DROP_CONFLICT[] =
    "DELETE FROM directory_conflict WHERE source_id = $1 AND entry_key = $2 AND what = 'too-many-members'";

struct group_row {
    const char *key, *dn;
    int64_t recipient_id;
};

struct grouping {
    struct reconcile_work *work;
    struct span *touched;
    size_t touched_count;
    bool is_all;
    struct group_row *groups;
    size_t group_count;
    const struct group_row *one;
};

static bool read_touched(struct db *db, struct grouping *g, struct err *err)
{
    struct db_rows *rows;
    struct db_row row;

    if (!db_query(db, g->work->scratch, SELECT_TOUCHED,
                  DB_ARGS(db_i64(g->work->options->source->source_id), db_i64(TOUCHED_MAX + 1)), &rows, err))
        return false;
    g->is_all = db_rows_count(rows) > TOUCHED_MAX;
    g->touched = talloc_zero_array(g->work->scratch, struct span, TOUCHED_MAX + 1);
    for (size_t i = 0; !g->is_all && db_rows_at(rows, i, &row); i++)
        g->touched[g->touched_count++] = db_get_text(&row, 0);
    return true;
}

static bool find_groups(struct db *db, void *arg, struct err *err)
{
    struct grouping *g = arg;
    struct reconcile_work *work = g->work;
    struct db_value id = db_i64(work->options->source->source_id), touched;
    struct db_rows *rows;
    struct db_row row;

    if (!read_touched(db, g, err))
        return false;
    if (!g->is_all && g->touched_count == 0)
        return true;
    touched = db_text_array(g->touched, g->touched_count);
    if (!db_exec(db, SET_MANAGERS, DB_ARGS(id, touched, db_bool(g->is_all)), NULL, err) ||
        !db_query(db, work->scratch, SELECT_GROUPS, DB_ARGS(id, touched, db_bool(g->is_all)), &rows, err))
        return false;
    g->group_count = db_rows_count(rows);
    g->groups = talloc_zero_array(work->scratch, struct group_row, (unsigned)g->group_count + 1);
    for (size_t i = 0; db_rows_at(rows, i, &row); i++)
        g->groups[i] = (struct group_row){ .key = db_copy_text(work->scratch, &row, 0),
                                           .recipient_id = db_get_i64(&row, 1),
                                           .dn = db_copy_text(work->scratch, &row, 2) };
    return true;
}

static bool too_many(struct db *db, struct reconcile_work *work, const struct group_row *group, int64_t count,
                     struct err *err)
{
    const struct source *source = work->options->source;
    char *message = talloc_asprintf(work->scratch,
                                    "The group has %lld members; %d is the most. It keeps those that it had. "
                                    "Divide it into several.",
                                    (long long)count, GROUP_MEMBERS_MAX);

    work->run->conflicts++;
    return db_exec(db, PUT_CONFLICT,
                   DB_ARGS(db_i64(source->source_id), db_i64(source->organisation_id), db_text(group->key),
                           db_text(group->dn), db_text(message), db_i64(clock_now_us()),
                           db_i64(work->run->run_id)),
                   NULL, err);
}

static bool write_group(struct db *db, void *arg, struct err *err)
{
    struct grouping *g = arg;
    const struct source *source = g->work->options->source;
    struct db_value id = db_i64(source->source_id), key = db_text(g->one->key),
                    recipient = db_i64(g->one->recipient_id);
    int64_t dropped, added;
    struct db_row row;

    if (!db_one_row(db, g->work->scratch, SET_MEMBERS,
                    DB_ARGS(id, key, recipient, db_i64(source->organisation_id), db_i64(GROUP_MEMBERS_MAX)),
                    &row, err))
        return false;
    if (db_get_i64(&row, 0) > GROUP_MEMBERS_MAX)
        return too_many(db, g->work, g->one, db_get_i64(&row, 0), err);
    dropped = db_get_i64(&row, 1);
    added = db_get_i64(&row, 2);
    if (!db_exec(db, DROP_CONFLICT, DB_ARGS(id, key), NULL, err))
        return false;
    if (dropped + added == 0)
        return true;
    return db_exec(db, TOUCH, DB_ARGS(recipient, db_i64(clock_now_us())), NULL, err) &&
           audit_write(db, &g->work->actor, source->organisation_id, "group.set", g->one->dn, NULL,
                       json_pack("{s:I, s:I}", "members_added", (json_int_t)added, "members_removed",
                                 (json_int_t)dropped),
                       err);
}

static bool note_done(struct db *db, void *arg, struct err *err)
{
    struct grouping *g = arg;
    struct db_value id = db_i64(g->work->options->source->source_id);

    return db_exec(db, TOUCHED_DONE,
                   DB_ARGS(id, db_text_array(g->touched, g->touched_count), db_bool(g->is_all)), NULL, err) &&
           db_exec(db, FORGET_UNUSED, DB_ARGS(id), NULL, err);
}

bool reconcile_groups(struct reconcile_work *work, struct err *err)
{
    const struct source *source = work->options->source;
    struct grouping g = { .work = work };
    bool ok;

    CRASHPOINT("directory.before-groups");
    work->scratch = talloc_new(NULL);
    ok = act_in(work->options->directory, &work->actor, source->organisation_id, find_groups, &g, err);
    for (size_t i = 0; ok && i < g.group_count; i++) {
        g.one = &g.groups[i];
        ok = act_in(work->options->directory, &work->actor, source->organisation_id, write_group, &g, err);
    }
    ok = ok && act_read(work->options->directory, &work->actor, source->organisation_id, note_done, &g, err);
    TALLOC_FREE(work->scratch);
    return ok;
}
