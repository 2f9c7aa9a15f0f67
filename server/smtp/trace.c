/* trace.c -- what is told of a message that comes in: how it came, for whom, what the filters said, why it was refused. */
#include "trace/trace.h"

#include "accept/id.h"
#include "auth/auth.h"
#include "base/clock.h"
#include "filter/auth_results.h"
#include "filter/filter.h"
#include "format/charset.h"
#include "format/header.h"
#include "smtp/auth.h"
#include "smtp/transaction.h"
#include "trace/later.h"
#include "trace/term.h"

#include <stdio.h>
#include <string.h>
#include <talloc.h>

enum { STEPS_SHOWN = 50, MESSAGE_ID_MAX = 250 };

void smtp_trace_begin(struct smtp_session *s)
{
    struct smtp_transaction *t = s->transaction;

    t->began_us = clock_now_us();
    t->trace = trace_new(t, t->id);
    t->trace->peer = session_peer_text(s->session);
    if (s->login) {
        t->trace->login = smtp_login_name(s);
        t->trace->organisation_id = s->login->organisation_id;
    }
}

/* "alias sales@example.org -> ada@example.org" */
static void add_step(struct buf *out, const struct resolve_step *step)
{
    char text[EVENT_TEXT_MAX];
    int length = snprintf(text, sizeof text, "%s %s%s%s", step->what, step->from ? step->from : "",
                          step->to && *step->to ? " -> " : "", step->to ? step->to : "");

    if (length > 0)
        event_list_item(out, span_text(text));
}

/* How an address led to others; nothing for one that simply is a mailbox. */
static void tell_steps(struct trace *trace, const char *asked, const struct resolve_answer *answer)
{
    struct buf *out;

    if (answer->step_count <= 1)
        return;
    out = trace_event(trace, answer->organisation_id, clock_now_us(), "resolved");
    event_text(out, "asked", asked);
    event_list_begin(out, "steps");
    for (size_t i = 0; i < answer->step_count && i < STEPS_SHOWN; i++)
        add_step(out, &answer->steps[i]);
    event_list_end(out);
    event_number(out, "mailboxes", (int64_t)answer->target_count);
    event_number(out, "elsewhere", (int64_t)answer->remote_count);
    trace_event_end(trace);
}

void smtp_trace_recipient(struct smtp_session *s, const char *asked, const struct resolve_answer *answer)
{
    struct trace *trace = s->transaction->trace;

    if (!trace)
        return;
    for (size_t i = 0; i < answer->target_count; i++)
        trace_add_target(trace, &(struct trace_target){ .mailbox_id = answer->targets[i].mailbox_id,
                                                        .organisation_id = answer->targets[i].organisation_id,
                                                        .address = answer->targets[i].address,
                                                        .asked = asked });
    for (size_t i = 0; i < answer->remote_count; i++)
        trace_add_target(trace, &(struct trace_target){ .organisation_id = answer->organisation_id
                                                                               ? answer->organisation_id
                                                                               : trace->organisation_id,
                                                        .address = answer->remotes[i].address,
                                                        .asked = asked });
    tell_steps(trace, asked, answer);
}

static const char *message_id_of(const void *owner, struct span header)
{
    struct buf valid = buf_owned_by(owner);
    struct header_field field;

    if (!header_find(header, "Message-ID", &field))
        return NULL;
    utf8_add_valid(&valid, span_part(trace_message_id(field.value), 0, MESSAGE_ID_MAX));
    return span_copy(owner, span_part(buf_span(&valid), 0, utf8_cut(buf_span(&valid), MESSAGE_ID_MAX)));
}

static const char *const service_names[] = {
    [SERVICE_RECEIVE] = "smtp", [SERVICE_SUBMISSION] = "submission", [SERVICE_LMTP] = "lmtp"
};

static void tell_connection(struct smtp_session *s, struct buf *out)
{
    const struct stream *stream = session_stream(s->session);
    char tls[96];

    event_text(out, "service", service_names[s->service]);
    event_number(out, "port", session_local_port(s->session));
    event_text(out, "helo", s->helo);
    if (!stream_is_tls(stream))
        return;
    snprintf(tls, sizeof tls, "%s %s", stream_tls_version(stream), stream_tls_cipher(stream));
    event_text(out, "tls", tls);
}

void smtp_trace_arrived(struct smtp_session *s, struct span message)
{
    struct smtp_transaction *t = s->transaction;
    struct span sent = span_part(message, span_length(t->body.prefix), SIZE_MAX);
    struct span header = span_of(sent.p, header_block_length(sent));
    struct buf *out;

    t->trace->sender = t->sender_text;
    t->trace->message_id = message_id_of(t, header);
    out = trace_event(t->trace, 0, t->began_us, "arrived");
    tell_connection(s, out);
    event_number(out, "size", (int64_t)span_length(message));
    event_number(out, "recipients", (int64_t)t->recipient_count);
    if (!s->context->hides_subjects)
        event_text(out, "subject", header_text(session_arena(s->session), header, "Subject"));
    event_span(out, "envid", t->params.envid);
    trace_event_end(t->trace);
}

