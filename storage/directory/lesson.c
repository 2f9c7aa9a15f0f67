/*
 * lesson.c -- one statement each.
 */
#include "directory/lesson.h"

#include "base/clock.h"
#include "directory/act.h"

#include <talloc.h>

enum { PUT_MAX = 1000 };

/* The last of several words in one call counts. A mailbox that moved to another storage group meanwhile is passed over: its
 * message has another number there. */
static const char PUT[] =
    "WITH said AS (SELECT DISTINCT ON (mailbox_id, message_id) *"
    "                FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::boolean[]) WITH ORDINALITY"
    "                  AS s (mailbox_id, storage_group_id, message_id, is_spam, place)"
    "               ORDER BY mailbox_id, message_id, place DESC),"
    " room AS (SELECT $6 - count(*) AS in_all FROM lesson),"
    " numbered AS (SELECT s.*, r.organisation_id, r.recipient_id,"
    "                     row_number() OVER (ORDER BY s.place) AS number,"
    "                     row_number() OVER (PARTITION BY s.mailbox_id ORDER BY s.place)"
    "                     + (SELECT count(*) FROM lesson l WHERE l.mailbox_id = s.mailbox_id) AS of_mailbox"
    "                FROM said s JOIN recipient r USING (mailbox_id, storage_group_id))"
    "INSERT INTO lesson (organisation_id, recipient_id, mailbox_id, storage_group_id, message_id, is_spam, made_us,"
    "                    next_us)"
    " SELECT organisation_id, recipient_id, mailbox_id, storage_group_id, message_id, is_spam, $5, $5"
    "   FROM numbered WHERE number <= (SELECT in_all FROM room) AND of_mailbox <= $7 ORDER BY place"
    " ON CONFLICT (mailbox_id, message_id) DO UPDATE"
    "    SET is_spam = excluded.is_spam, made_us = excluded.made_us, next_us = excluded.next_us, tries = 0";

/* Oldest first by the index on next_us; several machines take different ones. */
static const char TAKE[] =
    "UPDATE lesson l SET next_us = $1 + $2, tries = tries + 1"
    "  FROM (SELECT lesson_id FROM lesson WHERE next_us <= $1 ORDER BY next_us LIMIT $3"
    "           FOR UPDATE SKIP LOCKED) due"
    " WHERE l.lesson_id = due.lesson_id"
    " RETURNING l.lesson_id, l.organisation_id, l.recipient_id, l.mailbox_id, l.storage_group_id, l.message_id,"
    "           l.is_spam, l.tries, (SELECT address FROM address a WHERE a.recipient_id = l.recipient_id"
    "                                 ORDER BY NOT is_primary LIMIT 1)";

static const char END[] = "DELETE FROM lesson WHERE lesson_id = $1 AND is_spam = $2";
static const char DEFER[] = "UPDATE lesson SET next_us = $2, tries = tries - CASE WHEN $3 THEN 0 ELSE 1 END"
                            " WHERE lesson_id = $1 AND tries > 0";
static const char COUNT[] = "SELECT count(*) FROM lesson";

static const char KNOW[] =
    "INSERT INTO familiar (mailbox_id, key, organisation_id, recipient_id, learnt_us)"
    " SELECT DISTINCT $1::bigint, k.key, $3::bigint, $4::bigint, $5::bigint FROM unnest($2::bytea[]) AS k (key)"
    " ON CONFLICT (mailbox_id, key) DO UPDATE SET learnt_us = excluded.learnt_us";
static const char UNKNOW[] = "DELETE FROM familiar WHERE mailbox_id = $1 AND key = ANY ($2::bytea[])";

static const char FIND[] =
    "SELECT DISTINCT mailbox_id FROM familiar WHERE mailbox_id = ANY ($1) AND key = ANY ($2::bytea[])";

static const char FORGET[] =
    "DELETE FROM familiar WHERE (mailbox_id, key) IN ("
    " (SELECT mailbox_id, key FROM familiar WHERE learnt_us < $1 ORDER BY learnt_us LIMIT 10000)"
    " UNION"
    " (SELECT mailbox_id, key FROM (SELECT mailbox_id, key, row_number() OVER (PARTITION BY mailbox_id"
    "                                                                          ORDER BY learnt_us DESC) AS number"
    "                                FROM familiar"
    "                               WHERE mailbox_id IN (SELECT mailbox_id FROM familiar GROUP BY mailbox_id"
    "                                                    HAVING count(*) > $2)) f"
    "   WHERE number > $2 LIMIT 10000))";

static bool run(struct directory *directory, const char *sql, struct db_args args, uint64_t *affected_out,
                struct err *err)
{
    struct db *db;
    bool ok;

    *err = ERR_INIT;
    if (!db_acquire(directory->pools[DIRECTORY_LOOKS_UP], DB_BACKGROUND, 5000, &db, err))
        return false;
    ok = db_exec(db, sql, args, affected_out, err);
    db_release(&db);
    return ok;
}

bool lesson_put(struct directory *directory, const struct lesson *lessons, size_t count, int64_t now_us,
                struct err *err)
{
    size_t most = count < PUT_MAX ? count : PUT_MAX;
    int64_t *numbers = talloc_array(NULL, int64_t, 3 * (unsigned)most + 1);
    bool *words = talloc_array(numbers, bool, (unsigned)most + 1), ok = true;

