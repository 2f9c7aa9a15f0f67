/*
 * list_query.c -- members of a group by a filter: its tests become conditions of one statement, its values parameters of it.
 *
 * Which attributes there are, and which SQL stands for each, is a table; no byte of a filter becomes a part of the statement.
 */
#include "directory/list.h"

#include "base/clock.h"
#include "directory/act.h"
#include "directory/list_query.h"
#include "directory/query_memory.h"
#include "format/charset.h"
#include "format/ldap_filter.h"

#include <stdlib.h>
#include <strings.h>
#include <talloc.h>

enum { FIXED_ARGS = 4 };

/* Its own addresses, and a contact's elsewhere. */
#define ONE_OF_ITS_ADDRESSES                                                                                 \
    "EXISTS (SELECT FROM (SELECT b.address FROM address b WHERE b.recipient_id = r.recipient_id"             \
    "        UNION ALL SELECT t.target_address FROM recipient_target t"                                      \
    "         WHERE t.recipient_id = r.recipient_id AND r.kind = 'contact') x WHERE "

/* `what`: the text that a test is about; a condition around it where an attribute has several values. */
static const struct {
    const char *name, *what, *before, *after;
    bool is_folded; /* already without capitals and accents */
} attributes[] = {
    { "address", "x.address", ONE_OF_ITS_ADDRESSES, ")" },
    { "mail", "x.address", ONE_OF_ITS_ADDRESSES, ")" },
    { "domain", "d.name", "", "" },
    { "name", "r.sort_name", "", "", .is_folded = true },
    { "cn", "r.sort_name", "", "", .is_folded = true },
    { "displayname", "r.sort_name", "", "", .is_folded = true },
    { "givenname", "e.given_name", "", "" },
    { "sn", "coalesce(nullif(e.surname, ''), r.name)", "", "" },
    { "title", "e.title", "", "" },
    { "department", "e.department", "", "" },
    { "ou", "e.department", "", "" },
    { "company", "e.company", "", "" },
    { "o", "e.company", "", "" },
    { "office", "e.office", "", "" },
    { "street", "e.street", "", "" },
    { "city", "e.city", "", "" },
    { "l", "e.city", "", "" },
    { "st", "e.state", "", "" },
    { "postal_code", "e.postal_code", "", "" },
    { "country", "e.country", "", "" },
    { "phone", "e.phone", "", "" },
    { "mobile", "e.mobile", "", "" },
    { "fax", "e.fax", "", "" },
    { "notes", "e.notes", "", "" },
    { "kind", "r.kind", "", "" },
    { "state", "r.state", "", "" },
    { "admin_group", "g.name", "", "" },
    { "store", "s.name", "", "" },
    { "storage_group", "sg.name", "", "" },
    { "hidden", "CASE WHEN r.is_hidden THEN 'yes' ELSE 'no' END", "", "" },
    { "member_of", "y.address",
      "EXISTS (SELECT FROM recipient_target t JOIN address y ON y.recipient_id = t.recipient_id"
      " JOIN recipient z ON z.recipient_id = t.recipient_id AND z.kind = 'group'"
      " WHERE t.target_recipient_id = r.recipient_id AND ",
      ")" },
};

/* Groups and aliases stand for others and get no mail themselves, nor does who is disabled; $4: but groups are in address books. */
#define SELECT_SELECTED                                                                                           \
    "SELECT r.recipient_id, p.address FROM recipient r"                                                           \
    "  JOIN address p ON p.recipient_id = r.recipient_id AND p.is_primary"                                        \
    "  JOIN domain d ON d.domain_id = p.domain_id"                                                                \
    "  JOIN administrative_group g ON g.administrative_group_id = r.administrative_group_id"                      \
    "  LEFT JOIN recipient_person e ON e.recipient_id = r.recipient_id"                                           \
    "  LEFT JOIN store s ON s.store_id = r.store_id"                                                              \
    "  LEFT JOIN storage_group sg ON sg.storage_group_id = r.storage_group_id"                                    \
    " WHERE r.organisation_id = $1 AND r.kind <> 'alias' AND ($4 OR r.kind <> 'group') AND r.state <> 'disabled'" \
    "   AND ($3::bigint[] IS NULL OR r.recipient_id = ANY ($3)) AND "
#define ORDER " ORDER BY p.address LIMIT $2"

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

struct translation {
    void *scratch;
    char *sql;
    struct db_value values[DB_ARGS_MAX];
    size_t count;
    bool may_be_group;
    struct err *err;
};

static bool is_last(const struct ldap_filter *filter, size_t piece)
{
    return piece + 1 == filter->piece_count;
}

