/* session_list.c -- see session_list.h. */
#include "directory/session_list.h"

#include "base/clock.h"
#include "directory/act.h"
#include "directory/line_session.h"

#include <talloc.h>

static const char *const kind_names[SESSION_KINDS] = {
    [SESSION_BROWSER] = "session", [SESSION_TOKEN] = "token", [SESSION_CONNECTION] = "connection"
};

const char *session_kind_name(enum session_kind kind)
{
    return kind_names[kind];
}

/* $1 organisation, $2 domain, $3 text, $4 kind, $5 protocol, $6 before, $7 limit, $8 now, $9 processes seen before are gone, $10 recipient,
 * $11 ids. By access_token_by_organisation and line_session_by_organisation, or the indexes by recipient; ids of both are of one
 * sequence. */
static const char SELECT_SESSIONS[] =
    "SELECT s.id, s.recipient_id, s.kind, s.protocol, a.address, r.name, coalesce(o.name, ''), s.name, s.peer,"
    "       s.method, s.lacks, s.created_us, s.seen_us, s.expires_us"
    "  FROM (SELECT access_token_id AS id, recipient_id, organisation_id, CASE WHEN is_session THEN 0 ELSE 1 END AS kind,"
    "               8 AS protocol, name, peer, method, lacks, created_us, seen_us, expires_us"
    "          FROM access_token WHERE expires_us = 0 OR expires_us > $8"
    "        UNION ALL"
    "        SELECT l.line_session_id, l.recipient_id, l.organisation_id, 2, l.protocol, '', l.peer, '', '',"
    "               l.began_us, 0, 0"
    "          FROM line_session l JOIN line_process p USING (process) WHERE NOT l.is_ended AND p.seen_us >= $9) s"
    "  JOIN recipient r ON r.recipient_id = s.recipient_id"
    "  JOIN address a ON a.recipient_id = r.recipient_id AND a.is_primary"
    "  LEFT JOIN organisation o ON o.organisation_id = s.organisation_id"
    " WHERE ($1 = 0 OR s.organisation_id = $1) AND ($10 = 0 OR s.recipient_id = $10)"
    "   AND ($2::text IS NULL OR a.domain_id = (SELECT domain_id FROM domain WHERE name = $2))"
    "   AND ($3::text IS NULL OR strpos(r.sort_name, (SELECT chappe_fold($3))) > 0"
    "        OR strpos(a.address, (SELECT chappe_fold($3))) > 0 OR strpos(s.peer, $3) > 0)"
    "   AND ($4::text IS NULL OR s.kind = array_position(ARRAY['session', 'token', 'connection'], $4) - 1)"
    "   AND ($5 = 0 OR s.protocol = $5) AND ($6 = 0 OR s.id < $6)"
    "   AND (cardinality($11::bigint[]) = 0 OR s.id = ANY ($11))"
    " ORDER BY s.id DESC LIMIT $7";

enum { ARGS = 11 };

static void read_row(const void *owner, const struct db_row *row, struct session_entry *out)
{
    *out = (struct session_entry){ .session_id = db_get_i64(row, 0),
                                   .recipient_id = db_get_i64(row, 1),
                                   .kind = (enum session_kind)db_get_i32(row, 2),
                                   .protocol = (unsigned)db_get_i32(row, 3),
                                   .address = db_copy_text(owner, row, 4),
                                   .holder = db_copy_text(owner, row, 5),
                                   .organisation = db_copy_text(owner, row, 6),
                                   .name = db_copy_text(owner, row, 7),
                                   .peer = db_copy_text(owner, row, 8),
                                   .method = db_copy_text(owner, row, 9),
                                   .lacks = db_copy_text(owner, row, 10),
                                   .created_us = db_get_i64(row, 11),
                                   .seen_us = db_get_i64(row, 12),
                                   .expires_us = db_get_i64(row, 13) };
}

struct listing {
    const void *owner;
    const struct session_query *query;
    int64_t organisation_id;
    struct session_entry *entries;
    size_t count;
};

static struct db_args args_of(const struct listing *l, struct db_value values[ARGS])
{
    const struct session_query *q = l->query;
    int64_t now_us = clock_now_us();

    values[0] = db_i64(l->organisation_id);
    values[1] = db_text(q->domain);
    values[2] = db_text(q->text);
    values[3] = db_text(q->kind);
    values[4] = db_i32((int32_t)q->protocol);
    values[5] = db_i64(q->before_id);
    values[6] = db_i64((int64_t)q->limit);
    values[7] = db_i64(now_us);
    values[8] = db_i64(now_us - LINE_PROCESS_GONE_S * US_PER_S);
    values[9] = db_i64(q->recipient_id);
    values[10] = db_i64_array(q->ids, q->id_count);
    return (struct db_args){ ARGS, values };
}

static void read_rows(struct listing *l, struct db_rows *rows)
{
    struct db_row row;

    l->count = db_rows_count(rows);
    l->entries = talloc_zero_array(l->owner, struct session_entry, (unsigned)l->count + 1);
    for (size_t i = 0; db_rows_at(rows, i, &row); i++)
        read_row(l->entries, &row, &l->entries[i]);
    talloc_free(rows);
}

static bool read_page(struct db *db, void *arg, struct err *err)
{
    struct listing *l = arg;
    struct db_value values[ARGS];
    struct db_rows *rows;

    if (!db_query(db, NULL, SELECT_SESSIONS, args_of(l, values), &rows, err))
        return false;
    read_rows(l, rows);
    return true;
}

bool session_list(struct directory *directory, const struct actor *actor, const void *owner,
                  const struct session_query *query, struct session_entry **entries_out, size_t *count_out,
                  struct err *err)
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

bool session_list_of(struct directory *directory, const void *owner, const struct session_query *query,
                     struct session_entry **entries_out, size_t *count_out, struct err *err)
{
    struct listing listing = { .owner = owner, .query = query };
    struct db_value values[ARGS];
    struct db_rows *rows;

    *err = ERR_INIT;
    if (!look_up(directory, NULL, SELECT_SESSIONS, args_of(&listing, values), &rows, err))
        return false;
    read_rows(&listing, rows);
    *entries_out = listing.entries;
    *count_out = listing.count;
    return true;
}
