/* send.c -- a job for another server. */
#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "filter/sign.h"
#include "format/header.h"
#include "run/motor.h"
#include "run/post.h"

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

/* Mail that is sent on says for whom it was, so that it is known when it comes back. */
static struct span redirected(const void *arena, const struct job *job, struct span bytes)
{
    const struct queue_recipient *row = &job->rows[0]->recipient;
    struct buf out = buf_owned_by(arena);

    if (strcmp(row->why, "redirect") != 0 || strcmp(row->asked, row->address) == 0)
        return bytes; /* what a script sends on says so already */
    buf_add_format(&out, "Delivered-To: %s\r\n", row->asked);
    buf_add_span(&out, without_return_path(bytes));
    return buf_span(&out);
}

static const char *ret_of(const struct queue_message *message)
{
    static const char *const words[] = { NULL, "FULL", "HDRS" };

    return words[message->ret];
}

static struct outbound_message message_of(const struct job *job, struct span bytes,
                                          struct outbound_handed *handed)
{
    static const enum outbound_body bodies[] = { OUTBOUND_7BIT, OUTBOUND_8BITMIME, OUTBOUND_BINARYMIME };
    const struct queue_message *m = job->message;

    *handed = (struct outbound_handed){ .login = m->login,
                                        .login_id = m->login_id,
                                        .organisation_id = m->organisation_id,
                                        .origin = m->origin,
                                        .expires_us = m->expires_us };
    return (struct outbound_message){ .id = m->name,
                                      .sender = job->sender,
                                      .bytes = bytes,
                                      .body = bodies[m->body],
                                      .needs_smtputf8 = m->needs_smtputf8,
                                      .needs_tls = m->needs_tls,
                                      .ret = ret_of(m),
                                      .envid = m->envid,
                                      .priority = m->priority,
                                      .handed = job->route.is_internal ? handed : NULL,
                                      .deliver_by_us = m->deliver_by_us,
                                      .deliver_by_returns = m->deliver_by_mode == QUEUE_BY_RETURN };
}

static struct outbound_recipient *recipients_of(void *arena, const struct job *job)
{
    struct outbound_recipient *list =
        talloc_zero_array(arena, struct outbound_recipient, (unsigned)job->count + 1);

    for (size_t i = 0; i < job->count; i++) {
        const struct queue_recipient *r = &job->rows[i]->recipient;
        list[i] = (struct outbound_recipient){ .address = r->address,
                                               .notify = r->notify,
                                               .orcpt_type = r->orcpt_type,
                                               .orcpt = r->orcpt,
                                               .mailbox_id = r->mailbox_id,
                                               .target = r->target,
                                               .asked = r->asked,
                                               .flags = r->flags & (QUEUE_IS_BACKUP | QUEUE_IS_RELAY) };
        if (r->mailbox_id) {
            uint8_t *receipt = talloc_array(list, uint8_t, FILING_RECEIPT_BYTES);
            run_receipt(job->rows[i], receipt);
            list[i].receipt = receipt;
        }
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
    struct run_report report = { .is_up = news != NEWS_UNREACHED, .fault = list[0].fault };

    if (!run->options.ways.report || job->route.connector_id == 0)
        return;
    for (size_t i = 0; i < job->count; i++)
        report.was_reached = report.was_reached || list[i].code != 0;
    report.reason = report.is_up ? NULL : list[0].text;
    run->options.ways.report(run->options.ways.arg, &job->route, &report);
}

/* What we made, or hand on, gets our signature or seal. */
static bool sign(const struct run *run, const struct job *job, const void *owner, struct span *bytes_io,
                 struct err *err)
{
    const struct queue_recipient *r = &job->rows[0]->recipient;
    const char *at = r->flags & QUEUE_IS_LIST_COPY ? strrchr(job->sender, '@') : NULL;
    struct signer_question question = { .kind = signer_kind_of(job->message->origin),
                                        .organisation_id = job->message->organisation_id,
                                        .recipient_here = r->asked,
                                        .list_domain = at ? at + 1 : NULL,
                                        .message = *bytes_io };

    return !run->options.signer || signer_sign(run->options.signer, owner, &question, bytes_io, err);
}

/* The message's bytes as they leave now, for these recipients. */
static bool bytes_of(struct run *run, const struct job *job, const void *owner, struct span *bytes_out,
                     struct err *err)
{
    if (!queue_taken_bytes(run->pool, owner, job->rows[0], bytes_out, err) ||
        !list_copy_finish(run, owner, &job->rows[0]->recipient, job->sender, bytes_out, err))
        return false;
    *bytes_out = without_return_path(redirected(owner, job, *bytes_out));
    return sign(run, job, owner, bytes_out, err);
}

enum destination_news run_send(struct run *run, struct job *job, struct result *result)
{
    void *scratch = talloc_new(NULL);
    struct outbound_recipient *list = recipients_of(scratch, job);
    struct err err = ERR_INIT;
    struct span bytes;

    if (!bytes_of(run, job, scratch, &bytes, &err)) {
        no_bytes(run, result, &err);
        talloc_free(scratch);
        return NEWS_LATER;
    }
    struct outbound_handed handed;
    struct outbound_message message = message_of(job, bytes, &handed);
    run->options.ways.send(run->options.ways.arg, result->arena, &job->route, &message, list, job->count);
    for (size_t i = 0; i < job->count; i++)
        take_verdict(run, &result->outcomes[i], &list[i], clock_now_us());
    outcome_keep_together(result);
    enum destination_news news = news_of(list, job->count);
    report(run, job, news, list);
    talloc_free(scratch);
    return news;
}
