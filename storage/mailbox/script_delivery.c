/*
 * script_delivery.c -- what runs when a message arrives, the automatic reply, and what is remembered of it.
 */
#include "base/clock.h"
#include "db/transaction.h"
#include "mailbox/script_work.h"

#include <talloc.h>

#define REPLY_COLUMNS "r.from_us, r.until_us, r.subject, r.inside_text, r.outside_text"

/* ---- the automatic reply */

static struct automatic_reply reply_of(const void *owner, const struct db_row *row, int column)
{
    return (struct automatic_reply){ .from_us = db_get_i64(row, column),
                                     .until_us = db_get_i64(row, column + 1),
                                     .subject = db_copy_text(owner, row, column + 2),
                                     .inside_text = db_copy_text(owner, row, column + 3),
                                     .outside_text = db_copy_text(owner, row, column + 4) };
}

static const char GET_REPLY[] = "SELECT " REPLY_COLUMNS " FROM automatic_reply r WHERE r.mailbox_id = $1";

bool automatic_reply_get(struct group *group, int64_t mailbox_id, const void *owner,
                         struct automatic_reply *reply_out, struct err *err)
{
    struct db_rows *rows;
    struct db_row row;

    if (!script_query(group, owner, GET_REPLY, DB_ARGS(db_i64(mailbox_id)), &rows, err))
        return false;
    if (!db_rows_at(rows, 0, &row))
        return err_set(err, ERR_NOT_FOUND, "No automatic reply is set.");
    *reply_out = reply_of(owner, &row, 0);
    return true;
}

static const char SET_REPLY[] =
    "INSERT INTO automatic_reply (mailbox_id, from_us, until_us, subject, inside_text, outside_text, changed_us)"
    " VALUES ($1, nullif($2, 0), nullif($3, 0), $4, $5, $6, $7)"
    " ON CONFLICT (mailbox_id) DO UPDATE"
    "    SET from_us = excluded.from_us, until_us = excluded.until_us, subject = excluded.subject,"
    "        inside_text = excluded.inside_text, outside_text = excluded.outside_text,"
    "        changed_us = excluded.changed_us";

static bool set_reply(struct db *db, int64_t mailbox_id, const void *arena, void *arg, struct err *err)
{
    const struct automatic_reply *reply = arg;

    (void)arena;
    return db_exec(db, SET_REPLY,
                   DB_ARGS(db_i64(mailbox_id), db_i64(reply->from_us), db_i64(reply->until_us),
                           db_text(reply->subject), db_text(reply->inside_text), db_text(reply->outside_text),
                           db_i64(clock_now_us())),
                   NULL, err);
}

bool automatic_reply_set(struct group *group, int64_t mailbox_id, const struct automatic_reply *reply,
                         struct err *err)
{
    struct automatic_reply copy = *reply;

    return script_change(group, mailbox_id, set_reply, &copy, err);
}

static const char REMOVE_REPLY[] = "DELETE FROM automatic_reply WHERE mailbox_id = $1";

static bool remove_reply(struct db *db, int64_t mailbox_id, const void *arena, void *arg, struct err *err)
{
    uint64_t affected;

    (void)arena;
    (void)arg;
    return db_exec(db, REMOVE_REPLY, DB_ARGS(db_i64(mailbox_id)), &affected, err) &&
           (affected == 1 || err_set(err, ERR_NOT_FOUND, "No automatic reply is set."));
}

bool automatic_reply_remove(struct group *group, int64_t mailbox_id, struct err *err)
{
    return script_change(group, mailbox_id, remove_reply, NULL, err);
}

/* ---- at delivery */

/* By primary keys and the index of active scripts. */
static const char AT_DELIVERY[] =
    "SELECT m.script_version, s.name, s.content, r.mailbox_id, " REPLY_COLUMNS ","
    "       array(SELECT sender FROM sender_rule b WHERE b.mailbox_id = $1 AND is_blocked ORDER BY sender COLLATE \"C\"),"
    "       array(SELECT sender FROM sender_rule b WHERE b.mailbox_id = $1 AND NOT is_blocked ORDER BY sender COLLATE \"C\")"
    "  FROM mailbox m"
    "  LEFT JOIN sieve_script s ON s.mailbox_id = m.mailbox_id AND s.is_active"
    "  LEFT JOIN automatic_reply r ON r.mailbox_id = m.mailbox_id"
    " WHERE m.mailbox_id = $1 AND m.deleted_us IS NULL";

bool script_at_delivery(struct group *group, int64_t mailbox_id, const void *owner,
                        struct script_at_delivery *out, struct err *err)
{
    struct db_rows *rows;
    struct db_row row;

