/* tell.c -- what became of rows, for the trace: written by the transaction that settles them. */
#include "base/clock.h"
#include "run/motor.h"
#include "trace/trace.h"

#include <string.h>
#include <talloc.h>

static void tell_way(struct buf *out, const struct outcome *outcome)
{
    event_text(out, "connector", outcome->connector);
    event_text(out, "way", outcome->way);
    event_text(out, "host", outcome->host);
    event_text(out, "tls", outcome->tls);
}

static void tell_outcome(struct trace_row *row, const struct outcome *outcome)
{
    const struct queue_recipient *r = &outcome->row->recipient;
    const struct run_state_row *state = run_state_row(outcome->state);
    struct buf *out = &row->events;

    if (!span_is_empty(outcome->told)) {
        if (out->length > 0)
            buf_add_byte(out, ',');
        buf_add_span(out, outcome->told);
    }
    event_begin(out, row->at_us, state->name);
    event_text(out, "to", r->address);
    if (strcmp(r->asked, r->address) != 0)
        event_text(out, "asked", r->asked);
    event_text(out, "why", r->why);
    tell_way(out, outcome);
    event_number(out, "code", outcome->code);
    event_text(out, "enhanced", outcome->enhanced);
    event_text(out, "reply", outcome->text);
    event_number(out, "attempt", (int64_t)outcome->row->attempts + (outcome->was_tried ? 1 : 0));
    if (state->end == QUEUE_END_WAITS)
        event_time(out, "until", outcome->next_try_us);
    event_end(out);
}

void run_tell(const void *arena, struct queue_settlement *list, size_t count)
{
    const struct queue_message *message = NULL;
    struct trace_row *row = NULL;

    for (size_t i = 0; i < count; i++) {
        const struct outcome *outcome = list[i].what;
        if (outcome->state == RUN_UNTRIED)
            continue;
        if (!row || outcome->row->message != message) {
            message = outcome->row->message;
            row = talloc(arena, struct trace_row);
            trace_row_init(row, arena);
            row->at_us = clock_now_us();
            row->id = message->name;
            row->organisation_id = message->organisation_id;
            list[i].trace = row;
        }
        tell_outcome(row, outcome);
    }
}
