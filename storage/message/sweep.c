/*
 * sweep.c -- one body after the other, read 32 to a round trip. Only messages of one piece are read ahead: a larger one is
 * named, and whoever wants it reads it in pieces.
 */
#include "message/message.h"

#include "db/statement.h"
#include "message/cache.h"
#include "message/zstd.h"

#include <talloc.h>

enum { AHEAD = MESSAGE_SWEEP_AHEAD };

struct ahead {
    bool is_there, is_large, is_cached;
    int16_t codec;
    struct span data;     /* in the rows or in the cache */
    struct cached cached; /* where is_cached */
};

struct message_sweep {
    struct group *group;
    int64_t *ids;
    size_t count, next;
    size_t ahead_first, ahead_count; /* ids[ahead_first ..] are in `ahead` */
    struct ahead ahead[AHEAD];
    void *rows_arena;
    char *raw; /* of the message given out last */
    size_t raw_size;
};

/* Also when the sweep goes with its owner, without message_sweep_close(). */
static int release_cached(struct message_sweep *sweep)
{
    for (size_t i = 0; i < sweep->ahead_count; i++)
        if (sweep->ahead[i].is_cached)
            piece_cache_release(&sweep->ahead[i].cached);
    sweep->ahead_count = 0;
    return 0;
}

struct message_sweep *message_sweep_open(const void *owner, struct group *group, const int64_t *message_ids,
                                         size_t count)
{
    struct message_sweep *sweep = talloc_zero(owner, struct message_sweep);

    talloc_set_destructor(sweep, release_cached);
    sweep->group = group;
    sweep->ids = talloc_array(sweep, int64_t, (unsigned)count + 1);
    if (count > 0)
        memcpy(sweep->ids, message_ids, count * sizeof *message_ids);
    sweep->count = count;
    return sweep;
}

void message_sweep_rest(struct message_sweep *sweep)
{
    release_cached(sweep);
    TALLOC_FREE(sweep->rows_arena);
    TALLOC_FREE(sweep->raw);
    sweep->raw_size = 0;
}

void message_sweep_close(struct message_sweep **sweep)
{
    if (!*sweep)
        return;
    message_sweep_rest(*sweep);
    TALLOC_FREE(*sweep);
}

/* A piece 0 that is shorter than a piece may be is the whole message. */
static bool take_from_cache(struct message_sweep *sweep, int64_t message_id, struct ahead *ahead)
{
    size_t length;

    if (!piece_cache_get((struct cache_key){ group_id(sweep->group), message_id, 0 }, &ahead->cached))
        return false;
    if (!zstd_raw_length(ahead->cached.data, ahead->cached.codec, MESSAGE_CHUNK_BYTES - 1, &length)) {
        piece_cache_release(&ahead->cached);
        return false;
    }
    ahead->is_there = ahead->is_cached = true;
    ahead->codec = ahead->cached.codec;
    ahead->data = ahead->cached.data;
    return true;
}

static const char READ_BODIES[] =
    "SELECT m.message_id, m.chunks, b.codec, b.data"
    "  FROM message m LEFT JOIN body b ON b.message_id = m.message_id AND b.chunk = 0 AND m.chunks = 1"
    " WHERE m.message_id = ANY($1)";

static void take_row(struct message_sweep *sweep, const struct db_row *row)
{
    int64_t message_id = db_get_i64(row, 0);
    struct ahead found = { .is_there = true,
                           .is_large = db_get_i32(row, 1) > 1,
                           .codec = (int16_t)db_get_i32(row, 2),
                           .data = db_get_bytes(row, 3) };

    if (!found.is_large)
        piece_cache_put((struct cache_key){ group_id(sweep->group), message_id, 0 }, found.codec, found.data);
    for (size_t i = 0; i < sweep->ahead_count; i++)
        if (sweep->ids[sweep->ahead_first + i] == message_id && !sweep->ahead[i].is_cached)
            sweep->ahead[i] = found;
}

static bool read_ahead(struct message_sweep *sweep, struct err *err)
{
    int64_t missing[AHEAD];
    size_t missed = 0, wanted = sweep->count - sweep->next;
    struct db *db;
    struct db_rows *rows;
    struct db_row row;

    message_sweep_rest(sweep);
    sweep->ahead_first = sweep->next;
    sweep->ahead_count = wanted < AHEAD ? wanted : AHEAD;
    memset(sweep->ahead, 0, sizeof sweep->ahead);
    for (size_t i = 0; i < sweep->ahead_count; i++)
        if (!take_from_cache(sweep, sweep->ids[sweep->next + i], &sweep->ahead[i]))
            missing[missed++] = sweep->ids[sweep->next + i];
    if (missed == 0)
        return true;
    sweep->rows_arena = talloc_new(sweep);
    bool done = group_acquire(sweep->group, DB_INTERACTIVE, &db, err);
    if (done) {
        done =
            db_query(db, sweep->rows_arena, READ_BODIES, DB_ARGS(db_i64_array(missing, missed)), &rows, err);
        db_release(&db);
    }
    for (size_t i = 0; done && db_rows_at(rows, i, &row); i++)
        take_row(sweep, &row);
    if (!done)
        message_sweep_rest(sweep);
    return done;
}

static bool unpack(struct message_sweep *sweep, const struct ahead *ahead, int64_t message_id,
                   struct span *raw_out, struct err *err)
{
    size_t length;

    if (zstd_raw_length(ahead->data, ahead->codec, MESSAGE_CHUNK_BYTES, &length)) {
        if (!sweep->raw || sweep->raw_size < length + 1) {
            talloc_free(sweep->raw);
            sweep->raw_size = length + 1;
            sweep->raw = talloc_array(sweep, char, (unsigned)sweep->raw_size);
        }
        if (zstd_unpack_into(sweep->raw, length, ahead->data, ahead->codec)) {
            *raw_out = span_of(sweep->raw, length);
            return true;
        }
    }
    err_log(err, "message %lld: its body is damaged", (long long)message_id);
    return err_set(err, ERR_INTERNAL, "This message is damaged.");
}

bool message_sweep_fill(struct message_sweep *sweep, struct err *err)
{
    return sweep->next == sweep->count || sweep->next < sweep->ahead_first + sweep->ahead_count ||
           read_ahead(sweep, err);
}

bool message_sweep_next(struct message_sweep *sweep, struct message_sweep_item *item_out, struct err *err)
{
    *err = ERR_INIT;
    if (sweep->next == sweep->count)
        return false;
    if (!message_sweep_fill(sweep, err))
        return false;
    const struct ahead *ahead = &sweep->ahead[sweep->next - sweep->ahead_first];
    *item_out = (struct message_sweep_item){ .number = sweep->next,
                                             .message_id = sweep->ids[sweep->next],
                                             .is_large = ahead->is_large,
                                             .bytes = { NULL, NULL } };
    if (ahead->is_there && !ahead->is_large &&
        !unpack(sweep, ahead, item_out->message_id, &item_out->bytes, err))
        return false;
    sweep->next++;
    return true;
}
