/*
 * list_query.c -- whom a filter over recipients selects: the members of a group by query, and who is in an address book.
 *
 * Few among many are found by the indexes that know a test of the filter (list_filter.h). A test that many pass is answered by the first
 * ones that are met. Neither is quick for the other, and how many there are is not known before; so where few are wanted the first are
 * looked for, and the indexes are asked for all when that was not enough.
 */
#include "directory/list.h"

#include "base/clock.h"
#include "directory/act.h"
#include "directory/list_filter.h"
#include "directory/list_query.h"
#include "directory/query_memory.h"

#include <talloc.h>

enum { FEW = 200 };

/* $1 organisation, $2 how many, $3 NULL or those who are asked about, $4: groups, too. Groups and aliases stand for others and get no mail
 * themselves, nor does who is disabled; but groups are in address books. */
#define SELECT "SELECT r.recipient_id, p.address FROM "
#define SELECTED                                                                                             \
    LIST_FILTER_TABLES                                                                                       \
    " WHERE r.organisation_id = $1 AND r.kind <> 'alias' AND ($4 OR r.kind <> 'group')"                      \
    "   AND r.state <> 'disabled' AND ($3::bigint[] IS NULL OR r.recipient_id = ANY ($3)) AND "
#define ALL_NAMES "recipient r"
#define CANDIDATES_FIRST "WITH candidate AS MATERIALIZED (SELECT DISTINCT c.recipient_id FROM ("
#define CANDIDATES_LAST ") c(recipient_id)) "
#define CANDIDATES "candidate JOIN recipient r USING (recipient_id)"

static const char *const orders[] = {
    [LIST_BY_ADDRESS] = " ORDER BY p.address LIMIT $2",
    [LIST_BY_NAME] = " ORDER BY r.sort_name, r.recipient_id LIMIT $2",
};

static const char SELECT_QUERY[] = "SELECT organisation_id, query FROM list WHERE recipient_id = $1";
static const char SELECT_STAMP[] = "SELECT stamp FROM directory_stamp";

/* The sender and all groups and aliases that hold it. */
static const char SELECT_IS_MEMBER[] =
    "WITH RECURSIVE who(id) AS ("
    "    SELECT recipient_id FROM address WHERE address = $2 AND $3"
    "    UNION"
    "    SELECT t.recipient_id FROM recipient_target t JOIN recipient g USING (recipient_id)"
    "     WHERE lower(t.target_address) = $2 AND t.target_address IS NOT NULL AND g.kind IN ('group', 'alias', 'contact')"
    "    UNION"
    "    SELECT t.recipient_id FROM who JOIN recipient_target t ON t.target_recipient_id = who.id"
    "      JOIN recipient g ON g.recipient_id = t.recipient_id AND g.kind IN ('group', 'alias'))"
    " SELECT EXISTS (SELECT FROM who WHERE id = $1),"
    "        coalesce((SELECT recipient_id FROM address WHERE address = $2 AND $3), 0)";
/* The group and those below it that have a query. */
static const char SELECT_QUERIES_BELOW[] =
    "WITH RECURSIVE below(id) AS ("
    "    SELECT $1::bigint"
    "    UNION"
    "    SELECT t.target_recipient_id FROM below JOIN recipient_target t ON t.recipient_id = below.id"
    "      JOIN recipient g ON g.recipient_id = t.target_recipient_id AND g.kind = 'group')"
    " SELECT l.organisation_id, l.query FROM below JOIN list l ON l.recipient_id = below.id"
    "  WHERE l.query IS NOT NULL";

/* Some recipients that are asked about; ids NULL: all. */
struct among {
    const int64_t *ids;
    size_t count;
};
static const struct among ALL = { NULL, 0 };

static struct among only(const int64_t *recipient_id)
{
    return *recipient_id ? (struct among){ recipient_id, 1 } : ALL;
}

/* Who is asked for. */
struct wanted {
    int64_t organisation_id;
    const char *query;
    struct among among;
    size_t most;
    enum list_order order;
    bool may_be_group;
};

/* Three ways to read: a few that indexes find, all that they find, everybody. */
enum way { BY_FIRST, BY_INDEX, BY_ALL, WAYS };

static const char *statement_of(const void *owner, enum way way, const struct list_filter *filter,
                                enum list_order order)
{
    if (way == BY_ALL)
        return talloc_asprintf(owner, SELECT ALL_NAMES SELECTED "%s%s", filter->condition, orders[order]);
    return talloc_asprintf(owner, CANDIDATES_FIRST "%s" CANDIDATES_LAST SELECT CANDIDATES SELECTED "%s%s",
                           way == BY_FIRST ? filter->first_candidates : filter->candidates, filter->condition,
                           orders[order]);
}

