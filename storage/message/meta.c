/* meta.c -- metas of messages, from the cache or by one query for all that are not there. */
#include "message/meta.h"

#include "db/statement.h"
#include "message/cache.h"
#include "message/zstd.h"

#include <talloc.h>

static void add_part(struct buf *out, struct span part)
{
    buf_add_varint(out, span_length(part));
    buf_add_span(out, part);
}

static bool take_part(struct span *in, struct span *part_out)
{
    uint64_t length;

    if (!span_take_varint(in, &length) || length > span_length(*in))
        return false;
    *part_out = span_of(in->p, (size_t)length);
    in->p += length;
    return true;
}

void meta_pack(struct buf *out, const struct message_meta *meta)
{
    buf_add_signed_varint(out, meta->message_id);
    buf_add_varint(out, meta->size_bytes);
    buf_add_varint(out, meta->header_bytes);
    add_part(out, meta->part_index);
    add_part(out, meta->envelope);
    add_part(out, meta->body_structure);
    add_part(out, meta->columns);
    add_part(out, meta->preview);
}

bool meta_unpack(struct span packed, struct message_meta *meta_out)
{
    uint64_t header_bytes;

    if (!span_take_signed_varint(&packed, &meta_out->message_id) ||
        !span_take_varint(&packed, &meta_out->size_bytes) || !span_take_varint(&packed, &header_bytes))
        return false;
    meta_out->header_bytes = (uint32_t)header_bytes;
    return take_part(&packed, &meta_out->part_index) && take_part(&packed, &meta_out->envelope) &&
           take_part(&packed, &meta_out->body_structure) && take_part(&packed, &meta_out->columns) &&
           take_part(&packed, &meta_out->preview);
}

static bool meta_from_cache(struct group *group, const void *owner, int64_t message_id,
                            struct message_meta *meta_out)
{
    struct cached cached;

    if (!piece_cache_get((struct cache_key){ group_id(group), message_id, CACHE_META }, &cached))
        return false;
    size_t length = span_length(cached.data);
    const char *copy = talloc_memdup(owner, cached.data.p, length);
    piece_cache_release(&cached);
    return meta_unpack(span_of(copy, length), meta_out);
}

/* By primary key. */
static const char READ_METAS[] =
    "SELECT message_id, size, header_size, part_index, envelope, body_structure, columns, preview"
    "  FROM message WHERE message_id = ANY($1)";

static void remember(struct group *group, const struct message_meta *meta)
{
    struct buf packed = BUF_INIT(talloc_new(NULL));

    meta_pack(&packed, meta);
    piece_cache_put((struct cache_key){ group_id(group), meta->message_id, CACHE_META }, PIECE_RAW,
                    buf_span(&packed));
    talloc_free(packed.owner);
}

static struct message_meta meta_of_row(const struct db_row *row)
{
    return (struct message_meta){ .message_id = db_get_i64(row, 0),
                                  .size_bytes = (uint64_t)db_get_i64(row, 1),
                                  .header_bytes = (uint32_t)db_get_i32(row, 2),
                                  .part_index = db_get_bytes(row, 3),
                                  .envelope = db_get_bytes(row, 4),
                                  .body_structure = db_get_bytes(row, 5),
                                  .columns = db_get_bytes(row, 6),
                                  .preview = db_get_text(row, 7) };
}

/* `missing` are the wanted ids, each once or more, `places` where they belong in metas. */
static bool read_metas(struct group *group, const void *owner, const int64_t *missing, const size_t *places,
                       size_t count, struct message_meta *metas, struct err *err)
{
    struct db *db;
    struct db_rows *rows;
    struct db_row row;

    if (!group_acquire(group, DB_INTERACTIVE, &db, err))
        return false;
    bool done = db_query(db, owner, READ_METAS, DB_ARGS(db_i64_array(missing, count)), &rows, err);
    db_release(&db);
    for (size_t i = 0; done && db_rows_at(rows, i, &row); i++) {
        struct message_meta meta = meta_of_row(&row);
        remember(group, &meta);
        for (size_t k = i < count && missing[i] == meta.message_id ? i : 0; k < count; k++)
            if (missing[k] == meta.message_id)
                metas[places[k]] = meta;
    }
    return done;
}

enum { METAS_A_QUERY = 128 };

bool message_metas(struct group *group, const void *owner, const int64_t *message_ids, size_t count,
                   struct message_meta **metas_out, struct err *err)
{
    struct message_meta *metas = talloc_zero_array(owner, struct message_meta, (unsigned)count + 1);
    int64_t missing[METAS_A_QUERY];
    size_t places[METAS_A_QUERY], missed = 0;

    for (size_t i = 0; i < count; i++) {
        if (!meta_from_cache(group, metas, message_ids[i], &metas[i])) {
            missing[missed] = message_ids[i];
            places[missed++] = i;
        }
        if (missed == METAS_A_QUERY || (missed > 0 && i + 1 == count)) {
            if (!read_metas(group, metas, missing, places, missed, metas, err))
                return false;
            missed = 0;
        }
    }
    *metas_out = metas;
    return true;
}

bool message_meta(struct group *group, const void *owner, int64_t message_id, struct message_meta *meta_out,
                  struct err *err)
{
    struct message_meta *metas;

    if (!message_metas(group, owner, &message_id, 1, &metas, err))
        return false;
    if (metas->message_id == 0)
        return err_set(err, ERR_NOT_FOUND, "There is no such message.");
    *meta_out = *metas;
    return true;
}
