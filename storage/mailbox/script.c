/*
 * script.c -- scripts as rows. Every change locks the mailbox's row first, as all changes in a mailbox do.
 */
#include "mailbox/script.h"

#include "base/clock.h"
#include "db/statement.h"
#include "db/transaction.h"
#include "format/charset.h"
#include "group/store.h"
#include "mailbox/script_work.h"

#include <talloc.h>

#define TOO_MANY "A mailbox can have %zu scripts."

bool script_is_too_many(const struct err *err)
{
    return err->kind == ERR_LIMIT && strncmp(err->user, "A mailbox can have", 18) == 0;
}

bool script_name_is_valid(struct span name)
{
    size_t characters = 0;

    if (span_is_empty(name) || !utf8_is_valid(name))
        return false;
    for (const unsigned char *p = (const unsigned char *)name.p; p < (const unsigned char *)name.end; p++) {
        size_t left = (size_t)((const unsigned char *)name.end - p);

        characters += (*p & 0xc0) != 0x80;
        if (*p < ' ' || *p == 0x7f || *p == '/')
            return false;
        if (*p == 0xc2 && left > 1 && p[1] < 0xa0) /* U+0080 to U+009F */
            return false;
        if (*p == 0xe2 && left > 2 && p[1] == 0x80 && (p[2] == 0xa8 || p[2] == 0xa9)) /* line separators */
            return false;
    }
    return characters <= SCRIPT_NAME_MAX;
}

static bool check_name(const char *name, struct err *err)
{
    return script_name_is_valid(span_text(name)) ||
           err_set(err, ERR_INVALID, "This is not a valid name for a script.");
}

static bool no_script(struct err *err)
{
    return err_set(err, ERR_NOT_FOUND, "There is no script of this name.");
}

/* ---- the frame of a change */

static const char LOCK[] =
    "SELECT " MAILBOX_IS_MOUNTED
    " FROM mailbox m WHERE m.mailbox_id = $1 AND m.deleted_us IS NULL FOR NO KEY UPDATE";
/* By primary keys and the index of active scripts. */
static const char NEW_VERSION[] =
    "UPDATE mailbox SET script_version ="
    "   CASE WHEN EXISTS (SELECT 1 FROM sieve_script s WHERE s.mailbox_id = $1 AND s.is_active)"
    "          OR EXISTS (SELECT 1 FROM automatic_reply r WHERE r.mailbox_id = $1)"
    "          OR EXISTS (SELECT 1 FROM sender_rule b WHERE b.mailbox_id = $1)"
    "        THEN nextval('script_version_seq') ELSE 0 END"
    " WHERE mailbox_id = $1";

struct frame {
    int64_t mailbox_id;
    script_work *work;
    void *arg;
};

static bool run_frame(struct db *db, void *arg, struct err *err)
{
    const struct frame *frame = arg;
    void *arena = talloc_new(NULL);
    struct db_row row;
    bool done = db_one_row(db, arena, LOCK, DB_ARGS(db_i64(frame->mailbox_id)), &row, err);

    if (!done && err->kind == ERR_NOT_FOUND)
        err_set(err, ERR_NOT_FOUND, "There is no such mailbox.");
    if (done && !db_get_bool(&row, 0))
        done = err_set(err, ERR_BUSY, "The mailbox is temporarily unavailable.");
    done = done && frame->work(db, frame->mailbox_id, arena, frame->arg, err) &&
           db_exec(db, NEW_VERSION, DB_ARGS(db_i64(frame->mailbox_id)), NULL, err);
    talloc_free(arena);
    return done;
}

bool script_change(struct group *group, int64_t mailbox_id, script_work *work, void *arg, struct err *err)
{
    struct frame frame = { mailbox_id, work, arg };
    struct db *db;
    bool done;

    if (!group_acquire(group, DB_INTERACTIVE, &db, err))
        return false;
    done = with_transaction(db, run_frame, &frame, err);
    db_release(&db);
    return done;
}

bool script_query(struct group *group, const void *owner, const char *sql, struct db_args args,
                  struct db_rows **rows_out, struct err *err)
{
    struct db *db;
    bool done;

