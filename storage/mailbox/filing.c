/*
 * filing.c -- the transaction that files messages: prepared, run, run again where somebody stored the same content
 * meanwhile, and settled where its COMMIT got lost.
 */
#include "mailbox/filing.h"

#include "base/clock.h"
#include "base/crashpoint.h"
#include "base/digest.h"
#include "base/log.h"
#include "db/statement.h"
#include "mailbox/filing_run.h"
#include "message/cache.h"

#include <talloc.h>
#include <time.h>

enum { CONTENT_ATTEMPTS = 4, SETTLE_ATTEMPTS = 60, SETTLE_PAUSE_MS = 500 };

static void forget_results(struct filing_run *run)
{
    for (size_t i = 0; i < run->batch->count; i++)
        for (size_t k = 0; k < run->batch->filings[i].target_count; k++)
            run->batch->filings[i].targets[k].is_filed = false;
}

static bool file_batch(struct db *db, void *arg, struct err *err)
{
    struct filing_run *run = arg;

    talloc_free(run->arena);
    run->arena = talloc_new(NULL);
    run->filed = 0;
    if (run->batch->before && !run->batch->before(db, run->batch->before_arg, err))
        return false;
    CRASHPOINT("deliver.before-lock");
    if (!filing_load(run, db, err))
        return false;
    CRASHPOINT("deliver.before-write");
    filing_judge(run);
    /* What `before` did must not be kept when nothing takes its place. */
    if (run->batch->before && run->filed == 0) {
        *err = run->batch->filings[0].targets[0].err;
        return false;
    }
    return filing_write(run, db, err);
}

/* Another process stored one of our contents between our look and our INSERT: it is found now. */
static bool met_same_content(const struct db *db, const struct err *err)
{
    return err->kind == ERR_EXISTS &&
           strcmp(db_last_failure(db)->constraint, "message_content_hash_key") == 0;
}

/* Our row stands for the transaction, or we put a void one there, after which it can never commit. Waits for a COMMIT that
 * is still going on. Writes in both cases, so that this COMMIT waits for a synchronous standby to have the other one. */
static const char SETTLE[] = "INSERT INTO delivery_receipt AS r (receipt_id, is_void, created_us)"
                             " VALUES ($1, true, $2)"
                             " ON CONFLICT (receipt_id) DO UPDATE SET created_us = r.created_us"
                             " RETURNING r.is_void";

static bool ask_receipt(struct filing_run *run, bool *is_committed_out, struct err *err)
{
    void *arena = talloc_new(NULL);
    struct db *db;
    struct db_row row;
    bool is_known = group_acquire(run->group, DB_INTERACTIVE, &db, err);

    if (is_known) {
        is_known =
            db_one_row(db, arena, SETTLE, DB_ARGS(db_uuid(run->receipt), db_i64(run->now_us)), &row, err);
        if (is_known)
            *is_committed_out = !db_get_bool(&row, 0);
        db_release(&db);
    }
    talloc_free(arena);
    return is_known;
}

static bool settle(struct filing_run *run, struct err *err)
{
    const struct timespec pause = { .tv_nsec = SETTLE_PAUSE_MS * 1000000L };
    struct err trouble = ERR_INIT;
    bool is_committed;

    for (int attempt = 0; attempt < SETTLE_ATTEMPTS; attempt++) {
        if (ask_receipt(run, &is_committed, &trouble)) {
            log_event(LOG_LEVEL_WARNING, "filing.settled",
                      log_text("outcome", is_committed ? "committed" : "void"));
            return is_committed || err_set(err, ERR_BUSY, "The mail store is temporarily unavailable.");
        }
        nanosleep(&pause, NULL);
    }
    log_err(LOG_LEVEL_ERROR, "filing.unsettled", &trouble);
    return false;
}

static void report_changes(struct filing_run *run)
{
    struct filing_batch *batch = run->batch;

    batch->change_count = 0;
    batch->changes = talloc_array(run->owner, struct filing_change, (unsigned)run->mailbox_count + 1);
    for (size_t i = 0; i < run->mailbox_count; i++)
        if (run->mailboxes[i].messages > 0)
            batch->changes[batch->change_count++] =
                (struct filing_change){ run->mailboxes[i].mailbox_id,
                                        (uint64_t)run->mailboxes[i].modseq + 1 };
    for (size_t i = 0; i < run->content_count; i++)
        if (run->contents[i].is_used && !run->contents[i].known_message_id)
            piece_cache_put_draft(group_id(run->group), run->contents[i].message_id, run->contents[i].draft);
}

static bool take_ids(struct filing_run *run, struct db *db, struct err *err)
{
    void *arena = talloc_new(run->owner);
    int64_t *messages = talloc_array(arena, int64_t, (unsigned)run->batch->count + 1);
    size_t new_messages = 0;

    for (size_t i = 0; i < run->batch->count; i++) {
        run->target_count += run->batch->filings[i].target_count;
        if (!run->batch->filings[i].staged_message_id)
            new_messages = i + 1;
    }
    int64_t *items = talloc_array(arena, int64_t, (unsigned)run->target_count + 1);
    run->message_ids = messages;
    run->item_ids = items;
    return group_take_ids(run->group, db, GROUP_MESSAGE_IDS, new_messages, messages, err) &&
           group_take_ids(run->group, db, GROUP_ITEM_IDS, run->target_count, items, err);
}

/* Begins with the time in milliseconds (as a UUID of version 7), so that new rows stand side by side in the index and old ones
 * are one range of it. */
static void make_receipt(uint8_t receipt[16])
{
    uint64_t now_ms = (uint64_t)clock_now_us() / 1000;

    random_bytes(receipt, 16);
    for (int i = 0; i < 6; i++)
        receipt[i] = (uint8_t)(now_ms >> (40 - 8 * i));
    receipt[6] = (uint8_t)((receipt[6] & 0x0F) | 0x70);
    receipt[8] = (uint8_t)((receipt[8] & 0x3F) | 0x80);
}

static bool run_batch(struct filing_run *run, struct db *db, struct err *err)
{
    for (int attempt = 1;; attempt++) {
        make_receipt(run->receipt);
        if (with_transaction(db, file_batch, run, err))
            return true;
        if (err->kind == ERR_UNKNOWN && settle(run, err))
            return true;
        if (!met_same_content(db, err) || attempt == CONTENT_ATTEMPTS)
            return false;
    }
}

bool filing_run(struct group *group, struct db *db, const void *owner, struct filing_batch *batch,
                struct err *err)
{
    struct filing_run run = { .group = group, .batch = batch, .owner = owner, .now_us = clock_now_us() };

    batch->change_count = 0;
    *err = ERR_INIT;
    bool done = take_ids(&run, db, err) && run_batch(&run, db, err);
    if (done) {
        CRASHPOINT("deliver.after-commit");
        report_changes(&run);
    } else {
        forget_results(&run);
        if (met_same_content(db, err))
            err_set(err, ERR_BUSY, "The mail store is busy. Please try again.");
    }
    if (run.threads)
        g_hash_table_destroy(run.threads);
    talloc_free(run.arena);
    return done;
}
