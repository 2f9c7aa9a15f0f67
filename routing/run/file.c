/* file.c -- a job for mailboxes of one storage group: filed under receipts of its rows, so that it happens once. */
#include "accept/target.h"
#include "base/clock.h"
#include "deliver/deliver.h"
#include "run/motor.h"

#include <talloc.h>

/* How a refusal of the store is said in a notice, and whether it may pass. */
struct refusal {
    const char *enhanced;
    bool is_final;
};

static const struct refusal refusal_of[ERR_KINDS] = {
    [ERR_NONE] = { "4.3.0", false },     [ERR_NOT_FOUND] = { "5.1.1", true },
    [ERR_EXISTS] = { "4.3.0", false },   [ERR_DENIED] = { "5.7.1", true },
    [ERR_AUTH] = { "4.3.0", false },     [ERR_QUOTA] = { "4.2.2", false },
    [ERR_INVALID] = { "5.6.0", true },   [ERR_LIMIT] = { "4.2.0", false },
    [ERR_CONFLICT] = { "4.3.0", false }, [ERR_DEPENDED_ON] = { "4.3.0", false },
    [ERR_BUSY] = { "4.3.2", false },     [ERR_NO_ROOM] = { "4.3.1", false },
    [ERR_UNKNOWN] = { "4.3.0", false },  [ERR_INTERNAL] = { "4.3.0", false },
};

static struct deliver_recipient *targets_of(void *arena, const struct job *job)
{
    struct deliver_recipient *list =
        talloc_zero_array(arena, struct deliver_recipient, (unsigned)job->count + 1);

    for (size_t i = 0; i < job->count; i++) {
        const struct queue_taken *row = job->rows[i];
        uint8_t *receipt = talloc_array(list, uint8_t, FILING_RECEIPT_BYTES);
        filing_receipt(receipt, row->recipient_id, row->message->received_us);
        list[i] = (struct deliver_recipient){ .group_id = row->recipient.group_id,
                                              .address = row->recipient.address,
                                              .target = { .mailbox_id = row->recipient.mailbox_id,
                                                          .receipt = receipt } };
        accept_target_read(list, row->recipient.target, &list[i].target);
    }
    return list;
}

static void refuse(const struct run *run, struct result *result, size_t number, const struct err *err)
{
    struct outcome *outcome = &result->outcomes[number];
    const struct refusal *refusal = &refusal_of[err->kind];

    outcome->enhanced = refusal->enhanced;
    outcome->text = talloc_strdup(result->arena, err->user);
    outcome->host = talloc_strdup(result->arena, run->options.host_name);
    outcome_defer(run, outcome, clock_now_us());
    if (refusal->is_final)
        outcome->state = RUN_FAILED;
    else if (outcome->state == RUN_DEFERRED && err->kind == ERR_BUSY)
        outcome->next_try_us = clock_now_us() + run_pause_us(run, true, outcome->row->attempts + 1);
}

/* A group that is down is one for all its rows: it pauses. */
static enum destination_news take_answers(const struct run *run, struct result *result,
                                          const struct deliver_recipient *list)
{
    size_t away = 0;

    for (size_t i = 0; i < result->count; i++) {
        const struct filing_target *target = &list[i].target;
        if (!target->is_filed) {
            refuse(run, result, i, &target->err);
            away += target->err.kind == ERR_BUSY || target->err.kind == ERR_UNKNOWN;
            continue;
        }
        result->outcomes[i].state = RUN_DELIVERED;
        result->outcomes[i].was_tried = true;
        result->outcomes[i].enhanced = "2.0.0";
        result->outcomes[i].text = target->was_filed ? "Was in the mailbox already" : "In the mailbox";
        result->outcomes[i].host = run->options.host_name;
    }
    return away == result->count ? NEWS_UNREACHED : NEWS_TAKEN;
}

enum destination_news run_file(struct run *run, struct job *job, struct result *result)
{
    void *scratch = talloc_new(NULL);
    struct deliver_recipient *list = targets_of(scratch, job);
    struct err err = ERR_INIT;
    struct span bytes;
    bool is_tried = queue_taken_bytes(run->pool, scratch, job->rows[0], &bytes, &err) &&
                    deliver_message(run->options.deliver, message_prepare(scratch, bytes), clock_now_us(),
                                    list, job->count, &err);

    for (size_t i = 0; !is_tried && i < job->count; i++) {
        list[i].target.is_filed = false;
        list[i].target.err = err;
    }
    enum destination_news news = take_answers(run, result, list);
    talloc_free(scratch);
    return news;
}
