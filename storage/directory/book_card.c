/* book_card.c -- who is in an address book, and what it says of him. */
#include "directory/book_card.h"

#include "directory/act.h"
#include "directory/list.h"
#include "directory/selection.h"
#include "directory/user_row.h"

#include <stdio.h>
#include <talloc.h>

#define SHOWN "r.kind <> 'alias' AND r.state <> 'disabled' AND NOT r.is_hidden"
#define TABLES                                                                                               \
    "  FROM recipient r JOIN address p ON p.recipient_id = r.recipient_id AND p.is_primary"                  \
    "  LEFT JOIN recipient_person d ON d.recipient_id = r.recipient_id"                                      \
    "  LEFT JOIN recipient m ON m.recipient_id = d.manager_id"
/* A contact's mail goes elsewhere: that is the address that others should know. */
#define ADDRESSES                                                                                            \
    "(ARRAY(SELECT t.target_address FROM recipient_target t WHERE t.recipient_id = r.recipient_id"           \
    "        AND r.kind = 'contact' AND t.target_address IS NOT NULL)"                                       \
    " || ARRAY(SELECT b.address FROM address b WHERE b.recipient_id = r.recipient_id"                        \
    "           ORDER BY b.is_primary DESC, b.address))"
#define DETAILS                                                                                              \
    "d.given_name, d.surname, d.initials, d.title, d.department, d.company, d.office, d.street, d.city,"     \
    " d.postal_code, d.state, d.country, d.phone, d.mobile, d.fax, d.notes, m.name"
#define TAG "md5((r.kind, r.name, " ADDRESSES ", " DETAILS ", md5(d.photo))::text)"

static const char SELECT_STAMP[] = "SELECT stamp FROM directory_stamp";
static const char SELECT_ORGANISATION[] =
    "SELECT o.name, EXISTS (SELECT FROM domain d WHERE d.organisation_id = $1 AND d.name = $2)"
    "  FROM organisation o WHERE o.organisation_id = $1";
static const char SELECT_LISTS[] =
    "SELECT l.name, l.query, coalesce(l.visible_to_id, 0), v.kind, p.address FROM address_list l"
    "  LEFT JOIN recipient v ON v.recipient_id = l.visible_to_id"
    "  LEFT JOIN address p ON p.recipient_id = l.visible_to_id AND p.is_primary"
    " WHERE l.organisation_id = $1 ORDER BY l.position, l.name LIMIT $2";

/* $2: 0, or the only one; $3: NULL, or those who are selected. */
static const char SELECT_MEMBERS[] =
    "SELECT r.recipient_id, " TAG TABLES " WHERE r.organisation_id = $1 AND " SHOWN
    "   AND ($2::bigint = 0 OR r.recipient_id = $2)"
    "   AND ($3::bigint[] IS NULL OR r.recipient_id = ANY ($3))"
    " ORDER BY r.sort_name, r.recipient_id";

/* Columns 6 on: the details, and what the manager's entry is called by. */
#define MANAGER                                                                                              \
    "coalesce((SELECT t.target_address FROM recipient_target t WHERE t.recipient_id = m.recipient_id"        \
    "           AND m.kind = 'contact' AND t.target_address IS NOT NULL),"                                   \
    " (SELECT b.address FROM address b WHERE b.recipient_id = m.recipient_id AND b.is_primary))"
#define CARD                                                                                                 \
    "SELECT r.recipient_id, " TAG ", r.kind, r.name, " ADDRESSES ", d.photo, " DETAILS ", " MANAGER TABLES
static const char SELECT_CARDS[] =
    CARD " WHERE r.organisation_id = $1 AND " SHOWN " AND r.recipient_id = ANY ($2)"
         " ORDER BY r.sort_name, r.recipient_id LIMIT $3";
/* By recipient_by_name. */
static const char SELECT_PAGE[] = CARD " WHERE r.organisation_id = $1 AND " SHOWN
                                       " AND (r.sort_name, r.recipient_id) > (chappe_fold($2), $3)"
                                       " ORDER BY r.sort_name, r.recipient_id LIMIT $4";

/* ---- books */

bool book_stamp(struct directory *directory, int64_t *stamp_out, struct err *err)
{
    void *scratch = talloc_new(NULL);
    struct db_row row;
    bool ok = look_up_one(directory, scratch, SELECT_STAMP, DB_NO_ARGS, &row, err);

    *stamp_out = ok ? db_get_i64(&row, 0) : 0;
    talloc_free(scratch);
    return ok;
}

bool book_organisation(struct directory *directory, const void *owner, int64_t organisation_id,
                       const char *domain, const char **name_out, bool *has_domain_out, struct err *err)
{
    struct db_row row;

    if (!look_up_one(directory, owner, SELECT_ORGANISATION, DB_ARGS(db_i64(organisation_id), db_text(domain)),
                     &row, err))
        return false;
    *name_out = db_copy_text(owner, &row, 0);
    *has_domain_out = db_get_bool(&row, 1);
    return true;
}

static bool may_see(struct directory *directory, const struct db_row *row, const char *reader, bool *may_out,
                    struct err *err)
{
    int64_t visible_to = db_get_i64(row, 2);

