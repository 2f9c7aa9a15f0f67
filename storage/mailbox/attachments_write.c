/* attachments_write.c -- rows of attachment_text and search_attachment. All is derived: COMMITs need not be on disk. */
#include "mailbox/attachments_write.h"

#include "db/statement.h"
#include "db/transaction.h"
#include "format/fold.h"
#include "mailbox/search_term.h"
#include "message/zstd.h"

#include <talloc.h>

static const char BEGIN_TRY[] = "INSERT INTO attachment_text (message_id, tries)"
                                " SELECT message_id, 1 FROM message WHERE message_id = $1"
                                " ON CONFLICT (message_id) DO UPDATE SET tries = attachment_text.tries + 1"
                                " RETURNING tries";

bool attachments_begin(struct group *group, int64_t message_id, int *tries_out, struct err *err)
{
    void *arena = talloc_new(NULL);
    struct db_row row;
    struct db *db;

    bool done = group_acquire(group, DB_BACKGROUND, &db, err);
    if (done) {
        done = db_one_row(db, arena, BEGIN_TRY, DB_ARGS(db_i64(message_id)), &row, err);
        if (done)
            *tries_out = db_get_i32(&row, 0);
        db_release(&db);
    }
    talloc_free(arena);
    return done;
}

static const char END_TRY[] =
    "UPDATE attachment_text SET is_done = true, reasons = coalesce($2, ''), raw_bytes = $3, data = $4"
    " WHERE message_id = $1";
static const char NOTE_WORDS[] = "INSERT INTO search_attachment (item_id, words)"
                                 " SELECT item_id, $2::text::tsvector FROM item WHERE item_id = $1"
                                 " ON CONFLICT (item_id) DO NOTHING";
static const char ADVANCE[] =
    "UPDATE search_state SET attached_uid = $2, attached_count = attached_count + $3"
    " WHERE folder_id = $1 AND attached_uid < $2 AND indexed_uid >= $2";

struct writing {
    const struct attachment_outcome *outcome;
    void *arena;
    struct span data, words;
    bool ends_try;
};

static bool write_all(struct db *db, void *arg, struct err *err)
{
    const struct writing *w = arg;
    const struct attachment_outcome *o = w->outcome;
    bool has_text = o->text.length > 0;

    return db_commit_lazily(db, err) &&
           (!w->ends_try || db_exec(db, END_TRY,
                                    DB_ARGS(db_i64(o->message_id), db_span_text(buf_span(&o->reasons)),
                                            db_i32((int32_t)o->text.length),
                                            has_text ? db_bytes(w->data) : db_null(DB_BYTES)),
                                    NULL, err)) &&
           (!has_text ||
            db_exec(db, NOTE_WORDS, DB_ARGS(db_i64(o->item_id), db_span_text(w->words)), NULL, err)) &&
           db_exec(db, ADVANCE, DB_ARGS(db_i64(o->folder_id), db_u32(o->uid), db_i64(has_text)), NULL, err);
}

static bool write_outcome(struct group *group, const struct attachment_outcome *outcome, bool ends_try,
                          struct err *err)
{
    struct writing w = { .outcome = outcome, .arena = talloc_new(NULL), .ends_try = ends_try };
    struct buf folded = BUF_INIT(w.arena);
    struct db *db;
    bool done;

    fold_add(&folded, buf_span(&outcome->text));
    w.words = search_term_attached_vector(w.arena, outcome->mailbox_id, buf_span(&folded));
    if (outcome->text.length > 0)
        w.data = zstd_pack(w.arena, buf_span(&outcome->text), NULL);
    done = group_acquire(group, DB_BACKGROUND, &db, err);
    if (done) {
        done = with_transaction(db, write_all, &w, err);
        db_release(&db);
    }
    talloc_free(w.arena);
    return done || err->kind == ERR_UNKNOWN; /* where it was not written, it is done once more */
}

bool attachments_end(struct group *group, const struct attachment_outcome *outcome, struct err *err)
{
    return write_outcome(group, outcome, true, err);
}

bool attachments_note_item(struct group *group, const struct attachment_outcome *outcome, struct err *err)
{
    return write_outcome(group, outcome, false, err);
}

bool attachments_advance(struct group *group, int64_t folder_id, uint32_t uid, struct err *err)
{
    struct db *db;

    if (!group_acquire(group, DB_BACKGROUND, &db, err))
        return false;
    bool done = db_exec(db, ADVANCE, DB_ARGS(db_i64(folder_id), db_u32(uid), db_i64(0)), NULL, err);
    db_release(&db);
    return done;
}

static const char READ_TEXT[] =
    "SELECT raw_bytes, data FROM attachment_text WHERE message_id = $1 AND data IS NOT NULL";

bool attachments_text(struct group *group, const void *owner, int64_t message_id, struct span *text_out,
                      struct err *err)
{
    void *arena = talloc_new(NULL);
    struct db_row row;
    struct db *db;

    *text_out = span_of("", 0);
    bool done = group_acquire(group, DB_SEARCH, &db, err);
    if (done) {
        done = db_one_row(db, arena, READ_TEXT, DB_ARGS(db_i64(message_id)), &row, err);
        db_release(&db);
        if (done && !attachments_unpack(owner, db_get_bytes(&row, 1), db_get_i32(&row, 0), text_out))
            *text_out = span_of("", 0); /* damaged: verify finds it */
        if (!done && err->kind == ERR_NOT_FOUND) {
            *err = ERR_INIT;
            done = true;
        }
    }
    talloc_free(arena);
    return done;
}

static const char PROGRESS[] =
    "SELECT coalesce(sum(s.attached_count), 0)::bigint"
    "  FROM search_state s JOIN folder f USING (folder_id) WHERE f.mailbox_id = $1";

bool attachments_progress(struct group *group, int64_t mailbox_id, int64_t *progress_out, struct err *err)
{
    void *arena = talloc_new(NULL);
    struct db_row row;
    struct db *db;

    bool done = group_acquire(group, DB_SEARCH, &db, err);
    if (done) {
        done = db_one_row(db, arena, PROGRESS, DB_ARGS(db_i64(mailbox_id)), &row, err);
        if (done)
            *progress_out = db_get_i64(&row, 0);
        db_release(&db);
    }
    talloc_free(arena);
    return done;
}
