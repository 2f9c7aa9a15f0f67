/* row.c -- one INSERT for all rows of a transaction; a plain one, which costs half as much, where it is a single row. */
#include "trace/row.h"

#include "db/pipeline.h"

#include <talloc.h>

#define INSERT_ROWS                                                                                                  \
    "INSERT INTO trace (at_us, trace_id, parent, organisation_id, is_begin, sender, message_id, login, peer, terms," \
    "                   events)"                                                                                     \
    " SELECT t.at_us, t.trace_id, t.parent, nullif(t.organisation_id, 0), t.is_begin, t.sender, t.message_id,"       \
    "        t.login, t.peer, t.terms::bigint[], t.events::json"
#define ROWS                                                                                                        \
    "unnest($1::bigint[], $2::text[], $3::text[], $4::bigint[], $5::boolean[], $6::text[], $7::text[], $8::text[]," \
    "       $9::text[], $10::text[], $11::text[]"
#define COLUMNS                                                                                              \
    "(at_us, trace_id, parent, organisation_id, is_begin, sender, message_id, login, peer, terms, events"
static const char INSERT[] = INSERT_ROWS " FROM " ROWS ") AS t " COLUMNS ")";
static const char INSERT_ONE[] =
    "INSERT INTO trace (at_us, trace_id, parent, organisation_id, is_begin, sender, message_id, login, peer, terms, events)"
    " VALUES ($1, $2, $3, nullif($4, 0), $5, $6, $7, $8, $9, $10::text::bigint[], $11::text::json)";
static const char INSERT_GUARDED[] =
    INSERT_ROWS " FROM " ROWS ", $12::bigint[], $13::bigint[]) AS t " COLUMNS ", recipient_id, lease)"
                " WHERE t.recipient_id = 0"
                "    OR EXISTS (SELECT FROM queue_recipient r WHERE r.recipient_id = t.recipient_id"
                "                  AND r.state = 1 AND r.lease = t.lease)";

/* By the primary keys of what was written a moment ago. */
static const char INSERT_FILED[] =
    "INSERT INTO trace (at_us, trace_id, parent, organisation_id, is_begin, sender, message_id, login, peer, terms,"
    "                   events)"
    " SELECT t.at_us, t.trace_id, t.parent, nullif(t.organisation_id, 0), t.is_begin, t.sender, t.message_id,"
    "        t.login, t.peer, t.terms::bigint[],"
    "        ('[' || concat_ws(',', nullif(btrim(t.events, '[]'), ''), c.events) || ']')::json"
    "   FROM " ROWS ") WITH ORDINALITY AS t " COLUMNS ", number)"
    "  CROSS JOIN LATERAL"
    "        (SELECT string_agg(left(c.event, -1) || ',\"folder\":' || to_json(f.name) || ',\"uid\":' || m.uid ||"
    "                           ',\"group\":' || $15::bigint || ',\"mailbox\":' || f.mailbox_id || '}',"
    "                           ',' ORDER BY c.place) AS events"
    "           FROM unnest($12::integer[], $13::bigint[], $14::text[]) WITH ORDINALITY AS c (number, item_id, event, place)"
    "           JOIN membership m ON m.item_id = c.item_id JOIN folder f ON f.folder_id = m.folder_id"
    "          WHERE c.number = t.number) AS c"
    "  WHERE c.events IS NOT NULL"
    "     OR (t.number <> ALL ($12::integer[]) AND EXISTS (SELECT FROM item WHERE item_id = ($13::bigint[])[1]))";

void trace_row_init(struct trace_row *row, const void *owner)
{
    *row = (struct trace_row){ .sender = "", .terms = buf_owned_by(owner), .events = buf_owned_by(owner) };
}

void trace_row_add_term(struct trace_row *row, int64_t term)
{
    if (row->terms.length > 0)
        buf_add_byte(&row->terms, ',');
    buf_add_i64(&row->terms, term);
}

enum text_column { ID, PARENT, SENDER, MESSAGE_ID, LOGIN, PEER, TERMS, EVENTS, TEXT_COLUMNS };

struct columns {
    int64_t *at_us, *organisation_id;
    bool *is_begin;
    struct span *texts[TEXT_COLUMNS];
};

static struct span enclosed(const void *arena, char open, const struct buf *inside, char close)
{
    struct buf text = buf_owned_by(arena);

    buf_reserve(&text, inside->length + 2);
    buf_add_byte(&text, open);
    buf_add_span(&text, buf_span(inside));
    buf_add_byte(&text, close);
    return buf_span(&text);
}

