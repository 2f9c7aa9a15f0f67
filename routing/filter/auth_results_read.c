/* auth_results_read.c -- what an Authentication-Results field says, read back (RFC 8601, 2.2). */
#include "filter/auth_results.h"

#include "format/header.h"

#include <ctype.h>
#include <string.h>

/* Up to the next `;` that stands neither in quotes nor in a comment. */
static struct span take_part(struct span *in)
{
    struct span part = *in;
    bool is_quoted = false;

    while (in->p < in->end) {
        char c = *in->p;

        if (is_quoted && c == '\\' && in->end - in->p > 1) {
            in->p += 2;
            continue;
        }
        if (c == '"')
            is_quoted = !is_quoted;
        if (!is_quoted && c == '(') {
            header_skip_cfws(in);
            continue;
        }
        if (!is_quoted && c == ';')
            break;
        in->p++;
    }
    part.end = in->p;
    in->p += in->p < in->end;
    return part;
}

static bool is_token(char c)
{
    return isalnum((unsigned char)c) || (c && strchr("-._", c));
}

static struct span take_token(struct span *in)
{
    struct span token;

    header_skip_cfws(in);
    token = *in;
    while (in->p < in->end && is_token(*in->p))
        in->p++;
    token.end = in->p;
    return token;
}

bool auth_results_begin(struct span *value, const char *authserv_id)
{
    struct span first, id;

    first = take_part(value);
    if (!authserv_id)
        return true;
    id = take_token(&first);
    return span_equals_nocase(id, authserv_id);
}

bool auth_results_next(struct span *in, struct auth_method *method_out)
{
    while (!span_is_empty(*in)) {
        struct span part = take_part(in);

        method_out->method = take_token(&part);
        header_skip_cfws(&part);
        if (span_take_byte(&part, '/')) { /* a version */
            (void)take_token(&part);
            header_skip_cfws(&part);
        }
        if (span_is_empty(method_out->method) || !span_take_byte(&part, '='))
            continue;
        method_out->result = take_token(&part);
        method_out->properties = part;
        if (!span_is_empty(method_out->result))
            return true;
    }
    return false;
}

/* A quoted string without its marks, or what stands up to white space or a comment. */
static size_t take_value(struct span *in, char *out, size_t size)
{
    size_t length = 0;
    bool is_quoted;

    header_skip_cfws(in);
    is_quoted = span_take_byte(in, '"');
    for (; in->p < in->end; in->p++) {
        char c = *in->p;

        if (is_quoted ? c == '"' : strchr(" \t\r\n(;", c) != NULL)
            break;
        if (is_quoted && c == '\\' && in->end - in->p > 1)
            c = *++in->p;
        if (length + 1 < size)
            out[length++] = c;
    }
    if (is_quoted && in->p < in->end)
        in->p++;
    out[length] = '\0';
    return length;
}

bool auth_results_property(const struct auth_method *method, const char *name, char *out, size_t size)
{
    struct span in = method->properties;

    while (!span_is_empty(in)) {
        struct span found = take_token(&in);

        header_skip_cfws(&in);
        if (!span_take_byte(&in, '=')) {
            in.p += in.p < in.end;
            continue;
        }
        take_value(&in, out, size);
        if (span_equals_nocase(found, name))
            return *out != '\0';
    }
    return false;
}

struct span auth_results_told(const void *owner, struct span header)
{
    struct header_field field;
    const char *begin;

    if (!header.p || !header_find(header, "Authentication-Results", &field))
        return span_text("");
    char *text = span_copy(owner, span_trim(header_unfold(owner, field.value)));
    for (char *p = text; *p; p++)
        if (*p == '\t') /* of its folding */
            *p = ' ';
    begin = strchr(text, ';');
    return span_trim(span_text(begin ? begin + 1 : text));
}