/* Which ways may be gone, one after the other until there are enough; the last one always finds all. */
static bool is_of_use(enum way way, const struct wanted *wanted, const struct list_filter *filter)
{
    bool is_indexed = filter->candidates && !wanted->among.ids;

    return way == BY_FIRST   ? is_indexed && wanted->order == LIST_BY_NAME && wanted->most <= FEW
           : way == BY_INDEX ? is_indexed
                             : !is_indexed;
}

static bool select_members(struct db *db, const void *owner, const struct wanted *wanted,
                           struct db_rows **rows_out, struct err *err)
{
    struct list_filter filter;

    *rows_out = NULL;
    if (!list_filter_read(owner, wanted->query, &filter, err))
        return false;
    filter.values[0] = db_i64(wanted->organisation_id);
    filter.values[1] = db_i64((int64_t)wanted->most);
    filter.values[2] =
        wanted->among.ids ? db_i64_array(wanted->among.ids, wanted->among.count) : db_null(DB_I64_ARRAY);
    filter.values[3] = db_bool(wanted->may_be_group);
    for (enum way way = 0; way < WAYS && (!*rows_out || db_rows_count(*rows_out) < wanted->most); way++)
        if (is_of_use(way, wanted, &filter) &&
            !db_query_built(db, owner, statement_of(owner, way, &filter, wanted->order),
                            (struct db_args){ filter.count, filter.values }, rows_out, err))
            return false;
    return true;
}

bool list_query_check(const char *query, struct err *err)
{
    void *scratch = talloc_new(NULL);
    struct list_filter filter;
    bool ok = list_filter_read(scratch, query, &filter, err);

    talloc_free(scratch);
    return ok;
}

/* ---- a preview */

struct preview {
    const void *owner;
    struct wanted wanted;
    size_t count;
    const char **addresses;
};

static bool read_preview(struct db *db, void *arg, struct err *err)
{
    struct preview *preview = arg;
    void *scratch = talloc_new(NULL);
    struct db_rows *rows;
    struct db_row row;
    bool ok = select_members(db, scratch, &preview->wanted, &rows, err);

    if (ok) {
        preview->count = db_rows_count(rows);
        preview->addresses = talloc_array(preview->owner, const char *, (unsigned)preview->count + 1);
        for (size_t i = 0; db_rows_at(rows, i, &row); i++)
            preview->addresses[i] = db_copy_text(preview->addresses, &row, 1);
    }
    talloc_free(scratch);
    return ok;
}

bool list_query_preview(struct directory *directory, const struct actor *actor, const void *owner,
                        int64_t organisation_id, const char *query, enum list_groups groups, size_t most,
                        const char ***addresses_out, size_t *count_out, struct err *err)
{
    struct preview preview = { .owner = owner,
                               .wanted = { .organisation_id = organisation_id,
                                           .query = query,
                                           .most = most,
                                           .may_be_group = groups == LIST_WITH_GROUPS } };

    if (!act_read(directory, actor, organisation_id, read_preview, &preview, err))
        return false;
    *addresses_out = preview.addresses;
    *count_out = preview.count;
    return true;
}

static void read_ids(const void *owner, const struct db_rows *rows, int64_t **ids_out, size_t *count_out)
{
    struct db_row row;

    *count_out = rows ? db_rows_count(rows) : 0;
    *ids_out = talloc_array(owner, int64_t, (unsigned)*count_out + 1);
    for (size_t i = 0; rows && db_rows_at(rows, i, &row); i++)
        (*ids_out)[i] = db_get_i64(&row, 0);
}

/* ---- for address books */

bool list_query_select(struct directory *directory, const void *owner, int64_t organisation_id,
                       const char *query, int64_t recipient_id, enum list_order order, size_t most,
                       int64_t **ids_out, size_t *count_out, struct err *err)
{
    const struct wanted wanted = { .organisation_id = organisation_id,
                                   .query = query,
                                   .among = only(&recipient_id),
                                   .most = most,
                                   .order = order,
                                   .may_be_group = true };
    void *scratch = talloc_new(NULL);
    struct db_rows *rows;
    struct db *db;
    bool ok = db_acquire(directory->pools[DIRECTORY_LOOKS_UP], DB_INTERACTIVE, 5000, &db, err);

    if (ok) {
        ok = select_members(db, scratch, &wanted, &rows, err);
        db_release(&db);
    }
    if (ok)
        read_ids(owner, rows, ids_out, count_out);
    talloc_free(scratch);
    return ok;
}

