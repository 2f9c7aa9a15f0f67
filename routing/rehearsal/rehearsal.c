/* rehearsal.c -- the steps in their order. */
#include "rehearsal/rehearsal.h"

#include "base/clock.h"
#include "format/date.h"
#include "format/header.h"
#include "rehearsal/run.h"

#include <talloc.h>

bool rehearsing_refuse(struct rehearsing *r, const char *stage, const char *reason, const char *words)
{
    struct buf *out = trace_event(r->trace, 0, clock_now_us(), "refused");

    event_text(out, "to", r->recipient_text);
    event_text(out, "stage", stage);
    event_text(out, "reason", reason);
    event_text(out, "reply", words);
    trace_event_end(r->trace);
    r->is_refused = true;
    return true;
}

bool rehearsing_trouble(struct rehearsing *r, const char *stage, const char *reason, struct err *err)
{
    if (err->kind == ERR_BUSY || err->kind == ERR_INTERNAL || err->kind == ERR_UNKNOWN)
        return false;
    return rehearsing_refuse(r, stage, reason, err->user);
}

/* A message like any other, where none is given. */
static struct span make_message(const struct rehearsing *r)
{
    struct buf out = BUF_INIT(r->arena);
    char date[DATE_TEXT_MAX];

    date_render(date, (struct date){ .us = clock_now_us() });
    buf_add_format(&out, "From: <%s>\r\nTo: <%s>\r\nDate: %s\r\nMessage-ID: <dry-run@%s>\r\n",
                   *r->sender_text ? r->sender_text : "postmaster", r->recipient_text, date,
                   r->with->host_name);
    buf_add_text(&out, "Subject: Dry run\r\n\r\nDry run.\r\n");
    return buf_span(&out);
}

static bool parse(const struct rehearsing *r, const char *text, struct address *out, struct err *err)
{
    enum address_fault fault =
        address_parse(r->arena, span_text(text), ADDRESS_ACCEPT_UTF8 | ADDRESS_ACCEPT_NO_DOMAIN, out);

    return fault == ADDRESS_GOOD ||
           err_set(err, ERR_INVALID, "%.100s is not a good address. %s", text, address_fault_text(fault));
}

static bool is_of_the_house(const struct rehearsing *r)
{
    for (size_t i = 0; i < r->with->inner_count; i++)
        if (net_network_contains(&r->with->inner[i], r->question->peer))
            return true;
    return false;
}

/* One of ours is taken to be logged in, unless the question says where it comes from. */
static bool read_sender(struct rehearsing *r, struct err *err)
{
    struct resolve_answer answer;

    r->sender_text = "";
    if (!*r->question->sender)
        return true;
    if (!parse(r, r->question->sender, &r->sender, err))
        return false;
    r->sender_text = address_text(r->arena, &r->sender);
    r->is_inner = r->question->peer && is_of_the_house(r);
    if (r->question->peer && !r->is_inner)
        return true;
    if (!resolve(r->with->directory, r->arena, &r->sender, &answer, err))
        return false;
    if (r->is_inner || answer.verdict == RESOLVE_DELIVER)
        r->login_organisation_id = answer.organisation_id;
    return true;
}

static bool begin(struct rehearsing *r, struct err *err)
{
    static const char loopback[] = "127.0.0.1";
    struct buf *out;

    if (!parse(r, r->question->recipient, &r->recipient, err) || !read_sender(r, err))
        return false;
    r->recipient_text = address_text(r->arena, &r->recipient);
    if (r->question->peer)
        r->peer = *r->question->peer;
    else if (!net_address_parse(span_text(loopback), &r->peer))
        return err_set(err, ERR_INTERNAL, "Internal trouble.");
    net_address_text(&r->peer, r->peer_text);
    r->message = span_is_empty(r->question->message) ? make_message(r) : r->question->message;
    r->trace->sender = r->sender_text;
    r->trace->organisation_id = r->login_organisation_id;
    if (header_check(r->message) != HEADER_GOOD)
        return err_set(err, ERR_INVALID, "The message's header is too large.");
    out = trace_event(r->trace, 0, clock_now_us(), "arrived");
    event_text(out, "service", rehearsing_login(r) ? "submission" : "smtp");
    event_text(out, "login", rehearsing_login(r) ? r->sender_text : "");
    event_text(out, "client", r->peer_text);
    event_number(out, "size", (int64_t)span_length(r->message));
    trace_event_end(r->trace);
    return true;
}

bool rehearse(const struct rehearsal *rehearsal, const struct rehearsal_question *question,
              struct buf *events, bool *is_taken_out, struct err *err)
{
    struct rehearsing r = { .with = rehearsal, .question = question, .arena = talloc_new(NULL) };
    bool done;

    *err = ERR_INIT;
    r.trace = trace_new(r.arena, "");
    done = begin(&r, err) && rehearse_recipient(&r, err);
    if (done && !r.is_refused)
        rehearse_filters(&r);
    done = done && (r.is_refused || rehearse_copies(&r, err));
    if (done)
        buf_add_span(events, buf_span(&r.trace->bytes));
    *is_taken_out = !r.is_refused;
    talloc_free(r.arena);
    return done;
}
