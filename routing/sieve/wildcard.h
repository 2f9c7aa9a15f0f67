/*
 * wildcard.h -- :matches (RFC 5228, 2.7.1): "*" any characters, "?" one, "\" takes their meaning away. For this room
 * only.
 */
#ifndef SIEVE_WILDCARD_H
#define SIEVE_WILDCARD_H

#include "base/span.h"

#include <stddef.h>
#include <stdint.h>

enum wildcard_case { WILDCARD_OCTETS, WILDCARD_ASCII, WILDCARD_UNICODE };

/* Every "*" takes as little as it can (RFC 5229, 3.2). matches_out[0] is the text, then what each "*" and "?" stood for. Steps
 * are counted into *steps_io; at most pattern × text of them, and false with *is_too_much_out above `steps_max`. */
MUST_CHECK bool wildcard_matches(struct span pattern, struct span text, enum wildcard_case case_rule,
                                 struct span *matches_out, size_t matches_max, size_t *count_out,
                                 uint64_t *steps_io, uint64_t steps_max, bool *is_too_much_out);

#endif
