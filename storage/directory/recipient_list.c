/* recipient_list.c -- one page of recipients. */
#include "directory/recipient_list.h"

#include "directory/reach.h"
#include "directory/recipient_search.h"
#include "directory/user_row.h"

#include <inttypes.h>
#include <talloc.h>

/* Who administers a part of an organisation may not see its administrative groups: their names are empty for him.
 * $1 organisation, $2 domain, $3 what is looked for, $4 kinds, $5 states, $6 administrative group, $7 and $8 the last one seen, $9
 * limit, $10 store, $11 storage group, $12 and $13 least and most quota, $14 and $15 from when on and before when it was made, $16 stores
 * by their numbers, of which the planner knows how many recipients they have, $17 to $21 what a part of the organisation is (reach.h), $22
 * those who are in it, where they are few. The
 * page is chosen first, by an index of its order where there is one; names of what contains them are looked up for those on it. */
#define CHOSEN(key, joins, text_fits)                                                                        \
    "WITH page AS MATERIALIZED (SELECT r.*, a.address, " key " AS sort_key FROM recipient r"                 \
    "  JOIN address a ON a.recipient_id = r.recipient_id AND a.is_primary" joins                             \
    " WHERE ($2::text IS NULL OR a.domain_id = (SELECT domain_id FROM domain WHERE name = $2))"              \
    "   AND " text_fits "   AND ($4::text IS NULL OR r.kind = ANY (string_to_array($4, ',')))"               \
    "   AND ($5::text IS NULL OR r.state = ANY (string_to_array($5, ',')))"                                  \
    "   AND ($6::text IS NULL OR r.administrative_group_id IN"                                               \
    "        (SELECT administrative_group_id FROM administrative_group WHERE name = $6))"                    \
    "   AND ($10::text IS NULL OR r.store_id IN (SELECT store_id FROM store WHERE name = $10))"              \
    "   AND ($11::text IS NULL OR r.storage_group_id IN"                                                     \
    "        (SELECT storage_group_id FROM storage_group WHERE name = $11))"                                 \
    "   AND ($12::bigint IS NULL OR r.quota_bytes >= $12)"                                                   \
    "   AND ($13::bigint IS NULL OR r.quota_bytes <= $13)"                                                   \
    "   AND ($14::bigint IS NULL OR r.created_us >= $14)"                                                    \
    "   AND ($15::bigint IS NULL OR r.created_us < $15) AND $8::bigint >= 0"                                 \
    "   AND ($16::bigint[] IS NULL OR r.store_id = ANY ($16))"
/* In their order until the page is full: quick where many fit. */
#define FITS_ON_THE_WAY                                                                                      \
    "($3::text IS NULL OR r.sort_name LIKE $3 OR r.recipient_id IN"                                          \
    "     (SELECT b.recipient_id FROM address b"                                                             \
    "       WHERE ($1 = 0 OR b.organisation_id = $1) AND b.address LIKE $3))"
/* The same of a part of the organisation: of the few that are in it, and of many. */
#define FITS_OF_FEW "r.recipient_id = ANY ($22::bigint[]) AND " FITS_ON_THE_WAY
#define FITS_OF_PART REACHED " AND " FITS_ON_THE_WAY
/* Those few that were found. */
#define FITS_AS_FOUND "r.recipient_id = ANY ($3::bigint[])"
#define SHOWN(order)                                                                                         \
    " LIMIT $9) SELECT p.recipient_id, p.kind, p.state, p.address, p.name, coalesce(o.name, ''),"            \
    "       coalesce(g.name, ''), p.quota_bytes, p.created_us, sg.name, s.name, p.sort_key::text,"           \
    "       p.storage_group_id, p.mailbox_id"                                                                \
    "  FROM page p LEFT JOIN organisation o ON o.organisation_id = p.organisation_id"                        \
    "  LEFT JOIN administrative_group g ON g.administrative_group_id = p.administrative_group_id"            \
    "  LEFT JOIN store s ON s.store_id = p.store_id"                                                         \
    "  LEFT JOIN storage_group sg ON sg.storage_group_id = p.storage_group_id ORDER BY " order
#define OF_ONE(table) " AND " table ".organisation_id = $1"
#define OF_ALL " AND $1::bigint = 0"
#define OF_ANY " AND ($1::bigint = 0 OR r.organisation_id = $1)"
#define BY_ADDRESS(whose, fits, sign, direction)                                                             \
    CHOSEN("a.address", "", fits)                                                                            \
    whose " AND ($7::text IS NULL OR a.address " sign                                                        \
          " $7) ORDER BY a.address " direction SHOWN("p.address " direction)
