/* read.c -- rows into structs, and the bytes of a message. */
#include "queue/read.h"

#include "message/zstd.h"

#include <talloc.h>

enum { PIECE_BYTES = 256 * 1024, PIECES_AT_ONCE = 16, ACQUIRE_MS = 5000 };

static const char *text_of(const void *owner, const struct db_row *row, int column)
{
    const char *text = db_copy_text(owner, row, column);

    return text ? text : "";
}

void queue_read_message_columns(const void *owner, const struct db_row *row, int first,
                                struct queue_message *message_out)
{
    *message_out = (struct queue_message){
        .message_id = db_get_i64(row, first),
        .name = text_of(owner, row, first + 1),
        .organisation_id = db_get_i64(row, first + 2),
        .sender = text_of(owner, row, first + 3),
        .login_id = db_get_i64(row, first + 4),
        .login = db_copy_text(owner, row, first + 5),
        .origin = text_of(owner, row, first + 6),
        .ret = (enum queue_ret)db_get_i32(row, first + 7),
        .envid = db_copy_text(owner, row, first + 8),
        .body = (enum queue_body)db_get_i32(row, first + 9),
        .needs_smtputf8 = db_get_bool(row, first + 10),
        .needs_tls = db_get_bool(row, first + 11),
        .deliver_by_us = db_get_i64(row, first + 12),
        .deliver_by_mode = (enum queue_by)db_get_i32(row, first + 13),
        .priority = db_get_i32(row, first + 14),
        .received_us = db_get_i64(row, first + 15),
        .expires_us = db_get_i64(row, first + 16),
        .size_bytes = db_get_i64(row, first + 17),
        .subject = text_of(owner, row, first + 18),
        .language = text_of(owner, row, first + 19),
        .path = text_of(owner, row, first + 20),
    };
}

struct queue_message_read *queue_read_message(const void *owner, const struct db_row *row)
{
    struct queue_message_read *read = talloc_zero(owner, struct queue_message_read);

    queue_read_message_columns(read, row, 0, &read->message);
    read->has_piece = !db_is_null(row, QUEUE_MESSAGE_COLUMN_COUNT);
    if (read->has_piece) {
        read->codec = (int16_t)db_get_i32(row, QUEUE_MESSAGE_COLUMN_COUNT);
        read->piece = db_get_bytes(row, QUEUE_MESSAGE_COLUMN_COUNT + 1);
    }
    return read;
}

static const uint8_t *receipt_of(const void *owner, const struct db_row *row, int column)
{
    struct span bytes = db_is_null(row, column) ? (struct span){ NULL, NULL } : db_get_bytes(row, column);

    return span_length(bytes) == QUEUE_COPY_RECEIPT_BYTES
               ? talloc_memdup(owner, bytes.p, QUEUE_COPY_RECEIPT_BYTES)
               : NULL;
}

struct queue_taken queue_read_row(const void *owner, const struct db_row *row, int64_t *message_id_out)
{
    struct queue_taken taken = {
        .recipient_id = db_get_i64(row, 0),
        .lease = db_get_i64(row, 2),
        .recipient = { .address = text_of(owner, row, 3),
                       .sender = db_copy_text(owner, row, 22),
                       .via = db_copy_text(owner, row, 23),
                       .group_id = db_get_i64(row, 4),
                       .mailbox_id = db_get_i64(row, 5),
                       .target = db_copy_text(owner, row, 6),
                       .asked = text_of(owner, row, 7),
                       .why = text_of(owner, row, 8),
                       .flags = (unsigned)db_get_i32(row, 9),
                       .notify = (unsigned)db_get_i32(row, 10),
                       .orcpt_type = db_copy_text(owner, row, 11),
                       .orcpt = db_copy_text(owner, row, 12),
                       .lane = text_of(owner, row, 13),
                       .next_try_us = db_get_i64(row, 14),
                       .overdue_us = db_get_i64(row, 15),
                       .receipt = receipt_of(owner, row, 24) },
        .was_warned = db_get_bool(row, 16),
        .attempts = (unsigned)db_get_i32(row, 17),
        .last_code = (unsigned)db_get_i32(row, 18),
        .last_enhanced = text_of(owner, row, 19),
        .last_text = text_of(owner, row, 20),
        .last_host = text_of(owner, row, 21),
    };

