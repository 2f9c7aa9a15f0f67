/* move.c -- rows of mailbox_move, and the one transaction that makes a mailbox live elsewhere. */
#include "directory/move.h"

#include "base/clock.h"
#include "directory/act.h"

#include <string.h>
#include <talloc.h>

static const char *const state_names[MOVE_STATES] = {
    [MOVE_COPYING] = "copying", [MOVE_SWITCHING] = "switching",   [MOVE_CLEANING] = "cleaning",
    [MOVE_DONE] = "done",       [MOVE_CANCELLING] = "cancelling", [MOVE_CANCELLED] = "cancelled",
    [MOVE_FAILED] = "failed",
};

const char *move_state_name(enum move_state state)
{
    return state_names[state];
}

static enum move_state state_of(const char *name)
{
    for (int i = 0; i < MOVE_STATES; i++)
        if (name && strcmp(state_names[i], name) == 0)
            return (enum move_state)i;
    return MOVE_FAILED;
}

#define SELECT_MOVE                                                                                                \
    "SELECT v.mailbox_move_id, v.organisation_id, v.recipient_id, v.mailbox_id, v.from_group_id, v.from_store_id," \
    "       v.to_group_id, v.to_store_id, v.state, v.messages_done, v.messages, v.trouble,"                        \
    "       coalesce(a.address, ''), v.requested_by, v.created_us, v.changed_us, v.switched_us"                    \
    "  FROM mailbox_move v LEFT JOIN address a ON a.recipient_id = v.recipient_id AND a.is_primary"
#define IS_ACTIVE "v.state IN ('copying', 'switching', 'cleaning', 'cancelling')"

static void read_row(const void *owner, const struct db_row *row, struct mailbox_move *move)
{
    *move = (struct mailbox_move){ .move_id = db_get_i64(row, 0),
                                   .organisation_id = db_get_i64(row, 1),
                                   .recipient_id = db_get_i64(row, 2),
                                   .mailbox_id = db_get_i64(row, 3),
                                   .from_group_id = db_get_i64(row, 4),
                                   .from_store_id = db_get_i64(row, 5),
                                   .to_group_id = db_get_i64(row, 6),
                                   .to_store_id = db_get_i64(row, 7),
                                   .state = state_of(db_copy_text(owner, row, 8)),
                                   .done = db_get_i64(row, 9),
                                   .total = db_get_i64(row, 10),
                                   .trouble = db_copy_text(owner, row, 11),
                                   .address = db_copy_text(owner, row, 12),
                                   .requested_by = db_copy_text(owner, row, 13),
                                   .created_us = db_get_i64(row, 14),
                                   .changed_us = db_get_i64(row, 15),
                                   .switched_us = db_get_i64(row, 16) };
}

static void read_rows(const void *owner, const struct db_rows *rows, struct mailbox_move **moves_out,
                      size_t *count_out)
{
    struct db_row row;

    *count_out = db_rows_count(rows);
    *moves_out = talloc_array(owner, struct mailbox_move, (unsigned)*count_out + 1);
    for (size_t i = 0; db_rows_at(rows, i, &row); i++)
        read_row(*moves_out, &row, &(*moves_out)[i]);
}

/* ---- asked for by administrators */

static const char LOCATE[] = "SELECT organisation_id FROM recipient WHERE recipient_id = $1";
static const char LOCK_RECIPIENT[] =
    "SELECT r.organisation_id, r.mailbox_id, r.storage_group_id, r.store_id, a.address"
    "  FROM recipient r JOIN address a ON a.recipient_id = r.recipient_id AND a.is_primary"
    " WHERE r.recipient_id = $1 AND r.mailbox_id IS NOT NULL FOR UPDATE OF r";
static const char INSERT_MOVE[] =
    "INSERT INTO mailbox_move (organisation_id, recipient_id, mailbox_id, from_group_id, from_store_id, to_group_id,"
    "                          to_store_id, requested_by, created_us, changed_us)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9) RETURNING mailbox_move_id";

struct asking {
    const struct actor *actor;
    const void *owner;
    struct mailbox_move *move;
    int64_t recipient_id;
};

