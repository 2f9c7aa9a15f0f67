/* accept.c -- a complete message: judged, delivered, and answered after the COMMIT. */
#include "auth/auth.h"
#include "base/clock.h"
#include "base/crashpoint.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/spool.h"
#include "directory/audit.h"
#include "format/header.h"
#include "format/received.h"
#include "smtp/auth.h"
#include "smtp/peer.h"
#include "smtp/transaction.h"

#include <stdio.h>
#include <talloc.h>

static const char *const services[] = { "smtp", "submission", "lmtp" };

METRIC_COUNTER_BY(accepted, "chappe_smtp_accepted_total", "Messages accepted and committed", "service",
                  services)
METRIC_COUNTER_BY(accepted_bytes, "chappe_smtp_accepted_bytes_total", "Bytes of accepted messages", "service",
                  services)
METRIC_HISTOGRAM_BY(delivery_time, "chappe_smtp_delivery_seconds",
                    "From the last byte of a message to its reply: all that is done with it", "service",
                    services)

static size_t service_index(const struct smtp_session *s)
{
    return s->service == SERVICE_RECEIVE ? 0 : s->service == SERVICE_SUBMISSION ? 1 : 2;
}

static bool no(enum smtp_refusal *refusal_out, enum smtp_refusal refusal)
{
    *refusal_out = refusal;
    return false;
}

/* Is the address of this Delivered-To field one of the recipients? */
static bool names_recipient(struct smtp_session *s, struct span value)
{
    const struct smtp_transaction *t = s->transaction;
    void *arena = session_arena(s->session);
    struct span text = span_trim(header_unfold(arena, value));
    struct address address;
    const char *key;

    if (address_parse(arena, text, ADDRESS_ACCEPT_UTF8, &address) != ADDRESS_GOOD)
        return false;
    key = address_key(arena, &address);
    for (size_t i = 0; i < t->recipient_count; i++)
        if (strcmp(t->recipients[i].key, key) == 0)
            return true;
    return false;
}

/* A message that was handed on too often, or that carries a Delivered-To of one of its recipients: it was here before and
 * came back. The header is walked once, whatever the number of recipients. */
static bool is_looping(struct smtp_session *s, struct span header)
{
    struct header_field field;
    size_t delivered = 0;

    if (received_count(header) > RECEIVED_MAX)
        return true;
    while (header_next(&header, &field)) {
        if (!span_equals_nocase(field.name, "Delivered-To"))
            continue;
        if (++delivered > RECEIVED_MAX || names_recipient(s, field.value))
            return true;
    }
    return false;
}

static bool judge_transfer(const struct smtp_transaction *t, struct spool *spool,
                           enum smtp_refusal *refusal_out)
{
    unsigned flaws = t->body.is_binary ? 0 : t->body.filter.flaws;

    if (spool_err(spool)->kind == ERR_LIMIT)
        return no(refusal_out, REFUSE_TOO_LARGE);
    if (spool_err(spool)->kind != ERR_NONE)
        return no(refusal_out, REFUSE_NO_ROOM);
    if (!t->body.filter.normalises && (flaws & (DATA_BARE_CR | DATA_BARE_LF)))
        return no(refusal_out, REFUSE_BARE_CR_LF);
    if (flaws & DATA_NUL)
        return no(refusal_out, REFUSE_NUL);
    return true;
}

/* What was typed by hand may have no header at all: an empty line then keeps its first line out of ours. */
static bool lacks_header(struct span sent)
{
    const char *p = sent.p;

    while (p<sent.end && * p> ' ' && *p < 127 && *p != ':')
        p++;
    return !span_is_empty(sent) && *sent.p != '\r' && (p == sent.p || p == sent.end || *p != ':');
}

/* Another's Return-Path: final delivery writes it (RFC 5321, 4.4). And what only servers of ours write. */
static bool is_unwanted(const struct smtp_session *s, struct span name)
{
    return span_equals_nocase(name, "Return-Path") ||
           (span_starts_nocase(name, "X-Chappe-") && !smtp_is_peer(s));
}

/* Adds the header without unwanted fields; false where there are none, and nothing was added. */
static bool add_wanted(const struct smtp_session *s, struct span header, struct buf *out)
{
    struct span left = header;
    const char *from = header.p;
    struct header_field field;

    while (header_next(&left, &field)) {
        if (!is_unwanted(s, field.name))
            continue;
        buf_add(out, from, (size_t)(field.whole.p - from));
        from = field.whole.end;
    }
    if (from == header.p)
        return false;
    buf_add(out, from, (size_t)(header.end - from));
    return true;
}

