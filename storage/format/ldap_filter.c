/* ldap_filter.c -- one function for each rule of the grammar; depth and number of tests are counted on the way down. */
#include "format/ldap_filter.h"

#include "base/buf.h"
#include "base/hex.h"
#include "format/charset.h"

#include <string.h>
#include <talloc.h>

enum { ATTRIBUTE_MAX = 60 };

static const char *const fault_texts[] = {
    [LDAP_FILTER_GOOD] = "The filter is good.",
    [LDAP_FILTER_BAD_SYNTAX] =
        "Tests stand in parentheses: (kind=user), combined as (&(..)(..)), (|(..)(..)), (!(..)).",
    [LDAP_FILTER_TOO_LARGE] = "The filter is too long, too deep, or has too many tests.",
    [LDAP_FILTER_NOT_KNOWN] = "Only =, =* and * inside a value are understood.",
    [LDAP_FILTER_BAD_VALUE] =
        "A value is UTF-8, with \\2a for *, \\28 and \\29 for parentheses, \\5c for \\.",
};
_Static_assert(COUNT_OF(fault_texts) == LDAP_FILTER_FAULTS, "each fault has a sentence");

const char *ldap_filter_fault_text(enum ldap_filter_fault fault)
{
    return fault_texts[fault];
}

struct reading {
    const void *owner;
    struct span in;
    unsigned depth, tests;
    enum ldap_filter_fault fault;
};

static struct ldap_filter *fail(struct reading *r, enum ldap_filter_fault fault)
{
    r->fault = fault;
    return NULL;
}

static void skip_spaces(struct reading *r)
{
    while (r->in.p < r->in.end &&
           (*r->in.p == ' ' || *r->in.p == '\t' || *r->in.p == '\r' || *r->in.p == '\n'))
        r->in.p++;
}

static struct ldap_filter *read_filter(struct reading *r);

/* filterlist, up to the closing parenthesis. */
static struct ldap_filter *read_list(struct reading *r, enum ldap_filter_kind kind)
{
    struct ldap_filter *filter = talloc_zero(r->owner, struct ldap_filter);

    filter->kind = kind;
    for (skip_spaces(r); r->in.p < r->in.end && *r->in.p == '('; skip_spaces(r)) {
        struct ldap_filter *part = read_filter(r);

        if (!part)
            return NULL;
        if (kind == LDAP_NOT && filter->part_count == 1)
            return fail(r, LDAP_FILTER_BAD_SYNTAX);
        filter->parts =
            talloc_realloc(filter, filter->parts, struct ldap_filter *, (unsigned)filter->part_count + 1);
        filter->parts[filter->part_count++] = part;
    }
    return filter->part_count > 0 ? filter : fail(r, LDAP_FILTER_BAD_SYNTAX);
}

static bool is_attribute_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

/* One piece of a value, up to a star or the closing parenthesis. */
static bool read_piece(struct reading *r, struct buf *piece)
{
    for (; r->in.p < r->in.end && *r->in.p != ')' && *r->in.p != '*'; r->in.p++) {
        char c = *r->in.p;

        if (c == '(' || c == '\0') {
            r->fault = LDAP_FILTER_BAD_VALUE;
            return false;
        }
        if (c == '\\') {
            int high = r->in.end - r->in.p > 2 ? hex_digit(r->in.p[1]) : -1;
            int low = high >= 0 ? hex_digit(r->in.p[2]) : -1;

            if (low < 0 || (high == 0 && low == 0)) {
                r->fault = LDAP_FILTER_BAD_VALUE;
                return false;
            }
            c = (char)(high << 4 | low);
            r->in.p += 2;
        }
        buf_add_byte(piece, c);
    }
    if (utf8_is_valid(buf_span(piece)))
        return true;
    r->fault = LDAP_FILTER_BAD_VALUE;
    return false;
}

static void add_piece(struct ldap_filter *filter, struct buf *piece)
{
    filter->pieces = talloc_realloc(filter, filter->pieces, const char *, (unsigned)filter->piece_count + 1);
    filter->pieces[filter->piece_count++] = span_copy(filter, buf_span(piece));
}