    *may_out = visible_to == 0 || span_equals_text(db_get_text(row, 4), reader);
    if (*may_out || !span_equals_text(db_get_text(row, 3), "group"))
        return true;
    return group_has_member(directory, visible_to, reader, true, may_out, err);
}

bool books_list(struct directory *directory, const void *owner, int64_t organisation_id, const char *reader,
                struct book **books_out, size_t *count_out, struct err *err)
{
    struct book *books = talloc_zero_array(owner, struct book, BOOKS_MAX + 1);
    struct db_rows *rows;
    struct db_row row;

    *books_out = books;
    *count_out = 1; /* the global one */
    if (!look_up(directory, owner, SELECT_LISTS, DB_ARGS(db_i64(organisation_id), db_i64(BOOKS_MAX)), &rows,
                 err))
        return false;
    for (size_t i = 0; db_rows_at(rows, i, &row); i++) {
        bool may;
        if (!may_see(directory, &row, reader, &may, err))
            return false;
        if (may)
            books[(*count_out)++] =
                (struct book){ db_copy_text(owner, &row, 0), db_copy_text(owner, &row, 1) };
    }
    return true;
}

/* ---- members */

static bool select_ids(struct directory *directory, const void *owner, int64_t organisation_id,
                       const struct book *book, int64_t only, struct db_value *ids_out, struct err *err)
{
    int64_t *ids;
    size_t count;

    *ids_out = db_null(DB_I64_ARRAY);
    if (!book->query)
        return true;
    if (!list_query_select(directory, owner, organisation_id, book->query, only, LIST_BY_ADDRESS,
                           LIST_SELECT_MAX, &ids, &count, err))
        return false;
    *ids_out = db_i64_array(ids, count);
    return true;
}

bool book_members(struct directory *directory, const void *owner, int64_t organisation_id,
                  const struct book *book, int64_t only, struct book_member **members_out, size_t *count_out,
                  struct err *err)
{
    void *scratch = talloc_new(NULL);
    struct db_rows *rows;
    struct db_value ids;
    struct db_row row;
    bool ok = select_ids(directory, scratch, organisation_id, book, only, &ids, err) &&
              look_up(directory, scratch, SELECT_MEMBERS, DB_ARGS(db_i64(organisation_id), db_i64(only), ids),
                      &rows, err);

    if (ok) {
        *count_out = db_rows_count(rows);
        *members_out = talloc_zero_array(owner, struct book_member, (unsigned)*count_out + 1);
        for (size_t i = 0; db_rows_at(rows, i, &row); i++) {
            struct book_member *member = &(*members_out)[i];
            member->recipient_id = db_get_i64(&row, 0);
            snprintf(member->tag, sizeof member->tag, "%s", db_copy_text(scratch, &row, 1));
        }
    }
    talloc_free(scratch);
    return ok;
}

bool book_find(struct directory *directory, const void *owner, int64_t organisation_id,
               const struct book *book, const char *filter, size_t most, int64_t **ids_out, size_t *count_out,
               struct err *err)
{
    const char *query =
        talloc_asprintf(owner, "(&(hidden=no)%s%s)", book->query ? book->query : "", filter ? filter : "");

    return list_query_select(directory, owner, organisation_id, query, 0, LIST_BY_NAME, most, ids_out,
                             count_out, err);
}

/* ---- cards */

static enum vcard_kind vcard_kind_of(enum recipient_kind kind)
{
    return kind == RECIPIENT_GROUP       ? VCARD_GROUP
           : kind == RECIPIENT_ROOM      ? VCARD_LOCATION
           : kind == RECIPIENT_EQUIPMENT ? VCARD_DEVICE
                                         : VCARD_INDIVIDUAL;
}

struct vcard book_vcard(const struct book_card *c, char uid[BOOK_UID_TEXT])
{
    snprintf(uid, BOOK_UID_TEXT, BOOK_UID_FORMAT, (long long)c->recipient_id);
    return (struct vcard){ .uid = uid,
                           .kind = vcard_kind_of(c->kind),
                           .name = c->name,
                           .given = c->given,
                           .family = c->family,
                           .initials = c->initials,
                           .title = c->title,
                           .department = c->department,
                           .company = c->company,
                           .office = c->office,
                           .street = c->street,
                           .city = c->city,
                           .postal_code = c->postal_code,
                           .state = c->state,
                           .country = c->country,
                           .phone = c->phone,
                           .mobile = c->mobile,
                           .fax = c->fax,
                           .notes = c->notes,
                           .manager = c->manager,
                           .manager_address = c->manager_address,
                           .addresses = c->addresses,
                           .address_count = c->address_count,
                           .photo = c->photo };
}

static const char *text_at(const void *owner, const struct db_row *row, int column)
{
    return db_is_null(row, column) ? "" : db_copy_text(owner, row, column);
}

