/* judge.c -- what is asked at RCPT, and of the whole message. */
#include "base/clock.h"
#include "filter/auth_results.h"
#include "format/header.h"
#include "policy/policy.h"
#include "rehearsal/run.h"

#include <stdio.h>
#include <talloc.h>

enum { STEPS_SHOWN = 200 };

/* ---- at the greeting, MAIL and RCPT */

static void tell_resolved(struct rehearsing *r)
{
    const struct resolve_answer *answer = &r->answer;
    struct buf *out = trace_event(r->trace, 0, clock_now_us(), "resolved");
    char text[EVENT_TEXT_MAX];

    event_text(out, "asked", r->recipient_text);
    event_text(out, "verdict", resolve_verdict_name(answer->verdict));
    event_list_begin(out, "steps");
    for (size_t i = 0; i < answer->step_count && i < STEPS_SHOWN; i++) {
        const struct resolve_step *step = &answer->steps[i];
        snprintf(text, sizeof text, "%s %s%s%s", step->what, step->from ? step->from : "",
                 step->to && *step->to ? " -> " : "", step->to ? step->to : "");
        event_list_item(out, span_text(text));
    }
    event_list_end(out);
    event_number(out, "mailboxes", (int64_t)answer->target_count);
    event_number(out, "elsewhere", (int64_t)answer->remote_count);
    trace_event_end(r->trace);
}

static const char *sender_key(const struct rehearsing *r)
{
    return *r->sender_text ? address_key(r->arena, &r->sender) : "";
}

static bool ask_policy(struct rehearsing *r, struct err *err)
{
    struct policy_question question = { .sender = sender_key(r),
                                        .is_authenticated = r->login_organisation_id != 0,
                                        .organisation_id = r->login_organisation_id,
                                        .size_bytes = (int64_t)span_length(r->message) };
    int64_t max_bytes;

    if (!policy_admit(r->with->policy, &question, &r->answer, &max_bytes, err))
        return rehearsing_trouble(r, "rcpt", "policy", err);
    if (max_bytes > 0 && (int64_t)span_length(r->message) > max_bytes)
        return rehearsing_refuse(r, "data", "too-large", "The message is larger than a recipient takes.");
    for (size_t i = 0; i < r->answer.target_count; i++)
        if (!policy_check(r->with->policy, &question, &r->answer.targets[i], err))
            return rehearsing_trouble(r, "rcpt", "mailbox", err);
    return true;
}

static bool ask_lists(struct rehearsing *r)
{
    struct filter_sender_question question = { .peer = &r->peer,
                                               .sender = sender_key(r),
                                               .organisation_id = r->answer.organisation_id,
                                               .domain_id = r->answer.domain_id,
                                               .recipient = address_key(r->arena, &r->recipient),
                                               .is_known = r->login_organisation_id != 0 };
    struct filter_peer_verdict peer;
    enum filter_reason reason;
    enum filter_action action;

    filter_connection(r->with->filter, r->arena, &r->peer, r->login_organisation_id != 0, &peer);
    if (peer.action != FILTER_ACCEPT)
        return rehearsing_refuse(r, "connect", filter_reason_name(peer.reason), peer.detail);
    if (r->login_organisation_id)
        return true;
    if (*r->sender_text && !filter_mail(r->with->filter, &r->peer, question.sender))
        return rehearsing_refuse(r, "mail", filter_reason_name(FILTER_BLOCKED), "");
    filter_rcpt(r->with->filter, &question, &reason, &action);
    return action == FILTER_ACCEPT ||
           rehearsing_refuse(r, "rcpt", filter_reason_name(reason), filter_action_name(action));
}

bool rehearse_recipient(struct rehearsing *r, struct err *err)
{
    struct resolve_answer *answer = &r->answer;

    if (!resolve(r->with->directory, r->arena, &r->recipient, answer, err))
        return false;
    tell_resolved(r);
    if (answer->verdict != RESOLVE_DELIVER &&
        !(answer->verdict == RESOLVE_FOREIGN && r->login_organisation_id && answer->remote_count > 0))
        return rehearsing_refuse(r, "rcpt", resolve_verdict_name(answer->verdict),
                                 answer->verdict == RESOLVE_FOREIGN ? "Relaying is for those who log in."
                                                                    : "");
    if (!ask_policy(r, err))
        return false;
    return r->is_refused || !r->with->filter || ask_lists(r);
}

/* ---- the whole message */

static void fill_input(struct rehearsing *r, struct filter_input *in)
{
    const struct resolve_answer *answer = &r->answer;
    int64_t *organisations = talloc_array(r->arena, int64_t, 1);
    const char **recipients = talloc_array(r->arena, const char *, 1);

    organisations[0] = answer->organisation_id;
    recipients[0] = r->recipient_text;
    *in = (struct filter_input){ .origin = r->login_organisation_id ? FILTER_FROM_USER : FILTER_FROM_OUTSIDE,
                                 .peer = &r->peer,
                                 .peer_text = r->peer_text,
                                 .helo = "dry-run",
                                 .login = rehearsing_login(r) ? r->sender_text : NULL,
                                 .sender = r->sender_text,
                                 .sender_local = *r->sender_text ? r->sender.local : "",
                                 .sender_domain = *r->sender_text ? r->sender.domain : "",
                                 .recipients = recipients,
                                 .recipient_count = 1,
                                 .organisations = organisations,
                                 .organisation_count = answer->organisation_id ? 1 : 0,
                                 .own_organisation = r->login_organisation_id,
                                 .id = "dry-run",
                                 .trace = span_text(""),
                                 .message = r->message };
}

static void tell_verdict(struct rehearsing *r, const struct filter_verdict *verdict)
{
    static const char *const kinds[] = { "copy to ", "redirect to ", "journal to " };
    struct buf *out = trace_event(r->trace, 0, clock_now_us(), "judged");
    char text[EVENT_TEXT_MAX];

    event_text(out, "action", filter_action_name(r->share));
    event_text(out, "reason", filter_reason_name(verdict->reason));
    event_text(out, "detail", verdict->detail);
    if (verdict->copy_count > 0) {
        event_list_begin(out, "rules");
        for (size_t i = 0; i < verdict->copy_count; i++) {
            snprintf(text, sizeof text, "%s%s", kinds[verdict->copies[i].kind], verdict->copies[i].address);
            event_list_item(out, span_text(text));
        }
        event_list_end(out);
    }
    event_span(out, "authentication", auth_results_told(r->arena, verdict->header));
    trace_event_end(r->trace);
}

/* The message as the filters leave it. */
static void take_edits(struct rehearsing *r, const struct filter_verdict *verdict)
{
    struct buf out = BUF_INIT(r->arena);

    if (!verdict->header.p)
        return;
    buf_add_span(&out, verdict->header);
    buf_add_span(&out, verdict->body.p ? verdict->body
                                       : span_part(r->message, header_block_length(r->message), SIZE_MAX));
    r->message = buf_span(&out);
}

void rehearse_filters(struct rehearsing *r)
{
    struct filter_verdict verdict;
    struct filter_input input;

    if (!r->with->filter)
        return;
    fill_input(r, &input);
    filter_message(r->with->filter, r->arena, &input, &verdict);
    r->share = verdict.action;
    if (verdict.action < FILTER_LATER && verdict.share_count > 0)
        r->share = verdict.shares[0].action;
    tell_verdict(r, &verdict);
    if (verdict.action >= FILTER_LATER)
        rehearsing_refuse(r, "data", filter_reason_name(verdict.reason), verdict.text ? verdict.text : "");
    else
        take_edits(r, &verdict);
}