/* What stands behind the '='. */
static struct ldap_filter *read_value(struct reading *r, struct ldap_filter *filter)
{
    bool has_star = false, was_star = false;

    while (r->in.p < r->in.end && *r->in.p != ')') {
        struct buf piece = BUF_INIT(filter);

        was_star = *r->in.p == '*';
        if (was_star) {
            has_star = true;
            filter->is_open_left = filter->is_open_left || filter->piece_count == 0;
            r->in.p++;
            continue;
        }
        if (!read_piece(r, &piece))
            return NULL;
        if (filter->piece_count == LDAP_FILTER_PIECES_MAX)
            return fail(r, LDAP_FILTER_TOO_LARGE);
        add_piece(filter, &piece);
    }
    filter->is_open_right = was_star;
    filter->kind = !has_star ? LDAP_EQUALS : filter->piece_count == 0 ? LDAP_PRESENT : LDAP_SUBSTRINGS;
    if (filter->kind == LDAP_EQUALS && filter->piece_count == 0)
        return fail(r, LDAP_FILTER_BAD_VALUE);
    return filter;
}

static struct ldap_filter *read_test(struct reading *r)
{
    struct ldap_filter *filter;
    const char *begin = r->in.p;

    if (++r->tests > LDAP_FILTER_TESTS_MAX)
        return fail(r, LDAP_FILTER_TOO_LARGE);
    while (r->in.p < r->in.end && is_attribute_byte(*r->in.p))
        r->in.p++;
    if (r->in.p == begin || r->in.p - begin > ATTRIBUTE_MAX || r->in.p == r->in.end)
        return fail(r, LDAP_FILTER_BAD_SYNTAX);
    if (strchr("~<>:;", *r->in.p))
        return fail(r, LDAP_FILTER_NOT_KNOWN);
    if (*r->in.p != '=')
        return fail(r, LDAP_FILTER_BAD_SYNTAX);
    filter = talloc_zero(r->owner, struct ldap_filter);
    filter->attribute = span_copy(filter, (struct span){ begin, r->in.p });
    r->in.p++;
    return read_value(r, filter);
}

/* "(" filtercomp ")" */
static struct ldap_filter *read_filter(struct reading *r)
{
    struct ldap_filter *filter;

    if (r->depth == LDAP_FILTER_DEPTH_MAX)
        return fail(r, LDAP_FILTER_TOO_LARGE);
    if (!span_take_byte(&r->in, '('))
        return fail(r, LDAP_FILTER_BAD_SYNTAX);
    r->depth++;
    skip_spaces(r);
    if (span_take_byte(&r->in, '&'))
        filter = read_list(r, LDAP_AND);
    else if (span_take_byte(&r->in, '|'))
        filter = read_list(r, LDAP_OR);
    else if (span_take_byte(&r->in, '!'))
        filter = read_list(r, LDAP_NOT);
    else
        filter = read_test(r);
    if (!filter)
        return NULL;
    r->depth--;
    if (filter->part_count > 0)
        skip_spaces(r);
    return span_take_byte(&r->in, ')') ? filter : fail(r, LDAP_FILTER_BAD_SYNTAX);
}

enum ldap_filter_fault ldap_filter_parse(const void *owner, struct span text, struct ldap_filter **filter_out,
                                         size_t *at_out)
{
    struct reading reading = { .owner = owner, .in = text };

    *at_out = 0;
    *filter_out = NULL;
    if (span_length(text) > LDAP_FILTER_TEXT_MAX)
        return LDAP_FILTER_TOO_LARGE;
    skip_spaces(&reading);
    *filter_out = read_filter(&reading);
    *at_out = (size_t)(reading.in.p - text.p);
    if (!*filter_out)
        return reading.fault;
    skip_spaces(&reading);
    return span_is_empty(reading.in) ? LDAP_FILTER_GOOD : LDAP_FILTER_BAD_SYNTAX;
}

void ldap_filter_add_value(struct buf *out, const char *value)
{
    for (const char *p = value; *p; p++)
        if (strchr("*()\\", *p))
            buf_add_format(out, "\\%02x", (unsigned char)*p);
        else
            buf_add_byte(out, *p);
}
