/* header.c -- header blocks of messages, which lie apart from their bodies. */
#include "message/message.h"

#include "db/statement.h"
#include "message/cache.h"
#include "message/zstd.h"

#include <talloc.h>

enum { HEADERS_A_QUERY = 128 };
/* A header of any size that was accepted; more than this is damage. */
#define HEADER_LIMIT ((size_t)1 << 30)

static const char READ_HEADERS[] = "SELECT message_id, header FROM message WHERE message_id = ANY($1)";

static bool unpack(const void *owner, struct span packed, int64_t message_id, struct span *header_out,
                   struct err *err)
{
    if (zstd_unpack(owner, packed, PIECE_ZSTD, HEADER_LIMIT, header_out))
        return true;
    err_log(err, "message %lld: the stored header is damaged", (long long)message_id);
    return err_set(err, ERR_INTERNAL, "This message is damaged.");
}

static bool read_headers(struct group *group, const void *owner, const int64_t *missing, const size_t *places,
                         size_t count, struct span *headers, struct err *err)
{
    void *arena = talloc_new(NULL);
    struct db *db;
    struct db_rows *rows;
    struct db_row row;

    bool done = group_acquire(group, DB_INTERACTIVE, &db, err);
    if (done) {
        done = db_query(db, arena, READ_HEADERS, DB_ARGS(db_i64_array(missing, count)), &rows, err);
        db_release(&db);
    }
    for (size_t i = 0; done && db_rows_at(rows, i, &row); i++) {
        int64_t id = db_get_i64(&row, 0);
        struct span header;
        done = unpack(owner, db_get_bytes(&row, 1), id, &header, err);
        piece_cache_put((struct cache_key){ group_id(group), id, CACHE_HEADER }, PIECE_ZSTD,
                        db_get_bytes(&row, 1));
        for (size_t k = 0; done && k < count; k++)
            if (missing[k] == id)
                headers[places[k]] = header;
    }
    talloc_free(arena);
    return done;
}

static bool header_from_cache(struct group *group, const void *owner, int64_t message_id,
                              struct span *header_out, struct err *err)
{
    struct cached cached;

    if (!piece_cache_get((struct cache_key){ group_id(group), message_id, CACHE_HEADER }, &cached))
        return false;
    bool done = unpack(owner, cached.data, message_id, header_out, err);
    piece_cache_release(&cached);
    return done;
}

bool message_headers(struct group *group, const void *owner, const int64_t *message_ids, size_t count,
                     struct span **headers_out, struct err *err)
{
    struct span *headers = talloc_zero_array(owner, struct span, (unsigned)count + 1);
    int64_t missing[HEADERS_A_QUERY];
    size_t places[HEADERS_A_QUERY], missed = 0;

    for (size_t i = 0; i < count; i++) {
        if (!header_from_cache(group, headers, message_ids[i], &headers[i], err)) {
            missing[missed] = message_ids[i];
            places[missed++] = i;
        }
        if (missed == HEADERS_A_QUERY || (missed > 0 && i + 1 == count)) {
            if (!read_headers(group, headers, missing, places, missed, headers, err))
                return false;
            missed = 0;
        }
    }
    *headers_out = headers;
    return true;
}

bool message_header(struct group *group, const void *owner, int64_t message_id, struct span *header_out,
                    struct err *err)
{
    struct span *headers;

    if (!message_headers(group, owner, &message_id, 1, &headers, err))
        return false;
    if (!headers->p)
        return err_set(err, ERR_NOT_FOUND, "There is no such message.");
    *header_out = *headers;
    return true;
}
