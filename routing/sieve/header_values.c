/* header_values.c -- fields of the message and of its parts (RFC 5228, 2.4.2.2; RFC 5703, 4; RFC 5260, 6). */
#include "sieve/header_values.h"

#include "format/header.h"

#include <talloc.h>

struct span header_value_text(struct run *run, struct span value)
{
    return span_trim(span_text(header_decode(run->scratch, value)));
}

/* Those of one header, all or the one that :index asks for. */
static void choose(struct run *run, const struct op *op, const struct list *found, struct list *values)
{
    const struct operand *index = op_tag(op, TAG_INDEX);
    uint64_t number = index ? index->number : 0;

    if (!index) {
        for (size_t i = 0; i < found->count; i++)
            list_add(run->scratch, values, found->items[i]);
        return;
    }
    if (number >= 1 && number <= found->count)
        list_add(run->scratch, values,
                 found->items[op_has(op, TAG_LAST) ? found->count - number : number - 1]);
}

static bool of_message(struct run *run, const struct op *op, struct span name, struct list *values)
{
    struct list found = { NULL, 0 };

    for (size_t i = 0; i < run->fields->count; i++)
        if (field_is_named(&run->fields->items[i], name))
            list_add(run->scratch, &found, run->fields->items[i].value);
    choose(run, op, &found, values);
    return run_spend(run, op->line, 1 + run->fields->count / 8);
}

static bool of_part(struct run *run, const struct op *op, uint32_t number, struct span name,
                    struct list *values)
{
    struct list found = { NULL, 0 };
    struct span block = mime_part_header(run->message->bytes, &run->parts->parts[number]);
    struct header_field field;

    if (number == 0)
        return of_message(run, op, name, values);
    while (header_next(&block, &field)) {
        struct field one = { .name = field.name };

        if (field_is_named(&one, name))
            list_add(run->scratch, &found, field.value);
    }
    choose(run, op, &found, values);
    return run_spend(run, op->line, 1);
}

static bool is_inside(const struct mime_index *index, uint32_t part, uint32_t around)
{
    while (part != MIME_NO_PART && part != around)
        part = index->parts[part].parent;
    return part == around;
}

bool header_values(struct run *run, const struct op *op, struct span name, struct list *values)
{
    uint32_t current = run->loop ? run->loop->part : 0;
    const struct mime_index *index;

    if (!op_has(op, TAG_MIME))
        return of_message(run, op, name, values);
    index = run_parts(run);
    if (!op_has(op, TAG_ANYCHILD))
        return of_part(run, op, current, name, values);
    for (uint32_t i = current; i < index->count; i++)
        if (is_inside(index, i, current) && !of_part(run, op, i, name, values))
            return false;
    return true;
}

bool header_exists(struct run *run, const struct op *op, struct span name, bool *exists_out)
{
    struct list values = { NULL, 0 };
    bool is_good = header_values(run, op, name, &values);

    *exists_out = values.count > 0;
    return is_good;
}