/* A pattern for LIKE: what means something there is escaped. */
static char *pattern_of(const void *owner, const struct ldap_filter *filter)
{
    struct buf out = buf_owned_by(owner);

    for (size_t i = 0; i < filter->piece_count; i++) {
        if (i > 0 || filter->is_open_left)
            buf_add_byte(&out, '%');
        for (const char *p = filter->pieces[i]; *p; p++) {
            if (strchr("%_\\", *p))
                buf_add_byte(&out, '\\');
            buf_add_byte(&out, *p);
        }
        if (is_last(filter, i) && filter->is_open_right)
            buf_add_byte(&out, '%');
    }
    return buf_text(&out);
}

static bool translate_test(struct translation *t, const struct ldap_filter *filter)
{
    size_t i = 0;
    const char *comparison;

    while (i < COUNT_OF(attributes) && strcasecmp(attributes[i].name, filter->attribute) != 0)
        i++;
    if (i == COUNT_OF(attributes))
        return err_set(t->err, ERR_INVALID, "%.40s is nothing that recipients are selected by.",
                       filter->attribute);
    if (filter->kind == LDAP_PRESENT) {
        comparison = talloc_asprintf(t->scratch, "coalesce(%s, '') <> ''", attributes[i].what);
    } else {
        comparison =
            talloc_asprintf(t->scratch,
                            attributes[i].is_folded ? "coalesce(%s %s (SELECT chappe_fold($%zu)), false)"
                                                    : "coalesce(lower(%s) %s lower($%zu), false)",
                            attributes[i].what, filter->kind == LDAP_EQUALS ? "=" : "LIKE", t->count + 1);
        t->values[t->count++] =
            db_text(filter->kind == LDAP_EQUALS ? filter->pieces[0] : pattern_of(t->scratch, filter));
    }
    t->sql = talloc_asprintf_append(t->sql, "%s%s%s", attributes[i].before, comparison, attributes[i].after);
    return true;
}

static bool translate(struct translation *t, const struct ldap_filter *filter)
{
    if (filter->kind >= LDAP_EQUALS)
        return translate_test(t, filter);
    t->sql = talloc_strdup_append(t->sql, filter->kind == LDAP_NOT ? "NOT (" : "(");
    for (size_t i = 0; i < filter->part_count; i++) {
        if (i > 0)
            t->sql = talloc_strdup_append(t->sql, filter->kind == LDAP_AND ? " AND " : " OR ");
        if (!translate(t, filter->parts[i]))
            return false;
    }
    t->sql = talloc_strdup_append(t->sql, ")");
    return true;
}

/* The statement of a filter, with its parameters behind the fixed ones. */
static bool compile(struct translation *t, const char *query, struct err *err)
{
    struct ldap_filter *filter;
    size_t at;
    enum ldap_filter_fault fault = ldap_filter_parse(t->scratch, span_text(query), &filter, &at);

    t->err = err;
    t->count = FIXED_ARGS;
    if (fault != LDAP_FILTER_GOOD)
        return err_set(err, ERR_INVALID, "This is no filter, from byte %zu on. %s", at + 1,
                       ldap_filter_fault_text(fault));
    t->sql = talloc_strdup(t->scratch, SELECT_SELECTED);
    if (!translate(t, filter))
        return false;
    t->sql = talloc_strdup_append(t->sql, ORDER);
    return true;
}

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

static bool select_members(struct db *db, struct translation *t, int64_t organisation_id, size_t most,
                           struct among among, const char *query, struct db_rows **rows_out, struct err *err)
{
    if (!compile(t, query, err))
        return false;
    t->values[0] = db_i64(organisation_id);
    t->values[1] = db_i64((int64_t)most);
    t->values[2] = among.ids ? db_i64_array(among.ids, among.count) : db_null(DB_I64_ARRAY);
    t->values[3] = db_bool(t->may_be_group);
    return db_query_built(db, t->scratch, t->sql, (struct db_args){ t->count, t->values }, rows_out, err);
}

bool list_query_check(const char *query, struct err *err)
{
    struct translation t = { .scratch = talloc_new(NULL) };
    bool ok = compile(&t, query, err);

    talloc_free(t.scratch);
    return ok;
}

/* ---- a preview */

struct preview {
    const void *owner;
    int64_t organisation_id;
    const char *query;
    enum list_groups groups;
    size_t most, count;
    const char **addresses;
};

static bool read_preview(struct db *db, void *arg, struct err *err)
{
    struct preview *preview = arg;
    struct translation t = { .scratch = talloc_new(NULL),
                             .may_be_group = preview->groups == LIST_WITH_GROUPS };
    struct db_rows *rows;
    struct db_row row;
    bool ok =
        select_members(db, &t, preview->organisation_id, preview->most, ALL, preview->query, &rows, err);

    if (ok) {
        preview->count = db_rows_count(rows);
        preview->addresses = talloc_array(preview->owner, const char *, (unsigned)preview->count + 1);
        for (size_t i = 0; db_rows_at(rows, i, &row); i++)
            preview->addresses[i] = db_copy_text(preview->addresses, &row, 1);
    }
    talloc_free(t.scratch);
    return ok;
}

