/* tags.c -- one pass over the list for each question: lists are short, and bounded by the header. */
#include "filter/tags.h"

#include <talloc.h>

bool tags_next(struct span *in, struct span *name_out, struct span *value_out)
{
    while (!span_is_empty(*in)) {
        struct span tag;

        if (!span_take_until(in, ';', &tag)) {
            tag = *in;
            in->p = in->end;
        }
        if (!span_take_until(&tag, '=', name_out))
            continue;
        *name_out = span_trim(*name_out);
        *value_out = tag;
        return true;
    }
    return false;
}

bool tags_find(struct span in, const char *name, struct span *value_out)
{
    struct span found, value;
    size_t count = 0;

    while (tags_next(&in, &found, &value))
        if (span_equals_text(found, name) && count++ == 0)
            *value_out = span_trim(value);
    return count == 1;
}

char *tags_text(const void *owner, struct span in, const char *name, size_t most)
{
    struct span value;
    size_t length = 0;
    char *text;

    if (!tags_find(in, name, &value))
        return NULL;
    text = talloc_array(owner, char, (unsigned)span_length(value) + 1);
    for (; value.p < value.end; value.p++)
        if ((unsigned char)*value.p > ' ')
            text[length++] = *value.p;
    text[length] = '\0';
    if (length > 0 && length <= most)
        return text;
    talloc_free(text);
    return NULL;
}
