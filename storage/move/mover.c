/* mover.c -- from the directory's rows to steps of transit.h. */
#include "move/mover.h"

#include "base/background.h"
#include "base/clock.h"
#include "base/crashpoint.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/wake.h"
#include "db/statement.h"
#include "directory/move.h"
#include "mailbox/filing.h"
#include "move/transit.h"
#include "queue/copies.h"

#include <stdio.h>
#include <talloc.h>

/* A session asks once a minute whether its account is as it was. */
enum { LOOK_S = 1, TRY_AGAIN_S = 10, SESSIONS_KNOW_S = 65 };
/* Little enough to be brought while the mailbox is closed. */
enum { FEW_DIFFERENCES = 500, ROUNDS_MAX = 8 };

METRIC_COUNTER(moved, "chappe_mailboxes_moved_total", "Mailboxes that came to another storage group")
METRIC_COUNTER(troubled, "chappe_mailbox_move_failures_total", "Attempts to move a mailbox that met trouble")

struct mover {
    struct mover_options options;
    struct background background;
    struct db *lock_db; /* holds the lock of the move in work */
};

struct work {
    struct mover *mover;
    struct mailbox_move *move;
    struct group *from, *to;
    int64_t told_us;
    bool is_wanted; /* the directory did not say otherwise */
};

static bool go_on(void *arg, int64_t done, int64_t total)
{
    struct work *work = arg;
    enum move_state state;
    struct err err = ERR_INIT;

    if (background_is_ending(&work->mover->background))
        return false;
    if (clock_monotonic_us() - work->told_us < US_PER_S)
        return true;
    work->told_us = clock_monotonic_us();
    work->move->done = done;
    work->move->total = total;
    if (move_note(work->mover->options.directory, work->move, &state, &err))
        work->is_wanted = state == work->move->state;
    return work->is_wanted;
}

static bool begin(struct work *work, struct transit **transit_out, struct err *err)
{
    const struct transit_options options = { .from = work->from,
                                             .to = work->to,
                                             .mailbox_id = work->move->mailbox_id,
                                             .store_id = work->move->to_store_id,
                                             .arrival = work->move->move_id,
                                             .may_go_on = go_on,
                                             .arg = work };

    return transit_begin(NULL, &options, transit_out, err);
}

static bool step(struct work *work, enum move_state to, const char *trouble, struct err *err)
{
    struct mailbox_move *move = work->move;

    if (!move_step(work->mover->options.directory, move->move_id, move->state, to, trouble, err))
        return false;
    log_event(LOG_LEVEL_INFO, "move.state", log_i64("mailbox", move->mailbox_id),
              log_text("state", move_state_name(to)));
    move->state = to;
    return true;
}

static bool copy(struct work *work, struct err *err)
{
    uint64_t differences = FEW_DIFFERENCES;
    struct transit *transit;

    /* whoever was at it before may have died between the directory's step back and this */
    if (!transit_reopen(work->from, work->move->mailbox_id, err) || !begin(work, &transit, err))
        return false;
    bool done = true;
    for (int round = 0; done && differences >= FEW_DIFFERENCES && round < ROUNDS_MAX; round++)
        done = transit_copy(transit, &differences, err);
    if (done) {
        enum move_state ignored;
        struct err unimportant = ERR_INIT;
        transit_progress(transit, &work->move->done, &work->move->total);
        (void)!move_note(work->mover->options.directory, work->move, &ignored, &unimportant);
    }
    transit_end(&transit);
    CRASHPOINT("move.copied");
    return done && step(work, MOVE_SWITCHING, NULL, err);
}

/* Of all copies that the queue may bring again. */
static bool list_receipts(struct work *work, const void *owner, struct span **receipts_out, size_t *count_out,
                          struct err *err)
{
    struct queue_copy *copies;

    if (!queue_copies(directory_pool(work->mover->options.directory, DIRECTORY_LOOKS_UP), owner,
                      work->move->mailbox_id, &copies, count_out, err))
        return false;
    *receipts_out = talloc_array(owner, struct span, (unsigned)*count_out + 1);
    for (size_t i = 0; i < *count_out; i++) {
        uint8_t *receipt = talloc_array(owner, uint8_t, FILING_RECEIPT_BYTES);
        if (copies[i].receipt)
            memcpy(receipt, copies[i].receipt, FILING_RECEIPT_BYTES);
        else
            filing_receipt(receipt, copies[i].row_id, copies[i].received_us);
        (*receipts_out)[i] = span_of(receipt, FILING_RECEIPT_BYTES);
    }
    return true;
}

