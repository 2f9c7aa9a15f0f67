/* tell.c -- what is told of a message that goes into the queue. */
#include "accept/tell.h"

#include "base/clock.h"
#include "format/charset.h"
#include "format/header.h"
#include "trace/term.h"
#include "trace/trace.h"

#include <string.h>
#include <talloc.h>

enum { COPIES_A_ROW = 100, MESSAGE_ID_MAX = 250 };

static const char *message_id_of(const void *owner, struct span bytes)
{
    struct span header = span_of(bytes.p, header_block_length(bytes));
    struct header_field field;

    if (!header_find(header, "Message-ID", &field) || !utf8_is_valid(field.value))
        return NULL;
    struct span id = trace_message_id(field.value);
    return span_copy(owner, span_part(id, 0, utf8_cut(id, MESSAGE_ID_MAX)));
}

/* A message of our own, or one that goes on from here: nobody told of it before. */
static struct trace *make_trace(const void *arena, const struct accept_message *message,
                                const struct queue_new *new)
{
    struct trace *trace = trace_new(arena, new->message.name);
    int64_t organisation_id = new->message.organisation_id;
    struct buf *out;

    trace->parent = message->parent;
    trace->sender = new->message.sender;
    trace->login = new->message.login;
    trace->organisation_id = organisation_id;
    trace->message_id = message_id_of(arena, message->bytes);
    for (size_t i = 0; i < new->recipient_count; i++)
        trace_add_target(trace, &(struct trace_target){ .mailbox_id = new->recipients[i].mailbox_id,
                                                        .organisation_id = organisation_id,
                                                        .address = new->recipients[i].address,
                                                        .asked = new->recipients[i].asked });
    out = trace_event(trace, 0, new->message.received_us, "made");
    event_text(out, "as", new->message.origin);
    event_text(out, "of", message->parent);
    event_number(out, "size", (int64_t)span_length(message->bytes));
    trace_event_end(trace);
    return trace;
}

static void tell_recipient(struct trace_row *row, const struct queue_new *new,
                           const struct queue_recipient *r)
{
    struct buf *out = &row->events;

    event_begin(out, row->at_us, "queued");
    event_text(out, "to", r->address);
    if (r->asked && strcmp(r->asked, r->address) != 0)
        event_text(out, "asked", r->asked);
    event_text(out, "why", r->why);
    event_text(out, "lane", r->lane);
    event_text(out, "sender", r->sender);
    if (r->next_try_us > new->message.received_us)
        event_time(out, "not_before", r->next_try_us);
    event_end(out);
}

/* Those that the organisation may see; beyond COPIES_A_ROW in further rows. */
static void tell_organisation(const void *arena, struct queue_new *new, const struct trace *trace,
                              int64_t organisation_id, size_t *capacity)
{
    size_t copies = 0, from = 0;

    for (size_t i = 0; i < new->recipient_count || i == 0; i++) {
        const struct queue_recipient *r = &new->recipients[i];
        const struct trace_target *target =
            i < new->recipient_count ? trace_find_target(trace, r->mailbox_id, r->address, &from) : NULL;
        if (target && !trace_may_see(trace, organisation_id, target->organisation_id))
            continue;
        if (copies % COPIES_A_ROW == 0) {
            if (new->trace_count == *capacity) {
                *capacity = *capacity ? *capacity * 2 : 4;
                new->traces = talloc_realloc(arena, new->traces, struct trace_row, (unsigned)*capacity);
            }
            struct trace_row *row = &new->traces[new->trace_count++];
            trace_row_of(trace, arena, organisation_id, new->message.received_us, row);
            if (copies > 0) { /* the first one has said it */
                row->is_begin = false;
                buf_clear(&row->terms);
                buf_clear(&row->events);
            }
        }
        if (i < new->recipient_count)
            tell_recipient(&new->traces[new->trace_count - 1], new, r);
        copies++;
    }
}

void accept_tell_queued(const void *arena, const struct accept_message *message, struct queue_new *new)
{
    const struct trace *trace = message->trace ? message->trace : make_trace(arena, message, new);
    size_t count, capacity = 0;
    int64_t *organisations = trace_organisations(trace, arena, &count);

    for (size_t i = 0; i < count; i++)
        tell_organisation(arena, new, trace, organisations[i], &capacity);
}
