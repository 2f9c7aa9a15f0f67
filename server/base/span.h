/*
 * span.h -- a window with two ends on bytes that belong to somebody else.
 *
 * Parsers of untrusted input read through a span: no NUL is trusted, a taker consumes only on success
 * and says by its result whether it did.
 *
 * Ownership  the bytes belong to the input buffer; a span never frees.
 */
#ifndef BASE_SPAN_H
#define BASE_SPAN_H

#include "base/compiler.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct span {
    const char *p, *end; /* [p, end) */
};

static inline struct span span_of(const void *bytes, size_t length)
{
    const char *p = bytes;
    return (struct span){ p, p ? p + length : p };
}

static inline struct span span_text(const char *text)
{
    return span_of(text, text ? strlen(text) : 0);
}

static inline size_t span_length(struct span s)
{
    return (size_t)(s.end - s.p);
}

static inline bool span_is_empty(struct span s)
{
    return s.p == s.end;
}

/* Equal bytes. */
bool span_equals(struct span a, struct span b);
/* Equal bytes. */
bool span_equals_text(struct span a, const char *text);
/* Equal with A-Z as a-z (ASCII only: protocol words, header names, domains). */
bool span_equals_nocase(struct span a, const char *text);
/* ASCII case ignored. */
bool span_starts_nocase(struct span a, const char *prefix);

/* The window `offset` bytes in, at most `length` long; empty where it lies outside. */
struct span span_part(struct span s, size_t offset, size_t length);
/* Without spaces, tabs, CR and LF at both ends. */
struct span span_trim(struct span s);

/* Takes exactly this byte. */
MUST_CHECK bool span_take_byte(struct span *in, char byte);
/* Takes this word, ASCII case ignored; what follows it is not looked at. */
MUST_CHECK bool span_take_word(struct span *in, const char *word);
/* Takes up to the first `delimiter`, which is consumed but not in *out; false (nothing taken) without one. */
MUST_CHECK bool span_take_until(struct span *in, char delimiter, struct span *out);
/* Takes one line without its CRLF or LF; the last may have none. False at the end of the input. */
MUST_CHECK bool span_take_line(struct span *in, struct span *line_out);
/* number = 1*DIGIT. Refuses what does not fit rather than wrapping. */
MUST_CHECK bool span_take_u32(struct span *in, uint32_t *value_out);
/* As span_take_u32(), up to 2^64 - 1. */
MUST_CHECK bool span_take_u64(struct span *in, uint64_t *value_out);

/* First occurrence of the byte, or NULL. */
static inline const char *span_find_byte(struct span s, char byte)
{
    return span_is_empty(s) ? NULL : memchr(s.p, byte, span_length(s));
}

/* A NUL-terminated copy under the talloc context `owner` (bytes after an inner NUL are kept but unseen by C). */
char *span_copy(const void *owner, struct span s);

#endif