#define BY(whose, fits, key, joins, type, sign, direction)                                                   \
    CHOSEN(key, joins, fits)                                                                                 \
    whose " AND ($7::text IS NULL OR (" key ", r.recipient_id) " sign " ($7::" type ", $8))"                 \
          " ORDER BY " key " " direction                                                                     \
          ", r.recipient_id " direction SHOWN("p.sort_key " direction ", p.recipient_id " direction)
#define BOTH_WAYS(whose, fits, key, joins, type)                                                             \
    {                                                                                                        \
        BY(whose, fits, key, joins, type, ">", ""), BY(whose, fits, key, joins, type, "<", "DESC")           \
    }
#define PAGES(of_address, of_recipient, fits)                                                                \
    {                                                                                                        \
        [ORDER_ADDRESS] = { BY_ADDRESS(of_address, fits, ">", ""),                                           \
                            BY_ADDRESS(of_address, fits, "<", "DESC") },                                     \
        [ORDER_NAME] = BOTH_WAYS(of_recipient, fits, "r.sort_name", "", "text"),                             \
        [ORDER_CREATED] = BOTH_WAYS(of_recipient, fits, "r.created_us", "", "bigint"),                       \
        [ORDER_KIND] = BOTH_WAYS(of_recipient, fits, "r.kind", "", "text"),                                  \
        [ORDER_STATE] = BOTH_WAYS(of_recipient, fits, "r.state", "", "text"),                                \
        [ORDER_QUOTA] = BOTH_WAYS(of_recipient, fits, "r.quota_bytes", "", "bigint"),                        \
        [ORDER_STORE] = BOTH_WAYS(of_recipient, fits, "coalesce(os.name, '')",                               \
                                  " LEFT JOIN store os ON os.store_id = r.store_id", "text"),                \
        [ORDER_ADMIN_GROUP] = BOTH_WAYS(of_recipient, fits, "coalesce(og.name, '')",                         \
                                        " LEFT JOIN administrative_group og"                                 \
                                        " ON og.administrative_group_id = r.administrative_group_id",        \
                                        "text"),                                                             \
    }

enum reach { REACH_ALL, REACH_ONE, REACH_FEW_OF_ONE, REACH_PART_OF_ONE, REACH_FOUND, REACHES };

/* By address_by_organisation, recipient_by_name, recipient_by_created; of all organisations by the unique index of addresses and
 * recipient_by_name_of_all. Other orders sort what fits. */
static const char *const pages[REACHES][RECIPIENT_ORDERS][2] = {
    [REACH_ALL] = PAGES(OF_ALL, OF_ALL, FITS_ON_THE_WAY),
    [REACH_ONE] = PAGES(OF_ONE("a"), OF_ONE("r"), FITS_ON_THE_WAY),
    [REACH_FEW_OF_ONE] = PAGES(OF_ONE("a"), OF_ONE("r"), FITS_OF_FEW),
    [REACH_PART_OF_ONE] = PAGES(OF_ONE("a"), OF_ONE("r"), FITS_OF_PART),
    [REACH_FOUND] = PAGES(OF_ANY, OF_ANY, FITS_AS_FOUND),
};

struct listing {
    const void *owner;
    const struct recipient_query *query;
    int64_t organisation_id;
    enum reach reach;
    struct db_value text;   /* a pattern; with REACH_FOUND, whom it was found in */
    struct db_value stores; /* ids; NULL: any, or those that the query names */
    struct reach_keys keys; /* of REACH_PART_OF_ONE */
    struct db_value few;    /* ids; of REACH_FEW_OF_ONE */
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
        .mailbox = { .storage_group_id = db_get_i64(row, 12), .mailbox_id = db_get_i64(row, 13) },
    };
}

static struct db_value bound(const int64_t *value)
{
    return value ? db_i64(*value) : db_null(DB_I64);
}

static bool query_page(struct db *db, const struct listing *l, struct db_rows **rows_out, struct err *err)
{
    const struct recipient_query *q = l->query;

    return db_query(db, l->owner, pages[l->reach][q->order][q->is_falling],
                    DB_ARGS(db_i64(l->organisation_id), db_text(q->domain), l->text, db_text(q->kinds),
                            db_text(q->states), db_text(q->admin_group), db_text(q->after_key),
                            db_i64(q->after_id), db_i64((int64_t)q->limit), db_text(q->store),
                            db_text(q->storage_group), bound(q->quota_least), bound(q->quota_most),
                            bound(q->created_from_us), bound(q->created_before_us), l->stores,
                            l->keys.admin_groups, l->keys.domains, l->keys.stores, l->keys.groups,
                            l->keys.recipients, l->few),
                    rows_out, err);
}