static bool clean_header(struct smtp_session *s, size_t prefix, struct span *message_io)
{
    struct smtp_transaction *t = s->transaction;
    void *arena = session_arena(s->session);
    struct span rest = span_part(*message_io, prefix, SIZE_MAX), header;
    struct buf edited = BUF_INIT(arena);

    buf_add_span(&edited, t->body.prefix);
    if (lacks_header(rest)) {
        buf_add_text(&edited, "\r\n");
        return smtp_replace_header(s, prefix, buf_span(&edited), message_io);
    }
    header = span_of(rest.p, header_block_length(rest));
    if (!add_wanted(s, header, &edited))
        return true;
    return smtp_replace_header(s, prefix + span_length(header), buf_span(&edited), message_io);
}

bool smtp_replace_header(struct smtp_session *s, size_t old_length, struct span header,
                         struct span *message_io)
{
    struct span rest = span_part(*message_io, old_length, SIZE_MAX);
    struct spool *copy = spool_new(session_arena(s->session), s->context->spool_directory, UINT64_MAX);
    struct err err = ERR_INIT;

    return spool_append(copy, header, &err) && spool_append(copy, rest, &err) &&
           spool_span(copy, message_io, &err);
}

/* Everything that can be wrong with the message itself; *message_out: the bytes to be stored. */
static bool judge(struct smtp_session *s, struct spool *spool, struct span *message_out,
                  enum smtp_refusal *refusal_out)
{
    struct smtp_transaction *t = s->transaction;
    size_t prefix = span_length(t->body.prefix);
    struct err err = ERR_INIT;
    struct span sent;

    if (t->max_bytes && spool_length(spool) > (uint64_t)t->max_bytes + span_length(t->body.prefix))
        return no(refusal_out, REFUSE_TOO_LARGE);
    if (!judge_transfer(t, spool, refusal_out))
        return false;
    if (!spool_span(spool, message_out, &err))
        return no(refusal_out, REFUSE_NO_ROOM);
    sent = span_part(*message_out, prefix, SIZE_MAX);
    if (header_check(sent) != HEADER_GOOD)
        return no(refusal_out, REFUSE_HEADER_TOO_LARGE);
    if (is_looping(s, span_of(sent.p, header_block_length(sent))))
        return no(refusal_out, REFUSE_LOOP);
    if (s->service == SERVICE_SUBMISSION)
        return smtp_submit_header(s, prefix, message_out, refusal_out);
    return clean_header(s, prefix, message_out) || no(refusal_out, REFUSE_NO_ROOM);
}

/* One reply for all, or in LMTP one for each recipient (RFC 2033, 4.2). */
static enum session_next refuse_all(struct smtp_session *s, enum smtp_refusal refusal, const struct err *err)
{
    size_t replies = s->service == SERVICE_LMTP ? s->transaction->recipient_count : 1;
    enum session_next next = SESSION_DONE;

    while (replies-- > 0 && next == SESSION_DONE)
        next = refuse_as(s, refusal, err);
    return next;
}

static void log_accepted(struct smtp_session *s, uint64_t size, int64_t began_us)
{
    const struct smtp_transaction *t = s->transaction;
    int64_t took_us = clock_monotonic_us() - began_us;
    size_t index = service_index(s);

    metric_add_at(&accepted, 1, index, 0);
    metric_add_at(&accepted_bytes, (int64_t)size, index, 0);
    metric_observe_us(&delivery_time, index, took_us);
    log_event(LOG_LEVEL_INFO, "smtp.accepted", log_text("session", session_id(s->session)),
              log_text("peer", session_peer_text(s->session)), log_text("id", t->id),
              log_text("from", t->sender_text), log_text("to", t->recipients[0].text),
              log_i64("recipients", (int64_t)t->recipient_count),
              log_i64("mailboxes", (int64_t)t->target_count), log_i64("elsewhere", (int64_t)t->remote_count),
              log_i64("bytes", (int64_t)size), log_i64("us", took_us), log_text("login", smtp_login_name(s)),
              log_span("envid", t->params.envid), log_span("handed-as", t->params.handed.id));
}

/* What routing/accept is told. */
static struct accept_message message_of(struct smtp_session *s, struct span bytes)
{
    static const char *const origins[] = { "smtp", "submission", "lmtp" };
    static const enum queue_body bodies[] = { QUEUE_7BIT, QUEUE_7BIT, QUEUE_8BITMIME, QUEUE_BINARYMIME };
    static const enum queue_ret rets[] = { QUEUE_RET_UNSAID, QUEUE_RET_FULL, QUEUE_RET_HDRS };
    struct smtp_transaction *t = s->transaction;
    void *arena = session_arena(s->session);
    const struct smtp_mail_params *p = &t->params;

