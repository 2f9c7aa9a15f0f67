/* list_filter.c -- which attributes there are, which SQL stands for each, and which index finds it, is a table. */
#include "directory/list_filter.h"

#include "base/buf.h"
#include "format/ldap_filter.h"

#include <string.h>
#include <strings.h>
#include <talloc.h>

/* Its own addresses, and a contact's elsewhere. */
#define ONE_OF_ITS_ADDRESSES                                                                                 \
    "EXISTS (SELECT FROM (SELECT b.address FROM address b WHERE b.recipient_id = r.recipient_id"             \
    "        UNION ALL SELECT t.target_address FROM recipient_target t"                                      \
    "         WHERE t.recipient_id = r.recipient_id AND r.kind = 'contact') x WHERE "

/* A table x that is looked through by an index. */
struct source {
    const char *table, *only, *column, *order;
};
static const struct source by_address = { "address", "", "x.address", "" },
                           by_target = { "recipient_target", " AND x.target_address IS NOT NULL",
                                         "lower(x.target_address)", "" },
                           by_name = { "recipient", "", "x.sort_name",
                                       " ORDER BY x.sort_name, x.recipient_id" },
                           by_given_name = { "recipient_person", "", "x.sort_given_name", "" },
                           by_surname = { "recipient_person", "", "x.sort_surname", "" },
                           by_department = { "recipient_person", "", "lower(x.department)", "" },
                           by_city = { "recipient_person", "", "lower(x.city)", "" },
                           by_phone = { "recipient_person", "", "chappe_number(x.phone)", "" },
                           by_mobile = { "recipient_person", "", "chappe_number(x.mobile)", "" },
                           by_fax = { "recipient_person", "", "chappe_number(x.fax)", "" },
                           by_group = {
                               "(SELECT t.target_recipient_id AS recipient_id, y.organisation_id, y.address"
                               " FROM address y JOIN recipient_target t ON t.recipient_id = y.recipient_id)",
                               " AND x.recipient_id IS NOT NULL", "x.address", ""
                           };

/* How little an attribute leaves over: candidates are read by the best test of those that all must pass. */
enum rank { OF_MANY, OF_SOME, OF_FEW };

/* What Active Directory calls so. */
#define EXTENSION(number)                                                                                    \
    {                                                                                                        \
        "extensionattribute" number, "(e.extension->>'extensionAttribute" number "')", "", ""                \
    }

/* `what`: the text that a test is about; a condition around it where an attribute has several values. */
static const struct attribute {
    const char *name, *what, *before, *after;
    const char *fold; /* what made it comparable, and makes what is looked for so; NULL: small letters do */
    bool is_found_whole_only; /* its index knows whole values */
    enum rank rank;
    const struct source *indexed[2];
} attributes[] = {
    { "address", "x.address", ONE_OF_ITS_ADDRESSES, ")", .rank = OF_FEW,
      .indexed = { &by_address, &by_target } },
    { "mail", "x.address", ONE_OF_ITS_ADDRESSES, ")", .rank = OF_FEW,
      .indexed = { &by_address, &by_target } },
    { "domain", "d.name", "", "" },
    { "name", "r.sort_name", "", "", .fold = "chappe_fold", .rank = OF_FEW, .indexed = { &by_name } },
    { "cn", "r.sort_name", "", "", .fold = "chappe_fold", .rank = OF_FEW, .indexed = { &by_name } },
    { "displayname", "r.sort_name", "", "", .fold = "chappe_fold", .rank = OF_FEW, .indexed = { &by_name } },
    { "givenname", "e.sort_given_name", "", "", .fold = "chappe_fold", .rank = OF_FEW,
      .indexed = { &by_given_name } },
    { "sn", "coalesce(nullif(e.sort_surname, ''), r.sort_name)", "", "", .fold = "chappe_fold",
      .rank = OF_FEW, .indexed = { &by_surname, &by_name } },
    { "initials", "e.initials", "", "" },
    { "title", "e.title", "", "" },
    { "department", "e.department", "", "", .is_found_whole_only = true, .indexed = { &by_department } },
    { "ou", "e.department", "", "", .is_found_whole_only = true, .indexed = { &by_department } },
    { "company", "e.company", "", "" },
    { "o", "e.company", "", "" },
    { "office", "e.office", "", "" },
    { "street", "e.street", "", "" },
    { "city", "e.city", "", "", .is_found_whole_only = true, .indexed = { &by_city } },
    { "l", "e.city", "", "", .is_found_whole_only = true, .indexed = { &by_city } },
    { "st", "e.state", "", "" },
    { "region", "e.state", "", "" },
    { "postal_code", "e.postal_code", "", "" },
    { "country", "e.country", "", "" },
    { "phone", "chappe_number(e.phone)", "", "", .fold = "chappe_number", .rank = OF_FEW,
      .indexed = { &by_phone } },
    { "mobile", "chappe_number(e.mobile)", "", "", .fold = "chappe_number", .rank = OF_FEW,
      .indexed = { &by_mobile } },
    { "fax", "chappe_number(e.fax)", "", "", .fold = "chappe_number", .rank = OF_FEW,
      .indexed = { &by_fax } },
    { "notes", "e.notes", "", "" },
    EXTENSION("1"),
    EXTENSION("2"),
    EXTENSION("3"),
    EXTENSION("4"),
    EXTENSION("5"),
    EXTENSION("6"),
    EXTENSION("7"),
    EXTENSION("8"),
    EXTENSION("9"),
    EXTENSION("10"),
    EXTENSION("11"),
    EXTENSION("12"),
    EXTENSION("13"),
    EXTENSION("14"),
    EXTENSION("15"),
    { "manager", "y.address", "EXISTS (SELECT FROM address y WHERE y.recipient_id = e.manager_id AND ", ")" },
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
      ")", .rank = OF_SOME, .indexed = { &by_group } },
};

