/*
 * mime_part.c -- asking an index: the bytes of a part, its type with the defaults applied, its number.
 */
#include "format/header.h"
#include "format/mime.h"

struct span mime_part_header(struct span message, const struct mime_part *part)
{
    return span_part(message, part->header_start, part->body_start - part->header_start);
}

struct span mime_part_body(struct span message, const struct mime_part *part)
{
    return span_part(message, part->body_start, part->body_end - part->body_start);
}

struct span mime_part_field(struct span message, const struct mime_part *part, enum mime_field field)
{
    if (!part->has_field[field])
        return span_text("");
    return span_part(span_part(message, part->fields[field].offset, part->fields[field].length), 0,
                     MIME_FIELD_MAX);
}

/* RFC 2045, 5.2 and RFC 2046, 5.1.5. */
static struct mime_type default_type(struct span message, const struct mime_index *index,
                                     const struct mime_part *part)
{
    struct mime_type around;

    if (part->number > 0) {
        const struct mime_part *parent = &index->parts[part->parent];
        struct span value = mime_part_field(message, parent, MIME_CONTENT_TYPE);

        if (header_take_token(&value, &around.type) && span_take_byte(&value, '/') &&
            header_take_token(&value, &around.subtype) && mime_type_is(&around, "multipart", "digest"))
            return (struct mime_type){ span_text("message"), span_text("rfc822"), span_text("") };
    }
    return (struct mime_type){ span_text("text"), span_text("plain"), span_text("") };
}

struct mime_type mime_part_type(struct span message, const struct mime_index *index,
                                const struct mime_part *part)
{
    struct span value = mime_part_field(message, part, MIME_CONTENT_TYPE);
    struct mime_type type;

    if (!header_take_token(&value, &type.type))
        return default_type(message, index, part);
    header_skip_cfws(&value);
    if (!span_take_byte(&value, '/') || !header_take_token(&value, &type.subtype))
        return default_type(message, index, part);
    type.parameters = value;
    return type;
}

bool mime_type_is(const struct mime_type *type, const char *main, const char *sub)
{
    return span_equals_nocase(type->type, main) && span_equals_nocase(type->subtype, sub);
}

void mime_part_path(struct buf *out, const struct mime_index *index, uint32_t part)
{
    uint32_t numbers[MIME_DEPTH_MAX + 2];
    size_t count = 0;

    for (uint32_t at = part; at != MIME_NO_PART && count < COUNT_OF(numbers); at = index->parts[at].parent) {
        const struct mime_part *p = &index->parts[at];

        if (p->number > 0)
            numbers[count++] = p->number;
        else if (p->kind != MIME_MULTIPART)
            numbers[count++] = 1; /* the body of a message that is no multipart is its part 1 */
    }
    for (size_t i = count; i > 0; i--) {
        buf_add_u64(out, numbers[i - 1]);
        if (i > 1)
            buf_add_byte(out, '.');
    }
}
