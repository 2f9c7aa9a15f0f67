/* membership.c -- see membership.h. */
#include "directory/membership.h"

#include "directory/list_query.h"

#include <talloc.h>

/* $1 the person, $2 the groups, $3 how many are followed. By index recipient_target_by_target. */
static const char SELECT_HOLDING[] =
    "WITH RECURSIVE who(id) AS ("
    "    SELECT $1::bigint"
    "    UNION"
    "    SELECT t.recipient_id FROM who JOIN recipient_target t ON t.target_recipient_id = who.id"
    "      JOIN recipient g ON g.recipient_id = t.recipient_id AND g.kind IN ('group', 'alias'))"
    " SELECT DISTINCT f.id FROM (SELECT id FROM who LIMIT $3) f WHERE f.id = ANY ($2)";
/* Of the person's organisation the groups with a query ($3 of them) that are among $2 or below one of these, with that one. */
static const char SELECT_QUERIES[] =
    "WITH RECURSIVE above(bottom, id) AS ("
    "    (SELECT l.recipient_id, l.recipient_id FROM list l"
    "      WHERE l.query IS NOT NULL AND l.organisation_id ="
    "            (SELECT organisation_id FROM recipient WHERE recipient_id = $1)"
    "      ORDER BY l.recipient_id LIMIT $3)"
    "    UNION"
    "    SELECT above.bottom, t.recipient_id FROM above"
    "      JOIN recipient_target t ON t.target_recipient_id = above.id"
    "      JOIN recipient g ON g.recipient_id = t.recipient_id AND g.kind = 'group')"
    " SELECT above.bottom, above.id, l.organisation_id, l.query FROM above JOIN list l ON l.recipient_id = above.bottom"
    "  WHERE above.id = ANY ($2) ORDER BY above.bottom";

struct looking {
    const void *owner;
    void *scratch;
    int64_t recipient_id;
    const int64_t *group_ids;
    size_t count;
    int64_t *held;
    size_t held_count;
};

static bool is_held(const struct looking *l, int64_t group_id)
{
    for (size_t i = 0; i < l->held_count; i++)
        if (l->held[i] == group_id)
            return true;
    return false;
}

static void hold(struct looking *l, int64_t group_id)
{
    if (!is_held(l, group_id))
        l->held[l->held_count++] = group_id;
}

/* Each query is asked once, however many of the groups are above it, and only where one of them does not hold him anyway. */
static bool ask_queries(struct db *db, struct looking *l, const struct db_rows *rows, struct err *err)
{
    struct db_row row;
    int64_t asked = 0, *found;
    size_t found_count = 0, queries = 0;

    for (size_t i = 0; db_rows_at(rows, i, &row); i++) {
        int64_t bottom = db_get_i64(&row, 0), top = db_get_i64(&row, 1);

        if (is_held(l, top))
            continue;
        if (bottom != asked) {
            if (queries++ == MEMBERSHIP_QUERIES_MAX)
                return true;
            asked = bottom;
            if (!list_query_among(db, l->scratch, db_get_i64(&row, 2), db_copy_text(l->scratch, &row, 3),
                                  &l->recipient_id, 1, &found, &found_count, err))
                return false;
        }
        if (found_count > 0)
            hold(l, top);
    }
    return true;
}

static bool look(struct db *db, void *arg, struct err *err)
{
    struct looking *l = arg;
    const struct db_value groups = db_i64_array(l->group_ids, l->count);
    struct db_rows *rows;
    struct db_row row;

    l->held_count = 0;
    if (!db_query(db, l->scratch, SELECT_HOLDING,
                  DB_ARGS(db_i64(l->recipient_id), groups, db_i64(MEMBERSHIP_GROUPS_MAX)), &rows, err))
        return false;
    for (size_t i = 0; db_rows_at(rows, i, &row); i++)
        hold(l, db_get_i64(&row, 0));
    return l->held_count == l->count ||
           (db_query(db, l->scratch, SELECT_QUERIES,
                     DB_ARGS(db_i64(l->recipient_id), groups, db_i64(MEMBERSHIP_GROUPS_MAX)), &rows, err) &&
            ask_queries(db, l, rows, err));
}

bool membership_among(struct directory *directory, const void *owner, int64_t recipient_id,
                      const int64_t *group_ids, size_t count, int64_t **held_out, size_t *held_count_out,
                      struct err *err)
{
    struct looking looking = { .owner = owner,
                               .scratch = talloc_new(NULL),
                               .recipient_id = recipient_id,
                               .group_ids = group_ids,
                               .count = count,
                               .held = talloc_array(owner, int64_t, (unsigned)count + 1) };
    bool is_done = look_in(directory, look, &looking, err);

    talloc_free(looking.scratch);
    *held_out = looking.held;
    *held_count_out = is_done ? looking.held_count : 0;
    return is_done;
}