enum { ROWS_LOOKED_AT = 4000 };

struct translation {
    const void *owner;
    struct list_filter *out;
    struct buf condition;
    struct err *err;
};

/* Whom indexes find for a part of the filter: all, and some. */
struct finding {
    const char *all, *some; /* NULL: none does */
    unsigned worth;         /* the more the fewer are found */
};
static const struct finding NO_INDEX = { NULL, NULL, 0 };

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
        if (i + 1 == filter->piece_count && filter->is_open_right)
            buf_add_byte(&out, '%');
    }
    return buf_text(&out);
}

static size_t longest_piece(const struct ldap_filter *filter)
{
    size_t longest = 0;

    for (size_t i = 0; i < filter->piece_count; i++)
        longest = strlen(filter->pieces[i]) > longest ? strlen(filter->pieces[i]) : longest;
    return longest;
}

/* A short text is in no index of three letters; looking through one column for it is still the quickest. */
static bool is_indexed(const struct attribute *attribute, const struct ldap_filter *filter)
{
    return attribute->indexed[0] &&
           (filter->kind == LDAP_EQUALS || (!attribute->is_found_whole_only && longest_piece(filter) > 0));
}

/* All whom the source has for the test. */
static void add_all(struct buf *out, const struct source *source, const char *test)
{
    buf_add_format(out, "SELECT x.recipient_id FROM %s x WHERE x.organisation_id = $1%s AND %s %s",
                   source->table, source->only, source->column, test);
}

/* Some of them: of names those that begin so, and whom else its first rows have. */
static void add_some(struct buf *out, const struct source *source, const char *test, const char *prefix)
{
    if (!prefix) {
        buf_add_byte(out, '(');
        add_all(out, source, test);
        buf_add_format(out, "%s LIMIT 10 * $2)", source->order);
        return;
    }
    if (*source->order) {
        buf_add_byte(out, '(');
        add_all(out, source, prefix);
        buf_add_format(out, "%s LIMIT 10 * $2) UNION ALL ", source->order);
    }
    buf_add_format(
        out,
        "(SELECT x.recipient_id FROM (SELECT * FROM %s x WHERE x.organisation_id = $1%s%s LIMIT %d) x"
        " WHERE %s %s LIMIT 10 * $2)",
        source->table, source->only, source->order, ROWS_LOOKED_AT, source->column, test);
}

static struct finding find_by_index(const struct translation *t, const struct attribute *attribute,
                                    const struct ldap_filter *filter, size_t parameter)
{
    struct buf all = buf_owned_by(t->owner), some = buf_owned_by(t->owner);
    const char *fold = attribute->fold ? attribute->fold : "lower";
    bool is_whole = filter->kind == LDAP_EQUALS;
    size_t length = longest_piece(filter);
    char *test, *prefix;

    if (!is_indexed(attribute, filter))
        return NO_INDEX;
    test = talloc_asprintf(t->owner, "%s %s($%zu)", is_whole ? "=" : "LIKE", fold, parameter);
    prefix = is_whole ? NULL : talloc_asprintf(t->owner, "LIKE %s(ltrim($%zu, '%%'))", fold, parameter);
    for (size_t i = 0; i < COUNT_OF(attribute->indexed) && attribute->indexed[i]; i++) {
        buf_add_text(&all, i > 0 ? " UNION ALL " : "");
        buf_add_text(&some, i > 0 ? " UNION ALL " : "");
        add_all(&all, attribute->indexed[i], test);
        add_some(&some, attribute->indexed[i], test, prefix);
    }
    return (struct finding){ buf_text(&all), buf_text(&some),
                             attribute->rank * 1000U + (is_whole ? 100U : 0U) +
                                 (unsigned)(length < 99 ? length : 99) };
}