    for (size_t begin = 0; ok && begin < count; begin += PUT_MAX) {
        size_t part = count - begin < PUT_MAX ? count - begin : PUT_MAX;

        for (size_t i = 0; i < part; i++) {
            numbers[i] = lessons[begin + i].mailbox_id;
            numbers[part + i] = lessons[begin + i].storage_group_id;
            numbers[2 * part + i] = lessons[begin + i].message_id;
            words[i] = lessons[begin + i].is_spam;
        }
        ok = run(directory, PUT,
                 DB_ARGS(db_i64_array(numbers, part), db_i64_array(numbers + part, part),
                         db_i64_array(numbers + 2 * part, part), db_bool_array(words, part), db_i64(now_us),
                         db_i64(LESSONS_MAX), db_i64(LESSONS_OF_MAILBOX_MAX)),
                 NULL, err);
    }
    talloc_free(numbers);
    return ok;
}

bool lesson_take(struct directory *directory, const void *owner, int64_t now_us, struct lesson **lessons_out,
                 size_t *count_out, struct err *err)
{
    struct db_rows *rows;
    struct lesson *lessons;
    struct db_row row;

    if (!look_up(directory, NULL, TAKE,
                 DB_ARGS(db_i64(now_us), db_i64(LESSON_LEASE_S * US_PER_S), db_i64(LESSONS_TAKEN_MAX)), &rows,
                 err))
        return false;
    lessons = talloc_zero_array(owner, struct lesson, (unsigned)db_rows_count(rows) + 1);
    for (size_t i = 0; db_rows_at(rows, i, &row); i++)
        lessons[i] = (struct lesson){ .lesson_id = db_get_i64(&row, 0),
                                      .organisation_id = db_get_i64(&row, 1),
                                      .recipient_id = db_get_i64(&row, 2),
                                      .mailbox_id = db_get_i64(&row, 3),
                                      .storage_group_id = db_get_i64(&row, 4),
                                      .message_id = db_get_i64(&row, 5),
                                      .is_spam = db_get_bool(&row, 6),
                                      .tries = db_get_i32(&row, 7),
                                      .address = db_copy_text(lessons, &row, 8) };
    *lessons_out = lessons;
    *count_out = db_rows_count(rows);
    talloc_free(rows);
    return true;
}

bool lesson_end(struct directory *directory, const struct lesson *lesson, struct err *err)
{
    return run(directory, END, DB_ARGS(db_i64(lesson->lesson_id), db_bool(lesson->is_spam)), NULL, err);
}

bool lesson_defer(struct directory *directory, const struct lesson *lesson, int64_t next_us, bool was_tried,
                  struct err *err)
{
    return run(directory, DEFER, DB_ARGS(db_i64(lesson->lesson_id), db_i64(next_us), db_bool(was_tried)),
               NULL, err);
}

bool lesson_count(struct directory *directory, int64_t *count_out, struct err *err)
{
    struct db_row row;
    void *scratch = talloc_new(NULL);
    bool ok = look_up_one(directory, scratch, COUNT, DB_NO_ARGS, &row, err);

    if (ok)
        *count_out = db_get_i64(&row, 0);
    talloc_free(scratch);
    return ok;
}

bool familiar_learn(struct directory *directory, const struct lesson *lesson, const struct span *keys,
                    size_t count, int64_t now_us, struct err *err)
{
    if (count == 0)
        return true;
    if (lesson->is_spam)
        return run(directory, UNKNOW, DB_ARGS(db_i64(lesson->mailbox_id), db_bytes_array(keys, count)), NULL,
                   err);
    return run(directory, KNOW,
               DB_ARGS(db_i64(lesson->mailbox_id), db_bytes_array(keys, count),
                       db_i64(lesson->organisation_id), db_i64(lesson->recipient_id), db_i64(now_us)),
               NULL, err);
}

bool familiar_find(struct directory *directory, const void *owner, const int64_t *mailboxes,
                   size_t mailbox_count, const struct span *keys, size_t key_count, int64_t **known_out,
                   size_t *known_count_out, struct err *err)
{
    struct db_rows *rows;
    struct db_row row;

    *known_out = NULL;
    *known_count_out = 0;
    if (mailbox_count == 0 || key_count == 0)
        return true;
    if (!look_up(directory, NULL, FIND,
                 DB_ARGS(db_i64_array(mailboxes, mailbox_count), db_bytes_array(keys, key_count)), &rows,
                 err))
        return false;
    *known_out = talloc_array(owner, int64_t, (unsigned)db_rows_count(rows) + 1);
    while (db_rows_at(rows, *known_count_out, &row))
        (*known_out)[(*known_count_out)++] = db_get_i64(&row, 0);
    talloc_free(rows);
    return true;
}

bool familiar_tidy(struct directory *directory, int64_t now_us, uint64_t *removed_out, struct err *err)
{
    return run(directory, FORGET,
               DB_ARGS(db_i64(now_us - FAMILIAR_DAYS * INT64_C(86400) * US_PER_S), db_i64(FAMILIAR_MAX)),
               removed_out, err);
}
