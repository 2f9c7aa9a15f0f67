/*
 * items.c -- the items of a mailbox, with those of their messages that the other group has not: a hundred in one transaction, so
 * that no message is there without an item that keeps it.
 */
#include "move/work.h"

#include "base/crashpoint.h"
#include "mailbox/purge.h"

#include <talloc.h>

enum { ITEMS_AT_ONCE = 100, PIECES_AT_ONCE = 8 };

static const char LIST_ITEMS[] = "SELECT item_id FROM item WHERE mailbox_id = $1";

static bool list(struct transit *transit, bool is_source, const void *owner, struct lines *lines_out,
                 struct err *err)
{
    void *arena = talloc_new(NULL);
    struct db_rows *rows;
    struct db_row row;
    bool done = db_query(is_source ? transit->source : transit->target, arena, LIST_ITEMS,
                         DB_ARGS(db_i64(transit->options.mailbox_id)), &rows, err);

    *lines_out = (struct lines){ .list = NULL };
    if (done) {
        lines_out->list = talloc_array(owner, struct line, (unsigned)db_rows_count(rows) + 1);
        for (; db_rows_at(rows, lines_out->count, &row); lines_out->count++) {
            int64_t id = db_get_i64(&row, 0);
            lines_out->list[lines_out->count] =
                (struct line){ .a = is_source ? transit_new_id(transit, GROUP_ID_ITEM, id) : id, .old = id };
        }
        lines_sort(lines_out);
    }
    talloc_free(arena);
    return done;
}

/* Some items: their rows here, the messages that are to be brought, and all messages' numbers there. */
struct batch {
    struct transit *transit;
    void *arena;
    const int64_t *old_ids;
    size_t count;
    size_t item_count;
    struct span *items;                      /* rows as text */
    int64_t *new_items, *threads, *messages; /* of each: its numbers there, its message here */
    size_t message_count;                    /* different ones */
    int64_t *old_messages, *new_messages;    /* new: 0 while it is not there */
    struct span *hashes;
    /* pieces read and not yet written */
    size_t piece_count;
    int64_t piece_message[PIECES_AT_ONCE];
    int32_t piece_chunk[PIECES_AT_ONCE], piece_codec[PIECES_AT_ONCE];
    struct span piece_data[PIECES_AT_ONCE];
    void *piece_owner;
};

static size_t message_number(const struct batch *batch, int64_t old_message)
{
    size_t i = 0;

    while (i < batch->message_count && batch->old_messages[i] != old_message)
        i++;
    return i;
}

static const char READ_ITEMS[] =
    "SELECT i.item_id, i.thread_id, i.message_id, i::text, g.content_hash"
    "  FROM item i JOIN message g USING (message_id) WHERE i.item_id = ANY ($1) AND i.mailbox_id = $2";

static bool read_items(struct batch *batch, struct err *err)
{
    struct transit *transit = batch->transit;
    struct db_rows *rows;
    struct db_row row;

    if (!db_query(transit->source, batch->arena, READ_ITEMS,
                  DB_ARGS(db_i64_array(batch->old_ids, batch->count), db_i64(transit->options.mailbox_id)),
                  &rows, err))
        return false;
    batch->message_count = 0;
    for (batch->item_count = 0; db_rows_at(rows, batch->item_count, &row); batch->item_count++) {
        size_t i = batch->item_count, number = message_number(batch, db_get_i64(&row, 2));
        batch->new_items[i] = transit_new_id(transit, GROUP_ID_ITEM, db_get_i64(&row, 0));
        batch->threads[i] = transit_new_id(transit, GROUP_ID_THREAD, db_get_i64(&row, 1));
        batch->messages[i] = db_get_i64(&row, 2);
        batch->items[i] = db_get_text(&row, 3);
        if (number == batch->message_count) {
            batch->old_messages[number] = db_get_i64(&row, 2);
            batch->new_messages[number] = 0;
            batch->hashes[number] = db_get_bytes(&row, 4);
            batch->message_count++;
        }
    }
    return true;
}

/* The lock keeps housekeeping from removing them until our items are committed. */
static const char FIND_MESSAGES[] =
    "SELECT message_id, content_hash FROM message WHERE content_hash = ANY ($1) FOR KEY SHARE";

