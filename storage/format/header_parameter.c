/*
 * header_parameter.c -- values with parameters: RFC 2045 as it is meant, RFC 2231 with its continuations, and
 * the encoded words that mailers put into file names all the same.
 */
#include "base/hex.h"
#include "format/charset.h"
#include "format/header.h"

#include <stdlib.h>
#include <talloc.h>

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* The inside of the quoted string at the front; copied only where something must be left out. */
static struct span take_quoted(const void *owner, struct span *in)
{
    const char *start = in->p + 1;
    bool is_plain = true;
    char *copy, *to;
    struct span inside;

    for (in->p = start; in->p < in->end && *in->p != '"'; in->p++) {
        is_plain &= *in->p != '\\' && *in->p != '\r' && *in->p != '\n';
        if (*in->p == '\\' && in->p + 1 < in->end)
            in->p++;
    }
    inside = (struct span){ start, in->p };
    if (in->p < in->end)
        in->p++;
    if (is_plain)
        return inside;
    to = copy = talloc_size(owner, span_length(inside) + 1);
    for (const char *p = inside.p; p < inside.end; p++) {
        if (*p == '\r' || *p == '\n')
            continue;
        if (*p == '\\' && p + 1 < inside.end)
            p++;
        *to++ = *p;
    }
    return (struct span){ copy, to };
}

/* A token, or what a careless mailer wrote instead: unquoted words up to the next ';'. */
static struct span take_bare(struct span *in)
{
    struct span value = { in->p, in->p };
    struct span after;

    while (in->p < in->end && *in->p != ';' && *in->p != '(' && !is_space(*in->p))
        in->p++;
    value.end = in->p;
    after = *in;
    header_skip_cfws(&after);
    if (after.p == after.end || *after.p == ';' || *in->p == '(') {
        in->p = after.p;
        return value;
    }
    while (in->p < in->end && *in->p != ';')
        in->p++;
    return span_trim((struct span){ value.p, in->p });
}

/* To the ';' that ends this parameter. */
static void skip_rest(const void *owner, struct span *in)
{
    for (header_skip_cfws(in); in->p < in->end && *in->p != ';'; header_skip_cfws(in)) {
        if (*in->p == '"')
            (void)take_quoted(owner, in);
        else
            in->p++;
    }
}

bool header_next_parameter(const void *owner, struct span *in, struct header_raw_parameter *out)
{
    while (in->p < in->end) {
        struct span value, name;

        skip_rest(owner, in);
        if (in->p == in->end)
            return false;
        in->p++;
        if (!header_take_token(in, &name))
            continue;
        header_skip_cfws(in);
        if (!span_take_byte(in, '='))
            continue;
        header_skip_cfws(in);
        value = in->p < in->end && *in->p == '"' ? take_quoted(owner, in) : take_bare(in);
        *out = (struct header_raw_parameter){ name, value.p, span_length(value) };
        return true;
    }
    return false;
}

/* "name*3*": the third piece, percent-encoded. */
struct piece {
    char *name; /* lower case, marks removed */
    struct span value;
    uint32_t number, order;
    bool is_encoded, is_continued;
};

static void split_marks(const void *owner, struct piece *piece, struct span name)
{
    struct span number;

    if (!span_is_empty(name) && name.end[-1] == '*') {
        piece->is_encoded = true;
        name.end--;
    }
    number = (struct span){ name.end, name.end };
    while (number.p > name.p && number.p[-1] >= '0' && number.p[-1] <= '9')
        number.p--;
    if (!span_is_empty(number) && number.p > name.p && number.p[-1] == '*') {
        name.end = number.p - 1;
        if (span_take_u32(&number, &piece->number))
            piece->is_continued = true;
    }
    piece->name = span_copy(owner, name);
    for (char *p = piece->name; *p; p++)
        *p = lower(*p);
}

static int compare_pieces(const void *a, const void *b)
{
    const struct piece *left = a, *right = b;
    int order = strcmp(left->name, right->name);

    if (order != 0)
        return order;
    if (left->number != right->number)
        return left->number < right->number ? -1 : 1;
    return left->order < right->order ? -1 : 1;
}

