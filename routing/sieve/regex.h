/*
 * regex.h -- regular expressions with bounds on what matching may cost. For this room only.
 *
 * Patterns are those of POSIX as PCRE reads them (draft-ietf-sieve-regex). A pattern that would need more than the
 * allowed steps simply has no answer: REGEX_TOO_MUCH.
 */
#ifndef SIEVE_REGEX_H
#define SIEVE_REGEX_H

#include "base/span.h"

#include <stddef.h>

enum { REGEX_BYTES_MAX = 1024, REGEX_STEPS_MAX = 100000, REGEX_TEXT_MAX = 256 * 1024 };

enum regex_result { REGEX_NO, REGEX_YES, REGEX_WRONG, REGEX_TOO_MUCH };

/* Is it one? The reason why not as words. */
MUST_CHECK bool regex_check(struct span pattern, char *why_out, size_t why_size);
/* Searches; matches_out[0 .. *count_out) are the whole and the groups, spans of the text. */
enum regex_result regex_find(struct span pattern, struct span text, bool ignores_case,
                             struct span *matches_out, size_t matches_max, size_t *count_out);

#endif
