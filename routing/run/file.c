/* file.c -- a job for mailboxes of one storage group: filed under receipts of its rows, so that it happens once. */
#include "accept/target.h"
#include "base/clock.h"
#include "deliver/deliver.h"
#include "run/making.h"
#include "run/motor.h"
#include "run/post.h"
#include "trace/trace.h"

#include <string.h>
#include <talloc.h>

enum { JUDGED_AGAIN_MAX = 5 };

void run_receipt(const struct queue_taken *row, uint8_t receipt_out[FILING_RECEIPT_BYTES])
{
    if (row->recipient.receipt)
        memcpy(receipt_out, row->recipient.receipt, FILING_RECEIPT_BYTES);
    else
        filing_receipt(receipt_out, row->recipient_id, row->message->received_us);
}

void run_receipt_of(const struct queue_taken *row, enum run_once what, size_t number,
                    uint8_t receipt_out[FILING_RECEIPT_BYTES])
{
    run_receipt(row, receipt_out);
    receipt_out[6] = (uint8_t)(receipt_out[6] | what);
    receipt_out[7] = (uint8_t)number;
}

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
    [ERR_EXPIRED] = { "4.3.0", false },  [ERR_SUSPENDED] = { "4.3.0", false },
};

static void refuse(const struct run *run, struct result *result, size_t number, const struct err *err)
{
    struct outcome *outcome = &result->outcomes[number];
    const struct refusal *refusal = &refusal_of[err->kind];

    outcome->enhanced = refusal->enhanced;
    outcome->text = talloc_strdup(result->arena, err->user);
    outcome->host = talloc_strdup(result->arena, run->options.host_name);
    outcome_defer(run, outcome, clock_now_us());
    /* a mailbox that is being moved is nowhere for a moment: looked for once more before it is believed gone */
    bool is_moving = err->kind == ERR_NOT_FOUND && outcome->row->attempts == 0;

    if (refusal->is_final && !is_moving)
        outcome->state = RUN_FAILED;
    else if (is_moving && outcome->state == RUN_DEFERRED)
        outcome->next_try_us = clock_now_us() + run_pause_us(run, true, 1);
    else if (outcome->state == RUN_DEFERRED && err->kind == ERR_BUSY)
        outcome->next_try_us = clock_now_us() + run_pause_us(run, true, outcome->row->attempts + 1);
}

/* ---- judged, filed, and judged again where the rules were others */

struct filing_job {
    struct run *run;
    struct job *job;
    struct result *result;
    void *arena; /* kept with the result where a plan sends something */
    struct rules_message message;
    struct rules_recipient *recipients; /* one a row */
    struct rules_plan *plans;
    struct err *errs; /* of each row */
    bool *is_done;    /* filed, or refused for good */
};

static const char *const ret_names[] = { NULL, "FULL", "HDRS" };

static const char *notify_text(const void *owner, unsigned notify)
{
    if (notify == 0)
        return NULL;
    return talloc_asprintf(owner, "%s%s%s%s", notify & QUEUE_NOTIFY_NEVER ? "NEVER " : "",
                           notify & QUEUE_NOTIFY_SUCCESS ? "SUCCESS " : "",
                           notify & QUEUE_NOTIFY_FAILURE ? "FAILURE " : "",
                           notify & QUEUE_NOTIFY_DELAY ? "DELAY " : "");
}

/* Its beginning was told when it came; here is told which copies are filed. */
static struct trace *trace_of(const struct filing_job *filing)
{
    const struct queue_message *message = filing->job->rows[0]->message;
    struct trace *trace = trace_new(filing->arena, message->name);

    trace->is_begin = false;
    trace->organisation_id = message->organisation_id;
    for (size_t i = 0; i < filing->job->count; i++) {
        const struct queue_recipient *r = &filing->job->rows[i]->recipient;
        trace_add_target(trace, &(struct trace_target){ .mailbox_id = r->mailbox_id,
                                                        .organisation_id = message->organisation_id,
                                                        .address = r->address,
                                                        .asked = r->asked });
    }
    return trace;
}