void smtp_trace_authors(struct smtp_session *s)
{
    const struct smtp_transaction *t = s->transaction;

    for (size_t i = 0; i < t->author_count; i++) {
        const struct smtp_claim *claim = &t->authors[i];
        struct buf *out = trace_event(t->trace, claim->right.organisation_id, clock_now_us(), "in-name");
        event_text(out, "author", claim->right.address);
        event_text(out, "way", claim->kind == CLAIM_ON_BEHALF ? "on-behalf" : "as");
        event_text(out, "by", smtp_login_name(s));
        trace_event_end(t->trace);
    }
}

void smtp_trace_judged(struct smtp_session *s, const struct filter_verdict *verdict)
{
    struct trace *trace = s->transaction->trace;
    bool is_for_all = verdict->action >= FILTER_LATER || verdict->share_count == 0;

    for (size_t i = 0; i < verdict->share_count || (i == 0 && is_for_all); i++) {
        struct buf *out =
            trace_event(trace, is_for_all ? 0 : verdict->shares[i].organisation_id, clock_now_us(), "judged");
        event_text(out, "action",
                   filter_action_name(is_for_all ? verdict->action : verdict->shares[i].action));
        event_text(out, "reason", filter_reason_name(verdict->reason));
        event_text(out, "detail", verdict->detail);
        event_span(out, "authentication", auth_results_told(session_arena(s->session), verdict->header));
        trace_event_end(trace);
        if (is_for_all)
            return;
    }
}

/* ---- what has no transaction of the database: refusals, and what is set aside */

/* Everything that a row points to as its own: the transaction ends before it is written. */
static struct trace_row *own_row(struct smtp_session *s, const struct trace *trace, int64_t organisation_id)
{
    struct trace_row *row = talloc(NULL, struct trace_row);

    trace_row_of(trace, row, organisation_id, clock_now_us(), row);
    row->id = talloc_strdup(row, row->id);
    row->sender = talloc_strdup(row, row->sender ? row->sender : "");
    row->message_id = talloc_strdup(row, row->message_id);
    row->login = talloc_strdup(row, row->login);
    row->peer = talloc_strdup(row, session_peer_text(s->session));
    row->parent = NULL;
    return row;
}

static void tell_refusal(struct smtp_session *s, struct buf *out, const struct smtp_refusal_row *row,
                         const char *text, const char *cause)
{
    event_text(out, "command", s->command ? s->command->name : "");
    event_text(out, "reason", row->reason);
    event_number(out, "code", row->code);
    event_text(out, "enhanced", row->enhanced);
    event_text(out, "reply", text);
    event_text(out, "cause", cause);
    event_end(out);
}

/* One recipient, the sender or the peer: a row with nothing but that. */
static void refuse_part(struct smtp_session *s, const struct smtp_refusal_row *row, const char *text,
                        const char *cause)
{
    const struct smtp_transaction *t = s->transaction;
    struct trace *trace = trace_new(NULL, t ? t->id : accept_id(session_arena(s->session)));
    struct trace_row *entry;

    trace->peer = session_peer_text(s->session);
    if (t) {
        trace->sender = t->sender_text ? t->sender_text : "";
        trace->login = t->trace->login;
        trace->organisation_id = t->trace->organisation_id;
    }
    if (t && t->rcpt_text)
        trace_add_target(trace, &(struct trace_target){ .address = t->rcpt_text });
    entry = own_row(s, trace, t && t->rcpt_organisation ? t->rcpt_organisation : trace->organisation_id);
    event_begin(&entry->events, entry->at_us, "refused");
    event_text(&entry->events, "to", t ? t->rcpt_text : NULL);
    tell_connection(s, &entry->events);
    tell_refusal(s, &entry->events, row, text, cause);
    later_add(s->context->refusals, entry);
    talloc_free(trace);
}

/* Of the LMTP recipients only the last one is named; each comes by here. */
static void refuse_message(struct smtp_session *s, const struct smtp_refusal_row *row, const char *text,
                           const char *cause)
{
    struct trace *trace = s->transaction->trace;
    size_t count;
    int64_t *organisations = trace_organisations(trace, session_arena(s->session), &count);

    if (trace->part_count == 0 || !trace->sender)
        trace->sender = s->transaction->sender_text;
    for (size_t i = 0; i < count; i++) {
        struct trace_row *entry = own_row(s, trace, organisations[i]);
        event_begin(&entry->events, entry->at_us, "refused");
        if (s->service == SERVICE_LMTP)
            event_text(&entry->events, "to", s->transaction->rcpt_text);
        tell_refusal(s, &entry->events, row, text, cause);
        later_add(s->context->refusals, entry);
    }
}

void smtp_trace_refused(struct smtp_session *s, const struct smtp_refusal_row *row, const char *text,
                        const char *cause)
{
    const struct smtp_transaction *t = s->transaction;

    if (!s->context->refusals || (t && !t->trace) || (!t && (s->command || row->code != 554)))
        return; /* a command outside of a transaction: nobody's message */
    if (t && t->is_complete)
        refuse_message(s, row, text, cause);
    else
        refuse_part(s, row, text, cause);
}

void smtp_trace_set_aside(struct smtp_session *s, int64_t organisation_id)
{
    struct trace *trace = s->transaction->trace;

    trace_event(trace, organisation_id, clock_now_us(), "quarantined");
    trace_event_end(trace);
    if (s->context->refusals)
        later_add(s->context->refusals, own_row(s, trace, organisation_id));
}
