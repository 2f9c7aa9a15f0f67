/* deleted.c -- rows of deleted_mailbox. One that somebody has again already is not told of. */
#include "directory/deleted.h"

#include "base/clock.h"
#include "directory/act.h"
#include "directory/user_row.h"

#include <stdlib.h>
#include <talloc.h>

#define SELECT_DELETED                                                                                                 \
    "SELECT d.mailbox_id, d.organisation_id, d.storage_group_id, d.store_id, d.kind, d.address, d.name, d.deleted_us," \
    "       d.deleted_us + s.deleted_mailbox_days * 86400000000, d.deleted_by"                                         \
    "  FROM deleted_mailbox d JOIN store s USING (store_id)"                                                           \
    " WHERE NOT EXISTS (SELECT FROM recipient r WHERE r.mailbox_id = d.mailbox_id)"

static const char LIST[] = SELECT_DELETED " AND ($1 = 0 OR d.organisation_id = $1)"
                                          " ORDER BY d.deleted_us DESC, d.mailbox_id LIMIT $2";
static const char FIND[] = SELECT_DELETED " AND (d.address = lower($1) OR d.mailbox_id = $2) LIMIT 2";

struct reading {
    const void *owner;
    const char *sql;
    struct db_args args;
    struct db_rows *rows;
};

static bool read(struct db *db, void *arg, struct err *err)
{
    struct reading *reading = arg;

    return db_query(db, reading->owner, reading->sql, reading->args, &reading->rows, err);
}

static void read_row(const void *owner, const struct db_row *row, struct deleted_mailbox *deleted)
{
    *deleted = (struct deleted_mailbox){ .mailbox = { .mailbox_id = db_get_i64(row, 0),
                                                      .storage_group_id = db_get_i64(row, 2),
                                                      .store_id = db_get_i64(row, 3) },
                                         .organisation_id = db_get_i64(row, 1),
                                         .kind = recipient_kind_of(db_get_text(row, 4)),
                                         .address = db_copy_text(owner, row, 5),
                                         .name = db_copy_text(owner, row, 6),
                                         .deleted_us = db_get_i64(row, 7),
                                         .until_us = db_get_i64(row, 8),
                                         .deleted_by = db_copy_text(owner, row, 9) };
}

bool deleted_list(struct directory *directory, const struct actor *actor, const void *owner,
                  int64_t organisation_id, size_t limit, struct deleted_mailbox **list_out, size_t *count_out,
                  struct err *err)
{
    struct reading reading = { .owner = owner,
                               .sql = LIST,
                               .args = DB_ARGS(db_i64(organisation_id), db_i64((int64_t)limit)) };
    struct db_row row;

    if (!act_read(directory, actor, organisation_id, read, &reading, err))
        return false;
    *count_out = db_rows_count(reading.rows);
    *list_out = talloc_array(owner, struct deleted_mailbox, (unsigned)*count_out + 1);
    for (size_t i = 0; db_rows_at(reading.rows, i, &row); i++)
        read_row(owner, &row, &(*list_out)[i]);
    return true;
}

bool deleted_find(struct directory *directory, const struct actor *actor, const void *owner, const char *name,
                  struct deleted_mailbox *found_out, struct err *err)
{
    struct reading reading = { .owner = owner,
                               .sql = FIND,
                               .args = DB_ARGS(db_text(name), db_i64(strtoll(name, NULL, 10))) };
    struct db_row row;

    if (!act_read(directory, actor, 0, read, &reading, err))
        return false;
    if (db_rows_count(reading.rows) > 1)
        return err_set(err, ERR_CONFLICT,
                       "Several deleted mailboxes had the address %s: name one by its number.", name);
    if (!db_rows_at(reading.rows, 0, &row))
        return err_set(err, ERR_NOT_FOUND, "There is no such deleted mailbox, or its time is over.");
    read_row(owner, &row, found_out);
    return true;
}

static const char FORGET[] = "DELETE FROM deleted_mailbox WHERE mailbox_id = $1";

struct forgetting {
    const struct actor *actor;
    const struct deleted_mailbox *deleted;
    const char *action, *to;
};

static bool forget(struct db *db, void *arg, struct err *err)
{
    const struct forgetting *forgetting = arg;
    const struct deleted_mailbox *deleted = forgetting->deleted;

    return db_exec(db, FORGET, DB_ARGS(db_i64(deleted->mailbox.mailbox_id)), NULL, err) &&
           audit_write(db, forgetting->actor, deleted->organisation_id, forgetting->action, deleted->address,
                       json_pack("{s:I}", "mailbox_id", (json_int_t)deleted->mailbox.mailbox_id),
                       forgetting->to ? json_pack("{s:s}", "address", forgetting->to) : NULL, err);
}

bool deleted_forget(struct directory *directory, const struct actor *actor,
                    const struct deleted_mailbox *deleted, const char *action, const char *to,
                    struct err *err)
{
    struct forgetting forgetting = { actor, deleted, action, to };

    return act_in(directory, actor, deleted->organisation_id, forget, &forgetting, err);
}

static const char TIDY[] =
    "WITH gone AS (DELETE FROM deleted_mailbox d USING store s WHERE s.store_id = d.store_id"
    "   AND (d.deleted_us + (s.deleted_mailbox_days + 1) * 86400000000 < $1"
    "        OR EXISTS (SELECT FROM recipient r WHERE r.mailbox_id = d.mailbox_id)) RETURNING 1)"
    " SELECT count(*) FROM gone";

bool deleted_tidy(struct directory *directory, int64_t now_us, uint64_t *removed_out, struct err *err)
{
    void *arena = talloc_new(NULL);
    struct db_row row;
    bool done = look_up_one(directory, arena, TIDY, DB_ARGS(db_i64(now_us)), &row, err);

    if (done)
        *removed_out = (uint64_t)db_get_i64(&row, 0);
    talloc_free(arena);
    return done;
}