static void set_recipients(struct filing_job *filing)
{
    void *arena = filing->arena;
    const struct trace *trace = trace_of(filing);

    for (size_t i = 0; i < filing->job->count; i++) {
        const struct queue_taken *row = filing->job->rows[i];
        struct rules_recipient *recipient = &filing->recipients[i];

        *recipient =
            (struct rules_recipient){ .group_id = row->recipient.group_id,
                                      .mailbox_id = row->recipient.mailbox_id,
                                      .address = row->recipient.address,
                                      .envelope_to = row->recipient.asked,
                                      .notify = notify_text(arena, row->recipient.notify),
                                      .usual = { .mailbox_id = row->recipient.mailbox_id, .trace = trace } };
        accept_target_read(arena, row->recipient.target, &recipient->usual);
    }
}

static void set_receipts(struct filing_job *filing, size_t number)
{
    const struct queue_taken *row = filing->job->rows[number];
    uint8_t receipt[FILING_RECEIPT_BYTES];

    run_receipt(row, receipt);
    rules_plan_set_receipts(filing->arena, &filing->plans[number], receipt);
}

static void plan_plain(struct filing_job *filing, size_t number)
{
    struct rules_plan *plan = &filing->plans[number];

    *plan = (struct rules_plan){ .recipient = &filing->recipients[number], .copy_count = 1 };
    plan->copies = talloc(filing->arena, struct rules_copy);
    plan->copies[0] =
        (struct rules_copy){ .draft = filing->message.draft, .target = filing->recipients[number].usual };
}

/* One attempt at the rows that are not done; false: some were judged by rules that are no longer in force. */
static bool attempt(struct filing_job *filing)
{
    size_t count = 0, *numbers = talloc_array(filing->arena, size_t, (unsigned)filing->job->count + 1);
    struct rules_plan *plans =
        talloc_array(filing->arena, struct rules_plan, (unsigned)filing->job->count + 1);
    struct err err = ERR_INIT;

    for (size_t i = 0; i < filing->job->count; i++) {
        if (filing->is_done[i])
            continue;
        filing->errs[i] = ERR_INIT;
        if (!filing->run->options.rules)
            plan_plain(filing, i);
        else if (!rules_judge(filing->run->options.rules, filing->arena, &filing->message,
                              &filing->recipients[i], &filing->plans[i], &filing->errs[i]))
            continue;
        set_receipts(filing, i);
        numbers[count] = i;
        plans[count++] = filing->plans[i];
    }
    bool is_tried = rules_file_each(filing->run->options.rules, filing->run->options.deliver,
                                    &filing->message, plans, count, &err) ||
                    err.kind == ERR_CONFLICT;
    for (size_t i = 0; i < count; i++) {
        filing->plans[numbers[i]] = plans[i];
        filing->errs[numbers[i]] = err;
        filing->is_done[numbers[i]] = is_tried && rules_plan_is_filed(&plans[i], &filing->errs[numbers[i]]);
    }
    return err.kind != ERR_CONFLICT;
}

/* What the rules send beyond what goes with the settlement. */
static void send_large(struct filing_job *filing, size_t number)
{
    struct outcome *outcome = &filing->result->outcomes[number];

    outcome->plan = &filing->plans[number];
    filing->is_done[number] = sent_put_large(filing->run, outcome, &filing->errs[number]);
}

/* Words of the owner, which may have several lines, for a notice. */
static const char *one_line(const void *owner, const char *text)
{
    char *line = talloc_strdup(owner, text);
    size_t length = 0;

    for (const char *p = text; *p; p++)
        if ((unsigned char)*p > ' ')
            line[length++] = *p;
        else if (length > 0 && line[length - 1] != ' ')
            line[length++] = ' ';
    line[length] = '\0';
    return line;
}

static struct span tell_rules(const void *arena, const struct queue_taken *row, const struct rules_plan *plan)
{
    struct trace *trace = trace_new(arena, row->message->name);

    rules_tell(plan, trace);
    return buf_span(&trace->bytes);
}

/* A copy that another server handed over may have come twice, as two rows: what its rules send goes with the first that is
 * settled. Of a row of our own the settlement itself is the only one. */