static void read_card(const void *owner, const struct db_row *row, struct book_card *out)
{
    struct span *addresses, photo = db_is_null(row, 5) ? span_text("") : db_get_bytes(row, 5);
    const char **fields[] = { &out->given,      &out->family,         &out->initials, &out->title,
                              &out->department, &out->company,        &out->office,   &out->street,
                              &out->city,       &out->postal_code,    &out->state,    &out->country,
                              &out->phone,      &out->mobile,         &out->fax,      &out->notes,
                              &out->manager,    &out->manager_address };

    *out = (struct book_card){ .recipient_id = db_get_i64(row, 0),
                               .kind = recipient_kind_of(db_get_text(row, 2)),
                               .name = db_copy_text(owner, row, 3) };
    snprintf(out->tag, sizeof out->tag, "%s", db_copy_text(owner, row, 1));
    addresses = db_get_span_array(owner, row, 4, &out->address_count);
    out->addresses = talloc_array(owner, const char *, (unsigned)out->address_count + 1);
    for (size_t i = 0; i < out->address_count; i++)
        out->addresses[i] = span_copy(owner, addresses[i]);
    if (!span_is_empty(photo))
        photo = span_of(talloc_memdup(owner, photo.p, span_length(photo)), span_length(photo));
    out->photo = photo;
    for (size_t i = 0; i < COUNT_OF(fields); i++)
        *fields[i] = text_at(owner, row, 6 + (int)i);
}

static void read_cards(const void *owner, const struct db_rows *rows, struct book_card **cards_out,
                       size_t *count_out)
{
    struct db_row row;

    *count_out = db_rows_count(rows);
    *cards_out = talloc_zero_array(owner, struct book_card, (unsigned)*count_out + 1);
    for (size_t i = 0; db_rows_at(rows, i, &row); i++)
        read_card(*cards_out, &row, &(*cards_out)[i]);
}

struct asking {
    const void *owner;
    const char *sql;
    struct db_args args;
    struct db_rows *rows;
};

static bool ask(struct db *db, void *arg, struct err *err)
{
    struct asking *asking = arg;

    return db_query(db, asking->owner, asking->sql, asking->args, &asking->rows, err);
}

bool book_cards(struct directory *directory, const struct actor *actor, const void *owner,
                int64_t organisation_id, const int64_t *ids, size_t id_count, struct book_card **cards_out,
                size_t *count_out, struct err *err)
{
    void *scratch = talloc_new(NULL);
    struct asking asking = { .owner = scratch,
                             .sql = SELECT_CARDS,
                             .args = DB_ARGS(db_i64(organisation_id), db_i64_array(ids, id_count),
                                             db_i64(BOOK_CARDS_MAX)) };
    bool ok = actor ? act_read(directory, actor, organisation_id, ask, &asking, err)
                    : look_up(directory, scratch, SELECT_CARDS, asking.args, &asking.rows, err);

    if (ok)
        read_cards(owner, asking.rows, cards_out, count_out);
    talloc_free(scratch);
    return ok;
}

static bool begin_list(struct directory *directory, const struct actor *actor, struct book_walk *walk,
                       struct err *err)
{
    struct selection *found;
    size_t count;

    if (!selection_list(directory, actor, walk->owner, SELECTION_ADDRESS_LIST, walk->organisation_id,
                        walk->list, &found, &count, err))
        return false;
    if (count == 0)
        return not_found(err, "address list");
    return list_query_select(directory, walk->owner, walk->organisation_id, found[0].query, 0, LIST_BY_NAME,
                             LIST_SELECT_MAX, &walk->ids, &walk->id_count, err);
}

/* Who was selected and is not shown any more is passed over. */
static bool list_page(struct directory *directory, const struct actor *actor, const void *owner,
                      struct book_walk *walk, struct book_card **cards_out, size_t *count_out,
                      struct err *err)
{
    *count_out = 0;
    if (!walk->ids && !begin_list(directory, actor, walk, err))
        return false;
    while (*count_out == 0 && walk->next < walk->id_count) {
        size_t rest = walk->id_count - walk->next, count = rest < BOOK_CARDS_MAX ? rest : BOOK_CARDS_MAX;
        if (!book_cards(directory, actor, owner, walk->organisation_id, walk->ids + walk->next, count,
                        cards_out, count_out, err))
            return false;
        walk->next += count;
    }
    return true;
}

bool book_page(struct directory *directory, const struct actor *actor, const void *owner,
               struct book_walk *walk, struct book_card **cards_out, size_t *count_out, struct err *err)
{
    struct asking asking = { .sql = SELECT_PAGE,
                             .args =
                                 DB_ARGS(db_i64(walk->organisation_id), db_text(walk->name ? walk->name : ""),
                                         db_i64(walk->recipient_id), db_i64(BOOK_CARDS_MAX)) };

    if (walk->list)
        return list_page(directory, actor, owner, walk, cards_out, count_out, err);
    asking.owner = owner;
    if (!act_read(directory, actor, walk->organisation_id, ask, &asking, err))
        return false;
    read_cards(owner, asking.rows, cards_out, count_out);
    if (*count_out > 0) {
        const struct book_card *last = &(*cards_out)[*count_out - 1];
        walk->name = talloc_strdup(walk->owner, last->name);
        walk->recipient_id = last->recipient_id;
    }
    return true;
}
