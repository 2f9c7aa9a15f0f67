/* recipient_list.c -- one page of recipients. */
#include "directory/recipient_list.h"

#include "directory/user_row.h"

#include <inttypes.h>
#include <talloc.h>

/* Who administers a part of an organisation may not see its administrative groups: their names are empty for him.
 * $1 organisation, $2 domain, $3 text, $4 kinds, $5 states, $6 administrative group, $7 and $8 the last one seen, $9 limit. What
 * is looked for is folded once, and the addresses that hold it are collected once. The page is chosen first, by an index of its
 * order; names of what contains them are looked up for those on it. */
#define CHOSEN                                                                                                    \
    "WITH page AS MATERIALIZED (SELECT r.*, a.address FROM recipient r"                                           \
    "  JOIN address a ON a.recipient_id = r.recipient_id AND a.is_primary"                                        \
    " WHERE ($2::text IS NULL OR a.domain_id = (SELECT domain_id FROM domain WHERE name = $2))"                   \
    "   AND ($3::text IS NULL OR strpos(r.sort_name, (SELECT chappe_fold($3))) > 0"                               \
    "        OR r.recipient_id IN (SELECT b.recipient_id FROM address b"                                          \
    "             WHERE ($1 = 0 OR b.organisation_id = $1) AND strpos(b.address, (SELECT chappe_fold($3))) > 0))" \
    "   AND ($4::text IS NULL OR r.kind = ANY (string_to_array($4, ',')))"                                        \
    "   AND ($5::text IS NULL OR r.state = ANY (string_to_array($5, ',')))"                                       \
    "   AND ($6::text IS NULL OR r.administrative_group_id IN"                                                    \
    "        (SELECT administrative_group_id FROM administrative_group WHERE name = $6))"                         \
    "   AND $8::bigint >= 0"
#define SHOWN(key, order)                                                                                                              \
    " LIMIT $9) SELECT p.recipient_id, p.kind, p.state, p.address, p.name, coalesce(o.name, ''), coalesce(g.name, ''), p.quota_bytes," \
    "       p.created_us, sg.name, s.name, p." key "::text"                                                                            \
    "  FROM page p LEFT JOIN organisation o ON o.organisation_id = p.organisation_id"                                                  \
    "  LEFT JOIN administrative_group g ON g.administrative_group_id = p.administrative_group_id"                                      \
    "  LEFT JOIN store s ON s.store_id = p.store_id"                                                                                   \
    "  LEFT JOIN storage_group sg ON sg.storage_group_id = p.storage_group_id ORDER BY " order
#define OF_ONE(table) " AND " table ".organisation_id = $1"
#define OF_ALL " AND $1::bigint = 0"
#define BY_ADDRESS(whose, sign, direction)                                                                   \
    CHOSEN whose " AND ($7::text IS NULL OR a.address " sign                                                 \
                 " $7) ORDER BY a.address " direction SHOWN("address", "p.address " direction)
#define BY(whose, key, type, sign, direction)                                                                \
    CHOSEN whose " AND ($7::text IS NULL OR (r." key ", r.recipient_id) " sign " ($7::" type ", $8))"        \
                 " ORDER BY r." key " " direction ", r.recipient_id " direction                              \
                 SHOWN(key, "p." key " " direction ", p.recipient_id " direction)
#define PAGES(of_address, of_recipient)                                                                      \
    {                                                                                                        \
        [ORDER_ADDRESS] = { BY_ADDRESS(of_address, ">", ""), BY_ADDRESS(of_address, "<", "DESC") },          \
        [ORDER_NAME] = { BY(of_recipient, "sort_name", "text", ">", ""),                                     \
                         BY(of_recipient, "sort_name", "text", "<", "DESC") },                               \
        [ORDER_CREATED] = { BY(of_recipient, "created_us", "bigint", ">", ""),                               \
                            BY(of_recipient, "created_us", "bigint", "<", "DESC") },                         \
    }

/* By address_by_organisation, recipient_by_name, recipient_by_created; of all organisations by the unique index of addresses and
 * recipient_by_name_of_all. */
static const char *const pages[2][RECIPIENT_ORDERS][2] = { PAGES(OF_ALL, OF_ALL),
                                                           PAGES(OF_ONE("a"), OF_ONE("r")) };

struct listing {
    const void *owner;
    const struct recipient_query *query;
    int64_t organisation_id;
    struct recipient_entry *entries;
    size_t count;
};

static void read_row(const void *owner, const struct db_row *row, struct recipient_entry *out)
{
    *out = (struct recipient_entry){
        .recipient_id = db_get_i64(row, 0),
        .kind = recipient_kind_of(db_get_text(row, 1)),
        .state = recipient_state_of_span(db_get_text(row, 2)),
        .address = db_copy_text(owner, row, 3),
        .name = db_copy_text(owner, row, 4),
        .organisation = db_copy_text(owner, row, 5),
        .admin_group = db_copy_text(owner, row, 6),
        .quota_bytes = db_get_i64(row, 7),
        .created_us = db_get_i64(row, 8),
        .storage_group = db_copy_text(owner, row, 9),
        .store = db_copy_text(owner, row, 10),
        .key = db_copy_text(owner, row, 11),
    };
}

static bool read_page(struct db *db, void *arg, struct err *err)
{
    struct listing *l = arg;
    const struct recipient_query *q = l->query;
    struct db_rows *rows;
    struct db_row row;

    if (!db_query(db, l->owner, pages[l->organisation_id != 0][q->order][q->is_falling],
                  DB_ARGS(db_i64(l->organisation_id), db_text(q->domain), db_text(q->text), db_text(q->kinds),
                          db_text(q->states), db_text(q->admin_group), db_text(q->after_key),
                          db_i64(q->after_id), db_i64((int64_t)q->limit)),
                  &rows, err))
        return false;
    l->count = db_rows_count(rows);
    l->entries = talloc_array(l->owner, struct recipient_entry, (unsigned)l->count);
    for (size_t i = 0; db_rows_at(rows, i, &row); i++)
        read_row(l->entries, &row, &l->entries[i]);
    talloc_free(rows);
    return true;
}

bool recipient_list(struct directory *directory, const struct actor *actor, const void *owner,
                    const struct recipient_query *query, struct recipient_entry **entries_out,
                    size_t *count_out, struct err *err)
{
    struct listing listing = { .owner = owner,
                               .query = query,
                               .organisation_id =
                                   query->organisation_id ? query->organisation_id : actor->organisation_id };

    if (!act_read(directory, actor, query->organisation_id, read_page, &listing, err))
        return false;
    *entries_out = listing.entries;
    *count_out = listing.count;
    return true;
}