static bool find_messages(struct batch *batch, struct err *err)
{
    struct db_rows *rows;
    struct db_row row;

    if (!db_query(batch->transit->target, batch->arena, FIND_MESSAGES,
                  DB_ARGS(db_bytes_array(batch->hashes, batch->message_count)), &rows, err))
        return false;
    for (size_t i = 0; db_rows_at(rows, i, &row); i++)
        for (size_t k = 0; k < batch->message_count; k++)
            if (span_equals(batch->hashes[k], db_get_bytes(&row, 1)))
                batch->new_messages[k] = db_get_i64(&row, 0);
    return true;
}

static bool flush_pieces(struct batch *batch, struct err *err)
{
    static const char INSERT_PIECES[] =
        "INSERT INTO body (message_id, chunk, codec, data) SELECT n.m, n.c, n.k::smallint, n.d"
        "  FROM unnest($1::bigint[], $2::integer[], $3::integer[], $4::bytea[]) AS n (m, c, k, d)";
    size_t count = batch->piece_count;
    bool done =
        count == 0 ||
        db_exec(batch->transit->target, INSERT_PIECES,
                DB_ARGS(db_i64_array(batch->piece_message, count), db_i32_array(batch->piece_chunk, count),
                        db_i32_array(batch->piece_codec, count), db_bytes_array(batch->piece_data, count)),
                NULL, err);

    batch->piece_count = 0;
    TALLOC_FREE(batch->piece_owner);
    batch->piece_owner = talloc_new(batch->arena);
    return done;
}

static bool take_piece(const struct db_row *row, void *arg, struct err *err)
{
    struct batch *batch = arg;
    size_t i = batch->piece_count;
    struct span data = db_get_bytes(row, 3);

    batch->piece_message[i] = batch->new_messages[message_number(batch, db_get_i64(row, 0))];
    batch->piece_chunk[i] = db_get_i32(row, 1);
    batch->piece_codec[i] = db_get_i32(row, 2);
    batch->piece_data[i] =
        span_of(talloc_memdup(batch->piece_owner, data.p, span_length(data)), span_length(data));
    batch->piece_count++;
    return batch->piece_count < PIECES_AT_ONCE || flush_pieces(batch, err);
}

static const char READ_MESSAGES[] =
    "SELECT g.message_id, g::text FROM message g WHERE g.message_id = ANY ($1)";
static const char READ_PIECES[] =
    "SELECT message_id, chunk, codec, data FROM body WHERE message_id = ANY ($1) ORDER BY message_id, chunk";
static const char INSERT_MESSAGES[] =
    "INSERT INTO message SELECT (y.t).* FROM"
    " (SELECT jsonb_populate_record(n.r::message, jsonb_build_object('message_id', n.m)) AS t"
    "    FROM unnest($1::text[], $2::bigint[]) AS n (r, m) OFFSET 0) AS y"
    " ON CONFLICT (content_hash) DO NOTHING";

/* Those that are not there, with their bodies. */
static bool bring_messages(struct batch *batch, struct err *err)
{
    struct transit *transit = batch->transit;
    int64_t *wanted = talloc_array(batch->arena, int64_t, (unsigned)batch->message_count + 1);
    int64_t *ids = talloc_array(batch->arena, int64_t, (unsigned)batch->message_count + 1);
    struct span *texts = talloc_array(batch->arena, struct span, (unsigned)batch->message_count + 1);
    size_t count = 0, read = 0;
    struct db_rows *rows;
    struct db_row row;
    uint64_t inserted;

    for (size_t i = 0; i < batch->message_count; i++)
        if (batch->new_messages[i] == 0)
            wanted[count++] = batch->old_messages[i];
    if (count == 0)
        return true;
    if (!group_take_ids(transit->options.to, transit->target, GROUP_MESSAGE_IDS, count, ids, err) ||
        !db_query(transit->source, batch->arena, READ_MESSAGES, DB_ARGS(db_i64_array(wanted, count)), &rows,
                  err))
        return false;
    for (; read < count && db_rows_at(rows, read, &row); read++) {
        texts[read] = db_get_text(&row, 1);
        batch->new_messages[message_number(batch, db_get_i64(&row, 0))] = ids[read];
    }
    if (!db_exec(transit->target, INSERT_MESSAGES,
                 DB_ARGS(db_text_array(texts, read), db_i64_array(ids, read)), &inserted, err))
        return false;
    if (read < count || inserted < read) /* a delivery brought the same just now: found the next time */
        return err_set(err, ERR_BUSY, "The mail store is temporarily unavailable.");
    return db_stream(transit->source, READ_PIECES, DB_ARGS(db_i64_array(wanted, count)), take_piece, batch,
                     err) &&
           flush_pieces(batch, err);
}

