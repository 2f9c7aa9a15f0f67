/*
 * filing.c -- the transaction that files messages: prepared, run, run again where somebody stored the same content
 * meanwhile, and settled where its COMMIT got lost.
 */
#include "mailbox/filing.h"

#include "base/clock.h"
#include "base/crashpoint.h"
#include "db/statement.h"
#include "mailbox/filing_run.h"
#include "mailbox/receipt.h"
#include "message/cache.h"

#include <stdlib.h>
#include <talloc.h>

enum { CONTENT_ATTEMPTS = 4, ARENA_BYTES = 16 * 1024, ARENA_TARGET_BYTES = 1024 };

static void forget_results(struct filing_run *run)
{
    for (size_t i = 0; i < run->batch->count; i++)
        for (size_t k = 0; k < run->batch->filings[i].target_count; k++)
            run->batch->filings[i].targets[k].is_filed = false;
}

/* Everything but COMMIT; false, so that it is rolled back. A large message would have been staged before: that is left out. */
static bool rehearse(struct filing_run *run, struct db *db, struct err *err)
{
    bool is_small = run->batch->filings[0].draft->pieces != NULL;

    if (run->filed > 0 && is_small && !filing_try_write(run, db, err))
        return false;
    run->is_rehearsed = true;
    *err = ERR_INIT;
    return false;
}

static void begin(struct filing_run *run)
{
    talloc_free(run->arena);
    run->arena = talloc_pool(NULL, ARENA_BYTES + run->target_count * ARENA_TARGET_BYTES);
    run->filed = 0;
    filing_collect(run);
}

/* Where nothing out of the ordinary is wanted and nothing is in the way. */
static bool file_plainly(struct db *db, void *arg, struct err *err)
{
    struct filing_run *run = arg;

    begin(run);
    run->is_done = false;
    if (!filing_is_plain(run))
        return true;
    CRASHPOINT("deliver.before-lock");
    return filing_write_plain(run, db, &run->is_done, err);
}

static bool file_batch(struct db *db, void *arg, struct err *err)
{
    struct filing_run *run = arg;

    begin(run);
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
    return run->batch->is_rehearsal ? rehearse(run, db, err) : filing_write(run, db, err);
}

/* Another process stored one of our contents between our look and our INSERT: it is found now. */
static bool met_same_content(const struct db *db, const struct err *err)
{
    return err->kind == ERR_EXISTS &&
           strcmp(db_last_failure(db)->constraint, "message_content_hash_key") == 0;
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

static bool attempt(struct filing_run *run, struct db *db, db_work *work, struct err *err)
{
    db_receipt_make(run->receipt);
    if (with_transaction(db, work, run, err))
        return true;
    return err->kind == ERR_UNKNOWN && receipt_settle(run->group, run->receipt, err);
}

enum outcome { IS_FILED, IS_NOT_PLAIN, HAS_FAILED };

static enum outcome run_plainly(struct filing_run *run, struct db *db, struct err *err)
{
    struct err why = ERR_INIT;

    if (attempt(run, db, file_plainly, err)) {
        if (run->is_done)
            return IS_FILED;
        if (err->kind == ERR_NONE)
            return IS_NOT_PLAIN;
        return filing_recall_plain(run, &why) ? IS_FILED : HAS_FAILED;
    }
    if (strcmp(db_last_failure(db)->sqlstate, FILING_ODD) == 0)
        filing_note_odd(strtoll(db_last_failure(db)->constraint, NULL, 10));
    else if (err->kind !=
             ERR_EXISTS) /* a content or a conversation that another process met after we looked */
        return HAS_FAILED;
    return IS_NOT_PLAIN;
}

static bool run_batch(struct filing_run *run, struct db *db, struct err *err)
{
    enum outcome outcome = run_plainly(run, db, err);

    if (outcome != IS_NOT_PLAIN)
        return outcome == IS_FILED;
    for (int attempts = 1;; attempts++) {
        if (attempt(run, db, file_batch, err))
            return true;
        if (!met_same_content(db, err) || attempts == CONTENT_ATTEMPTS)
            return false;
    }
}

void filing_receipt(uint8_t receipt[FILING_RECEIPT_BYTES], int64_t row_id, int64_t received_us)
{
    const int64_t kept_ms = INT64_C(30) * 86400 * 1000;
    uint64_t ms = (uint64_t)(received_us / 1000 + kept_ms);

    memset(receipt, 0, FILING_RECEIPT_BYTES);
    for (int i = 0; i < 6; i++)
        receipt[i] = (uint8_t)(ms >> (40 - 8 * i));
    receipt[6] = 0x80; /* a UUID of version 8: none of db_receipt_make() */
    for (int i = 0; i < 8; i++)
        receipt[8 + i] = (uint8_t)((uint64_t)row_id >> (56 - 8 * i));
    receipt[8] |= 0x80;
}

bool filing_run(struct group *group, struct db *db, const void *owner, struct filing_batch *batch,
                struct err *err)
{
    struct filing_run run = { .group = group, .batch = batch, .owner = owner, .now_us = clock_now_us() };

    batch->change_count = 0;
    *err = ERR_INIT;
    bool done = take_ids(&run, db, err) && (run_batch(&run, db, err) || run.is_rehearsed);
    if (run.is_rehearsed) {
        if (run.threads)
            g_hash_table_destroy(run.threads);
        talloc_free(run.arena);
        return true;
    }
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