    return (struct accept_message){
        .envelope = { .name = t->id,
                      .organisation_id = t->organisation_id,
                      .sender = t->sender_text,
                      .login_id = s->login ? s->login->recipient_id : (int64_t)p->handed.login_id,
                      .login = s->login            ? s->login->login
                               : p->handed.login.p ? span_copy(arena, p->handed.login)
                                                   : NULL,
                      .origin =
                          p->handed.origin.p ? span_copy(arena, p->handed.origin) : origins[service_index(s)],
                      .expires_us = (int64_t)p->handed.expires_us,
                      .ret = rets[p->ret],
                      .envid = p->envid.p ? span_copy(arena, p->envid) : NULL,
                      .body = bodies[p->body],
                      .needs_smtputf8 = p->smtputf8,
                      .needs_tls = p->requiretls,
                      .deliver_by_us = p->has_by ? clock_now_us() + p->by_s * US_PER_S : 0,
                      .deliver_by_mode = p->by_returns ? QUEUE_BY_RETURN : QUEUE_BY_NOTIFY,
                      .priority = p->priority },
        .bytes = bytes,
        .hold_until_us = p->hold_until_us,
        .is_submission = s->service == SERVICE_SUBMISSION,
        .preference = s->login ? &s->login->preference : NULL,
        .peer_address = session_peer_text(s->session),
        .trace = t->trace,
        .targets = t->targets,
        .target_count = t->target_count,
        .remotes = t->remotes,
        .remote_count = t->remote_count,
    };
}

static void add_recipients(struct smtp_session *s, struct accept_message *message)
{
    const struct smtp_transaction *t = s->transaction;
    void *arena = session_arena(s->session);

    message->recipients = talloc_zero_array(arena, struct accept_recipient, (unsigned)t->recipient_count + 1);
    message->recipient_count = t->recipient_count;
    for (size_t i = 0; i < t->recipient_count; i++) {
        const struct smtp_recipient *r = &t->recipients[i];
        message->recipients[i] = (struct accept_recipient){
            .address = r->asked ? r->asked : r->text,
            .notify = r->params.notify,
            .orcpt_type = r->params.orcpt.p ? span_copy(arena, r->params.orcpt_type) : NULL,
            .orcpt = r->params.orcpt.p ? span_copy(arena, r->params.orcpt) : NULL,
            .targets = r->targets,
            .target_count = r->target_count,
            .remotes = r->remotes,
            .remote_count = r->remote_count,
        };
    }
}

/* What is sent in another's name lies with him as well where he wants that. */
static void keep_copies(struct smtp_session *s)
{
    const struct smtp_transaction *t = s->transaction;

    for (size_t i = 0; i < t->author_count; i++)
        if (t->authors[i].right.keeps_sent && t->authors[i].right.mailbox.mailbox_id)
            smtp_transaction_keep(s, &t->authors[i].right);
}

/* For who looks after the mailbox: who wrote in its name. The trace tells it in any case. */
static void audit_authors(struct smtp_session *s)
{
    const struct smtp_transaction *t = s->transaction;
    const struct actor actor = { .name = smtp_login_name(s),
                                 .recipient_id = s->login ? s->login->recipient_id : 0,
                                 .organisation_id = t->organisation_id,
                                 .peer = session_peer_text(s->session) };
    char *after = talloc_asprintf(session_arena(s->session), "{\"message\":\"%s\"}", t->id);
    struct err err;

    for (size_t i = 0; i < t->author_count; i++) {
        const struct smtp_claim *claim = &t->authors[i];
        if (!audit_note(s->context->directory, &actor, claim->right.organisation_id,
                        claim->kind == CLAIM_ON_BEHALF ? "mailbox.send-on-behalf" : "mailbox.send-as",
                        claim->right.address, after, &err))
            log_event(LOG_LEVEL_ERROR, "smtp.author-not-audited", log_text("id", t->id),
                      log_text("login", actor.name), log_text("author", claim->right.address),
                      log_text("error", err.log));
    }
}

/* SMTP has one reply for all recipients, so all or none are taken. */
static enum session_next deliver_whole(struct smtp_session *s, struct span bytes, int64_t began_us)
{
    struct smtp_transaction *t = s->transaction;
    struct accept_message message;
    struct err err = ERR_INIT;