static bool start(struct db *db, void *arg, struct err *err)
{
    struct asking *asking = arg;
    struct mailbox_move *move = asking->move;
    void *arena = talloc_new(NULL);
    struct db_row row;
    bool ok = db_one_row(db, arena, LOCK_RECIPIENT, DB_ARGS(db_i64(asking->recipient_id)), &row, err);

    if (!ok && err->kind == ERR_NOT_FOUND)
        not_found(err, "mailbox");
    if (ok) {
        move->organisation_id = db_get_i64(&row, 0);
        move->mailbox_id = db_get_i64(&row, 1);
        move->from_group_id = db_get_i64(&row, 2);
        move->from_store_id = db_get_i64(&row, 3);
        move->address = db_copy_text(asking->owner, &row, 4);
        ok = move->from_group_id != move->to_group_id ||
             err_set(err, ERR_INVALID, "The mailbox is in that storage group already.");
    }
    if (ok &&
        !db_one_row(db, arena, INSERT_MOVE,
                    DB_ARGS(db_i64(move->organisation_id), db_i64(asking->recipient_id),
                            db_i64(move->mailbox_id), db_i64(move->from_group_id),
                            db_i64(move->from_store_id), db_i64(move->to_group_id), db_i64(move->to_store_id),
                            db_text(asking->actor->name), db_i64(clock_now_us())),
                    &row, err))
        ok =
            err->kind == ERR_EXISTS
                ? err_set(err, ERR_EXISTS, "The mailbox is on its way already, or the last move is not over.")
                : false;
    if (ok) {
        move->move_id = db_get_i64(&row, 0);
        ok = audit_write(db, asking->actor, move->organisation_id, "mailbox.move", move->address,
                         json_pack("{s:I, s:I}", "storage_group_id", (json_int_t)move->from_group_id,
                                   "store_id", (json_int_t)move->from_store_id),
                         json_pack("{s:I, s:I}", "storage_group_id", (json_int_t)move->to_group_id,
                                   "store_id", (json_int_t)move->to_store_id),
                         err);
    }
    talloc_free(arena);
    return ok;
}

bool move_start(struct directory *directory, const struct actor *actor, const void *owner,
                struct mailbox_move *move, struct err *err)
{
    struct asking asking = { actor, owner, move, move->recipient_id };
    int64_t organisation_id;

    return act_locate(directory, actor, LOCATE, db_i64(move->recipient_id), "mailbox", &organisation_id,
                      err) &&
           act_in(directory, actor, organisation_id, start, &asking, err);
}

static const char LIST[] = SELECT_MOVE " WHERE ($1 = 0 OR v.recipient_id = $1) AND (NOT $2 OR " IS_ACTIVE ")"
                                       " ORDER BY v.mailbox_move_id DESC LIMIT $3";

struct listing {
    const void *owner;
    struct db_args args;
    struct db_rows *rows;
};

static bool list(struct db *db, void *arg, struct err *err)
{
    struct listing *listing = arg;

    return db_query(db, listing->owner, LIST, listing->args, &listing->rows, err);
}

bool move_list(struct directory *directory, const struct actor *actor, const void *owner,
               int64_t recipient_id, bool only_active, size_t limit, struct mailbox_move **moves_out,
               size_t *count_out, struct err *err)
{
    struct listing listing = {
        .owner = owner, .args = DB_ARGS(db_i64(recipient_id), db_bool(only_active), db_i64((int64_t)limit))
    };

    if (!act_read(directory, actor, 0, list, &listing, err))
        return false;
    read_rows(owner, listing.rows, moves_out, count_out);
    return true;
}

static const char LOCK_MOVE[] = SELECT_MOVE " WHERE v.recipient_id = $1 AND " IS_ACTIVE " FOR UPDATE OF v";
static const char SET_CANCELLING[] =
    "UPDATE mailbox_move SET state = 'cancelling', trouble = '', next_try_us = 0, changed_us = $2"
    " WHERE mailbox_move_id = $1";

static bool cancel(struct db *db, void *arg, struct err *err)
{
    const struct asking *asking = arg;
    struct mailbox_move move;
    void *arena = talloc_new(NULL);
    struct db_row row;
    bool ok = db_one_row(db, arena, LOCK_MOVE, DB_ARGS(db_i64(asking->recipient_id)), &row, err);

    if (!ok && err->kind == ERR_NOT_FOUND)
        err_set(err, ERR_NOT_FOUND, "This mailbox is not being moved.");
    if (ok) {
        read_row(arena, &row, &move);
        if (move.state == MOVE_SWITCHING || move.state == MOVE_CLEANING)
            ok = err_set(err, ERR_CONFLICT, "It is too late: the mailbox is at its new place.");
        else
            ok = db_exec(db, SET_CANCELLING, DB_ARGS(db_i64(move.move_id), db_i64(clock_now_us())), NULL,
                         err) &&
                 audit_write(db, asking->actor, move.organisation_id, "mailbox.move-cancel", move.address,
                             NULL, NULL, err);
    }
    talloc_free(arena);
    return ok;
}

bool move_cancel(struct directory *directory, const struct actor *actor, int64_t recipient_id,
                 struct err *err)
{
    struct asking asking = { .actor = actor, .recipient_id = recipient_id };
    int64_t organisation_id;

    return act_locate(directory, actor, LOCATE, db_i64(recipient_id), "mailbox", &organisation_id, err) &&
           act_in(directory, actor, organisation_id, cancel, &asking, err);
}

/* ---- for the worker */

static const char DUE[] =
    SELECT_MOVE " WHERE " IS_ACTIVE " AND v.next_try_us <= $1 ORDER BY v.mailbox_move_id";

bool move_due(struct directory *directory, const void *owner, struct mailbox_move **moves_out,
              size_t *count_out, struct err *err)
{
    struct db_rows *rows;

    if (!look_up(directory, owner, DUE, DB_ARGS(db_i64(clock_now_us())), &rows, err))
        return false;
    read_rows(owner, rows, moves_out, count_out);
    return true;
}

