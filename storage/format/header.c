/*
 * header.c -- cutting a header block into fields, and unfolding them.
 */
#include "format/header.h"

#include <strings.h>
#include <talloc.h>

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* Past the line that starts at p, its line end included. */
static const char *next_line(const char *p, const char *end)
{
    const char *feed = p < end ? memchr(p, '\n', (size_t)(end - p)) : NULL;

    return feed ? feed + 1 : end;
}

static bool is_empty_line(const char *p, const char *end)
{
    return p == end || *p == '\n' || (*p == '\r' && p + 1 < end && p[1] == '\n');
}

/* "Name:" or "Name :"; false for a line that is no field. */
static bool field_name(const char *p, const char *line_end, struct span *name_out, const char **value_out)
{
    const char *name = p;

    while (p<line_end && * p> ' ' && *p < 127 && *p != ':')
        p++;
    *name_out = (struct span){ name, p };
    while (p < line_end && is_blank(*p))
        p++;
    if (p == line_end || *p != ':' || span_is_empty(*name_out))
        return false;
    *value_out = p + 1;
    return true;
}

static struct span without_line_end(const char *p, const char *end)
{
    if (end > p && end[-1] == '\n')
        end--;
    if (end > p && end[-1] == '\r')
        end--;
    return (struct span){ p, end };
}

bool header_next(struct span *block, struct header_field *field_out)
{
    while (!is_empty_line(block->p, block->end)) {
        const char *start = block->p, *value;
        const char *stop = next_line(start, block->end);
        bool is_field = field_name(start, stop, &field_out->name, &value);

        while (stop < block->end && is_blank(*stop))
            stop = next_line(stop, block->end);
        block->p = stop;
        if (is_field) {
            field_out->whole = (struct span){ start, stop };
            field_out->value = without_line_end(value, stop);
            return true;
        }
    }
    return false;
}

bool header_find(struct span block, const char *name, struct header_field *field_out)
{
    while (header_next(&block, field_out))
        if (span_equals_nocase(field_out->name, name))
            return true;
    return false;
}

bool header_find_last(struct span block, const char *name, struct header_field *field_out)
{
    struct header_field field;
    bool is_found = false;

    while (header_next(&block, &field))
        if (span_equals_nocase(field.name, name)) {
            *field_out = field;
            is_found = true;
        }
    return is_found;
}

size_t header_count(struct span block, const char *name)
{
    struct header_field field;
    size_t count = 0;

    while (header_next(&block, &field))
        count += span_equals_nocase(field.name, name);
    return count;
}

size_t header_block_length(struct span message)
{
    const char *p = message.p;

    while (p < message.end && !is_empty_line(p, message.end))
        p = next_line(p, message.end);
    return (size_t)(next_line(p, message.end) - message.p);
}

enum header_fault header_check(struct span message)
{
    struct span looked_at = span_part(message, 0, HEADER_BYTES_MAX + 1);
    const char *p = looked_at.p;
    size_t lines = 0;

    for (; p < looked_at.end && !is_empty_line(p, looked_at.end); p = next_line(p, looked_at.end))
        if (++lines > HEADER_LINES_MAX)
            return HEADER_TOO_MANY_LINES;
    return p - looked_at.p > HEADER_BYTES_MAX ? HEADER_TOO_LARGE : HEADER_GOOD;
}

static bool is_named(struct span name, const struct span *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (span_length(name) == span_length(names[i]) &&
            strncasecmp(name.p, names[i].p, span_length(name)) == 0)
            return true;
    return false;
}

void header_select(struct buf *out, struct span block, const struct span *names, size_t count,
                   enum header_select select)
{
    struct header_field field;

    while (header_next(&block, &field))
        if (is_named(field.name, names, count) == (select == HEADER_ONLY)) {
            buf_add_span(out, field.whole);
            if (field.whole.end[-1] != '\n')
                buf_add_text(out, "\r\n");
        }
    buf_add_text(out, "\r\n");
}

struct span header_unfold(const void *owner, struct span value)
{
    char *copy, *to;

    value = span_trim(value);
    if (span_is_empty(value) || (!span_find_byte(value, '\n') && !span_find_byte(value, '\r')))
        return value;
    to = copy = talloc_size(owner, span_length(value));
    for (const char *p = value.p; p < value.end; p++)
        if (*p != '\r' && *p != '\n')
            *to++ = *p;
    return (struct span){ copy, to };
}

void header_skip_cfws(struct span *in)
{
    size_t depth = 0;

    for (; in->p < in->end; in->p++) {
        char c = *in->p;

        if (c == '(')
            depth++;
        else if (depth > 0 && c == '\\' && in->p + 1 < in->end)
            in->p++;
        else if (depth > 0 && c == ')')
            depth--;
        else if (depth == 0 && !is_blank(c) && c != '\r' && c != '\n')
            return;
    }
}

bool header_take_token(struct span *in, struct span *token_out)
{
    struct span rest = *in;
    const char *start;

    header_skip_cfws(&rest);
    start = rest.p;
    while (rest.p < rest.end && *rest.p != '\0' && !strchr(" \t\r\n()<>@,;:\\\"/[]?=", *rest.p))
        rest.p++;
    if (rest.p == start)
        return false;
    *token_out = (struct span){ start, rest.p };
    *in = rest;
    return true;
}

/* Past a quoted string at the front; false where it does not end. */
static bool skip_quoted(struct span *in)
{
    for (in->p++; in->p < in->end; in->p++) {
        if (*in->p == '\\' && in->p + 1 < in->end)
            in->p++;
        else if (*in->p == '"') {
            in->p++;
            return true;
        }
    }
    return false;
}

bool header_next_message_id(struct span *value, struct span *id_out)
{
    while (value->p < value->end) {
        const char *close;

        header_skip_cfws(value);
        if (value->p == value->end)
            break;
        if (*value->p == '"') {
            (void)skip_quoted(value);
            continue;
        }
        if (*value->p++ != '<')
            continue;
        close = span_find_byte(*value, '>');
        if (!close) {
            value->p = value->end;
            return false;
        }
        *id_out = span_trim((struct span){ value->p, close });
        value->p = close + 1;
        if (!span_is_empty(*id_out))
            return true;
    }
    return false;
}
