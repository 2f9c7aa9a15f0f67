/* purge.c -- memberships, then items, then messages and bodies, in the transaction of the caller. */
#include "mailbox/purge.h"

#include "db/statement.h"

#include <talloc.h>

static const char LOCK_MAILBOX[] = "SELECT 1 FROM mailbox WHERE mailbox_id = $1 FOR NO KEY UPDATE";

bool purge_lock(struct db *db, int64_t mailbox_id, struct err *err)
{
    return db_exec(db, LOCK_MAILBOX, DB_ARGS(db_i64(mailbox_id)), NULL, err);
}

static const char DELETE_MEMBERSHIPS[] =
    "DELETE FROM membership WHERE folder_id = $1 AND uid = ANY($2) RETURNING item_id";

bool purge_memberships(struct db *db, int64_t mailbox_id, int64_t folder_id, const int64_t *uids,
                       size_t count, struct err *err)
{
    void *arena = talloc_new(NULL);
    struct db_rows *rows;
    struct db_row row;

    bool done = db_query(db, arena, DELETE_MEMBERSHIPS, DB_ARGS(db_i64(folder_id), db_i64_array(uids, count)),
                         &rows, err);
    if (done) {
        size_t items = db_rows_count(rows);
        int64_t *item_ids = talloc_array(arena, int64_t, (unsigned)items + 1);
        for (size_t i = 0; db_rows_at(rows, i, &row); i++)
            item_ids[i] = db_get_i64(&row, 0);
        done = purge_items(db, mailbox_id, item_ids, items, err);
    }
    talloc_free(arena);
    return done;
}

static const char DELETE_ITEMS[] =
    "DELETE FROM item i WHERE item_id = ANY($1)"
    "   AND NOT EXISTS (SELECT 1 FROM membership m WHERE m.item_id = i.item_id)"
    " RETURNING item_id, message_id, thread_id";
static const char DELETE_WORDS[] = "DELETE FROM search_word WHERE item_id = ANY($1)";
static const char DELETE_LEXEMES[] = "DELETE FROM search_lexeme WHERE item_id = ANY($1)";
/* Conversations that nothing is left of. By primary key, over the references of the mailbox. */
static const char DELETE_THREADS[] =
    "DELETE FROM thread_reference r WHERE mailbox_id = $1 AND thread_id = ANY($2)"
    "   AND NOT EXISTS (SELECT 1 FROM item i WHERE i.mailbox_id = $1 AND i.thread_id = r.thread_id)";

bool purge_items(struct db *db, int64_t mailbox_id, const int64_t *item_ids, size_t count, struct err *err)
{
    void *arena = talloc_new(NULL);
    struct db_rows *rows;
    struct db_row row;

    bool done = db_query(db, arena, DELETE_ITEMS, DB_ARGS(db_i64_array(item_ids, count)), &rows, err);
    size_t gone = done ? db_rows_count(rows) : 0;
    if (gone > 0) {
        int64_t *items = talloc_array(arena, int64_t, (unsigned)gone);
        int64_t *messages = talloc_array(arena, int64_t, (unsigned)gone);
        int64_t *threads = talloc_array(arena, int64_t, (unsigned)gone);
        for (size_t i = 0; db_rows_at(rows, i, &row); i++) {
            items[i] = db_get_i64(&row, 0);
            messages[i] = db_get_i64(&row, 1);
            threads[i] = db_get_i64(&row, 2);
        }
        done = db_exec(db, DELETE_WORDS, DB_ARGS(db_i64_array(items, gone)), NULL, err) &&
               db_exec(db, DELETE_LEXEMES, DB_ARGS(db_i64_array(items, gone)), NULL, err) &&
               db_exec(db, DELETE_THREADS, DB_ARGS(db_i64(mailbox_id), db_i64_array(threads, gone)), NULL,
                       err) &&
               purge_messages(db, messages, gone, err);
    }
    talloc_free(arena);
    return done;
}

/* A delivery that found the message holds it FOR KEY SHARE: passed over, it has an item of it soon. */
static const char LOCK_MESSAGES[] =
    "SELECT message_id FROM message WHERE message_id = ANY($1) ORDER BY message_id FOR UPDATE SKIP LOCKED";
/* A statement of its own: it sees what was committed until the lock. */
static const char DELETE_MESSAGES[] =
    "WITH gone AS (DELETE FROM message g WHERE message_id = ANY($1)"
    "                 AND NOT EXISTS (SELECT 1 FROM item i WHERE i.message_id = g.message_id) RETURNING message_id)"
    " DELETE FROM body WHERE message_id IN (SELECT message_id FROM gone)";

bool purge_messages(struct db *db, const int64_t *message_ids, size_t count, struct err *err)
{
    void *arena = talloc_new(NULL);
    struct db_rows *rows;
    struct db_row row;

    bool done = db_query(db, arena, LOCK_MESSAGES, DB_ARGS(db_i64_array(message_ids, count)), &rows, err);
    size_t locked = done ? db_rows_count(rows) : 0;
    if (locked > 0) {
        int64_t *ids = talloc_array(arena, int64_t, (unsigned)locked);
        for (size_t i = 0; db_rows_at(rows, i, &row); i++)
            ids[i] = db_get_i64(&row, 0);
        done = db_exec(db, DELETE_MESSAGES, DB_ARGS(db_i64_array(ids, locked)), NULL, err);
    }
    talloc_free(arena);
    return done;
}
