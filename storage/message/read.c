/* read.c -- ranges of a body: only the pieces that the range touches are read and unpacked. */
#include "message/message.h"

#include "db/statement.h"
#include "message/cache.h"
#include "message/zstd.h"

#include <talloc.h>

static const char READ_PIECES[] = "SELECT chunk, codec, data FROM body"
                                  " WHERE message_id = $1 AND chunk BETWEEN $2 AND $3 ORDER BY chunk";

struct range {
    int64_t message_id;
    uint64_t offset, end; /* of raw bytes */
    char *out;            /* raw bytes from `offset` on */
    uint64_t filled;      /* contiguous bytes there */
};

static bool damaged(int64_t message_id, int32_t piece, struct err *err)
{
    err_log(err, "message %lld: piece %d is damaged", (long long)message_id, piece);
    return err_set(err, ERR_INTERNAL, "This message is damaged.");
}

/* Unpacks a piece and copies what the range wants of it. */
static bool fill(struct range *range, int32_t piece, int16_t codec, struct span data, struct err *err)
{
    uint64_t start = (uint64_t)piece * MESSAGE_CHUNK_BYTES;
    size_t length;

    if (!zstd_raw_length(data, codec, MESSAGE_CHUNK_BYTES, &length))
        return damaged(range->message_id, piece, err);
    uint64_t from = range->offset > start ? range->offset : start;
    uint64_t to = range->end < start + length ? range->end : start + length;
    if (from >= to)
        return true;
    if (from == start && to == start + length) {
        if (!zstd_unpack_into(range->out + (from - range->offset), length, data, codec))
            return damaged(range->message_id, piece, err);
    } else {
        char *raw = talloc_array(NULL, char, (unsigned)length + 1);
        bool is_good = zstd_unpack_into(raw, length, data, codec);
        if (is_good)
            memcpy(range->out + (from - range->offset), raw + (from - start), (size_t)(to - from));
        talloc_free(raw);
        if (!is_good)
            return damaged(range->message_id, piece, err);
    }
    range->filled = to - range->offset;
    return true;
}

/* Where the range holds the whole piece. */
static void keep_unpacked(const struct range *range, int32_t piece, const struct cached *cached)
{
    uint64_t start = (uint64_t)piece * MESSAGE_CHUNK_BYTES;
    size_t length;

    if (start >= range->offset &&
        zstd_raw_length(cached->data, cached->codec, MESSAGE_CHUNK_BYTES, &length) &&
        start + length <= range->offset + range->filled)
        piece_cache_keep_unpacked(cached, span_of(range->out + (start - range->offset), length));
}

/* The pieces from `first` on that the cache has; the first that it lacks comes back in *next_out. */
static bool fill_from_cache(struct group *group, struct range *range, int32_t first, int32_t last,
                            int32_t *next_out, struct err *err)
{
    int32_t piece = first;
    struct cached cached;
    bool is_good = true;

    for (; is_good && piece <= last; piece++) {
        if (!piece_cache_get((struct cache_key){ group_id(group), range->message_id, piece }, &cached))
            break;
        is_good = fill(range, piece, cached.codec, cached.data, err);
        if (is_good)
            keep_unpacked(range, piece, &cached);
        piece_cache_release(&cached);
    }
    *next_out = piece;
    return is_good;
}

static bool fill_from_rows(struct group *group, struct range *range, int32_t first, int32_t last,
                           struct err *err)
{
    void *arena = talloc_new(NULL);
    struct db *db;
    struct db_rows *rows;
    struct db_row row;

    bool done = group_acquire(group, DB_INTERACTIVE, &db, err);
    if (done) {
        done = db_query(db, arena, READ_PIECES,
                        DB_ARGS(db_i64(range->message_id), db_i32(first), db_i32(last)), &rows, err);
        db_release(&db);
    }
    for (size_t i = 0; done && db_rows_at(rows, i, &row); i++) {
        int32_t piece = db_get_i32(&row, 0);
        int16_t codec = (int16_t)db_get_i32(&row, 1);
        piece_cache_put((struct cache_key){ group_id(group), range->message_id, piece }, codec,
                        db_get_bytes(&row, 2));
        done = fill(range, piece, codec, db_get_bytes(&row, 2), err);
    }
    if (done && first == 0 && db_rows_count(rows) == 0)
        done = err_set(err, ERR_NOT_FOUND, "There is no such message.");
    talloc_free(arena);
    return done;
}

/* Never more than the pieces could hold, whatever length the caller hoped for. */
enum { RANGE_MAX = 1 << 30 };

bool message_read(struct group *group, const void *owner, int64_t message_id, uint64_t offset, size_t length,
                  struct span *bytes_out, struct err *err)
{
    if (length > RANGE_MAX)
        length = RANGE_MAX;
    if (offset > INT64_MAX / 2 || length == 0) {
        *bytes_out = span_of("", 0);
        return true;
    }
    struct range range = { .message_id = message_id, .offset = offset, .end = offset + length };
    int32_t first = (int32_t)(offset / MESSAGE_CHUNK_BYTES), next;
    int32_t last = (int32_t)((range.end - 1) / MESSAGE_CHUNK_BYTES);
    range.out = talloc_array(owner, char, (unsigned)length + 1);
    if (!fill_from_cache(group, &range, first, last, &next, err) ||
        (next <= last && !fill_from_rows(group, &range, next, last, err))) {
        talloc_free(range.out);
        return false;
    }
    *bytes_out = span_of(range.out, (size_t)range.filled);
    return true;
}
