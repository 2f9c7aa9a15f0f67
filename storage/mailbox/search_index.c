/*
 * search_index.c -- filling search_text in the background. The text of some hundred messages is made without a transaction;
 * then the folder's search_state row is locked, and where somebody else was faster the work is thrown away.
 */
#include "mailbox/search_index.h"

#include "db/statement.h"
#include "db/transaction.h"
#include "group/store.h"
#include "mailbox/search_read.h"

#include <talloc.h>

enum {
    BATCH_MESSAGES = 500,
    BATCH_BYTES = 8 * 1024 * 1024,
    FOLDERS_A_STEP = 64,
    MERGE_BELOW = SEARCH_TEXT_BYTES / 4
};

struct work {
    void *arena;
    int64_t folder_id, indexed_uid;
    struct search_document *documents;
    size_t count, bytes;
    uint32_t last_uid;
    bool was_late; /* another indexer came first */
};

static struct span copy(void *arena, struct span text)
{
    size_t length = span_length(text);

    return length == 0 ? span_of("", 0) : span_of(talloc_memdup(arena, text.p, length), length);
}

static bool keep(const struct search_member *member, const struct search_document *document, void *arg)
{
    struct work *work = arg;

    work->documents[work->count++] = (struct search_document){ .uid = member->uid,
                                                               .header = copy(work->arena, document->header),
                                                               .body = copy(work->arena, document->body) };
    work->bytes += span_length(document->header) + span_length(document->body);
    work->last_uid = member->uid;
    return work->bytes < BATCH_BYTES;
}

static const char MAKE_STATE[] = "INSERT INTO search_state (folder_id) VALUES ($1) ON CONFLICT DO NOTHING";
static const char LOCK_STATE[] =
    "SELECT indexed_uid FROM search_state WHERE folder_id = $1 FOR NO KEY UPDATE";
static const char LAST_ROW[] = "SELECT first_uid, data FROM search_text WHERE folder_id = $1"
                               " ORDER BY first_uid DESC LIMIT 1";
static const char DELETE_ROW[] = "DELETE FROM search_text WHERE folder_id = $1 AND first_uid = $2";
static const char INSERT_ROW[] = "INSERT INTO search_text (folder_id, first_uid, last_uid, messages, data)"
                                 " VALUES ($1, $2, $3, $4, $5)";
static const char ADVANCE[] = "UPDATE search_state SET indexed_uid = $2 WHERE folder_id = $1";

/* A short last row is taken back and grows, so that small deliveries do not leave thousands of small rows. */
static bool take_back_last(struct work *work, struct db *db, struct err *err)
{
    struct db_row row;
    struct search_text text;

    if (!db_one_row(db, work->arena, LAST_ROW, DB_ARGS(db_i64(work->folder_id)), &row, err))
        return err->kind == ERR_NOT_FOUND;
    if (span_length(db_get_bytes(&row, 1)) >= MERGE_BELOW)
        return true;
    if (!search_text_unpack(work->arena, db_get_bytes(&row, 1), &text))
        return true; /* damaged: verify finds it; here it stays beside */
    struct search_document *all =
        talloc_array(work->arena, struct search_document, (unsigned)(text.count + work->count));
    for (size_t i = 0; i < text.count; i++)
        all[i] = search_text_document(&text, i);
    memcpy(all + text.count, work->documents, work->count * sizeof *all);
    work->documents = all;
    work->count += text.count;
    return db_exec(db, DELETE_ROW, DB_ARGS(db_i64(work->folder_id), db_i64(db_get_i64(&row, 0))), NULL, err);
}

static bool insert_row(struct work *work, size_t first, size_t end, struct db *db, struct err *err)
{
    struct span data = search_text_pack(work->arena, work->documents + first, end - first);

    return db_exec(db, INSERT_ROW,
                   DB_ARGS(db_i64(work->folder_id), db_u32(work->documents[first].uid),
                           db_u32(work->documents[end - 1].uid), db_i32((int32_t)(end - first)),
                           db_bytes(data)),
                   NULL, err);
}

static bool insert_rows(struct work *work, struct db *db, struct err *err)
{
    size_t first = 0, bytes = 0;

    for (size_t i = 0; i < work->count; i++) {
        bytes += span_length(work->documents[i].header) + span_length(work->documents[i].body);
        if (bytes < SEARCH_TEXT_BYTES && i + 1 < work->count)
            continue;
        if (!insert_row(work, first, i + 1, db, err))
            return false;
        first = i + 1;
        bytes = 0;
    }
    return true;
}