static struct columns columns_of(const void *arena, const struct trace_row *rows, size_t count)
{
    unsigned n = (unsigned)count;
    struct columns c = { .at_us = talloc_array(arena, int64_t, n),
                         .organisation_id = talloc_array(arena, int64_t, n),
                         .is_begin = talloc_array(arena, bool, n) };

    for (int i = 0; i < TEXT_COLUMNS; i++)
        c.texts[i] = talloc_array(arena, struct span, n);
    for (size_t i = 0; i < count; i++) {
        const struct trace_row *row = &rows[i];
        c.at_us[i] = row->at_us;
        c.organisation_id[i] = row->organisation_id;
        c.is_begin[i] = row->is_begin;
        c.texts[ID][i] = span_text(row->id);
        c.texts[PARENT][i] = span_text(row->parent);
        c.texts[SENDER][i] = span_text(row->sender);
        c.texts[MESSAGE_ID][i] = span_text(row->message_id);
        c.texts[LOGIN][i] = span_text(row->login);
        c.texts[PEER][i] = span_text(row->peer);
        c.texts[TERMS][i] = enclosed(arena, '{', &row->terms, '}');
        c.texts[EVENTS][i] = enclosed(arena, '[', &row->events, ']');
    }
    return c;
}

#define COLUMN_ARGS(c, n)                                                                                    \
    db_i64_array((c).at_us, n), db_text_array((c).texts[ID], n), db_text_array((c).texts[PARENT], n),        \
        db_i64_array((c).organisation_id, n), db_bool_array((c).is_begin, n),                                \
        db_text_array((c).texts[SENDER], n), db_text_array((c).texts[MESSAGE_ID], n),                        \
        db_text_array((c).texts[LOGIN], n), db_text_array((c).texts[PEER], n),                               \
        db_text_array((c).texts[TERMS], n), db_text_array((c).texts[EVENTS], n)

static bool add_one(struct db *db, const void *arena, const struct trace_row *row, struct err *err)
{
    return db_pipeline_add(db, INSERT_ONE,
                           DB_ARGS(db_i64(row->at_us), db_text(row->id), db_text(row->parent),
                                   db_i64(row->organisation_id), db_bool(row->is_begin), db_text(row->sender),
                                   db_text(row->message_id), db_text(row->login), db_text(row->peer),
                                   db_span_text(enclosed(arena, '{', &row->terms, '}')),
                                   db_span_text(enclosed(arena, '[', &row->events, ']'))),
                           err);
}

bool trace_rows_add(struct db *db, const void *arena, const struct trace_row *rows, size_t count,
                    struct err *err)
{
    if (count == 0)
        return true;
    if (count == 1)
        return add_one(db, arena, rows, err);
    struct columns c = columns_of(arena, rows, count);
    return db_pipeline_add(db, INSERT, DB_ARGS(COLUMN_ARGS(c, count)), err);
}

bool trace_rows_add_guarded(struct db *db, const void *arena, const struct trace_row *rows,
                            const struct trace_guard *guards, size_t count, struct err *err)
{
    if (count == 0)
        return true;
    struct columns c = columns_of(arena, rows, count);
    int64_t *ids = talloc_array(arena, int64_t, (unsigned)count);
    int64_t *leases = talloc_array(arena, int64_t, (unsigned)count);

    for (size_t i = 0; i < count; i++) {
        ids[i] = guards[i].recipient_id;
        leases[i] = guards[i].lease;
    }
    return db_pipeline_add(
        db, INSERT_GUARDED,
        DB_ARGS(COLUMN_ARGS(c, count), db_i64_array(ids, count), db_i64_array(leases, count)), err);
}

bool trace_rows_add_filed(struct db *db, const void *arena, int64_t group_id, const struct trace_row *rows,
                          size_t count, const struct trace_copy *copies, size_t copy_count, struct err *err)
{
    unsigned n = (unsigned)copy_count + 1;

    if (count == 0)
        return true;
    struct columns c = columns_of(arena, rows, count);
    int32_t *numbers = talloc_array(arena, int32_t, n);
    int64_t *items = talloc_array(arena, int64_t, n);
    struct span *events = talloc_array(arena, struct span, n);
    for (size_t i = 0; i < copy_count; i++) {
        numbers[i] = (int32_t)copies[i].row + 1;
        items[i] = copies[i].item_id;
        events[i] = copies[i].event;
    }
    return db_pipeline_add(db, INSERT_FILED,
                           DB_ARGS(COLUMN_ARGS(c, count), db_i32_array(numbers, copy_count),
                                   db_i64_array(items, copy_count), db_text_array(events, copy_count),
                                   db_i64(group_id)),
                           err);
}