    keep_copies(s);
    message = message_of(s, bytes);
    add_recipients(s, &message);
    if (!accept_message(s->context->accept, session_arena(s->session), &message, &err))
        return refuse_err(s, &err);
    audit_authors(s);
    log_accepted(s, span_length(bytes), began_us);
    s->errors = s->junk = 0;
    reply(s, 250, "2.0.0", message.way_taken == ACCEPT_QUEUES ? "Queued as %s" : "Delivered as %s", t->id);
    CRASHPOINT("smtp.after-commit");
    return SESSION_DONE;
}

/* What one recipient gets to hear: the first trouble among its mailboxes. */
static const struct err *trouble(const struct smtp_transaction *t, const struct smtp_recipient *r)
{
    for (size_t i = 0; i < r->target_count; i++)
        if (!t->targets[r->targets[i]].target.is_filed)
            return &t->targets[r->targets[i]].target.err;
    return NULL;
}

/* LMTP: a status for each recipient. One that stands for several mailboxes is refused when one of them is, although the
 * others have their copy: the neighbour's retry may then double it, silence would lose it. */
static enum session_next deliver_each(struct smtp_session *s, struct span bytes, int64_t began_us)
{
    struct smtp_transaction *t = s->transaction;
    struct accept_message message = message_of(s, bytes);
    struct err err = ERR_INIT;
    size_t filed = 0;

    add_recipients(s, &message);
    if (!accept_each(s->context->accept, session_arena(s->session), &message, &err)) {
        for (size_t i = 0; i < t->recipient_count; i++)
            refuse_err(s, &err);
        return SESSION_DONE;
    }
    for (size_t i = 0; i < t->recipient_count; i++) {
        const struct err *cause = trouble(t, &t->recipients[i]);

        t->rcpt_text = t->recipients[i].text;
        if (cause) {
            refuse_err(s, cause);
        } else {
            reply(s, 250, "2.0.0", "Delivered as %s", t->id);
            filed++;
        }
    }
    if (filed > 0)
        log_accepted(s, span_length(bytes), began_us);
    s->junk = 0;
    return SESSION_DONE;
}

/* Where copies leave this server, all of them go by the queue, which has one answer. */
static enum session_next lmtp_deliver(struct smtp_session *s, struct span bytes, int64_t began_us)
{
    struct smtp_transaction *t = s->transaction;
    struct accept_message message = message_of(s, bytes);
    struct err err = ERR_INIT;

    bool is_all_near = t->remote_count == 0;

    for (size_t i = 0; i < t->target_count && is_all_near; i++)
        is_all_near = accept_is_near(s->context->accept, t->targets[i].group_id);
    if (is_all_near)
        return deliver_each(s, bytes, began_us);
    add_recipients(s, &message);
    bool is_taken = accept_queue(s->context->accept, session_arena(s->session), &message, &err);
    for (size_t i = 0; i < t->recipient_count; i++) {
        t->rcpt_text = t->recipients[i].text;
        if (is_taken)
            reply(s, 250, "2.0.0", "Queued as %s", t->id);
        else
            refuse_err(s, &err);
    }
    if (is_taken)
        log_accepted(s, span_length(bytes), began_us);
    return SESSION_DONE;
}

/* All of it is in the quarantine: accepted, and not for the sender to know. */
static enum session_next set_aside(struct smtp_session *s, uint64_t size, int64_t began_us)
{
    size_t replies = s->service == SERVICE_LMTP ? s->transaction->recipient_count : 1;

    log_accepted(s, size, began_us);
    while (replies-- > 0)
        reply(s, 250, "2.0.0", "Accepted as %s", s->transaction->id);
    return SESSION_DONE;
}

enum session_next smtp_accept(struct smtp_session *s, struct spool *spool)
{
    int64_t began_us = clock_monotonic_us();
    size_t prefix = span_length(s->transaction->body.prefix);
    struct err err = ERR_INIT;
    enum smtp_refusal refusal;
    enum session_next next;
    struct span message;

    s->transaction->rcpt_text = s->transaction->recipients[0].text;
    s->transaction->is_complete = true;
    bool is_whole = judge(s, spool, &message, &refusal);
    if (is_whole)
        smtp_trace_arrived(s, message);
    if (is_whole)
        smtp_trace_authors(s);
    if (!is_whole || !smtp_judge_message(s, prefix, &message, &refusal, &err)) {
        next = refuse_all(s, refusal, &err);
    } else if (s->transaction->target_count + s->transaction->remote_count == 0) {
        next = set_aside(s, span_length(message), began_us);
    } else {
        CRASHPOINT("smtp.before-delivery");
        next = s->service == SERVICE_LMTP ? lmtp_deliver(s, message, began_us)
                                          : deliver_whole(s, message, began_us);
    }
    smtp_transaction_end(s);
    return next;
}