    if (!group_acquire(group, DB_INTERACTIVE, &db, err))
        return false;
    done = db_query(db, owner, sql, args, rows_out, err);
    db_release(&db);
    return done;
}

/* ---- reading */

static const char LIST[] = "SELECT name, is_active, octet_length(content)::bigint, version, changed_us"
                           "  FROM sieve_script WHERE mailbox_id = $1 ORDER BY name";

bool script_list(struct group *group, int64_t mailbox_id, const void *owner, struct script **scripts_out,
                 size_t *count_out, struct err *err)
{
    struct db_rows *rows;
    struct db_row row;

    if (!script_query(group, owner, LIST, DB_ARGS(db_i64(mailbox_id)), &rows, err))
        return false;
    *count_out = db_rows_count(rows);
    *scripts_out = talloc_array(owner, struct script, (unsigned)*count_out + 1);
    for (size_t i = 0; db_rows_at(rows, i, &row); i++)
        (*scripts_out)[i] = (struct script){ .name = db_copy_text(owner, &row, 0),
                                             .is_active = db_get_bool(&row, 1),
                                             .bytes = db_get_i64(&row, 2),
                                             .version = db_get_i64(&row, 3),
                                             .changed_us = db_get_i64(&row, 4) };
    return true;
}

static const char GET[] = "SELECT content FROM sieve_script WHERE mailbox_id = $1 AND name = $2";

bool script_get(struct group *group, int64_t mailbox_id, const void *owner, const char *name,
                struct span *content_out, struct err *err)
{
    struct db_rows *rows;
    struct db_row row;

    if (!check_name(name, err) ||
        !script_query(group, owner, GET, DB_ARGS(db_i64(mailbox_id), db_text(name)), &rows, err))
        return false;
    if (!db_rows_at(rows, 0, &row))
        return no_script(err);
    *content_out = db_get_text(&row, 0);
    return true;
}

/* ---- writing */

struct put {
    const char *name;
    struct span content;
    const struct script_limits *limits;
};

static const char COUNT_OTHERS[] = "SELECT count(*) FROM sieve_script WHERE mailbox_id = $1 AND name <> $2";

static bool check_size(int64_t bytes, const struct script_limits *limits, struct err *err)
{
    int64_t most = limits && limits->script_bytes ? limits->script_bytes : SCRIPT_BYTES_STANDARD;

    return bytes <= most || err_set(err, ERR_LIMIT, "A script can have %lld bytes.", (long long)most);
}

static bool check_count(const struct db_row *others, const struct script_limits *limits, struct err *err)
{
    size_t most = limits && limits->scripts ? limits->scripts : SCRIPTS_MAX;

    return db_get_i64(others, 0) < (int64_t)most || err_set(err, ERR_LIMIT, TOO_MANY, most);
}

bool script_has_room(struct group *group, int64_t mailbox_id, const char *name, int64_t bytes,
                     const struct script_limits *limits, struct err *err)
{
    void *arena = talloc_new(NULL);
    struct db_rows *rows;
    struct db_row row;
    bool done =
        check_name(name, err) && check_size(bytes, limits, err) &&
        script_query(group, arena, COUNT_OTHERS, DB_ARGS(db_i64(mailbox_id), db_text(name)), &rows, err) &&
        db_rows_at(rows, 0, &row) && check_count(&row, limits, err);

    talloc_free(arena);
    return done;
}

static const char PUT[] =
    "INSERT INTO sieve_script (mailbox_id, name, content, version, changed_us)"
    " VALUES ($1, $2, $3, nextval('script_version_seq'), $4)"
    " ON CONFLICT (mailbox_id, name) DO UPDATE"
    "    SET content = excluded.content, version = excluded.version, changed_us = excluded.changed_us";

static bool put_work(struct db *db, int64_t mailbox_id, const void *arena, void *arg, struct err *err)
{
    const struct put *put = arg;
    struct db_row others;

    return db_one_row(db, arena, COUNT_OTHERS, DB_ARGS(db_i64(mailbox_id), db_text(put->name)), &others,
                      err) &&
           check_count(&others, put->limits, err) &&
           db_exec(db, PUT,
                   DB_ARGS(db_i64(mailbox_id), db_text(put->name), db_span_text(put->content),
                           db_i64(clock_now_us())),
                   NULL, err);
}

