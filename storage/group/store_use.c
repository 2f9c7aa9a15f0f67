/* store_use.c -- what is in a store, how it grew, and who changes his store within a group. */
#include "base/clock.h"
#include "db/statement.h"
#include "db/transaction.h"
#include "group/store.h"

#include <talloc.h>

enum { DAYS_KEPT = 400 };
#define TODAY(now) "(" now " / 86400000000)::integer"

static const char READ_USAGE[] =
    "SELECT s.is_mounted, m.mailboxes, m.deleted, m.bytes, m.messages, m.quota, m.nearly_full, m.full,"
    "       m.bytes - coalesce((SELECT h.bytes FROM store_history h WHERE h.store_id = $1 AND h.day >= " TODAY(
        "$2") " - 7"
              "                            ORDER BY h.day LIMIT 1), m.bytes),"
              "       m.bytes - coalesce((SELECT h.bytes FROM store_history h WHERE h.store_id = $1 AND h.day >= " TODAY(
                  "$2") " - 30"
                        "                            ORDER BY h.day LIMIT 1), m.bytes)"
                        "  FROM store s, LATERAL"
                        "  (SELECT count(*) FILTER (WHERE deleted_us IS NULL) AS mailboxes, count(deleted_us) AS deleted,"
                        "          coalesce(sum(used_bytes), 0)::bigint AS bytes, coalesce(sum(used_messages), 0)::bigint AS messages,"
                        "          coalesce(sum(quota_bytes), 0)::bigint AS quota,"
                        "          count(*) FILTER (WHERE used_bytes >= coalesce(warn_bytes, quota_bytes - quota_bytes / 5)) AS nearly_full,"
                        "          count(*) FILTER (WHERE used_bytes >= quota_bytes) AS full"
                        "     FROM mailbox WHERE store_id = $1) AS m"
                        " WHERE s.store_id = $1";

bool store_usage(struct group *group, int64_t store_id, struct store_usage *usage_out, struct err *err)
{
    struct db *db;
    struct db_row row;

    if (!group_acquire(group, DB_INTERACTIVE, &db, err))
        return false;
    void *arena = talloc_new(NULL);
    bool found =
        db_one_row(db, arena, READ_USAGE, DB_ARGS(db_i64(store_id), db_i64(clock_now_us())), &row, err);
    db_release(&db);
    if (found)
        *usage_out = (struct store_usage){ .is_mounted = db_get_bool(&row, 0),
                                           .mailboxes = db_get_i64(&row, 1),
                                           .deleted_mailboxes = db_get_i64(&row, 2),
                                           .used_bytes = db_get_i64(&row, 3),
                                           .used_messages = db_get_i64(&row, 4),
                                           .quota_bytes = db_get_i64(&row, 5),
                                           .nearly_full = db_get_i64(&row, 6),
                                           .full = db_get_i64(&row, 7),
                                           .grown_bytes_7 = db_get_i64(&row, 8),
                                           .grown_bytes_30 = db_get_i64(&row, 9) };
    talloc_free(arena);
    return found;
}

static const char NOTE_HISTORY[] =
    "INSERT INTO store_history (store_id, day, mailboxes, bytes, messages)"
    " SELECT s.store_id, " TODAY(
        "$1") ", count(m.mailbox_id), coalesce(sum(m.used_bytes), 0), coalesce(sum(m.used_messages), 0)"
              "   FROM store s LEFT JOIN mailbox m USING (store_id) WHERE s.store_id <> 0 GROUP BY s.store_id"
              " ON CONFLICT (store_id, day) DO UPDATE"
              "   SET mailboxes = excluded.mailboxes, bytes = excluded.bytes, messages = excluded.messages";
static const char FORGET_HISTORY[] = "DELETE FROM store_history WHERE day < " TODAY("$1") " - $2";

static bool note(struct db *db, void *arg, struct err *err)
{
    struct db_value now = db_i64(clock_now_us());

    (void)arg;
    return db_exec(db, NOTE_HISTORY, DB_ARGS(now), NULL, err) &&
           db_exec(db, FORGET_HISTORY, DB_ARGS(now, db_i32(DAYS_KEPT)), NULL, err);
}

bool store_note_history(struct group *group, bool *is_done_out, struct err *err)
{
    struct db *db;

    *is_done_out = true;
    if (!group_acquire(group, DB_BACKGROUND, &db, err))
        return false;
    bool done = with_transaction(db, note, NULL, err);
    db_release(&db);
    return done;
}

/* What is on its way to another group stands in none of the stores. */
static const char LOCK_MAILBOX[] =
    "SELECT store_id FROM mailbox WHERE mailbox_id = $1 AND deleted_us IS NULL FOR NO KEY UPDATE";
static const char SET_STORE[] = "UPDATE mailbox SET store_id = $2 WHERE mailbox_id = $1";
static const char TAKE_LIMITS[] = "SELECT take_store_limits(ARRAY[$1::bigint])";

struct change {
    int64_t mailbox_id, store_id;
};

static bool set_store(struct db *db, void *arg, struct err *err)
{
    const struct change *change = arg;
    struct db_value id = db_i64(change->mailbox_id);
    void *arena = talloc_new(NULL);
    struct db_row row;
    bool done = db_one_row(db, arena, LOCK_MAILBOX, DB_ARGS(id), &row, err);

    if (!done && err->kind == ERR_NOT_FOUND)
        err_set(err, ERR_NOT_FOUND, "There is no such mailbox.");
    if (done && db_get_i64(&row, 0) == 0)
        done = err_set(err, ERR_BUSY, "The mailbox is on its way to another storage group.");
    done = done && db_exec(db, SET_STORE, DB_ARGS(id, db_i64(change->store_id)), NULL, err) &&
           db_exec(db, TAKE_LIMITS, DB_ARGS(id), NULL, err);
    talloc_free(arena);
    return done;
}

bool mailbox_set_store(struct group *group, int64_t mailbox_id, int64_t store_id, struct err *err)
{
    struct change change = { mailbox_id, store_id };
    struct db *db;

    if (!group_acquire(group, DB_INTERACTIVE, &db, err))
        return false;
    bool done = with_transaction(db, set_store, &change, err);
    db_release(&db);
    return done;
}

static const char DELETED_SIZE[] = "SELECT used_bytes FROM mailbox WHERE mailbox_id = $1 AND deleted_us > 0";

bool mailbox_deleted_size(struct group *group, int64_t mailbox_id, int64_t *bytes_out, struct err *err)
{
    struct db *db;
    struct db_row row;

    if (!group_acquire(group, DB_INTERACTIVE, &db, err))
        return false;
    void *arena = talloc_new(NULL);
    bool found = db_one_row(db, arena, DELETED_SIZE, DB_ARGS(db_i64(mailbox_id)), &row, err);
    db_release(&db);
    if (found)
        *bytes_out = db_get_i64(&row, 0);
    else if (err->kind == ERR_NOT_FOUND)
        err_set(err, ERR_NOT_FOUND, "The time in which this mailbox could be reconnected is over.");
    talloc_free(arena);
    return found;
}