/* ---- for policies */

bool list_query_among(struct db *db, const void *owner, int64_t organisation_id, const char *query,
                      const int64_t *ids, size_t count, int64_t **found_out, size_t *found_count_out,
                      struct err *err)
{
    const struct wanted wanted = {
        .organisation_id = organisation_id, .query = query, .among = { ids, count }, .most = count
    };
    void *scratch = talloc_new(NULL);
    struct db_rows *rows;
    bool ok = select_members(db, scratch, &wanted, &rows, err);

    if (ok)
        read_ids(owner, rows, found_out, found_count_out);
    talloc_free(scratch);
    return ok;
}

/* ---- for resolving */

static bool ask(struct db *db, int64_t group_id, const void *scratch, int64_t *stamp_out,
                struct db_rows **rows_out, struct err *err)
{
    struct wanted wanted = { .most = GROUP_QUERY_MAX + 1 };
    struct db_row row;

    *rows_out = NULL;
    if (!db_one_row(db, scratch, SELECT_STAMP, DB_NO_ARGS, &row, err))
        return false;
    *stamp_out = db_get_i64(&row, 0);
    if (!db_one_row(db, scratch, SELECT_QUERY, DB_ARGS(db_i64(group_id)), &row, err))
        return err->kind == ERR_NOT_FOUND;
    if (db_is_null(&row, 1))
        return true;
    wanted.organisation_id = db_get_i64(&row, 0);
    wanted.query = db_copy_text(scratch, &row, 1);
    return select_members(db, scratch, &wanted, rows_out, err);
}

bool group_query_members(struct directory *directory, const void *owner, int64_t group_id, int64_t **ids_out,
                         size_t *count_out, struct err *err)
{
    void *scratch = talloc_new(NULL);
    int64_t stamp, start_us = clock_monotonic_us();
    struct db_rows *rows = NULL;
    struct db *db;
    bool ok = true;

    *err = ERR_INIT;
    if (query_memory_recall(directory, owner, group_id, ids_out, count_out)) {
        talloc_free(scratch);
        return true;
    }
    ok = db_acquire(directory->pools[DIRECTORY_LOOKS_UP], DB_INTERACTIVE, 5000, &db, err);
    if (ok) {
        ok = ask(db, group_id, scratch, &stamp, &rows, err);
        db_release(&db);
    }
    if (ok) {
        *err = ERR_INIT;
        read_ids(owner, rows, ids_out, count_out);
        query_memory_keep(directory, group_id, stamp, start_us, *ids_out, *count_out);
    }
    talloc_free(scratch);
    return ok;
}

/* ---- is somebody a member? */

static bool is_selected(struct db *db, void *scratch, int64_t group_id, int64_t recipient_id, bool *has_out,
                        struct err *err)
{
    struct db_rows *rows, *found;
    struct db_row row;

    if (!db_query(db, scratch, SELECT_QUERIES_BELOW, DB_ARGS(db_i64(group_id)), &rows, err))
        return false;
    for (size_t i = 0; !*has_out && db_rows_at(rows, i, &row); i++) {
        const struct wanted wanted = { .organisation_id = db_get_i64(&row, 0),
                                       .query = db_copy_text(scratch, &row, 1),
                                       .among = only(&recipient_id),
                                       .most = 1 };

        if (!select_members(db, scratch, &wanted, &found, err))
            return false;
        *has_out = db_rows_count(found) > 0;
    }
    return true;
}

bool group_has_member(struct directory *directory, int64_t group_id, const char *sender, bool is_sure,
                      bool *has_out, struct err *err)
{
    void *scratch = talloc_new(NULL);
    struct db_row row;
    struct db *db;
    bool ok = db_acquire(directory->pools[DIRECTORY_LOOKS_UP], DB_INTERACTIVE, 5000, &db, err);

    *has_out = false;
    if (ok) {
        ok = db_one_row(db, scratch, SELECT_IS_MEMBER,
                        DB_ARGS(db_i64(group_id), db_text(sender), db_bool(is_sure)), &row, err);
        *has_out = ok && db_get_bool(&row, 0);
        if (ok && !*has_out && db_get_i64(&row, 1))
            ok = is_selected(db, scratch, group_id, db_get_i64(&row, 1), has_out, err);
        db_release(&db);
    }
    talloc_free(scratch);
    return ok;
}