static void tell_sessions(struct work *work)
{
    wake_publish(work->mover->options.wake, work->move->from_group_id, work->move->mailbox_id, 0);
    wake_publish(work->mover->options.wake, work->move->to_group_id, work->move->mailbox_id, 0);
}

static bool move_over(struct work *work, struct err *err)
{
    void *arena = talloc_new(NULL);
    struct transit *transit = NULL;
    struct span *receipts;
    size_t count;
    bool done = begin(work, &transit, err) && transit_close(transit, err) &&
                list_receipts(work, arena, &receipts, &count, err) &&
                transit_finish(transit, receipts, count, err);

    transit_end(&transit);
    if (done) {
        CRASHPOINT("move.before-switch");
        done = move_switch(work->mover->options.directory, work->move, err);
    }
    talloc_free(arena);
    return done;
}

/* On trouble the mailbox is open again before anything else; unless the directory says that it lives there. */
static bool switch_over(struct work *work, struct err *err)
{
    int64_t begin_us = clock_monotonic_us();
    struct err undone = ERR_INIT;

    if (move_over(work, err)) {
        CRASHPOINT("move.switched");
        work->move->state = MOVE_CLEANING;
        work->move->switched_us = clock_now_us();
        if (!transit_open(work->to, work->move->mailbox_id, err))
            return false;
        metric_add(&moved, 1);
        log_event(LOG_LEVEL_INFO, "move.moved", log_i64("mailbox", work->move->mailbox_id),
                  log_i64("from", work->move->from_group_id), log_i64("to", work->move->to_group_id),
                  log_i64("closed_us", clock_monotonic_us() - begin_us));
        tell_sessions(work);
        return true;
    }
    if (step(work, MOVE_COPYING, NULL, &undone) &&
        !transit_reopen(work->from, work->move->mailbox_id, &undone))
        log_err(LOG_LEVEL_WARNING, "move.closed", &undone); /* the next attempt begins with it */
    tell_sessions(work);
    return false;
}

static bool clean(struct work *work, struct err *err)
{
    struct mailbox_move *move = work->move;
    int64_t since_us = move->switched_us + SESSIONS_KNOW_S * US_PER_S;
    bool is_done = false;

    if (!transit_open(work->to, move->mailbox_id, err) || !transit_leave(work->from, move->mailbox_id, err))
        return false;
    if (clock_now_us() < since_us)
        return move_wait(work->mover->options.directory, move->move_id, since_us, "", err);
    while (!is_done)
        if (background_is_ending(&work->mover->background) ||
            !transit_remove(work->from, move->mailbox_id, &is_done, err))
            return false;
    return step(work, MOVE_DONE, "", err);
}

static bool cancel(struct work *work, struct err *err)
{
    bool is_done = false;

    if (!transit_reopen(work->from, work->move->mailbox_id, err))
        return false;
    while (!is_done)
        if (background_is_ending(&work->mover->background) ||
            !transit_remove(work->to, work->move->mailbox_id, &is_done, err))
            return false;
    return step(work, *work->move->trouble ? MOVE_FAILED : MOVE_CANCELLED, NULL, err);
}

static bool run_state(struct work *work, struct err *err)
{
    switch (work->move->state) {
    case MOVE_COPYING:
        return copy(work, err) && switch_over(work, err) && clean(work, err);
    case MOVE_SWITCHING:
        return switch_over(work, err) && clean(work, err);
    case MOVE_CLEANING:
        return clean(work, err);
    case MOVE_CANCELLING:
        return cancel(work, err);
    case MOVE_DONE:
    case MOVE_CANCELLED:
    case MOVE_FAILED:
    case MOVE_STATES:
        break;
    }
    return true;
}