static bool save(struct db *db, void *arg, struct err *err)
{
    struct work work = *(struct work *)arg; /* a second run begins where the first did */
    struct db_value folder = db_i64(work.folder_id);
    struct db_row row;

    if (!db_exec(db, MAKE_STATE, DB_ARGS(folder), NULL, err) ||
        !db_one_row(db, work.arena, LOCK_STATE, DB_ARGS(folder), &row, err))
        return false;
    if (db_get_i64(&row, 0) != work.indexed_uid) {
        ((struct work *)arg)->was_late = true;
        return true;
    }
    return take_back_last(&work, db, err) && insert_rows(&work, db, err) && db_commit_lazily(db, err) &&
           db_exec(db, ADVANCE, DB_ARGS(folder, db_u32(work.last_uid)), NULL, err);
}

static bool save_work(struct group *group, struct work *work, struct err *err)
{
    struct db *db;

    if (!group_acquire(group, DB_BACKGROUND, &db, err))
        return false;
    bool done = with_transaction(db, save, work, err);
    db_release(&db);
    return done || err->kind == ERR_UNKNOWN; /* the state row tells the next time */
}

bool search_index_folder(struct group *group, int64_t folder_id, int64_t indexed_uid, size_t limit,
                         size_t *done_out, struct err *err)
{
    void *arena = talloc_new(NULL);
    struct work work = { .arena = arena, .folder_id = folder_id, .indexed_uid = indexed_uid };
    struct search_member *members;
    size_t count;

    *done_out = 0;
    if (limit > BATCH_MESSAGES)
        limit = BATCH_MESSAGES;
    bool done = search_members(group, arena, folder_id, indexed_uid, limit, &members, &count, err);
    if (done && count > 0) {
        work.documents = talloc_array(arena, struct search_document, (unsigned)count);
        done = search_read(group, members, count, keep, &work, err) && save_work(group, &work, err);
        *done_out = work.was_late ? 0 : work.count;
    }
    talloc_free(arena);
    return done;
}

/* Folders with something new; the folder table is read whole, which is what this costs when there is nothing to do. */
static const char FIND_FOLDERS[] =
    "SELECT f.folder_id, coalesce(s.indexed_uid, 0)"
    "  FROM folder f LEFT JOIN search_state s USING (folder_id)"
    " WHERE f.deleted_us IS NULL AND f.uidnext > coalesce(s.indexed_uid, 0) + 1 AND f.messages > 0"
    "   AND " MAILBOX_IS_SETTLED(
        "f.mailbox_id") "   AND EXISTS (SELECT 1 FROM membership m WHERE m.folder_id = f.folder_id AND m.uid > coalesce(s.indexed_uid, 0))"
                        " LIMIT $1";

bool mailbox_index_step(struct group *group, size_t limit, size_t *done_out, struct err *err)
{
    void *arena = talloc_new(NULL);
    struct db *db;
    struct db_rows *rows;
    struct db_row row;
    size_t done_here;

    *done_out = 0;
    bool done = group_acquire(group, DB_BACKGROUND, &db, err);
    if (done) {
        done = db_query(db, arena, FIND_FOLDERS, DB_ARGS(db_i64(FOLDERS_A_STEP)), &rows, err);
        db_release(&db);
    }
    for (size_t i = 0; done && *done_out < limit && db_rows_at(rows, i, &row); i++) {
        done = search_index_folder(group, db_get_i64(&row, 0), db_get_i64(&row, 1), limit - *done_out,
                                   &done_here, err);
        *done_out += done_here;
    }
    talloc_free(arena);
    return done;
}

static const char DROP_TEXT[] = "DELETE FROM search_text WHERE folder_id IN"
                                " (SELECT folder_id FROM folder WHERE mailbox_id = $1)";
static const char DROP_STATE[] = "DELETE FROM search_state WHERE folder_id IN"
                                 " (SELECT folder_id FROM folder WHERE mailbox_id = $1)";
static const char DROP_LEXEMES[] =
    "DELETE FROM search_lexeme WHERE item_id IN (SELECT item_id FROM search_word WHERE mailbox_id = $1)";
static const char DROP_WORDS[] = "DELETE FROM search_word WHERE mailbox_id = $1";
static const char DROP_ATTACHED[] =
    "DELETE FROM search_attachment WHERE item_id IN (SELECT item_id FROM item WHERE mailbox_id = $1)";

static bool drop(struct db *db, void *arg, struct err *err)
{
    struct db_value mailbox = db_i64(*(const int64_t *)arg);

    return db_exec(db, DROP_STATE, DB_ARGS(mailbox), NULL, err) &&
           db_exec(db, DROP_TEXT, DB_ARGS(mailbox), NULL, err) &&
           db_exec(db, DROP_LEXEMES, DB_ARGS(mailbox), NULL, err) &&
           db_exec(db, DROP_WORDS, DB_ARGS(mailbox), NULL, err) &&
           db_exec(db, DROP_ATTACHED, DB_ARGS(mailbox), NULL, err);
}

bool mailbox_index_drop(struct group *group, int64_t mailbox_id, struct err *err)
{
    struct db *db;

    if (!group_acquire(group, DB_BACKGROUND, &db, err))
        return false;
    bool done = with_transaction(db, drop, &mailbox_id, err);
    db_release(&db);
    return done;
}
