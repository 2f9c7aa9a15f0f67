/*
 * span.c -- comparing, cutting and taking from a window of untrusted bytes.
 */
#include "base/span.h"

#include <strings.h>
#include <talloc.h>

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

bool span_equals(struct span a, struct span b)
{
    size_t length = span_length(a);

    return length == span_length(b) && (length == 0 || memcmp(a.p, b.p, length) == 0);
}

bool span_equals_text(struct span a, const char *text)
{
    return span_equals(a, span_text(text));
}

bool span_starts_nocase(struct span a, const char *prefix)
{
    for (; *prefix; prefix++, a.p++)
        if (span_is_empty(a) || lower(*a.p) != lower(*prefix))
            return false;
    return true;
}

bool span_equals_nocase(struct span a, const char *text)
{
    return span_length(a) == strlen(text) && span_starts_nocase(a, text);
}

struct span span_part(struct span s, size_t offset, size_t length)
{
    size_t whole = span_length(s);

    if (offset > whole)
        offset = whole;
    if (length > whole - offset)
        length = whole - offset;
    return s.p ? span_of(s.p + offset, length) : s;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct span span_trim(struct span s)
{
    while (s.p < s.end && is_blank(*s.p))
        s.p++;
    while (s.p < s.end && is_blank(s.end[-1]))
        s.end--;
    return s;
}

bool span_take_byte(struct span *in, char byte)
{
    if (span_is_empty(*in) || *in->p != byte)
        return false;
    in->p++;
    return true;
}

bool span_take_word(struct span *in, const char *word)
{
    if (!span_starts_nocase(*in, word))
        return false;
    in->p += strlen(word);
    return true;
}

bool span_take_until(struct span *in, char delimiter, struct span *out)
{
    const char *found = span_find_byte(*in, delimiter);

    if (!found)
        return false;
    *out = (struct span){ in->p, found };
    in->p = found + 1;
    return true;
}

bool span_take_line(struct span *in, struct span *line_out)
{
    if (span_is_empty(*in))
        return false;
    if (!span_take_until(in, '\n', line_out)) {
        *line_out = *in;
        in->p = in->end;
        return true;
    }
    if (!span_is_empty(*line_out) && line_out->end[-1] == '\r')
        line_out->end--;
    return true;
}

bool span_take_u64(struct span *in, uint64_t *value_out)
{
    const char *p = in->p;
    uint64_t value = 0;

    for (; p < in->end && *p >= '0' && *p <= '9'; p++) {
        uint64_t digit = (uint64_t)(*p - '0');
        if (value > (UINT64_MAX - digit) / 10)
            return false;
        value = value * 10 + digit;
    }
    if (p == in->p)
        return false;
    in->p = p;
    *value_out = value;
    return true;
}

bool span_take_u32(struct span *in, uint32_t *value_out)
{
    struct span rest = *in;
    uint64_t value;

    if (!span_take_u64(&rest, &value) || value > UINT32_MAX)
        return false;
    *in = rest;
    *value_out = (uint32_t)value;
    return true;
}

char *span_copy(const void *owner, struct span s)
{
    size_t length = span_length(s);
    char *copy = talloc_size(owner, length + 1);

    if (length > 0)
        memcpy(copy, s.p, length);
    copy[length] = '\0';
    return copy;
}