/* What will not be better the next time ends it, as long as the mailbox is where it was. */
static void meet_trouble(struct work *work, const struct err *trouble)
{
    static const bool is_final[ERR_KINDS] = {
        [ERR_NOT_FOUND] = true, [ERR_EXISTS] = true, [ERR_INVALID] = true, [ERR_DENIED] = true
    };
    struct directory *directory = work->mover->options.directory;
    struct mailbox_move *move = work->move;
    struct err err = ERR_INIT;

    if (background_is_ending(&work->mover->background) || !work->is_wanted)
        return;
    metric_add(&troubled, 1);
    log_event(LOG_LEVEL_WARNING, "move.trouble", log_i64("mailbox", move->mailbox_id),
              log_text("state", move_state_name(move->state)),
              log_text("reason", err_kind_name(trouble->kind)), log_text("said", trouble->user),
              log_text("cause", trouble->log));
    if (is_final[trouble->kind] && move->state == MOVE_COPYING) {
        if (!move_step(directory, move->move_id, MOVE_COPYING, MOVE_CANCELLING, trouble->user, &err))
            log_err(LOG_LEVEL_WARNING, "move.trouble", &err);
        return;
    }
    if (!move_wait(directory, move->move_id, clock_now_us() + TRY_AGAIN_S * US_PER_S, trouble->user, &err))
        log_err(LOG_LEVEL_WARNING, "move.trouble", &err);
}

/* ---- one after the other */

static const char LOCK_MOVE[] = "SELECT pg_try_advisory_lock(hashtext('mailbox move'), hashint8($1))";
static const char UNLOCK_MOVE[] = "SELECT pg_advisory_unlock(hashtext('mailbox move'), hashint8($1))";

static bool take(struct mover *mover, int64_t move_id, struct err *err)
{
    void *arena = talloc_new(NULL);
    struct db_row row;
    bool is_taken =
        (mover->lock_db || db_open_dedicated(directory_pool(mover->options.directory, DIRECTORY_LOOKS_UP),
                                             DB_BACKGROUND, &mover->lock_db, err)) &&
        db_one_row(mover->lock_db, arena, LOCK_MOVE, DB_ARGS(db_i64(move_id)), &row, err) &&
        db_get_bool(&row, 0);

    talloc_free(arena);
    return is_taken;
}

static void give_back(struct mover *mover, int64_t move_id)
{
    struct err err = ERR_INIT;

    if (!db_exec(mover->lock_db, UNLOCK_MOVE, DB_ARGS(db_i64(move_id)), NULL, &err))
        db_release(&mover->lock_db);
}

static void work_on(struct mover *mover, struct mailbox_move *move)
{
    struct work work = { .mover = mover, .move = move, .is_wanted = true };
    struct err err = ERR_INIT;

    if (!take(mover, move->move_id, &err)) {
        if (err.kind != ERR_NONE)
            db_release(&mover->lock_db);
        return;
    }
    if (!group_find(mover->options.groups, move->from_group_id, &work.from, &err) ||
        !group_find(mover->options.groups, move->to_group_id, &work.to, &err) || !run_state(&work, &err))
        meet_trouble(&work, &err);
    give_back(mover, move->move_id);
}

static void work_on_all(struct mover *mover)
{
    void *arena = talloc_new(NULL);
    struct mailbox_move *moves;
    struct err err = ERR_INIT;
    size_t count;

    if (move_due(mover->options.directory, arena, &moves, &count, &err))
        for (size_t i = 0; i < count && !background_is_ending(&mover->background); i++)
            work_on(mover, &moves[i]);
    talloc_free(arena);
}

static void *run(void *argument)
{
    struct mover *mover = argument;

    while (!background_is_ending(&mover->background)) {
        work_on_all(mover);
        pthread_mutex_lock(&mover->background.lock);
        background_rest(&mover->background, LOOK_S);
        pthread_mutex_unlock(&mover->background.lock);
    }
    db_release(&mover->lock_db);
    return NULL;
}

bool mover_open(const void *owner, const struct mover_options *options, struct mover **mover_out,
                struct err *err)
{
    struct mover *mover = talloc_zero(owner, struct mover);

    mover->options = *options;
    *mover_out = mover;
    return background_start(&mover->background, "mover", run, mover, err);
}

void mover_close(struct mover **mover)
{
    if (!*mover)
        return;
    background_end(&(*mover)->background);
    TALLOC_FREE(*mover);
}
