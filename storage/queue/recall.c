/* recall.c -- held, then gone. The message is locked before its rows, as in settle.c. */
#include "queue/recall.h"

#include "db/transaction.h"
#include "directory/act.h"
#include "queue/read.h"

#include <string.h>
#include <talloc.h>

/* By the name; names are not unique by force, the first that was submitted is meant. */
static const char LOCK_MESSAGE[] = "SELECT " QUEUE_MESSAGE_COLUMNS ", m.recipients FROM queue_message m"
                                   " WHERE m.name = $1 AND m.login_id IS NOT NULL"
                                   "   AND ($2 = 0 OR m.organisation_id = $2) AND ($3 = 0 OR m.login_id = $3)"
                                   " ORDER BY m.message_id LIMIT 1 FOR UPDATE";
static const char LOCK_ROWS[] = "SELECT r.recipient_id, r.asked, r.state, r.attempts FROM queue_recipient r"
                                " WHERE r.message_id = $1 ORDER BY r.recipient_id FOR UPDATE";
static const char HOLD_ROWS[] = "UPDATE queue_recipient SET state = 2 WHERE message_id = $1 AND state = 0";

static const char LOCK_AGAIN[] = "SELECT FROM queue_message WHERE message_id = $1 FOR UPDATE";
static const char END_ROWS[] = "DELETE FROM queue_recipient WHERE message_id = $1";
static const char END_BODY[] = "DELETE FROM queue_body WHERE message_id = $1";
static const char END_MESSAGE[] = "DELETE FROM queue_message WHERE message_id = $1";

struct holding {
    const void *owner;
    const char *name;
    int64_t organisation_id, login_id;
    struct queue_recall *recall;
};

static bool has_asked(const struct queue_recall *recall, const char *address)
{
    for (size_t i = 0; i < recall->asked_count; i++)
        if (strcmp(recall->asked[i], address) == 0)
            return true;
    return false;
}

/* True: all that was put in waits, untried. */
static bool read_rows(const struct holding *holding, const struct db_rows *rows, size_t put_in)
{
    struct queue_recall *recall = holding->recall;
    struct db_row row;

    recall->asked = talloc_array(holding->owner, const char *, (unsigned)db_rows_count(rows) + 1);
    recall->asked_count = 0;
    for (size_t i = 0; db_rows_at(rows, i, &row); i++) {
        const char *asked = db_copy_text(holding->owner, &row, 1);
        if (db_get_i32(&row, 2) == QUEUE_TAKEN || db_get_i32(&row, 3) > 0)
            return false;
        if (i == 0)
            recall->first_row = db_get_i64(&row, 0);
        if (!has_asked(recall, asked))
            recall->asked[recall->asked_count++] = asked;
    }
    return db_rows_count(rows) == put_in;
}

static bool hold(struct db *db, void *arg, struct err *err)
{
    const struct holding *holding = arg;
    struct db_rows *rows;
    struct db_row row;

    if (!db_one_row(
            db, holding->owner, LOCK_MESSAGE,
            DB_ARGS(db_text(holding->name), db_i64(holding->organisation_id), db_i64(holding->login_id)),
            &row, err))
        return err->kind == ERR_NOT_FOUND
                   ? err_set(err, ERR_NOT_FOUND, "There is no such message that could be taken back.")
                   : false;
    queue_read_message_columns(holding->owner, &row, 0, &holding->recall->message);
    int64_t message_id = holding->recall->message.message_id;
    if (!db_query(db, holding->owner, LOCK_ROWS, DB_ARGS(db_i64(message_id)), &rows, err))
        return false;
    if (!read_rows(holding, rows, (size_t)db_get_i64(&row, QUEUE_MESSAGE_COLUMN_COUNT)))
        return err_set(err, ERR_CONFLICT, "The message is on its way already.");
    return db_exec(db, HOLD_ROWS, DB_ARGS(db_i64(message_id)), NULL, err);
}

bool queue_recall_hold(struct db_pool *pool, const void *owner, const char *name, int64_t organisation_id,
                       int64_t login_id, struct queue_recall *recall_out, struct err *err)
{
    struct holding holding = { .owner = owner,
                               .name = name,
                               .organisation_id = organisation_id,
                               .login_id = login_id,
                               .recall = recall_out };

    *err = ERR_INIT;
    return with_pool_transaction(pool, DB_INTERACTIVE, hold, &holding, err);
}

struct ending {
    const struct actor *actor;
    const struct queue_recall *recall;
};

static bool end(struct db *db, void *arg, struct err *err)
{
    const struct ending *ending = arg;
    const struct queue_message *m = &ending->recall->message;
    uint64_t rows;

    if (!db_exec(db, LOCK_AGAIN, DB_ARGS(db_i64(m->message_id)), NULL, err) ||
        !db_exec(db, END_ROWS, DB_ARGS(db_i64(m->message_id)), &rows, err) ||
        !db_exec(db, END_BODY, DB_ARGS(db_i64(m->message_id)), NULL, err) ||
        !db_exec(db, END_MESSAGE, DB_ARGS(db_i64(m->message_id)), NULL, err))
        return false;
    return rows == 0 ||
           audit_write(db, ending->actor, m->organisation_id, "queue.recall", m->name, NULL,
                       json_pack("{s:s?, s:I}", "login", m->login, "entries", (json_int_t)rows), err);
}

bool queue_recall_end(struct db_pool *pool, const struct actor *actor, const struct queue_recall *recall,
                      struct err *err)
{
    struct ending ending = { actor, recall };

    *err = ERR_INIT;
    return with_pool_transaction(pool, DB_INTERACTIVE, end, &ending, err);
}
