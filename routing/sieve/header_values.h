/*
 * header_values.h -- the values of header fields that a test looks at: of the message, or with :mime of a part and what is in
 * it. For this room only.
 */
#ifndef SIEVE_HEADER_VALUES_H
#define SIEVE_HEADER_VALUES_H

#include "sieve/run.h"

/* Adds the raw values (folded, still encoded) of all fields of that name, chosen by :index and :last, from the message or the
 * parts that :mime and :anychild name. */
MUST_CHECK bool header_values(struct run *run, const struct op *op, struct span name, struct list *values);
/* Is there such a field? */
MUST_CHECK bool header_exists(struct run *run, const struct op *op, struct span name, bool *exists_out);
/* A value as text: unfolded, decoded, without blanks at its ends. */
struct span header_value_text(struct run *run, struct span value);

#endif