static bool read_page(struct db *db, void *arg, struct err *err)
{
    struct listing *l = arg;
    struct db_rows *rows;
    struct db_row row;

    if (!query_page(db, l, &rows, err))
        return false;
    l->count = db_rows_count(rows);
    l->entries = talloc_array(l->owner, struct recipient_entry, (unsigned)l->count);
    for (size_t i = 0; db_rows_at(rows, i, &row); i++)
        read_row(l->entries, &row, &l->entries[i]);
    talloc_free(rows);
    return true;
}

static bool look_for(struct directory *directory, struct listing *l, void *scratch, struct err *err)
{
    struct recipient_search search;

    if (!recipient_search(directory, scratch, l->organisation_id, l->query->text, &search, err))
        return false;
    l->text = search.value;
    if (search.is_few)
        l->reach = REACH_FOUND;
    return true;
}

static const char SELECT_STORES[] =
    "SELECT s.store_id FROM store s JOIN storage_group g USING (storage_group_id)"
    " WHERE ($1::text IS NULL OR s.name = $1) AND ($2::text IS NULL OR g.name = $2)";

static bool find_stores(struct directory *directory, const void *scratch, const struct recipient_query *query,
                        struct db_value *stores_out, struct err *err)
{
    struct db_rows *rows;
    struct db_row row;
    int64_t *ids;

    if (!look_up(directory, scratch, SELECT_STORES,
                 DB_ARGS(db_text(query->store), db_text(query->storage_group)), &rows, err))
        return false;
    ids = talloc_array(scratch, int64_t, (unsigned)db_rows_count(rows) + 1);
    for (size_t i = 0; db_rows_at(rows, i, &row); i++)
        ids[i] = db_get_i64(&row, 0);
    *stores_out = db_i64_array(ids, db_rows_count(rows));
    return true;
}

/* The page is chosen by the role that looks up, whom row-level security costs no look at each row:
 * there the planner's indexes serve. What is shown is read again, by its numbers, as what the actor may see. */
static bool choose(struct directory *directory, struct listing *l, void *scratch, struct err *err)
{
    struct listing chosen = *l;
    int64_t *ids;

    chosen.owner = scratch;
    if ((l->query->store || l->query->storage_group) &&
        !find_stores(directory, scratch, l->query, &chosen.stores, err))
        return false;
    if (!look_in(directory, read_page, &chosen, err))
        return false;
    ids = talloc_array(scratch, int64_t, (unsigned)chosen.count + 1);
    for (size_t i = 0; i < chosen.count; i++)
        ids[i] = chosen.entries[i].recipient_id;
    l->reach = REACH_FOUND;
    l->text = db_i64_array(ids, chosen.count);
    return true;
}

static bool is_whole(const struct actor *actor)
{
    return !actor->within || !*actor->within;
}

/* Who has a part has it named, so that his page is not looked for among all. */
static bool find_part(struct directory *directory, struct listing *l, const struct actor *actor,
                      void *scratch, struct err *err)
{
    int64_t *ids;
    size_t count;

    if (is_whole(actor))
        return true;
    l->keys = reach_keys(scratch, actor->within);
    if (!reach_few(directory, scratch, l->organisation_id, &l->keys, &ids, &count, err))
        return false;
    l->reach = ids ? REACH_FEW_OF_ONE : REACH_PART_OF_ONE;
    if (ids)
        l->few = db_i64_array(ids, count);
    return true;
}

bool recipient_list(struct directory *directory, const struct actor *actor, const void *owner,
                    const struct recipient_query *query, struct recipient_entry **entries_out,
                    size_t *count_out, struct err *err)
{
    void *scratch = talloc_new(NULL);
    struct listing listing = { .owner = owner,
                               .query = query,
                               .organisation_id =
                                   query->organisation_id ? query->organisation_id : actor->organisation_id,
                               .text = db_text(NULL),
                               .stores = db_null(DB_I64_ARRAY),
                               .keys = reach_keys(scratch, ""),
                               .few = db_null(DB_I64_ARRAY) };

    listing.reach = listing.organisation_id ? REACH_ONE : REACH_ALL;
    bool done = (!query->text || look_for(directory, &listing, scratch, err)) &&
                (listing.reach != REACH_ONE || (find_part(directory, &listing, actor, scratch, err) &&
                                                choose(directory, &listing, scratch, err))) &&
                act_read(directory, actor, query->organisation_id, read_page, &listing, err);
    talloc_free(scratch);
    if (!done)
        return false;
    *entries_out = listing.entries;
    *count_out = listing.count;
    return true;
}