    *out = (struct script_at_delivery){ .version = 0 };
    if (!script_query(group, owner, AT_DELIVERY, DB_ARGS(db_i64(mailbox_id)), &rows, err))
        return false;
    if (!db_rows_at(rows, 0, &row))
        return err_set(err, ERR_NOT_FOUND, "There is no such mailbox.");
    out->version = db_get_i64(&row, 0);
    out->name = db_copy_text(owner, &row, 1);
    out->content = db_get_text(&row, 2);
    out->has_reply = !db_is_null(&row, 3);
    if (out->has_reply)
        out->reply = reply_of(owner, &row, 4);
    out->blocked = db_get_span_array(owner, &row, 9, &out->blocked_count);
    out->allowed = db_get_span_array(owner, &row, 10, &out->allowed_count);
    return true;
}

static const char VERSION[] =
    "SELECT script_version FROM mailbox WHERE mailbox_id = $1 AND deleted_us IS NULL";

bool script_version(struct group *group, int64_t mailbox_id, int64_t *version_out, struct err *err)
{
    void *arena = talloc_new(NULL);
    struct db_rows *rows;
    struct db_row row;
    bool done = script_query(group, arena, VERSION, DB_ARGS(db_i64(mailbox_id)), &rows, err);

    if (done && db_rows_at(rows, 0, &row))
        *version_out = db_get_i64(&row, 0);
    else if (done)
        done = err_set(err, ERR_NOT_FOUND, "There is no such mailbox.");
    talloc_free(arena);
    return done;
}

/* ---- marks */

static const char IS_MARKED[] = "SELECT EXISTS (SELECT 1 FROM sieve_mark WHERE mailbox_id = $1 AND kind = $2"
                                "   AND key = $3 AND expires_us > $4)";

bool script_is_marked(struct group *group, int64_t mailbox_id, const char *kind, const uint8_t key[32],
                      int64_t now_us, bool *is_marked_out, struct err *err)
{
    void *arena = talloc_new(NULL);
    struct db_rows *rows;
    struct db_row row;
    bool done = script_query(
        group, arena, IS_MARKED,
        DB_ARGS(db_i64(mailbox_id), db_text(kind), db_bytes(span_of(key, 32)), db_i64(now_us)), &rows, err);

    *is_marked_out = done && db_rows_at(rows, 0, &row) && db_get_bool(&row, 0);
    talloc_free(arena);
    return done;
}

/* In the order of the keys, so that two who mark the same never wait for each other in a circle. */
static const char MARK[] =
    "INSERT INTO sieve_mark (mailbox_id, kind, key, expires_us)"
    " SELECT $1, t.kind, t.key, t.expires_us FROM unnest($2::text[], $3::bytea[], $4::bigint[])"
    "        AS t (kind, key, expires_us)"
    "  WHERE EXISTS (SELECT 1 FROM mailbox WHERE mailbox_id = $1 AND deleted_us IS NULL)"
    "  ORDER BY t.kind, t.key"
    " ON CONFLICT (mailbox_id, kind, key) DO UPDATE"
    "    SET expires_us = greatest(sieve_mark.expires_us, excluded.expires_us)";

bool script_mark(struct group *group, int64_t mailbox_id, const struct script_mark *marks, size_t count,
                 struct err *err)
{
    void *arena = talloc_new(NULL);
    struct span *kinds = talloc_array(arena, struct span, (unsigned)count + 1);
    struct span *keys = talloc_array(arena, struct span, (unsigned)count + 1);
    int64_t *expiries = talloc_array(arena, int64_t, (unsigned)count + 1);
    struct db *db;
    bool done = true;

    for (size_t i = 0; i < count; i++) {
        kinds[i] = span_text(marks[i].kind);
        keys[i] = span_of(marks[i].key, sizeof marks[i].key);
        expiries[i] = marks[i].expires_us;
    }
    if (count > 0) {
        done = group_acquire(group, DB_INTERACTIVE, &db, err);
        if (done) {
            done = db_exec(db, MARK,
                           DB_ARGS(db_i64(mailbox_id), db_text_array(kinds, count),
                                   db_bytes_array(keys, count), db_i64_array(expiries, count)),
                           NULL, err);
            db_release(&db);
        }
    }
    talloc_free(arena);
    return done;
}

/* By index sieve_mark_expires. */
static const char SWEEP[] =
    "DELETE FROM sieve_mark WHERE (mailbox_id, kind, key) IN"
    " (SELECT mailbox_id, kind, key FROM sieve_mark WHERE expires_us <= $1 ORDER BY expires_us LIMIT $2)";

bool script_sweep_marks(struct group *group, bool *is_done_out, struct err *err)
{
    enum { SWEPT_A_TURN = 5000 };
    struct db *db;
    uint64_t affected = 0;
    bool done;

    if (!group_acquire(group, DB_BACKGROUND, &db, err))
        return false;
    done = db_exec(db, SWEEP, DB_ARGS(db_i64(clock_now_us()), db_i64(SWEPT_A_TURN)), &affected, err);
    db_release(&db);
    *is_done_out = affected < SWEPT_A_TURN;
    return done;
}