static bool read_test(struct translation *t, const struct ldap_filter *filter, struct finding *found_out)
{
    const struct attribute *attribute = attributes;
    size_t parameter = t->out->count + 1;

    *found_out = NO_INDEX;
    while (attribute < attributes + COUNT_OF(attributes) &&
           strcasecmp(attribute->name, filter->attribute) != 0)
        attribute++;
    if (attribute == attributes + COUNT_OF(attributes))
        return err_set(t->err, ERR_INVALID, "%.40s is nothing that recipients are selected by.",
                       filter->attribute);
    buf_add_text(&t->condition, attribute->before);
    if (filter->kind == LDAP_PRESENT) {
        buf_add_format(&t->condition, "coalesce(%s, '') <> ''", attribute->what);
    } else {
        const char *comparison = filter->kind == LDAP_EQUALS ? "=" : "LIKE";
        if (attribute->fold)
            buf_add_format(&t->condition, "coalesce(%s %s (SELECT %s($%zu)), false)", attribute->what,
                           comparison, attribute->fold, parameter);
        else
            buf_add_format(&t->condition, "coalesce(lower(%s) %s lower($%zu), false)", attribute->what,
                           comparison, parameter);
        t->out->values[t->out->count++] =
            db_text(filter->kind == LDAP_EQUALS ? filter->pieces[0] : pattern_of(t->owner, filter));
        *found_out = find_by_index(t, attribute, filter, parameter);
    }
    buf_add_text(&t->condition, attribute->after);
    return true;
}

/* Of tests that all must pass the best one finds them; of others each must find its own. */
static struct finding join(const struct translation *t, enum ldap_filter_kind kind, struct finding before,
                           struct finding next, bool is_first)
{
    if (is_first)
        return next;
    if (kind == LDAP_AND)
        return next.worth > before.worth ? next : before;
    if (!before.all || !next.all)
        return NO_INDEX;
    return (struct finding){ talloc_asprintf(t->owner, "%s UNION ALL %s", before.all, next.all),
                             talloc_asprintf(t->owner, "%s UNION ALL %s", before.some, next.some),
                             before.worth < next.worth ? before.worth : next.worth };
}

/* Nesting is bounded by the parser (LDAP_FILTER_DEPTH_MAX). */
static bool read_part(struct translation *t, const struct ldap_filter *filter, struct finding *found_out)
{
    struct finding next;

    if (filter->kind >= LDAP_EQUALS)
        return read_test(t, filter, found_out);
    *found_out = NO_INDEX;
    buf_add_text(&t->condition, filter->kind == LDAP_NOT ? "NOT (" : "(");
    for (size_t i = 0; i < filter->part_count; i++) {
        if (i > 0)
            buf_add_text(&t->condition, filter->kind == LDAP_AND ? " AND " : " OR ");
        if (!read_part(t, filter->parts[i], &next))
            return false;
        *found_out = filter->kind == LDAP_NOT ? NO_INDEX : join(t, filter->kind, *found_out, next, i == 0);
    }
    buf_add_byte(&t->condition, ')');
    return true;
}

bool list_filter_read(const void *owner, const char *query, struct list_filter *filter_out, struct err *err)
{
    struct translation t = {
        .owner = owner, .out = filter_out, .condition = buf_owned_by(owner), .err = err
    };
    struct ldap_filter *filter;
    struct finding found;
    size_t at;
    enum ldap_filter_fault fault = ldap_filter_parse(owner, span_text(query), &filter, &at);

    *filter_out = (struct list_filter){ .count = LIST_FILTER_FIXED_ARGS };
    if (fault != LDAP_FILTER_GOOD)
        return err_set(err, ERR_INVALID, "This is no filter, from byte %zu on. %s", at + 1,
                       ldap_filter_fault_text(fault));
    if (!read_part(&t, filter, &found))
        return false;
    filter_out->condition = buf_text(&t.condition);
    filter_out->candidates = found.all;
    filter_out->first_candidates = found.some;
    return true;
}