static void add_percent_decoded(struct buf *out, struct span text)
{
    for (; text.p < text.end; text.p++) {
        if (*text.p == '%' && text.end - text.p >= 3 && hex_digit(text.p[1]) >= 0 &&
            hex_digit(text.p[2]) >= 0) {
            buf_add_byte(out, (char)(hex_digit(text.p[1]) << 4 | hex_digit(text.p[2])));
            text.p += 2;
        } else
            buf_add_byte(out, *text.p);
    }
}

/* charset'language' before the first encoded piece. */
static struct span take_charset(struct span *value)
{
    struct span rest = *value, charset, language;

    if (!span_take_until(&rest, '\'', &charset) || !span_take_until(&rest, '\'', &language))
        return span_text("");
    *value = rest;
    return charset;
}

/* One parameter from its `count` pieces, sorted. */
static char *join(const void *owner, struct piece *pieces, size_t count)
{
    struct buf bytes = buf_owned_by(owner), text = buf_owned_by(owner);
    struct span charset = span_text("");

    if (!pieces[0].is_encoded && !pieces[0].is_continued)
        return header_decode(owner, pieces[0].value);
    for (size_t i = 0; i < count && bytes.length < HEADER_PARAMETER_BYTES_MAX; i++) {
        if (!pieces[i].is_encoded) {
            buf_add_span(&bytes, pieces[i].value);
            continue;
        }
        if (i == 0)
            charset = take_charset(&pieces[i].value);
        add_percent_decoded(&bytes, pieces[i].value);
    }
    charset_add_utf8(&text, charset, buf_span(&bytes), HEADER_PARAMETER_BYTES_MAX);
    for (size_t i = 0; i < text.length; i++)
        if ((unsigned char)text.p[i] < ' ' || text.p[i] == 127)
            text.p[i] = ' ';
    return buf_text(&text);
}

/* How many of the sorted pieces make the first parameter: one, or 0, 1, 2... of one name. */
static size_t run_length(const struct piece *pieces, size_t count)
{
    size_t length = 1;

    if (!pieces[0].is_continued)
        return 1;
    while (length < count && pieces[length].is_continued && strcmp(pieces[length].name, pieces[0].name) == 0)
        length++;
    return length;
}

static size_t collect(const void *owner, struct span in, struct piece pieces[HEADER_PARAMETERS_MAX])
{
    struct header_raw_parameter raw;
    size_t count = 0;

    while (count < HEADER_PARAMETERS_MAX && header_next_parameter(owner, &in, &raw)) {
        pieces[count] =
            (struct piece){ .value = span_of(raw.value, raw.value_length), .order = (uint32_t)count };
        split_marks(owner, &pieces[count], raw.name);
        count++;
    }
    return count;
}

static char *take_value(const void *owner, struct span *in)
{
    struct span main, sub;
    char *value;

    if (!header_take_token(in, &main))
        return talloc_strdup(owner, "");
    header_skip_cfws(in);
    if (span_take_byte(in, '/') && header_take_token(in, &sub))
        value =
            talloc_asprintf(owner, "%.*s/%.*s", (int)span_length(main), main.p, (int)span_length(sub), sub.p);
    else
        value = span_copy(owner, main);
    for (char *p = value; *p; p++)
        *p = lower(*p);
    return value;
}

void header_structured_parse(const void *owner, struct span value, struct header_structured *out)
{
    struct piece *pieces = talloc_array(owner, struct piece, HEADER_PARAMETERS_MAX);
    size_t count;

    value = span_part(value, 0, HEADER_PARAMETER_BYTES_MAX);
    *out = (struct header_structured){ .value = take_value(owner, &value) };
    count = collect(pieces, value, pieces);
    out->parameters = talloc_array(owner, struct header_parameter, (unsigned)count + 1);
    qsort(pieces, count, sizeof *pieces, compare_pieces);
    for (size_t i = 0; i < count;) {
        size_t length = run_length(pieces + i, count - i);

        out->parameters[out->count++] =
            (struct header_parameter){ .name = talloc_strdup(owner, pieces[i].name),
                                       .value = join(owner, pieces + i, length) };
        i += length;
    }
    talloc_free(pieces);
}

const char *header_parameter(const struct header_structured *structured, const char *name)
{
    for (size_t i = 0; i < structured->count; i++)
        if (strcmp(structured->parameters[i].name, name) == 0)
            return structured->parameters[i].value;
    return NULL;
}
