/* fields.c -- a header as a list. */
#include "sieve/fields.h"

#include "format/header.h"

#include <talloc.h>

static struct field *make_room(struct fields *fields)
{
    if (fields->count == talloc_array_length(fields->items))
        fields->items =
            talloc_realloc(fields, fields->items, struct field, (unsigned)(fields->count * 2 + 16));
    return &fields->items[fields->count];
}

static struct field field_of(const struct header_field *found)
{
    return (struct field){ found->name, found->value, found->whole };
}

struct fields *fields_of(const void *owner, struct span header_block)
{
    struct fields *fields = talloc_zero(owner, struct fields);
    struct header_field found;

    fields->owner = fields;
    while (header_next(&header_block, &found)) {
        *make_room(fields) = field_of(&found);
        fields->count++;
    }
    return fields;
}

void fields_add(struct fields *fields, struct span whole, enum field_place place)
{
    struct header_field found;
    struct span block = whole;

    if (!header_next(&block, &found))
        return;
    make_room(fields);
    if (place == FIELD_FIRST)
        memmove(fields->items + 1, fields->items, fields->count * sizeof *fields->items);
    fields->items[place == FIELD_FIRST ? 0 : fields->count] = field_of(&found);
    fields->count++;
    fields->is_edited = true;
}

void fields_remove(struct fields *fields, size_t number)
{
    fields->count--;
    memmove(fields->items + number, fields->items + number + 1,
            (fields->count - number) * sizeof *fields->items);
    fields->is_edited = true;
}

void fields_render(const struct fields *fields, struct buf *out)
{
    for (size_t i = 0; i < fields->count; i++) {
        buf_add_span(out, fields->items[i].whole);
        if (out->p[out->length - 1] != '\n')
            buf_add_text(out, "\r\n");
    }
    buf_add_text(out, "\r\n");
}

static bool equal_names(struct span a, struct span b)
{
    if (span_length(a) != span_length(b))
        return false;
    for (size_t i = 0; i < span_length(a); i++) {
        char left = a.p[i], right = b.p[i];

        left = (char)(left >= 'A' && left <= 'Z' ? left + 32 : left);
        right = (char)(right >= 'A' && right <= 'Z' ? right + 32 : right);
        if (left != right)
            return false;
    }
    return true;
}

bool field_is_named(const struct field *field, struct span name)
{
    return equal_names(field->name, name);
}

size_t fields_count(const struct fields *fields, struct span name)
{
    size_t count = 0;

    for (size_t i = 0; i < fields->count; i++)
        count += field_is_named(&fields->items[i], name);
    return count;
}
