/* fuzz_header.c -- fields lie inside the block in order; decoded text is UTF-8 without control characters;
 * what we write is one field that reads back the same. */
#include "format/charset.h"
#include "format/header.h"

#include <stdlib.h>
#include <talloc.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_text(const char *text)
{
    if (!utf8_is_valid(span_text(text)))
        abort();
    for (; *text; text++)
        if ((unsigned char)*text < ' ')
            abort();
}

static void check_field(void *arena, const struct header_field *field)
{
    struct header_structured structured;
    struct span value = field->value, id;

    check_text(header_decode(arena, field->value));
    header_structured_parse(arena, field->value, &structured);
    for (size_t i = 0; i < structured.count; i++)
        check_text(structured.parameters[i].value);
    while (header_next_message_id(&value, &id))
        if (span_is_empty(id))
            abort();
}

static void check_writing(void *arena, struct span bytes)
{
    struct buf out = BUF_INIT(arena);
    char *text = header_decode(arena, bytes);
    struct header_field field;
    struct span block;

    header_add(&out, "Subject", text);
    header_add_address(&out, text, text);
    buf_add_text(&out, "\r\n");
    block = buf_span(&out);
    if (!header_next(&block, &field) || !span_equals_text(field.name, "Subject"))
        abort();
    buf_add_text(&out, "a/b");
    header_add_parameter(&out, "name", text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    void *arena = talloc_new(NULL);
    struct span block = span_of(data, size), all = block;
    const char *last = block.p;
    struct header_field field;

    while (header_next(&block, &field)) {
        if (field.whole.p < last || field.value.p < field.whole.p || field.value.end > field.whole.end ||
            span_is_empty(field.name))
            abort();
        last = field.whole.end;
        check_field(arena, &field);
    }
    if (header_block_length(all) > size)
        abort();
    (void)!header_check(all);
    check_writing(arena, all);
    talloc_free(arena);
    return 0;
}
