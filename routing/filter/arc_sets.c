/* arc_sets.c -- the fields of a chain, by their numbers. */
#include "filter/arc.h"

#include "filter/canonical.h"
#include "filter/tags.h"

#include <talloc.h>

enum { RESULTS = 1, SIGNATURE = 2, SEAL = 4, WHOLE = 7 };

/* i= of 1 to 50 without leading zeros (4.2.1). In ARC-Authentication-Results it stands first. */
static bool read_instance(struct span value, size_t *number_out)
{
    struct span text;
    uint32_t number;

    if (!tags_find(value, "i", &text) || span_is_empty(text) || *text.p == '0' ||
        !span_take_u32(&text, &number) || !span_is_empty(text) || number > ARC_SETS_MAX)
        return false;
    *number_out = number;
    return true;
}

/* The tag list of results ends with its first semicolon: what follows may have any form. */
static bool read_results_instance(struct span value, size_t *number_out)
{
    struct span first, name;

    if (!span_take_until(&value, ';', &first) || !span_take_until(&first, '=', &name) ||
        !span_equals_text(span_trim(name), "i"))
        return false;
    first = span_trim(first);
    if (span_is_empty(first) || *first.p == '0')
        return false;
    uint32_t number;
    if (!span_take_u32(&first, &number) || !span_is_empty(first) || number > ARC_SETS_MAX)
        return false;
    *number_out = number;
    return true;
}

static unsigned part_of(const struct header_field *field)
{
    static const struct {
        const char *name;
        unsigned part;
    } names[] = { { "ARC-Authentication-Results", RESULTS },
                  { "ARC-Message-Signature", SIGNATURE },
                  { "ARC-Seal", SEAL } };

    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (span_equals_nocase(field->name, names[i].name))
            return names[i].part;
    return 0;
}

static const char *take(struct arc_sets *sets, const struct header_field *field, unsigned part)
{
    struct arc_set *set;
    size_t number;

    sets->bytes += span_length(field->whole);
    if (sets->bytes > ARC_BYTES_MAX)
        return "too large";
    if (part == RESULTS ? !read_results_instance(field->value, &number)
                        : !read_instance(field->value, &number))
        return "a set without a number";
    set = &sets->sets[number - 1];
    if (set->parts & part)
        return "a set has a field twice";
    set->parts |= part;
    *(part == RESULTS ? &set->results : part == SIGNATURE ? &set->signature : &set->seal) = *field;
    if (number > sets->count)
        sets->count = number;
    return NULL;
}

const char *arc_sets_read(struct arc_sets *sets_out, struct span header)
{
    struct header_field field;
    const char *fault = NULL;

    memset(sets_out, 0, sizeof *sets_out);
    while (!fault && header_next(&header, &field)) {
        unsigned part = part_of(&field);

        if (part)
            fault = take(sets_out, &field, part);
    }
    for (size_t i = 0; !fault && i < sets_out->count; i++)
        if (sets_out->sets[i].parts != WHOLE)
            fault = "a set is not whole";
    return fault;
}

void arc_add_sealed(struct buf *out, const struct arc_sets *sets, size_t first, size_t number)
{
    for (size_t i = first; i <= number; i++) {
        const struct arc_set *set = &sets->sets[i];

        canonical_add_relaxed(out, set->results.name, set->results.value);
        buf_add_text(out, "\r\n");
        canonical_add_relaxed(out, set->signature.name, set->signature.value);
        buf_add_text(out, "\r\n");
        if (i < number) {
            canonical_add_relaxed(out, set->seal.name, set->seal.value);
            buf_add_text(out, "\r\n");
        } else {
            canonical_add_relaxed(out, set->seal.name,
                                  canonical_without_signature(out->owner, set->seal.value));
        }
    }
}
