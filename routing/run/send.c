/* send.c -- a job for another server. */
#include "base/clock.h"
#include "base/log.h"
#include "format/header.h"
#include "run/motor.h"

#include <string.h>
#include <talloc.h>

/* Return-Path is written by final delivery alone (RFC 5321, 4.4); it stands first. */
static struct span without_return_path(struct span bytes)
{
    struct span rest = bytes;
    struct header_field field;

    if (!header_next(&rest, &field) || field.whole.p != bytes.p ||
        !span_equals_nocase(field.name, "Return-Path"))
        return bytes;
    return rest;
}

static const char *ret_of(const struct queue_message *message)
{
    static const char *const words[] = { NULL, "FULL", "HDRS" };

    return words[message->ret];
}

static struct outbound_message message_of(const struct job *job, struct span bytes)
{
    static const enum outbound_body bodies[] = { OUTBOUND_7BIT, OUTBOUND_8BITMIME, OUTBOUND_BINARYMIME };
    const struct queue_message *m = job->message;

    return (struct outbound_message){ .id = m->name,
                                      .sender = job->sender,
                                      .bytes = without_return_path(bytes),
                                      .body = bodies[m->body],
                                      .needs_smtputf8 = m->needs_smtputf8,
                                      .needs_tls = m->needs_tls,
                                      .ret = ret_of(m),
                                      .envid = m->envid,
                                      .deliver_by_us = m->deliver_by_us,
                                      .deliver_by_returns = m->deliver_by_mode == QUEUE_BY_RETURN };
}

static struct outbound_recipient *recipients_of(void *arena, const struct job *job)
{
    struct outbound_recipient *list =
        talloc_zero_array(arena, struct outbound_recipient, (unsigned)job->count + 1);

    for (size_t i = 0; i < job->count; i++) {
        const struct queue_recipient *r = &job->rows[i]->recipient;
        list[i] = (struct outbound_recipient){
            .address = r->address, .notify = r->notify, .orcpt_type = r->orcpt_type, .orcpt = r->orcpt
        };
    }
    return list;
}

static const enum run_state state_of[OUTBOUND_VERDICTS] = {
    [OUTBOUND_UNTRIED] = RUN_UNTRIED, [OUTBOUND_DELIVERED] = RUN_DELIVERED,
    [OUTBOUND_RELAYED] = RUN_RELAYED, [OUTBOUND_DEFERRED] = RUN_DEFERRED,
    [OUTBOUND_FAILED] = RUN_FAILED,
};

static void take_verdict(const struct run *run, struct outcome *outcome, const struct outbound_recipient *r,
                         int64_t now_us)
{
    outcome->code = r->code;
    outcome->enhanced = r->enhanced ? r->enhanced : "";
    outcome->text = r->text ? r->text : "";
    outcome->host = r->host ? r->host : "";
    outcome->tls = r->tls;
    outcome->was_tried = true;
    outcome->state = state_of[r->verdict];
    if (r->verdict == OUTBOUND_DEFERRED)
        outcome_defer(run, outcome, now_us);
}

/* What all replies together tell about the server. */
static enum destination_news news_of(const struct outbound_recipient *list, size_t count)
{
    bool was_reached = false, closes = false, later = false;

    for (size_t i = 0; i < count; i++) {
        if (list[i].verdict != OUTBOUND_DEFERRED && list[i].verdict != OUTBOUND_UNTRIED)
            return NEWS_TAKEN;
        was_reached = was_reached || list[i].code != 0;
        closes = closes || list[i].code == 421;
        later = later || list[i].code == 450;
    }
    return closes ? NEWS_CLOSES : !was_reached ? NEWS_UNREACHED : later ? NEWS_LATER : NEWS_TAKEN;
}

static void no_bytes(const struct run *run, struct result *result, const struct err *err)
{
    log_err(LOG_LEVEL_WARNING, "queue.body", err);
    for (size_t i = 0; i < result->count; i++) {
        result->outcomes[i].enhanced = "4.3.0";
        result->outcomes[i].text = talloc_strdup(result->arena, err->user);
        outcome_defer(run, &result->outcomes[i], clock_now_us());
    }
    outcome_keep_together(result);
}

static void report(const struct run *run, const struct job *job, enum destination_news news,
                   const struct outbound_recipient *list)
{
    if (!run->options.ways.report || job->route.connector_id == 0)
        return;
    if (news == NEWS_UNREACHED)
        run->options.ways.report(run->options.ways.arg, &job->route, false, list[0].text);
    else
        run->options.ways.report(run->options.ways.arg, &job->route, true, NULL);
}

enum destination_news run_send(struct run *run, struct job *job, struct result *result)
{
    void *scratch = talloc_new(NULL);
    struct outbound_recipient *list = recipients_of(scratch, job);
    struct err err = ERR_INIT;
    struct span bytes;

    if (!queue_taken_bytes(run->pool, scratch, job->rows[0], &bytes, &err)) {
        no_bytes(run, result, &err);
        talloc_free(scratch);
        return NEWS_LATER;
    }
    struct outbound_message message = message_of(job, bytes);
    run->options.ways.send(run->options.ways.arg, result->arena, &job->route, &message, list, job->count);
    for (size_t i = 0; i < job->count; i++)
        take_verdict(run, &result->outcomes[i], &list[i], clock_now_us());
    outcome_keep_together(result);
    enum destination_news news = news_of(list, job->count);
    report(run, job, news, list);
    talloc_free(scratch);
    return news;
}