bool list_query_preview(struct directory *directory, const struct actor *actor, const void *owner,
                        int64_t organisation_id, const char *query, enum list_groups groups, size_t most,
                        const char ***addresses_out, size_t *count_out, struct err *err)
{
    struct preview preview = {
        .owner = owner, .organisation_id = organisation_id, .query = query, .groups = groups, .most = most
    };

    if (!act_read(directory, actor, organisation_id, read_preview, &preview, err))
        return false;
    *addresses_out = preview.addresses;
    *count_out = preview.count;
    return true;
}

/* ---- for address books */

bool list_query_select(struct directory *directory, const void *owner, int64_t organisation_id,
                       const char *query, int64_t recipient_id, size_t most, int64_t **ids_out,
                       size_t *count_out, struct err *err)
{
    struct translation t = { .scratch = talloc_new(NULL), .may_be_group = true };
    struct db_rows *rows;
    struct db_row row;
    struct db *db;
    bool ok = db_acquire(directory->pools[DIRECTORY_LOOKS_UP], DB_INTERACTIVE, 5000, &db, err);

    if (ok) {
        ok = select_members(db, &t, organisation_id, most, only(&recipient_id), query, &rows, err);
        db_release(&db);
    }
    if (ok) {
        *count_out = db_rows_count(rows);
        *ids_out = talloc_array(owner, int64_t, (unsigned)*count_out + 1);
        for (size_t i = 0; db_rows_at(rows, i, &row); i++)
            (*ids_out)[i] = db_get_i64(&row, 0);
    }
    talloc_free(t.scratch);
    return ok;
}

/* ---- for policies */

bool list_query_among(struct db *db, const void *owner, int64_t organisation_id, const char *query,
                      const int64_t *ids, size_t count, int64_t **found_out, size_t *found_count_out,
                      struct err *err)
{
    struct translation t = { .scratch = talloc_new(NULL) };
    struct db_rows *rows;
    struct db_row row;
    bool ok = select_members(db, &t, organisation_id, count, (struct among){ ids, count }, query, &rows, err);

    if (ok) {
        *found_count_out = db_rows_count(rows);
        *found_out = talloc_array(owner, int64_t, (unsigned)*found_count_out + 1);
        for (size_t i = 0; db_rows_at(rows, i, &row); i++)
            (*found_out)[i] = db_get_i64(&row, 0);
    }
    talloc_free(t.scratch);
    return ok;
}

/* ---- for resolving */

static bool ask(struct db *db, int64_t group_id, struct translation *t, int64_t *stamp_out,
                struct db_rows **rows_out, struct err *err)
{
    struct db_row row;

    *rows_out = NULL;
    if (!db_one_row(db, t->scratch, SELECT_STAMP, DB_NO_ARGS, &row, err))
        return false;
    *stamp_out = db_get_i64(&row, 0);
    if (!db_one_row(db, t->scratch, SELECT_QUERY, DB_ARGS(db_i64(group_id)), &row, err))
        return err->kind == ERR_NOT_FOUND;
    return db_is_null(&row, 1) || select_members(db, t, db_get_i64(&row, 0), GROUP_QUERY_MAX + 1, ALL,
                                                 db_copy_text(t->scratch, &row, 1), rows_out, err);
}

bool group_query_members(struct directory *directory, const void *owner, int64_t group_id, int64_t **ids_out,
                         size_t *count_out, struct err *err)
{
    struct translation t = { .scratch = talloc_new(NULL) };
    int64_t stamp, start_us = clock_monotonic_us();
    struct db_rows *rows = NULL;
    struct db_row row;
    struct db *db;
    bool ok = true;

    *err = ERR_INIT;
    if (query_memory_recall(directory, owner, group_id, ids_out, count_out)) {
        talloc_free(t.scratch);
        return true;
    }
    ok = db_acquire(directory->pools[DIRECTORY_LOOKS_UP], DB_INTERACTIVE, 5000, &db, err);
    if (ok) {
        ok = ask(db, group_id, &t, &stamp, &rows, err);
        db_release(&db);
    }
    if (ok) {
        *err = ERR_INIT;
        *count_out = rows ? db_rows_count(rows) : 0;
        *ids_out = talloc_array(owner, int64_t, (unsigned)*count_out + 1);
        for (size_t i = 0; rows && db_rows_at(rows, i, &row); i++)
            (*ids_out)[i] = db_get_i64(&row, 0);
        query_memory_keep(directory, group_id, stamp, start_us, *ids_out, *count_out);
    }
    talloc_free(t.scratch);
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
        struct translation t = { .scratch = scratch };

        if (!select_members(db, &t, db_get_i64(&row, 0), 1, only(&recipient_id),
                            db_copy_text(scratch, &row, 1), &found, err))
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
