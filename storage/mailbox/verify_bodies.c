/* verify_bodies.c -- every message against its hash, its size and the number of its pieces; bodies without a message. */
#include "base/buf.h"
#include "base/digest.h"
#include "mailbox/purge.h"
#include "mailbox/verify_report.h"
#include "message/message.h"
#include "message/zstd.h"

#include <talloc.h>

/* $3: only messages of this mailbox; 0: all. */
static const char MESSAGES[] =
    "SELECT m.message_id, m.size, m.chunks, m.content_hash, m.header_size, m.header FROM message m"
    " WHERE m.message_id > $1 AND ($3 = 0 OR EXISTS (SELECT 1 FROM item i WHERE i.message_id = m.message_id"
    "                                                   AND i.mailbox_id = $3))"
    " ORDER BY m.message_id LIMIT $2";
static const char PIECES[] = "SELECT chunk, codec, data FROM body WHERE message_id = $1 ORDER BY chunk";

struct reading {
    struct sha256 *sha;
    struct buf header; /* the first bytes, for the header */
    uint64_t size;
    int32_t pieces;
    bool is_damaged;
};

static bool read_piece(const struct db_row *row, void *arg, struct err *err)
{
    struct reading *reading = arg;
    void *arena = talloc_new(NULL);
    struct span raw;

    (void)err;
    if (db_get_i32(row, 0) != reading->pieces++ ||
        !zstd_unpack(arena, db_get_bytes(row, 2), (int16_t)db_get_i32(row, 1), MESSAGE_CHUNK_BYTES, &raw)) {
        reading->is_damaged = true;
    } else {
        sha256_add(reading->sha, raw);
        reading->size += span_length(raw);
        if (reading->pieces == 1)
            buf_add_span(&reading->header, raw);
    }
    talloc_free(arena);
    return true;
}

static void tell(struct verify_work *work, int64_t message_id, const char *what, const char *text)
{
    verify_tell_finding(work,
                        (struct verify_finding){ .what = what, .text = text, .message_id = message_id });
}

/* The header lies apart from the body: both must tell the same. */
static bool header_differs(void *arena, const struct db_row *row, struct span first_piece)
{
    size_t size = (size_t)db_get_i32(row, 4);
    struct span header;

    return !zstd_unpack(arena, db_get_bytes(row, 5), PIECE_ZSTD, (size_t)1 << 30, &header) ||
           span_length(header) != size ||
           !span_equals(span_part(first_piece, 0, size), span_part(header, 0, span_length(first_piece)));
}

static void compare(struct verify_work *work, const struct db_row *row, struct reading *reading, void *arena)
{
    int64_t message_id = db_get_i64(row, 0);
    uint8_t hash[SHA256_BYTES];

    sha256_finish(reading->sha, hash);
    if (reading->pieces == 0)
        tell(work, message_id, "body-missing", "The bytes of a message are missing.");
    else if (reading->is_damaged || reading->pieces != db_get_i32(row, 2))
        tell(work, message_id, "body-pieces", "Pieces of a message are damaged or missing.");
    else if (reading->size != (uint64_t)db_get_i64(row, 1))
        tell(work, message_id, "body-size", "A message does not have the size that is noted.");
    else if (!span_equals(db_get_bytes(row, 3), span_of(hash, sizeof hash)))
        tell(work, message_id, "body-hash", "The bytes of a message do not match their hash.");
    else if (header_differs(arena, row, buf_span(&reading->header)))
        tell(work, message_id, "header", "The stored header is not the one of the message.");
}

/* A message without bytes may have been purged between the two looks; its row and its bytes go together. */
static const char STILL_THERE[] = "SELECT 1 FROM message WHERE message_id = $1";

static bool read_body(struct db *db, int64_t message_id, struct reading *reading, bool *is_there_out,
                      struct err *err)
{
    uint64_t rows = 1;
    bool done = db_stream(db, PIECES, DB_ARGS(db_i64(message_id)), read_piece, reading, err) &&
                (reading->pieces > 0 || db_exec(db, STILL_THERE, DB_ARGS(db_i64(message_id)), &rows, err));

    *is_there_out = rows > 0;
    return done;
}

static bool verify_body(struct verify_work *work, const struct db_row *row, struct err *err)
{
    void *arena = talloc_new(NULL);
    struct reading reading = { .sha = sha256_new(arena), .header = BUF_INIT(arena) };
    struct db *db;
    bool is_there = false, done = group_acquire(work->group, DB_BACKGROUND, &db, err);

    if (done) {
        done = read_body(db, db_get_i64(row, 0), &reading, &is_there, err);
        db_release(&db);
    }
    if (done && is_there) {
        work->totals->messages++;
        compare(work, row, &reading, arena);
    }
    talloc_free(arena);
    return done;
}

static const char ORPHAN_BODIES[] =
    "SELECT b.message_id FROM body b"
    " WHERE b.message_id > $1 AND $3 = 0 AND b.chunk = (SELECT min(chunk) FROM body x WHERE x.message_id = b.message_id)"
    "   AND NOT EXISTS (SELECT 1 FROM message m WHERE m.message_id = b.message_id)"
    "   AND NOT EXISTS (SELECT 1 FROM body_staged s WHERE s.message_id = b.message_id)"
    " ORDER BY b.message_id LIMIT $2";
static const char DELETE_ORPHAN[] =
    "DELETE FROM body b WHERE b.message_id = $1"
    "   AND NOT EXISTS (SELECT 1 FROM message m WHERE m.message_id = b.message_id)"
    "   AND NOT EXISTS (SELECT 1 FROM body_staged s WHERE s.message_id = b.message_id)";
static const char IS_ORPHAN[] =
    "SELECT 1 FROM body b WHERE b.message_id = $1"
    "   AND NOT EXISTS (SELECT 1 FROM message m WHERE m.message_id = b.message_id)"
    "   AND NOT EXISTS (SELECT 1 FROM body_staged s WHERE s.message_id = b.message_id)";

/* Looked at twice: the first look may have fallen between two pages of somebody's work. */
static bool orphan_body(struct verify_work *work, const struct db_row *row, struct err *err)
{
    int64_t message_id = db_get_i64(row, 0);
    uint64_t rows = 0;
    struct db *db;

    if (!group_acquire(work->group, DB_BACKGROUND, &db, err))
        return false;
    bool done = db_exec(db, work->options->may_repair ? DELETE_ORPHAN : IS_ORPHAN,
                        DB_ARGS(db_i64(message_id)), &rows, err);
    db_release(&db);
    if (done && rows > 0)
        verify_tell_finding(work,
                            (struct verify_finding){ .what = "orphan-body",
                                                     .text = "Bytes are stored that belong to no message.",
                                                     .message_id = message_id,
                                                     .is_repaired = work->options->may_repair });
    return done;
}

bool verify_bodies(struct verify_work *work, struct err *err)
{
    return (work->options->skips_bodies || verify_pages(work, MESSAGES, 200, verify_body, err)) &&
           verify_pages(work, ORPHAN_BODIES, 1000, orphan_body, err);
}