static const char NOTE[] = "UPDATE mailbox_move SET messages_done = $2, messages = $3, changed_us = $4"
                           " WHERE mailbox_move_id = $1 RETURNING state";
static const char STEP[] =
    "UPDATE mailbox_move SET state = $3, trouble = coalesce($4, trouble), next_try_us = 0, changed_us = $5"
    " WHERE mailbox_move_id = $1 AND state IN ($2, $3) RETURNING state";
static const char WAIT[] = "UPDATE mailbox_move SET next_try_us = $2, trouble = $3, changed_us = $4"
                           " WHERE mailbox_move_id = $1 RETURNING state";

bool move_note(struct directory *directory, const struct mailbox_move *move, enum move_state *state_out,
               struct err *err)
{
    void *arena = talloc_new(NULL);
    struct db_row row;
    bool done = look_up_one(
        directory, arena, NOTE,
        DB_ARGS(db_i64(move->move_id), db_i64(move->done), db_i64(move->total), db_i64(clock_now_us())), &row,
        err);

    if (done)
        *state_out = state_of(db_copy_text(arena, &row, 0));
    talloc_free(arena);
    return done;
}

bool move_step(struct directory *directory, int64_t move_id, enum move_state from, enum move_state to,
               const char *trouble, struct err *err)
{
    void *arena = talloc_new(NULL);
    struct db_row row;
    bool done = look_up_one(directory, arena, STEP,
                            DB_ARGS(db_i64(move_id), db_text(state_names[from]), db_text(state_names[to]),
                                    db_text(trouble), db_i64(clock_now_us())),
                            &row, err);

    talloc_free(arena);
    return done ||
           (err->kind == ERR_NOT_FOUND && err_set(err, ERR_CONFLICT, "The move is in another state."));
}

bool move_wait(struct directory *directory, int64_t move_id, int64_t until_us, const char *trouble,
               struct err *err)
{
    void *arena = talloc_new(NULL);
    struct db_row row;
    bool done = look_up_one(
        directory, arena, WAIT,
        DB_ARGS(db_i64(move_id), db_i64(until_us), db_text(trouble), db_i64(clock_now_us())), &row, err);

    talloc_free(arena);
    return done;
}

static const char SET_CLEANING[] =
    "UPDATE mailbox_move SET state = 'cleaning', trouble = '', next_try_us = 0, changed_us = $2, switched_us = $2"
    " WHERE mailbox_move_id = $1 AND state = 'switching'";
static const char SET_PLACE[] =
    "UPDATE recipient SET storage_group_id = $4, store_id = $5, changed_us = $6, stamp = stamp + 1"
    " WHERE recipient_id = $1 AND mailbox_id = $2 AND storage_group_id = $3";
static const char COUNT_STORES[] = "UPDATE store SET mailbox_count = mailbox_count"
                                   "   + CASE store_id WHEN $1 THEN -1 ELSE 1 END WHERE store_id IN ($1, $2)";

static bool switch_place(struct db *db, void *arg, struct err *err)
{
    const struct mailbox_move *move = arg;
    int64_t now_us = clock_now_us();
    uint64_t changed;

    if (!db_exec(db, SET_CLEANING, DB_ARGS(db_i64(move->move_id), db_i64(now_us)), &changed, err))
        return false;
    if (changed == 0)
        return err_set(err, ERR_CONFLICT, "The move is in another state.");
    if (!db_exec(db, SET_PLACE,
                 DB_ARGS(db_i64(move->recipient_id), db_i64(move->mailbox_id), db_i64(move->from_group_id),
                         db_i64(move->to_group_id), db_i64(move->to_store_id), db_i64(now_us)),
                 &changed, err))
        return false;
    if (changed == 0)
        return not_found(err, "mailbox");
    return db_exec(db, COUNT_STORES, DB_ARGS(db_i64(move->from_store_id), db_i64(move->to_store_id)), NULL,
                   err);
}

bool move_switch(struct directory *directory, const struct mailbox_move *move, struct err *err)
{
    static const struct actor installation = { .name = "chappe" };

    return act_in(directory, &installation, move->organisation_id, switch_place, (void *)(uintptr_t)move,
                  err);
}

static const char TIDY[] =
    "WITH gone AS (DELETE FROM mailbox_move WHERE changed_us < $1"
    "  AND state IN ('done', 'cancelled', 'failed') RETURNING 1) SELECT count(*) FROM gone";

bool move_tidy(struct directory *directory, int64_t now_us, uint64_t *removed_out, struct err *err)
{
    static const int64_t KEPT_US = INT64_C(30) * 86400 * US_PER_S;
    void *arena = talloc_new(NULL);
    struct db_row row;
    bool done = look_up_one(directory, arena, TIDY, DB_ARGS(db_i64(now_us - KEPT_US)), &row, err);

    if (done)
        *removed_out = (uint64_t)db_get_i64(&row, 0);
    talloc_free(arena);
    return done;
}
