/*
 * filing_trace.c -- what is told of the copies that are filed: for each message one row an organisation, with what its trace
 * gathered on the way and an event for each copy.
 */
#include "trace/term.h"
#include "trace/trace.h"

#include "group/group.h"
#include "mailbox/filing_run.h"

#include <talloc.h>

enum { COPIES_A_ROW = 100 };

/* The rows of a run. */
struct telling {
    struct filing_run *run;
    bool is_plain; /* the database files, and knows where */
    struct trace_row *rows;
    size_t count, capacity;
    struct trace_copy *copies; /* of a plain run */
    size_t copy_count;
};

static struct trace_row *add_row(struct telling *telling)
{
    if (telling->count == telling->capacity) {
        telling->capacity = telling->capacity ? telling->capacity * 2 : 8;
        telling->rows =
            talloc_realloc(telling->run->arena, telling->rows, struct trace_row, (unsigned)telling->capacity);
    }
    return &telling->rows[telling->count++];
}

static bool is_told(const struct telling *telling, const struct filing_target *target)
{
    return target->trace && (telling->is_plain || (target->is_filed && !target->was_filed));
}

static struct span folder_name(const struct filing_mailbox *mailbox, int64_t folder_id)
{
    for (const struct filing_folder *folder = mailbox->folders; folder; folder = folder->next)
        if (folder->folder_id == folder_id)
            return folder->name;
    return span_text("");
}

/* A target's place in the run, as its ids are given. */
struct place {
    const struct filing_target *target;
    const struct trace_target *to; /* NULL: its trace does not know it */
    int64_t organisation_id, item_id;
};

static void begin_copy(const struct filing_run *run, const struct place *place, struct buf *event)
{
    event_begin(event, run->now_us, "filed");
    if (place->to) {
        event_text(event, "to", place->to->address);
        if (place->to->asked != place->to->address && strcmp(place->to->asked, place->to->address) != 0)
            event_text(event, "asked", place->to->asked);
    }
}

static void tell_copy(struct telling *telling, const struct place *place, struct trace_row *row)
{
    const struct filing_run *run = telling->run;

    trace_row_add_term(row, trace_term_item(place->item_id));
    if (telling->is_plain) {
        struct buf event = buf_owned_by(run->arena);
        begin_copy(run, place, &event);
        event_end(&event);
        telling->copies[telling->copy_count++] =
            (struct trace_copy){ (size_t)(row - telling->rows), place->item_id, buf_span(&event) };
        return;
    }
    begin_copy(run, place, &row->events);
    event_span(
        &row->events, "folder",
        folder_name(filing_find_mailbox(run, place->target->mailbox_id), place->target->filed_folder_id));
    event_number(&row->events, "uid", place->target->uid);
    event_number(&row->events, "group", group_id(run->group));
    event_number(&row->events, "mailbox", place->target->mailbox_id);
    event_end(&row->events);
}

/* What is beyond COPIES_A_ROW goes into further rows, which only tell of copies. */
static void tell_organisation(struct telling *telling, const struct place *places, size_t count,
                              const struct trace *trace, int64_t organisation_id)
{
    struct trace_row *row = add_row(telling);
    size_t copies = 0;

    trace_row_of(trace, telling->run->arena, organisation_id, telling->run->now_us, row);
    for (size_t k = 0; k < count; k++) {
        if (!trace_may_see(trace, organisation_id, places[k].organisation_id))
            continue;
        if (copies > 0 && copies % COPIES_A_ROW == 0) {
            row = add_row(telling);
            trace_row_init(row, telling->run->arena);
            row->at_us = telling->run->now_us;
            row->id = trace->id;
            row->organisation_id = organisation_id;
        }
        tell_copy(telling, &places[k], row);
        copies++;
    }
    if (copies == 0 && row->events.length == 0)
        telling->count--;
}

static void add_organisation(int64_t *list, size_t *count, int64_t organisation_id)
{
    for (size_t i = 0; i < *count; i++)
        if (list[i] == organisation_id)
            return;
    if (organisation_id != 0)
        list[(*count)++] = organisation_id;
}

/* `item`: of the filing's first target among all items of the run. */
static size_t find_places(const struct telling *telling, const struct filing *filing, size_t item,
                          struct place *places_out)
{
    size_t count = 0, from = 0;

    for (size_t k = 0; k < filing->target_count; k++) {
        const struct filing_target *target = &filing->targets[k];
        struct place place = { .target = target };
        if (!is_told(telling, target))
            continue;
        place.to = trace_find_target(target->trace, target->mailbox_id, NULL, &from);
        if (telling->is_plain) {
            place.organisation_id = place.to ? place.to->organisation_id : 0;
            place.item_id = telling->run->item_ids[item + k];
        } else {
            place.organisation_id = filing_find_mailbox(telling->run, target->mailbox_id)->organisation_id;
            place.item_id = target->item_id;
        }
        places_out[count++] = place;
    }
    return count;
}

static void tell_filing(struct telling *telling, const struct filing *filing, size_t item)
{
    unsigned most = (unsigned)filing->target_count + 2;
    int64_t *organisations = talloc_array(telling->run->arena, int64_t, most);
    struct place *places = talloc_array(telling->run->arena, struct place, most);
    size_t place_count = find_places(telling, filing, item, places), count = 0;

    if (place_count == 0)
        return;
    const struct trace *trace = places[place_count - 1].target->trace;
    for (size_t k = 0; k < place_count; k++)
        add_organisation(organisations, &count, places[k].organisation_id);
    add_organisation(organisations, &count, trace->organisation_id);
    for (size_t i = 0; i < count; i++)
        tell_organisation(telling, places, place_count, trace, organisations[i]);
}

static void tell_all(struct telling *telling)
{
    size_t item = 0;

    for (size_t i = 0; i < telling->run->batch->count; i++) {
        tell_filing(telling, &telling->run->batch->filings[i], item);
        item += telling->run->batch->filings[i].target_count;
    }
}

bool filing_add_traces(struct filing_run *run, struct db *db, struct err *err)
{
    struct telling telling = { .run = run };

    tell_all(&telling);
    return trace_rows_add(db, run->arena, telling.rows, telling.count, err);
}

bool filing_add_plain_traces(struct filing_run *run, struct db *db, struct err *err)
{
    /* A copy is told to its own organisation and to the sender's. */
    struct telling telling = { .run = run,
                               .is_plain = true,
                               .copies = talloc_array(run->arena, struct trace_copy,
                                                      2 * (unsigned)run->target_count + 1) };

    tell_all(&telling);
    return trace_rows_add_filed(db, run->arena, group_id(run->group), telling.rows, telling.count,
                                telling.copies, telling.copy_count, err);
}
