/* admin_list.c -- pages of entries, and an overview. */
#include "directory/act.h"
#include "queue/admin.h"
#include "queue/admin_filter.h"
#include "queue/read.h"

#include <talloc.h>

#define LISTED "SELECT " QUEUE_ROW_COLUMNS ", " QUEUE_MESSAGE_COLUMNS ", r.state, r.last_us"
#define ROWS " FROM queue_recipient r JOIN queue_message m USING (message_id)"
static const char LIST[] = LISTED ROWS " WHERE true";
/* Of one domain: from each of its lanes (one a routing group) the first of them, by queue_recipient_lane; of these the first. */
static const char LIST_OF_LANES[] =
    "WITH picked AS ("
    " SELECT p.recipient_id FROM unnest($1 || ARRAY(SELECT '@' || routing_group_id || '/' || $1 FROM routing_group)) AS l (lane)"
    "  CROSS JOIN LATERAL (SELECT r.recipient_id" ROWS " WHERE r.lane = l.lane";
static const char LISTED_OF_LANES[] =
    ") " LISTED ROWS " JOIN picked USING (recipient_id) ORDER BY r.recipient_id";
enum { ROW_COLUMNS = 25, STATE_COLUMN = ROW_COLUMNS + QUEUE_MESSAGE_COLUMN_COUNT };

struct listing {
    const void *owner;
    const struct queue_filter *filter;
    int64_t after;
    size_t limit;
    struct queue_entry *entries;
    size_t count;
};

static struct queue_entry read_entry(const void *owner, const struct db_row *row)
{
    int64_t message_id;
    struct queue_taken taken = queue_read_row(owner, row, &message_id);
    struct queue_entry entry = { .entry = taken.recipient_id,
                                 .recipient = taken.recipient,
                                 .state = (enum queue_row_state)db_get_i32(row, STATE_COLUMN),
                                 .attempts = taken.attempts,
                                 .last_us = db_get_i64(row, STATE_COLUMN + 1),
                                 .last_code = taken.last_code,
                                 .last_enhanced = taken.last_enhanced,
                                 .last_text = taken.last_text,
                                 .last_host = taken.last_host,
                                 .was_warned = taken.was_warned };

    queue_read_message_columns(owner, row, ROW_COLUMNS, &entry.message);
    return entry;
}

/* What is asked, as text; a page behind `after`. */
static char *list_sql(const struct listing *listing, struct filter_sql *args)
{
    struct buf sql = buf_owned_by(listing->owner), page = buf_owned_by(listing->owner);
    struct queue_filter filter = *listing->filter;

    filter.domain = NULL; /* its lanes are the first argument */
    *args = (struct filter_sql){ .count = 0 };
    if (listing->filter->domain)
        filter_sql_add(args, db_text(listing->filter->domain));
    filter_sql_build(listing->owner, &filter, args);
    buf_add_format(&page, " LIMIT %zu", listing->limit);
    buf_add_text(&sql, listing->filter->domain ? LIST_OF_LANES : LIST);
    buf_add_span(&sql, buf_span(&args->where));
    buf_add_format(&sql, " AND r.recipient_id > $%zu ORDER BY r.recipient_id",
                   filter_sql_add(args, db_i64(listing->after)));
    buf_add_span(&sql, buf_span(&page));
    if (listing->filter->domain) {
        buf_add_text(&sql, ") AS p ORDER BY p.recipient_id");
        buf_add_span(&sql, buf_span(&page));
        buf_add_text(&sql, LISTED_OF_LANES);
    }
    return buf_text(&sql);
}

static bool list(struct db *db, void *arg, struct err *err)
{
    struct listing *listing = arg;
    struct filter_sql args;
    struct db_rows *rows;
    struct db_row row;
    char *sql = list_sql(listing, &args);

    if (!db_query_built(db, listing->owner, sql, filter_sql_args(&args), &rows, err))
        return false;
    listing->count = 0;
    listing->entries =
        talloc_zero_array(listing->owner, struct queue_entry, (unsigned)db_rows_count(rows) + 1);
    for (size_t i = 0; db_rows_at(rows, i, &row); i++)
        listing->entries[listing->count++] = read_entry(listing->entries, &row);
    talloc_free(rows);
    return true;
}

bool queue_list(struct directory *directory, const struct actor *actor, const void *owner,
                int64_t organisation_id, const struct queue_filter *filter, int64_t after, size_t limit,
                struct queue_entry **entries_out, size_t *count_out, struct err *err)
{
    struct listing listing = { .owner = owner,
                               .filter = filter,
                               .after = after,
                               .limit = limit < QUEUE_LIST_MOST ? limit : QUEUE_LIST_MOST };

    if (!act_read(directory, actor, organisation_id, list, &listing, err))
        return false;
    *entries_out = listing.entries;
    *count_out = listing.count;
    return true;
}

/* Lanes by skipping (as take.c does); of each at most 10,000 rows are counted. */
static const char SUMMARY[] =
    "WITH RECURSIVE found AS ("
    "   (SELECT r.lane, 1 AS number FROM queue_recipient r WHERE r.state = 0 ORDER BY r.lane LIMIT 1)"
    "   UNION ALL"
    "   SELECT next.lane, found.number + 1 FROM found CROSS JOIN LATERAL"
    "          (SELECT r.lane FROM queue_recipient r WHERE r.state = 0 AND r.lane > found.lane"
    "            ORDER BY r.lane LIMIT 1) AS next"
    "    WHERE found.number < $1)"
    " SELECT f.lane, (SELECT count(*) FROM (SELECT FROM queue_recipient r WHERE r.state = 0 AND r.lane = f.lane"
    "                                        LIMIT 10000) AS c),"
    "        (SELECT r.next_try_us FROM queue_recipient r WHERE r.state = 0 AND r.lane = f.lane"
    "          ORDER BY r.next_try_us LIMIT 1)"
    "   FROM found f ORDER BY f.lane";
static const char ESTIMATE[] =
    "SELECT greatest(reltuples, 0)::bigint FROM pg_class WHERE oid = 'queue_recipient'::regclass";

bool queue_summary(struct directory *directory, const void *owner, size_t most,
                   struct queue_lane_summary **lanes_out, size_t *count_out, int64_t *estimate_out,
                   struct err *err)
{
    struct db_rows *rows;
    struct db_row row;

    if (!look_up_one(directory, owner, ESTIMATE, DB_NO_ARGS, &row, err))
        return false;
    *estimate_out = db_get_i64(&row, 0);
    if (!look_up(directory, owner, SUMMARY, DB_ARGS(db_i64((int64_t)most)), &rows, err))
        return false;
    *count_out = db_rows_count(rows);
    *lanes_out = talloc_zero_array(owner, struct queue_lane_summary, (unsigned)*count_out + 1);
    for (size_t i = 0; db_rows_at(rows, i, &row); i++)
        (*lanes_out)[i] = (struct queue_lane_summary){ .lane = db_copy_text(owner, &row, 0),
                                                       .waiting = db_get_i64(&row, 1),
                                                       .next_try_us = db_get_i64(&row, 2) };
    return true;
}

bool queue_entry_bytes(struct directory *directory, const struct actor *actor, const void *owner,
                       const struct queue_entry *entry, size_t most, struct span *bytes_out, struct err *err)
{
    (void)actor; /* who has the entry has seen it through the wall already */
    return queue_bytes(directory_pool(directory, DIRECTORY_LOOKS_UP), owner, entry->message.message_id,
                       entry->message.size_bytes, most, bytes_out, err);
}
