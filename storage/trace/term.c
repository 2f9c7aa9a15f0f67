/* term.c -- hashes. */
#include "trace/term.h"

#include "base/digest.h"

enum { TERM_BYTES_MAX = 1000 };

int64_t trace_term(enum trace_term_kind kind, struct span text)
{
    char bytes[1 + TERM_BYTES_MAX];
    uint8_t digest[SHA256_BYTES];
    size_t length = span_length(text) < TERM_BYTES_MAX ? span_length(text) : TERM_BYTES_MAX;
    uint64_t term = 0;

    bytes[0] = (char)kind;
    for (size_t i = 0; i < length; i++) {
        char c = text.p[i];
        bytes[1 + i] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
    }
    sha256(span_of(bytes, 1 + length), digest);
    for (int i = 0; i < 8; i++)
        term = term << 8 | digest[i];
    return (int64_t)term;
}

int64_t trace_term_item(int64_t item_id)
{
    return (
        int64_t)((uint64_t)INT64_MIN +
                 (uint64_t)item_id); /* no hash: it is a number already, and there is one for each delivery */
}

struct span trace_message_id(struct span field)
{
    field = span_trim(field);
    if (!span_is_empty(field) && *field.p == '<')
        field.p++;
    if (!span_is_empty(field) && field.end[-1] == '>')
        field.end--;
    return field;
}
