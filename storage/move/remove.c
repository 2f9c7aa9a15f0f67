/* remove.c -- what a move leaves behind: the original after it, or a copy that was given up. */
#include "base/clock.h"
#include "base/crashpoint.h"
#include "mailbox/purge.h"
#include "move/work.h"

#include <talloc.h>

static const int64_t TURN_US = 3 * US_PER_S, KEPT_US = 86400 * US_PER_S;

static const char NOTE_LEFT[] =
    "UPDATE mailbox_transit SET left_us = $2 WHERE mailbox_id = $1 AND NOT is_arriving AND left_us IS NULL";

static bool exec(struct group *group, const char *sql, struct db_args args, uint64_t *affected,
                 struct err *err)
{
    struct db *db;

    if (!group_acquire(group, DB_BACKGROUND, &db, err))
        return false;
    bool done = db_exec(db, sql, args, affected, err);
    db_release(&db);
    return done;
}

bool transit_leave(struct group *group, int64_t mailbox_id, struct err *err)
{
    return exec(group, NOTE_LEFT, DB_ARGS(db_i64(mailbox_id), db_i64(clock_now_us())), NULL, err);
}

/* Only what lives elsewhere, or never lived here. */
static const char IS_REMOVABLE[] =
    "SELECT t.is_arriving FROM mailbox_transit t JOIN mailbox m USING (mailbox_id)"
    " WHERE t.mailbox_id = $1 AND m.store_id = 0 AND (t.is_arriving OR t.left_us IS NOT NULL) FOR UPDATE";
static const char RELEASE_ROOTS[] =
    "WITH roots AS (SELECT q.quota_root_id, m.used_bytes FROM quota_root q, mailbox m"
    "                WHERE m.mailbox_id = $1 AND q.quota_root_id IN (m.domain_root_id, m.organisation_root_id)"
    "                ORDER BY q.quota_root_id FOR NO KEY UPDATE OF q)"
    " UPDATE quota_root q SET used_bytes = q.used_bytes - roots.used_bytes FROM roots"
    "  WHERE q.quota_root_id = roots.quota_root_id";
static const char EMPTY_MAILBOX[] =
    "UPDATE mailbox SET used_bytes = 0, used_messages = 0 WHERE mailbox_id = $1";
static const char DELETE_FOLDERS[] = "UPDATE folder SET deleted_us = 0 WHERE mailbox_id = $1";
static const char LIST_FOLDERS[] = "SELECT folder_id FROM folder WHERE mailbox_id = $1";
static const char LIST_ITEMS[] =
    "SELECT item_id FROM item i WHERE mailbox_id = $1"
    "   AND NOT EXISTS (SELECT 1 FROM membership m WHERE m.item_id = i.item_id) LIMIT 2000";

struct removing {
    int64_t mailbox_id;
    bool is_removable, is_arriving, is_done;
};

static bool empty(struct db *db, void *arg, struct err *err)
{
    struct removing *removing = arg;
    struct db_value id = db_i64(removing->mailbox_id);
    void *arena = talloc_new(NULL);
    struct db_rows *rows;
    struct db_row row;
    bool done = db_query(db, arena, IS_REMOVABLE, DB_ARGS(id), &rows, err);

    removing->is_removable = done && db_rows_at(rows, 0, &row);
    if (removing->is_removable) {
        removing->is_arriving = db_get_bool(&row, 0);
        done = db_exec(db, RELEASE_ROOTS, DB_ARGS(id), NULL, err) &&
               db_exec(db, EMPTY_MAILBOX, DB_ARGS(id), NULL, err) &&
               db_exec(db, DELETE_FOLDERS, DB_ARGS(id), NULL, err);
    }
    talloc_free(arena);
    return done;
}

/* Items that were copied and never came into a folder. */
static bool remove_items(struct db *db, void *arg, struct err *err)
{
    struct removing *removing = arg;
    void *arena = talloc_new(NULL);
    struct db_rows *rows;
    struct db_row row;
    bool done = purge_lock(db, removing->mailbox_id, err) &&
                db_query(db, arena, LIST_ITEMS, DB_ARGS(db_i64(removing->mailbox_id)), &rows, err);

    if (done) {
        size_t count = db_rows_count(rows);
        int64_t *ids = talloc_array(arena, int64_t, (unsigned)count + 1);
        for (size_t i = 0; db_rows_at(rows, i, &row); i++)
            ids[i] = db_get_i64(&row, 0);
        removing->is_done = count == 0;
        done = count == 0 || purge_items(db, removing->mailbox_id, ids, count, err);
    }
    talloc_free(arena);
    return done;
}

static const char DROP_MAILBOX[] = "DELETE FROM mailbox WHERE mailbox_id = $1";
static const char DROP_TRANSIT[] = "DELETE FROM mailbox_transit WHERE mailbox_id = $1";

static bool remove_rest(struct db *db, void *arg, struct err *err)
{
    const struct removing *removing = arg;
    struct db_value id = db_i64(removing->mailbox_id);

    return purge_mailbox_rest(db, removing->mailbox_id, err) &&
           (!removing->is_arriving || (db_exec(db, DROP_TRANSIT, DB_ARGS(id), NULL, err) &&
                                       db_exec(db, DROP_MAILBOX, DB_ARGS(id), NULL, err)));
}

static bool remove_content(struct db *db, struct removing *removing, struct err *err)
{
    int64_t deadline_us = clock_monotonic_us() + TURN_US;
    void *arena = talloc_new(NULL);
    struct db_rows *rows;
    struct db_row row;
    bool done = db_query(db, arena, LIST_FOLDERS, DB_ARGS(db_i64(removing->mailbox_id)), &rows, err);
    bool has_time = true;

    for (size_t i = 0; done && has_time && db_rows_at(rows, i, &row); i++) {
        bool is_gone = false;
        while (done && !is_gone && (has_time = clock_monotonic_us() < deadline_us))
            done = purge_folder_step(db, removing->mailbox_id, db_get_i64(&row, 0), &is_gone, err);
        CRASHPOINT("move.removing");
    }
    while (done && !removing->is_done && (has_time = has_time && clock_monotonic_us() < deadline_us))
        done = with_transaction(db, remove_items, removing, err);
    if (done && removing->is_done)
        done = with_transaction(db, remove_rest, removing, err);
    talloc_free(arena);
    return done;
}

bool transit_remove(struct group *group, int64_t mailbox_id, bool *is_done_out, struct err *err)
{
    struct removing removing = { .mailbox_id = mailbox_id };
    struct db *db;

    *is_done_out = false;
    if (!group_acquire(group, DB_BACKGROUND, &db, err))
        return false;
    bool done = with_transaction(db, empty, &removing, err) &&
                (!removing.is_removable || remove_content(db, &removing, err));
    db_release(&db);
    *is_done_out = done && (!removing.is_removable || removing.is_done);
    return done;
}

static const char SWEEP[] =
    "WITH gone AS (DELETE FROM mailbox_transit t WHERE t.left_us < $1"
    "                 AND NOT EXISTS (SELECT 1 FROM folder f WHERE f.mailbox_id = t.mailbox_id) RETURNING mailbox_id)"
    " DELETE FROM mailbox WHERE mailbox_id IN (SELECT mailbox_id FROM gone)";

bool transit_sweep(struct group *group, bool *is_done_out, struct err *err)
{
    *is_done_out = true;
    return exec(group, SWEEP, DB_ARGS(db_i64(clock_now_us() - KEPT_US)), NULL, err);
}