static void send_once(struct filing_job *filing, struct outcome *outcome, const struct rules_plan *plan)
{
    uint8_t *receipt;

    if (!outcome->row->recipient.receipt ||
        (!rules_plan_sends(plan) && !(plan->outcome && plan->outcome->reject)))
        return;
    receipt = talloc_array(filing->result->arena, uint8_t, FILING_RECEIPT_BYTES);
    run_receipt_of(outcome->row, RUN_ONCE_LETTERS, 0, receipt);
    outcome->once = receipt;
}

static void deliver_row(struct filing_job *filing, size_t number)
{
    struct outcome *outcome = &filing->result->outcomes[number];
    const struct rules_plan *plan = &filing->plans[number];
    bool was_filed = plan->copy_count > 0 && plan->copies[0].target.was_filed;

    send_once(filing, outcome, plan);

    outcome->told = tell_rules(filing->result->arena, outcome->row, plan);
    outcome->state = RUN_DELIVERED;
    outcome->was_tried = true;
    outcome->enhanced = "2.0.0";
    outcome->host = filing->run->options.host_name;
    outcome->text = was_filed ? "Was in the mailbox already" : "In the mailbox";
    if (plan->copy_count == 0)
        outcome->text = plan->redirect_count > 0 ? "Sent on by the recipient's rules" : "Taken";
    if (!plan->outcome || !plan->outcome->reject)
        return;
    outcome->state = RUN_FAILED;
    outcome->enhanced = "5.7.1";
    outcome->text = one_line(filing->result->arena, plan->outcome->reject);
}

/* A group that is down is one for all its rows: it pauses. */
static enum destination_news take_answers(struct filing_job *filing)
{
    size_t away = 0;

    for (size_t i = 0; i < filing->result->count; i++) {
        if (filing->is_done[i] && filing->plans[i].outcome)
            send_large(filing, i);
        if (filing->is_done[i]) {
            deliver_row(filing, i);
            continue;
        }
        filing->result->outcomes[i].plan = NULL;
        refuse(filing->run, filing->result, i, &filing->errs[i]);
        away += filing->errs[i].kind == ERR_BUSY || filing->errs[i].kind == ERR_UNKNOWN;
    }
    return away == filing->result->count ? NEWS_UNREACHED : NEWS_TAKEN;
}

/* The message's bytes and the plans are of no use any more, unless a plan still has something to be done. */
static void let_go(struct filing_job *filing)
{
    bool is_needed = false;

    for (size_t i = 0; i < filing->result->count; i++) {
        struct outcome *outcome = &filing->result->outcomes[i];

        if (outcome->plan && !rules_plan_sends(outcome->plan) && outcome->plan->mark_count == 0)
            outcome->plan = NULL;
        is_needed = is_needed || outcome->plan;
    }
    if (!is_needed)
        talloc_free(filing->arena);
}

enum destination_news run_file(struct run *run, struct job *job, struct result *result)
{
    const struct queue_message *m = job->rows[0]->message;
    unsigned most = (unsigned)job->count + 1;
    void *arena = talloc_new(result->arena);
    struct filing_job filing = { .run = run,
                                 .job = job,
                                 .result = result,
                                 .arena = arena,
                                 .recipients = talloc_zero_array(arena, struct rules_recipient, most),
                                 .plans = talloc_zero_array(arena, struct rules_plan, most),
                                 .errs = talloc_zero_array(arena, struct err, most),
                                 .is_done = talloc_zero_array(arena, bool, most),
                                 .message = { .envelope_from = m->sender,
                                              .login = m->login,
                                              .envelope_id = m->envid,
                                              .ret = ret_names[m->ret],
                                              .received_us = clock_now_us(),
                                              .spam_percent = -1 } };
    struct err err = ERR_INIT;
    struct span bytes;

    set_recipients(&filing);
    if (queue_taken_bytes(run->pool, arena, job->rows[0], &bytes, &err) &&
        list_copy_finish(run, arena, &job->rows[0]->recipient, job->sender, &bytes, &err)) {
        filing.message.draft = message_prepare(arena, bytes);
        for (int i = 0; i < JUDGED_AGAIN_MAX && !attempt(&filing); i++)
            continue;
    } else {
        for (size_t i = 0; i < job->count; i++)
            filing.errs[i] = err;
    }
    enum destination_news news = take_answers(&filing);
    let_go(&filing);
    return news;
}
