/* upload.c -- see upload.h. */
#include "mailbox/upload.h"

#include "base/buf.h"
#include "base/clock.h"
#include "db/statement.h"
#include "db/transaction.h"

#include <talloc.h>

enum { PIECE_BYTES = 256 * 1024, SWEPT_A_TURN = 200 };
#define US_PER_HOUR (INT64_C(3600) * US_PER_S)

static const char USED[] =
    "SELECT count(*), coalesce(sum(size), 0)::bigint FROM upload WHERE recipient_id = $1";
static const char DROP_OLD[] = "DELETE FROM upload WHERE recipient_id = $1 AND created_us < $2";
static const char PUT[] = "INSERT INTO upload (mailbox_id, recipient_id, type, size, pieces, created_us)"
                          " VALUES ($1, $2, $3, $4, $5, $6) RETURNING upload_id";
static const char PUT_PIECE[] = "INSERT INTO upload_piece (upload_id, piece, data) VALUES ($1, $2, $3)";

struct putting {
    const struct upload *wanted;
    struct span bytes;
    int64_t id;
};

static bool has_room(struct db *db, const void *arena, const struct putting *putting, bool *has_out,
                     struct err *err)
{
    struct db_row row;

    if (!db_one_row(db, arena, USED, DB_ARGS(db_i64(putting->wanted->recipient_id)), &row, err))
        return false;
    *has_out = db_get_i64(&row, 0) < UPLOADS_MAX &&
               db_get_i64(&row, 1) + (int64_t)span_length(putting->bytes) <= UPLOAD_BYTES_MAX;
    return true;
}

static bool make_room(struct db *db, const void *arena, const struct putting *putting, struct err *err)
{
    bool has;

    if (!has_room(db, arena, putting, &has, err))
        return false;
    if (has)
        return true;
    return db_exec(db, DROP_OLD,
                   DB_ARGS(db_i64(putting->wanted->recipient_id), db_i64(clock_now_us() - US_PER_HOUR)), NULL,
                   err) &&
           has_room(db, arena, putting, &has, err) &&
           (has || err_set(err, ERR_QUOTA, "Too much was uploaded and not used yet."));
}

static bool put_work(struct db *db, void *arg, struct err *err)
{
    struct putting *putting = arg;
    void *arena = talloc_new(NULL);
    size_t length = span_length(putting->bytes), pieces = (length + PIECE_BYTES - 1) / PIECE_BYTES;
    struct db_row row;
    bool is_done =
        make_room(db, arena, putting, err) &&
        db_one_row(db, arena, PUT,
                   DB_ARGS(db_i64(putting->wanted->mailbox_id), db_i64(putting->wanted->recipient_id),
                           db_text(putting->wanted->type), db_i64((int64_t)length), db_i32((int32_t)pieces),
                           db_i64(clock_now_us())),
                   &row, err);

    if (is_done)
        putting->id = db_get_i64(&row, 0);
    for (size_t i = 0; is_done && i < pieces; i++)
        is_done = db_exec(db, PUT_PIECE,
                          DB_ARGS(db_i64(putting->id), db_i32((int32_t)i),
                                  db_bytes(span_part(putting->bytes, i * PIECE_BYTES, PIECE_BYTES))),
                          NULL, err);
    talloc_free(arena);
    return is_done;
}

bool upload_put(struct group *group, const struct upload *wanted, struct span bytes, int64_t *upload_id_out,
                struct err *err)
{
    struct putting putting = { .wanted = wanted, .bytes = bytes };
    struct db *db;
    bool is_done = group_has_room(group, err) && group_acquire(group, DB_INTERACTIVE, &db, err);

    if (!is_done)
        return false;
    is_done = with_transaction(db, put_work, &putting, err);
    db_release(&db);
    *upload_id_out = putting.id;
    return is_done;
}

static const char FIND[] =
    "SELECT type, size FROM upload WHERE upload_id = $1 AND mailbox_id = $2 AND recipient_id = $3";
static const char READ[] = "SELECT data FROM upload_piece WHERE upload_id = $1 ORDER BY piece";

bool upload_find(struct group *group, const void *owner, int64_t upload_id, int64_t mailbox_id,
                 int64_t recipient_id, struct upload *upload_out, struct err *err)
{
    void *arena = talloc_new(NULL);
    struct db *db;
    struct db_row row;
    bool is_done = group_acquire(group, DB_INTERACTIVE, &db, err);

    if (is_done) {
        is_done = db_one_row(db, arena, FIND,
                             DB_ARGS(db_i64(upload_id), db_i64(mailbox_id), db_i64(recipient_id)), &row, err);
        db_release(&db);
    }
    if (is_done)
        *upload_out = (struct upload){ .upload_id = upload_id,
                                       .mailbox_id = mailbox_id,
                                       .recipient_id = recipient_id,
                                       .type = db_copy_text(owner, &row, 0),
                                       .size = db_get_i64(&row, 1) };
    talloc_free(arena);
    return is_done;
}

static bool add_piece(const struct db_row *row, void *arg, struct err *err)
{
    (void)err;
    buf_add_span(arg, db_get_bytes(row, 0));
    return true;
}

bool upload_read(struct group *group, const void *owner, const struct upload *upload, struct span *bytes_out,
                 struct err *err)
{
    struct buf bytes = buf_owned_by(owner);
    struct db *db;
    bool is_done = group_acquire(group, DB_INTERACTIVE, &db, err);

    if (is_done) {
        (void)buf_reserve(&bytes, (size_t)upload->size + 1);
        is_done = db_stream(db, READ, DB_ARGS(db_i64(upload->upload_id)), add_piece, &bytes, err);
        db_release(&db);
    }
    if (is_done && bytes.length != (size_t)upload->size)
        is_done = err_set(err, ERR_NOT_FOUND, "There is no such upload.");
    *bytes_out = buf_span(&bytes);
    return is_done;
}

static const char SWEEP[] =
    "DELETE FROM upload WHERE upload_id IN"
    " (SELECT upload_id FROM upload WHERE created_us < $1 ORDER BY created_us LIMIT $2)";

bool upload_sweep(struct group *group, bool *is_done_out, struct err *err)
{
    struct db *db;
    uint64_t swept = 0;
    bool is_done = group_acquire(group, DB_BACKGROUND, &db, err);

    if (is_done) {
        is_done = db_exec(db, SWEEP,
                          DB_ARGS(db_i64(clock_now_us() - UPLOAD_HOURS * US_PER_HOUR), db_i64(SWEPT_A_TURN)),
                          &swept, err);
        db_release(&db);
    }
    *is_done_out = swept < SWEPT_A_TURN;
    return is_done;
}
