/* tell.c -- what the rules of a mailbox decided, for the trace. */
#include "trace/trace.h"

#include "base/clock.h"
#include "rules/room.h"

#include <stdio.h>

enum { SHOWN_MAX = 20 };

static void add_action(struct buf *out, const char *what, const char *where)
{
    char text[EVENT_TEXT_MAX];
    int length = snprintf(text, sizeof text, "%s%s", what, where);

    if (length > 0)
        event_list_item(out, span_text(text));
}

static void add_actions(struct buf *out, const struct sieve_outcome *outcome)
{
    if (outcome->is_discarded)
        add_action(out, "discard", "");
    if (outcome->reject)
        add_action(out, "refuse: ", outcome->reject);
    for (size_t i = 0; i < outcome->filing_count && i < SHOWN_MAX; i++) {
        const struct sieve_filing *filing = &outcome->filings[i];
        add_action(out, filing->is_fcc ? "copy of the letter into " : "file into ",
                   filing->special_use ? filing->special_use
                   : filing->folder    ? filing->folder
                                       : "INBOX");
    }
    for (size_t i = 0; i < outcome->redirect_count && i < SHOWN_MAX; i++)
        add_action(out, "redirect to ", outcome->redirects[i].address);
    for (size_t i = 0; i < outcome->letter_count && i < SHOWN_MAX; i++)
        add_action(out,
                   outcome->letters[i].kind == SIEVE_VACATION ? "automatic reply to " : "notification to ",
                   outcome->letters[i].to_count > 0 ? outcome->letters[i].to[0] : "");
}

void rules_tell(const struct rules_plan *plan, struct trace *trace)
{
    const struct trace_target *target;
    struct buf *out;
    size_t from = 0;

    if (!trace || !plan->outcome)
        return;
    target = trace_find_target(trace, plan->recipient->mailbox_id, NULL, &from);
    out = trace_event(trace, target ? target->organisation_id : 0, clock_now_us(), "rules");
    event_text(out, "for", plan->recipient->address);
    event_list_begin(out, "did");
    add_actions(out, plan->outcome);
    event_list_end(out);
    event_text(out, "error", plan->outcome->error);
    trace_event_end(trace);
}