    *message_id_out = db_get_i64(row, 1);
    return taken;
}

static const char READ_PIECES[] = "SELECT codec, data FROM queue_body"
                                  " WHERE message_id = $1 AND chunk >= $2 AND chunk < $3 ORDER BY chunk";

static bool damaged(int64_t message_id, struct err *err)
{
    err_log(err, "message %lld of the queue", (long long)message_id);
    return err_set(err, ERR_INTERNAL, "A message of the queue is damaged.");
}

/* Unpacks the pieces of one answer behind what is there; false where they do not fit into what was promised. */
static bool unpack(const struct db_rows *rows, char *bytes, size_t size, size_t *length_io)
{
    struct db_row row;

    for (size_t i = 0; db_rows_at(rows, i, &row); i++) {
        int16_t codec = (int16_t)db_get_i32(&row, 0);
        struct span piece = db_get_bytes(&row, 1);
        size_t raw;
        if (!zstd_raw_length(piece, codec, PIECE_BYTES, &raw) || raw > size - *length_io ||
            !zstd_unpack_into(bytes + *length_io, raw, piece, codec))
            return false;
        *length_io += raw;
    }
    return true;
}

static bool read_pieces(struct db *db, int64_t message_id, char *bytes, size_t size, size_t wanted,
                        size_t *length_out, struct err *err)
{
    size_t length = 0;

    for (int32_t chunk = 0; length < wanted; chunk += PIECES_AT_ONCE) {
        struct db_rows *rows;
        if (!db_query(db, NULL, READ_PIECES,
                      DB_ARGS(db_i64(message_id), db_i32(chunk), db_i32(chunk + PIECES_AT_ONCE)), &rows, err))
            return false;
        size_t count = db_rows_count(rows);
        bool is_good = unpack(rows, bytes, size, &length);
        talloc_free(rows);
        if (!is_good)
            return damaged(message_id, err);
        if (count == 0)
            return err_set(err, ERR_NOT_FOUND, "There is no such message in the queue.");
    }
    *length_out = length;
    return true;
}

bool queue_bytes(struct db_pool *pool, const void *owner, int64_t message_id, int64_t size_bytes, size_t most,
                 struct span *bytes_out, struct err *err)
{
    size_t size = (size_t)size_bytes, wanted = size < most ? size : most, length = 0;
    size_t room = (wanted + (size_t)PIECES_AT_ONCE * PIECE_BYTES) < size
                      ? wanted + (size_t)PIECES_AT_ONCE * PIECE_BYTES
                      : size;
    char *bytes = talloc_size(owner, room + 1);
    struct db *db;

    if (!db_acquire(pool, DB_BACKGROUND, ACQUIRE_MS, &db, err))
        return false;
    bool done = read_pieces(db, message_id, bytes, room, wanted, &length, err);
    db_release(&db);
    *bytes_out = span_of(bytes, length < wanted ? length : wanted);
    return done;
}

bool queue_taken_bytes(struct db_pool *pool, const void *owner, const struct queue_taken *row,
                       struct span *bytes_out, struct err *err)
{
    const struct queue_message_read *read = (const void *)row->message;

    if (!read->has_piece)
        return queue_bytes(pool, owner, row->message->message_id, row->message->size_bytes, SIZE_MAX,
                           bytes_out, err);
    if (zstd_unpack(owner, read->piece, read->codec, QUEUE_TAKE_BYTES, bytes_out))
        return true;
    return damaged(row->message->message_id, err);
}
