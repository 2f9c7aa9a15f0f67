/*
 * pack_write.c -- packs are written from the message rows, oldest messages first; folder.packed_uid says how far.
 */
#include "mailbox/pack_write.h"

#include "base/clock.h"
#include "db/transaction.h"
#include "mailbox/pack_codec.h"

#include <talloc.h>

/* Fewer messages than PACK_MESSAGES_MIN are packed when they are spread over so many UIDs that waiting is no use. */
enum { SPREAD = 1024 };

/* By primary keys. */
static const char READ_ROWS[] =
    "SELECT m.uid, g.envelope, g.body_structure, g.columns, g.preview, g.header_size, i.thread_id, m.saved_us"
    "  FROM membership m JOIN message g USING (message_id) JOIN item i USING (item_id)"
    " WHERE m.folder_id = $1 AND m.uid BETWEEN $2 AND $3 ORDER BY m.uid";

bool pack_rows_read(struct db *db, const void *owner, const struct view *view, uint32_t first_uid,
                    uint32_t last_uid, struct pack_row **rows_out, size_t *count_out, struct err *err)
{
    struct db_rows *rows;
    struct db_row row;

    if (!db_query(db, owner, READ_ROWS, DB_ARGS(db_i64(view->folder_id), db_u32(first_uid), db_u32(last_uid)),
                  &rows, err))
        return false;
    *rows_out = talloc_zero_array(owner, struct pack_row, (unsigned)db_rows_count(rows) + 1);
    *count_out = 0;
    for (size_t i = 0; db_rows_at(rows, i, &row); i++) {
        if (view_number_of(view, db_get_u32(&row, 0)) == 0)
            continue;
        (*rows_out)[(*count_out)++] = (struct pack_row){ .uid = db_get_u32(&row, 0),
                                                         .envelope = db_get_bytes(&row, 1),
                                                         .body_structure = db_get_bytes(&row, 2),
                                                         .columns = db_get_bytes(&row, 3),
                                                         .preview = db_get_text(&row, 4),
                                                         .header_size = db_get_u32(&row, 5),
                                                         .thread_id = db_get_i64(&row, 6),
                                                         .saved_us = db_get_i64(&row, 7) };
    }
    return true;
}

static const char READ_PACKED[] = "SELECT packed_uid FROM folder WHERE folder_id = $1 AND deleted_us IS NULL";
static const char WRITE_PACK[] =
    "INSERT INTO folder_pack (folder_id, first_uid, last_uid, messages, shown, searched)"
    " VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING";
/* Whoever else packs this folder at the same time has moved it already: then nothing is written here. */
static const char MOVE_ON[] = "UPDATE folder SET packed_uid = $3 WHERE folder_id = $1 AND packed_uid = $2";

struct pack_work {
    const struct view *view;
    uint32_t packed_uid, first_uid, last_uid;
    bool is_written;
};

static bool write_rows(struct db *db, void *arena, const struct pack_work *work, struct err *err)
{
    struct buf shown = BUF_INIT(arena), searched = BUF_INIT(arena);
    struct pack_row *rows;
    size_t count;

    if (!pack_rows_read(db, arena, work->view, work->first_uid, work->last_uid, &rows, &count, err))
        return false;
    if (count == 0)
        return true;
    pack_encode(PACK_SHOWN, rows, count, &shown);
    pack_encode(PACK_SEARCHED, rows, count, &searched);
    return db_exec(db, WRITE_PACK,
                   DB_ARGS(db_i64(work->view->folder_id), db_u32(rows[0].uid), db_u32(rows[count - 1].uid),
                           db_i32((int32_t)count), db_bytes(buf_span(&shown)), db_bytes(buf_span(&searched))),
                   NULL, err);
}

static bool pack_work(struct db *db, void *arg, struct err *err)
{
    struct pack_work *work = arg;
    void *arena = talloc_new(NULL);
    uint64_t moved = 0;
    bool is_done =
        db_commit_lazily(db, err) &&
        db_exec(db, MOVE_ON,
                DB_ARGS(db_i64(work->view->folder_id), db_u32(work->packed_uid), db_u32(work->last_uid)),
                &moved, err);

    work->is_written = moved == 1;
    if (is_done && moved)
        is_done = write_rows(db, arena, work, err);
    talloc_free(arena);
    return is_done;
}

/* The next messages to pack; false when there are not enough. */
static bool next_range(const struct view *view, struct pack_work *work)
{
    uint32_t number = view_count_below(view, work->packed_uid + 1) + 1;
    uint32_t left = view_count(view) - (number - 1);
    uint32_t take = left < PACK_MESSAGES_MAX ? left : PACK_MESSAGES_MAX;
    struct view_message first, last;

    if (take == 0 || !view_at(view, number, &first) || !view_at(view, number + take - 1, &last))
        return false;
    work->first_uid = first.uid;
    work->last_uid = last.uid;
    return take >= PACK_MESSAGES_MIN || view_uidnext(view) - work->packed_uid > SPREAD;
}

static bool read_packed(struct db *db, int64_t folder_id, uint32_t *packed_out, struct err *err)
{
    void *arena = talloc_new(NULL);
    struct db_row row;
    bool is_read = db_one_row(db, arena, READ_PACKED, DB_ARGS(db_i64(folder_id)), &row, err);

    *packed_out = is_read ? db_get_u32(&row, 0) : 0;
    talloc_free(arena);
    return is_read;
}

bool pack_write_all(struct group *group, const struct view *view, int64_t deadline_us, uint64_t *count_out,
                    struct err *err)
{
    struct pack_work work = { .view = view };
    struct db *db;
    bool is_done;

    *count_out = 0;
    if (!group_acquire(group, DB_BACKGROUND, &db, err))
        return false;
    is_done = read_packed(db, view_folder_id(view), &work.packed_uid, err);
    while (is_done && next_range(view, &work) && clock_monotonic_us() < deadline_us) {
        is_done = with_transaction(db, pack_work, &work, err);
        if (!work.is_written)
            break;
        work.packed_uid = work.last_uid;
        ++*count_out;
    }
    db_release(&db);
    return is_done;
}
