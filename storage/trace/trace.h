/*
 * trace.h -- what is told of one message on its way, until a transaction writes it down.
 *
 * Whoever takes a message makes one with its id and adds events; routing passes it on; the transaction that files, queues or
 * settles the message adds its own and writes rows of it (trace_row_of()). Organisations do not see each other: an event
 * about one recipient belongs to that one's organisation, and each organisation gets a row of its own. The organisation that
 * the sender belongs to sees the whole.
 *
 * Ownership  everything belongs to the talloc context given at the start; texts are copied.
 * Threads    belongs to one thread at a time; reading it (trace_row_of) may be done by several.
 */
#ifndef TRACE_TRACE_H
#define TRACE_TRACE_H

#include "trace/event.h"
#include "trace/row.h"

#include <stddef.h>

/* A mailbox or address elsewhere that the message goes to. */
struct trace_target {
    int64_t mailbox_id; /* 0: elsewhere */
    int64_t organisation_id;
    const char *address, *asked; /* the same, or the address of RCPT that led here */
};

struct trace_part {
    int64_t organisation_id; /* 0: for all */
    size_t begin, end;       /* in `bytes` */
};

struct trace {
    const char *id;
    const char *parent;                    /* NULL: none */
    int64_t organisation_id;               /* of the sender; 0: nobody's here */
    const char *sender;                    /* "": <> */
    const char *login, *peer, *message_id; /* NULL: none, unknown */
    bool is_begin; /* its first row says how it came; cleared where another one has said so */

    struct buf bytes; /* events, one behind the other */
    struct trace_part *parts;
    size_t part_count;
    struct trace_target *targets;
    size_t target_count;
};

/* For a message that comes in now: is_begin. */
struct trace *trace_new(const void *owner, const char *id);

/* An event; its fields go into the buf that is given back (trace/event.h). */
struct buf *trace_event(struct trace *trace, int64_t organisation_id, int64_t at_us, const char *what);
/* Ends the event that trace_event() began. */
void trace_event_end(struct trace *trace);

/* Where events end now; and back to there: a step is taken again, or had no consequence. NULL: nothing. */
struct trace_mark {
    size_t length, part_count;
};
/* Where the events of `trace` end now; a mark of NULL is the beginning. */
struct trace_mark trace_mark(const struct trace *trace);
/* Forgets the events after the mark. NULL trace: nothing. */
void trace_back(struct trace *trace, struct trace_mark mark);

/* One more place that the message goes to; texts are copied. */
void trace_add_target(struct trace *trace, const struct trace_target *target);
/* The one with this mailbox, or 0 and this address (NULL: any), looked for from *from_io on, which is left behind it: those who go through all in order find each at
 * once. NULL: there is none. */
const struct trace_target *trace_find_target(const struct trace *trace, int64_t mailbox_id,
                                             const char *address, size_t *from_io);

/* May this organisation see what belongs to that one? */
bool trace_may_see(const struct trace *trace, int64_t organisation_id, int64_t of_organisation_id);
/* Head, terms and events as one organisation sees them. */
void trace_row_of(const struct trace *trace, const void *arena, int64_t organisation_id, int64_t at_us,
                  struct trace_row *row_out);

/* The organisations that get a row: those of its targets, and the sender's; at least one (0). Under `arena`. */
int64_t *trace_organisations(const struct trace *trace, const void *arena, size_t *count_out);

#endif