static const char INSERT_ITEMS[] =
    "INSERT INTO item SELECT (y.t).* FROM"
    " (SELECT jsonb_populate_record(n.r::item,"
    "         jsonb_build_object('item_id', n.i, 'thread_id', n.t, 'message_id', n.m)) AS t"
    "    FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[]) AS n (r, i, t, m) OFFSET 0) AS y";

static bool bring_items(struct db *db, void *arg, struct err *err)
{
    struct batch *batch = arg;
    size_t count = batch->item_count;
    int64_t *messages = talloc_array(batch->arena, int64_t, (unsigned)count + 1);

    for (size_t i = 0; i < batch->message_count; i++)
        batch->new_messages[i] = 0;
    batch->piece_count = 0;
    if (!transit_check_runner(batch->transit, err) || !find_messages(batch, err) ||
        !bring_messages(batch, err))
        return false;
    for (size_t i = 0; i < count; i++)
        messages[i] = batch->new_messages[message_number(batch, batch->messages[i])];
    if (!db_exec(db, INSERT_ITEMS,
                 DB_ARGS(db_text_array(batch->items, count), db_i64_array(batch->new_items, count),
                         db_i64_array(batch->threads, count), db_i64_array(messages, count)),
                 NULL, err))
        return false;
    CRASHPOINT("move.items");
    return true;
}

/* All reads of one snapshot, so that a message that is removed meanwhile is read whole or not at all. */
static bool read_and_bring(struct db *db, void *arg, struct err *err)
{
    struct batch *batch = arg;

    (void)db;
    return read_items(batch, err) &&
           (batch->item_count == 0 || with_transaction(batch->transit->target, bring_items, batch, err));
}

static bool bring_batch(struct transit *transit, const struct lines *missing, size_t first, size_t count,
                        struct err *err)
{
    void *arena = talloc_new(NULL);
    struct batch batch = { .transit = transit,
                           .arena = arena,
                           .old_ids = lines_column(arena, missing, first, count, 3),
                           .count = count,
                           .items = talloc_array(arena, struct span, ITEMS_AT_ONCE),
                           .new_items = talloc_array(arena, int64_t, ITEMS_AT_ONCE),
                           .threads = talloc_array(arena, int64_t, ITEMS_AT_ONCE),
                           .messages = talloc_array(arena, int64_t, ITEMS_AT_ONCE),
                           .old_messages = talloc_array(arena, int64_t, ITEMS_AT_ONCE),
                           .new_messages = talloc_array(arena, int64_t, ITEMS_AT_ONCE),
                           .hashes = talloc_array(arena, struct span, ITEMS_AT_ONCE),
                           .piece_owner = talloc_new(arena) };
    bool done = with_snapshot(transit->source, read_and_bring, &batch, err);

    talloc_free(arena);
    return done;
}

bool transit_items(struct transit *transit, struct err *err)
{
    void *arena = talloc_new(NULL);
    struct lines here, there, missing;
    bool done = list(transit, true, arena, &here, err) && list(transit, false, arena, &there, err);

    if (done) {
        missing = lines_without(arena, &here, &there);
        transit->differences += missing.count;
        transit->total = (int64_t)here.count;
        transit->done = (int64_t)(here.count - missing.count);
        for (size_t i = 0; done && i < missing.count; i += ITEMS_AT_ONCE) {
            size_t count = missing.count - i < ITEMS_AT_ONCE ? missing.count - i : ITEMS_AT_ONCE;
            done = transit_go_on(transit, err) && bring_batch(transit, &missing, i, count, err);
            transit->done += (int64_t)count;
        }
    }
    talloc_free(arena);
    return done;
}

struct dropping {
    struct transit *transit;
    const int64_t *ids;
    size_t count;
};

static bool drop(struct db *db, void *arg, struct err *err)
{
    const struct dropping *dropping = arg;

    return transit_check_runner(dropping->transit, err) &&
           purge_items(db, dropping->transit->options.mailbox_id, dropping->ids, dropping->count, err);
}

bool transit_drop_items(struct transit *transit, struct err *err)
{
    void *arena = talloc_new(NULL);
    struct lines here, there, extra;
    bool done = list(transit, true, arena, &here, err) && list(transit, false, arena, &there, err);

    if (done) {
        extra = lines_without(arena, &there, &here);
        struct dropping dropping = { transit, lines_column(arena, &extra, 0, extra.count, 3), extra.count };
        transit->differences += extra.count;
        done = extra.count == 0 || with_transaction(transit->target, drop, &dropping, err);
    }
    talloc_free(arena);
    return done;
}
