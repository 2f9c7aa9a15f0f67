/* csv.c -- a line of a table. */
#include "format/csv.h"

#include <string.h>
#include <talloc.h>

static bool take_field(struct span *in, struct buf *out, bool *is_last_in_line)
{
    bool is_quoted = span_take_byte(in, '"');

    buf_clear(out);
    for (;;) {
        if (span_is_empty(*in)) {
            *is_last_in_line = true;
            return !is_quoted;
        }
        char c = *in->p++;
        if (is_quoted && c == '"') {
            if (!span_take_byte(in, '"'))
                is_quoted = false;
            else
                buf_add_byte(out, '"');
        } else if (!is_quoted && (c == ',' || c == ';' || c == '\n')) {
            *is_last_in_line = c == '\n';
            return true;
        } else if (is_quoted || c != '\r') {
            buf_add_byte(out, c);
        }
    }
}

bool csv_take_line(struct span *in, void *owner, char **fields_out, size_t most, size_t *count_out)
{
    struct buf field = BUF_INIT(owner);
    bool is_last = false;

    for (*count_out = 0; !is_last && *count_out < most;) {
        if (!take_field(in, &field, &is_last))
            return false;
        fields_out[(*count_out)++] = talloc_strndup(owner, field.p ? field.p : "", field.length);
    }
    return is_last;
}

void csv_skip_mark(struct span *in)
{
    if (span_starts_nocase(*in, "\xef\xbb\xbf"))
        in->p += 3;
}

void csv_add_field(struct buf *out, struct span field)
{
    bool is_formula = !span_is_empty(field) && memchr("=+-@\t\r", *field.p, 6) != NULL;
    bool is_quoted = false;

    for (const char *p = field.p; p < field.end && !is_quoted; p++)
        is_quoted = memchr(",;\"\r\n", *p, 5) != NULL;
    if (is_quoted)
        buf_add_byte(out, '"');
    if (is_formula)
        buf_add_byte(out, '\'');
    for (const char *p = field.p; p < field.end; p++) {
        if (*p == '"')
            buf_add_byte(out, '"');
        buf_add_byte(out, *p);
    }
    if (is_quoted)
        buf_add_byte(out, '"');
}
