/*
 * filing_stage.c -- the pieces of a large message, written before its batch by whoever received it: a few pieces a
 * transaction, so that neither memory nor anybody else's COMMIT has to hold all of them.
 */
#include "mailbox/filing.h"

#include "base/clock.h"
#include "base/crashpoint.h"
#include "base/log.h"
#include "db/pipeline.h"
#include "message/zstd.h"

#include <talloc.h>

enum { PIECES_A_TRANSACTION = 16 };

static const char MARK_STAGED[] =
    "INSERT INTO body_staged (message_id, pieces, created_us) VALUES ($1, $2, $3)";
static const char COUNT_STAGED[] = "UPDATE body_staged SET pieces = $2 WHERE message_id = $1";
static const char INSERT_PIECE[] =
    "INSERT INTO body (message_id, chunk, codec, data) VALUES ($1, $2, $3, $4)";

struct stage {
    const struct message_draft *draft;
    int64_t message_id;
    uint32_t first; /* piece */
};

static bool add_piece(const struct stage *stage, uint32_t piece, struct db *db, struct err *err)
{
    void *arena = talloc_new(NULL);
    int16_t codec;
    struct span raw =
        span_part(stage->draft->bytes, (size_t)piece * MESSAGE_CHUNK_BYTES, (size_t)MESSAGE_CHUNK_BYTES);
    struct span data = zstd_pack(arena, raw, &codec);

    bool is_added = db_pipeline_add(
        db, INSERT_PIECE,
        DB_ARGS(db_i64(stage->message_id), db_i32((int32_t)piece), db_i16(codec), db_bytes(data)), err);
    talloc_free(arena);
    return is_added;
}

static bool mark_staged(const struct stage *stage, uint32_t pieces, struct db *db, struct err *err)
{
    struct db_value message = db_i64(stage->message_id), count = db_i32((int32_t)pieces);

    return stage->first == 0
               ? db_pipeline_add(db, MARK_STAGED, DB_ARGS(message, count, db_i64(clock_now_us())), err)
               : db_pipeline_add(db, COUNT_STAGED, DB_ARGS(message, count), err);
}

static bool stage_pieces(struct db *db, void *arg, struct err *err)
{
    const struct stage *stage = arg;
    uint32_t end = stage->draft->piece_count;

    if (end > stage->first + PIECES_A_TRANSACTION)
        end = stage->first + PIECES_A_TRANSACTION;
    /* Durable with the batch that refers to them: its COMMIT flushes everything that was written before it. Where the
     * database crashes in between, take_staged() misses them. */
    if (!db_commit_lazily(db, err) || !mark_staged(stage, end, db, err))
        return false;
    for (uint32_t piece = stage->first; piece < end; piece++)
        if (!add_piece(stage, piece, db, err))
            return false;
    return db_pipeline_commit(db, err) && db_pipeline_send(db, err) && db_pipeline_end(db, err);
}

/* True where rows of ours may be there: an id that somebody else has staged under fails before anything is written. */
static bool may_be_staged(const struct stage *stage, const struct err *err)
{
    return stage->first > 0 || err->kind == ERR_UNKNOWN;
}

static bool stage_all(struct group *group, struct stage *stage, struct db *db, struct err *err)
{
    if (!group_take_ids(group, db, GROUP_MESSAGE_IDS, 1, &stage->message_id, err))
        return false;
    for (; stage->first < stage->draft->piece_count; stage->first += PIECES_A_TRANSACTION) {
        CRASHPOINT("deliver.before-stage");
        if (!with_transaction(db, stage_pieces, stage, err))
            return false;
    }
    CRASHPOINT("deliver.after-stage");
    return true;
}

bool filing_stage(struct group *group, const struct message_draft *draft, int64_t *message_id_out,
                  struct err *err)
{
    struct stage stage = { .draft = draft };
    struct db *db;

    if (!group_acquire(group, DB_INTERACTIVE, &db, err))
        return false;
    bool done = stage_all(group, &stage, db, err);
    db_release(&db);
    if (!done && may_be_staged(&stage, err))
        filing_unstage(group, stage.message_id);
    if (!done && err->kind == ERR_UNKNOWN) /* nothing refers to it: trying again is safe */
        err_set(err, ERR_BUSY, "The mail store is temporarily unavailable.");
    *message_id_out = stage.message_id;
    return done;
}

/* Whoever files it removes the body_staged row in his transaction: then there is nothing here. */
static const char UNSTAGE[] =
    "WITH staged AS (DELETE FROM body_staged WHERE message_id = $1 RETURNING message_id)"
    " DELETE FROM body WHERE message_id IN (SELECT message_id FROM staged)";

void filing_unstage(struct group *group, int64_t message_id)
{
    struct err err = ERR_INIT;
    struct db *db;

    if (message_id == 0)
        return;
    if (group_acquire(group, DB_INTERACTIVE, &db, &err)) {
        if (!db_exec(db, UNSTAGE, DB_ARGS(db_i64(message_id)), NULL, &err))
            log_err(LOG_LEVEL_INFO, "filing.unstage.failed", &err);
        db_release(&db);
    }
}
