/* trace.c -- gathering. */
#include "trace/trace.h"

#include "trace/term.h"

#include <string.h>
#include <talloc.h>

enum { PARTS_STEP = 16 };

struct trace *trace_new(const void *owner, const char *id)
{
    struct trace *trace = talloc_zero(owner, struct trace);

    trace->id = talloc_strdup(trace, id);
    trace->sender = "";
    trace->is_begin = true;
    trace->bytes = BUF_INIT(trace);
    return trace;
}

struct buf *trace_event(struct trace *trace, int64_t organisation_id, int64_t at_us, const char *what)
{
    size_t begin = trace->bytes.length;

    if (trace->part_count % PARTS_STEP == 0)
        trace->parts =
            talloc_realloc(trace, trace->parts, struct trace_part, (unsigned)trace->part_count + PARTS_STEP);
    event_begin(&trace->bytes, at_us, what);
    trace->parts[trace->part_count++] =
        (struct trace_part){ organisation_id, begin > 0 ? begin + 1 : 0, 0 }; /* behind the comma */
    return &trace->bytes;
}

void trace_event_end(struct trace *trace)
{
    event_end(&trace->bytes);
    trace->parts[trace->part_count - 1].end = trace->bytes.length;
}

struct trace_mark trace_mark(const struct trace *trace)
{
    return trace ? (struct trace_mark){ trace->bytes.length, trace->part_count }
                 : (struct trace_mark){ 0, 0 };
}

void trace_back(struct trace *trace, struct trace_mark mark)
{
    if (!trace)
        return;
    trace->bytes.length = mark.length;
    trace->part_count = mark.part_count;
}

void trace_add_target(struct trace *trace, const struct trace_target *target)
{
    if (trace->target_count % PARTS_STEP == 0)
        trace->targets = talloc_realloc(trace, trace->targets, struct trace_target,
                                        (unsigned)trace->target_count + PARTS_STEP);
    struct trace_target *own = &trace->targets[trace->target_count++];
    *own = *target;
    own->address = talloc_strdup(trace, target->address ? target->address : "");
    own->asked = target->asked ? talloc_strdup(trace, target->asked) : own->address;
}

const struct trace_target *trace_find_target(const struct trace *trace, int64_t mailbox_id,
                                             const char *address, size_t *from_io)
{
    for (size_t n = 0; n < trace->target_count; n++) {
        size_t i = (*from_io + n) % trace->target_count;
        if (trace->targets[i].mailbox_id != mailbox_id ||
            (mailbox_id == 0 && address && strcmp(trace->targets[i].address, address) != 0))
            continue;
        *from_io = i + 1;
        return &trace->targets[i];
    }
    return NULL;
}

bool trace_may_see(const struct trace *trace, int64_t organisation_id, int64_t of_organisation_id)
{
    return of_organisation_id == 0 || of_organisation_id == organisation_id ||
           (trace->organisation_id != 0 && trace->organisation_id == organisation_id);
}

static void add_terms(const struct trace *trace, int64_t organisation_id, struct trace_row *row)
{
    trace_row_add_term(row, trace_term(TRACE_TERM_SENDER, span_text(trace->sender)));
    if (trace->message_id)
        trace_row_add_term(row, trace_term(TRACE_TERM_MESSAGE_ID, span_text(trace->message_id)));
    if (trace->peer)
        trace_row_add_term(row, trace_term(TRACE_TERM_PEER, span_text(trace->peer)));
    if (trace->login)
        trace_row_add_term(row, trace_term(TRACE_TERM_LOGIN, span_text(trace->login)));
    for (size_t i = 0; i < trace->target_count; i++) {
        const struct trace_target *target = &trace->targets[i];
        if (!trace_may_see(trace, organisation_id, target->organisation_id))
            continue;
        trace_row_add_term(row, trace_term(TRACE_TERM_RECIPIENT, span_text(target->address)));
        if (strcmp(target->asked, target->address) != 0)
            trace_row_add_term(row, trace_term(TRACE_TERM_RECIPIENT, span_text(target->asked)));
    }
}

void trace_row_of(const struct trace *trace, const void *arena, int64_t organisation_id, int64_t at_us,
                  struct trace_row *row)
{
    trace_row_init(row, arena);
    row->at_us = at_us;
    row->id = trace->id;
    row->parent = trace->parent;
    row->organisation_id = organisation_id;
    row->is_begin = trace->is_begin;
    row->sender = trace->sender;
    row->message_id = trace->message_id;
    row->login = trace->login;
    row->peer = trace->peer;
    if (trace->is_begin)
        add_terms(trace, organisation_id, row);
    for (size_t i = 0; i < trace->part_count; i++) {
        const struct trace_part *part = &trace->parts[i];
        if (!trace_may_see(trace, organisation_id, part->organisation_id))
            continue;
        if (row->events.length > 0)
            buf_add_byte(&row->events, ',');
        buf_add(&row->events, trace->bytes.p + part->begin, part->end - part->begin);
    }
}

static void add_organisation(int64_t *list, size_t *count, int64_t organisation_id)
{
    for (size_t i = 0; i < *count; i++)
        if (list[i] == organisation_id)
            return;
    if (organisation_id != 0)
        list[(*count)++] = organisation_id;
}

int64_t *trace_organisations(const struct trace *trace, const void *arena, size_t *count_out)
{
    int64_t *list = talloc_array(arena, int64_t, (unsigned)trace->target_count + 2);

    *count_out = 0;
    add_organisation(list, count_out, trace->organisation_id);
    for (size_t i = 0; i < trace->target_count; i++)
        add_organisation(list, count_out, trace->targets[i].organisation_id);
    if (*count_out == 0)
        list[(*count_out)++] = 0;
    return list;
}