bool script_put(struct group *group, int64_t mailbox_id, const char *name, struct span content,
                const struct script_limits *limits, struct err *err)
{
    struct put put = { name, content, limits };

    return check_name(name, err) && check_size((int64_t)span_length(content), limits, err) &&
           script_change(group, mailbox_id, put_work, &put, err);
}

static const char DEACTIVATE[] =
    "UPDATE sieve_script SET is_active = false WHERE mailbox_id = $1 AND is_active AND name IS DISTINCT FROM $2";
static const char ACTIVATE[] = "UPDATE sieve_script SET is_active = true WHERE mailbox_id = $1 AND name = $2";

static bool activate_work(struct db *db, int64_t mailbox_id, const void *arena, void *arg, struct err *err)
{
    const char *name = arg;
    uint64_t affected = 1;

    (void)arena;
    if (!db_exec(db, DEACTIVATE, DB_ARGS(db_i64(mailbox_id), db_text(name)), NULL, err) ||
        (name && !db_exec(db, ACTIVATE, DB_ARGS(db_i64(mailbox_id), db_text(name)), &affected, err)))
        return false;
    return affected == 1 || no_script(err);
}

bool script_activate(struct group *group, int64_t mailbox_id, const char *name, struct err *err)
{
    return (!name || check_name(name, err)) &&
           script_change(group, mailbox_id, activate_work, (void *)(uintptr_t)name, err);
}

static const char IS_ACTIVE[] = "SELECT is_active FROM sieve_script WHERE mailbox_id = $1 AND name = $2";
static const char DELETE[] = "DELETE FROM sieve_script WHERE mailbox_id = $1 AND name = $2";

static bool delete_work(struct db *db, int64_t mailbox_id, const void *arena, void *arg, struct err *err)
{
    const char *name = arg;
    struct db_row row;

    if (!db_one_row(db, arena, IS_ACTIVE, DB_ARGS(db_i64(mailbox_id), db_text(name)), &row, err))
        return err->kind == ERR_NOT_FOUND ? no_script(err) : false;
    if (db_get_bool(&row, 0))
        return err_set(err, ERR_DEPENDED_ON, "The active script cannot be deleted.");
    return db_exec(db, DELETE, DB_ARGS(db_i64(mailbox_id), db_text(name)), NULL, err);
}

bool script_delete(struct group *group, int64_t mailbox_id, const char *name, struct err *err)
{
    return check_name(name, err) &&
           script_change(group, mailbox_id, delete_work, (void *)(uintptr_t)name, err);
}

struct rename {
    const char *from, *to;
};
static const char RENAME[] = "UPDATE sieve_script SET name = $3 WHERE mailbox_id = $1 AND name = $2";
static const char EXISTS[] = "SELECT EXISTS (SELECT 1 FROM sieve_script WHERE mailbox_id = $1 AND name = $2)";

static bool rename_work(struct db *db, int64_t mailbox_id, const void *arena, void *arg, struct err *err)
{
    const struct rename *names = arg;
    struct db_row row;
    uint64_t affected;

    if (!db_one_row(db, arena, EXISTS, DB_ARGS(db_i64(mailbox_id), db_text(names->to)), &row, err))
        return false;
    if (db_get_bool(&row, 0) && strcmp(names->from, names->to) != 0)
        return err_set(err, ERR_EXISTS, "There is a script of this name already.");
    return db_exec(db, RENAME, DB_ARGS(db_i64(mailbox_id), db_text(names->from), db_text(names->to)),
                   &affected, err) &&
           (affected == 1 || no_script(err));
}

bool script_rename(struct group *group, int64_t mailbox_id, const char *from, const char *to, struct err *err)
{
    struct rename names = { from, to };

    return check_name(from, err) && check_name(to, err) &&
           script_change(group, mailbox_id, rename_work, &names, err);
}
