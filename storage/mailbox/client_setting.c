/* client_setting.c -- see client_setting.h. */
#include "mailbox/client_setting.h"

#include "base/clock.h"
#include "db/statement.h"

#include <talloc.h>

static const char GET[] = "SELECT content FROM client_setting WHERE mailbox_id = $1";

bool client_setting_get(struct group *group, int64_t mailbox_id, const void *owner, const char **content_out,
                        struct err *err)
{
    struct db_rows *rows;
    struct db_row row;
    struct db *db;

    if (!group_acquire(group, DB_INTERACTIVE, &db, err))
        return false;
    bool done = db_query(db, owner, GET, DB_ARGS(db_i64(mailbox_id)), &rows, err);
    db_release(&db);
    if (done)
        *content_out = db_rows_at(rows, 0, &row) ? db_copy_text(owner, &row, 0) : "{}";
    return done;
}

static const char PUT[] =
    "INSERT INTO client_setting (mailbox_id, content, changed_us)"
    " SELECT mailbox_id, $2, $3 FROM mailbox WHERE mailbox_id = $1 AND deleted_us IS NULL"
    " ON CONFLICT (mailbox_id) DO UPDATE SET content = excluded.content, changed_us = excluded.changed_us";

bool client_setting_put(struct group *group, int64_t mailbox_id, const char *content, struct err *err)
{
    uint64_t affected = 0;
    struct db *db;

    if (strlen(content) > CLIENT_SETTING_BYTES_MAX)
        return err_set(err, ERR_LIMIT, "Settings have at most %d bytes.", CLIENT_SETTING_BYTES_MAX);
    if (!group_acquire(group, DB_INTERACTIVE, &db, err))
        return false;
    bool done = db_exec(db, PUT, DB_ARGS(db_i64(mailbox_id), db_text(content), db_i64(clock_now_us())),
                        &affected, err);
    db_release(&db);
    return done && (affected == 1 || err_set(err, ERR_NOT_FOUND, "There is no such mailbox."));
}
