/*
 * value.h -- variables (RFC 5229): names, values, match variables, and ${...} in strings. For this room only.
 */
#ifndef SIEVE_VALUE_H
#define SIEVE_VALUE_H

#include "base/span.h"

#include <stddef.h>

struct run;
struct op;

enum {
    VARIABLES_MAX = 256,            /* of a script; RFC 5229, 6 asks for 128 */
    VARIABLE_BYTES_MAX = 64 * 1024, /* of one value; more is cut off */
    VARIABLE_NAME_MAX = 64,
    MATCH_VARIABLES = 32,             /* ${0} .. ${31} */
    EXPANDED_BYTES_MAX = 1024 * 1024, /* of one string */
};

struct variable {
    const char *name; /* lower case */
    struct span value;
};

struct variables {
    struct variable *items;
    size_t count;
};

/* What a script sees; included scripts have their own (RFC 6609, 3.3). */
struct scope {
    struct variables local;
    const char **globals; /* names that `global` made shared */
    size_t global_count;
    struct span matches[MATCH_VARIABLES];
    size_t match_count;
};

/* The text with its ${...} replaced; under the run's scratch memory where anything was. */
struct span value_expand(struct run *run, const struct op *op, struct span text);
/* A name that may be given to set: an identifier, or "global." and one where include is there. */
bool value_name_is_valid(struct span name);
/* Gives a variable its value, cut to VARIABLE_BYTES_MAX between two characters; names are not told apart by case.
 * Both are copied. False: too many variables or too much memory, and the run has failed. */
MUST_CHECK bool value_set(struct run *run, const struct op *op, struct span name, struct span value);
/* The value as it is; empty where there is none. */
struct span value_get(struct run *run, struct span name);
/* The value changed by the modifiers of a set command, in the order of their precedence. */
struct span value_modify(struct run *run, const struct op *op, struct span value);
/* The strings that ${0}, ${1}, ... are from now on. */
MUST_CHECK bool value_set_matches(struct run *run, const struct op *op, const struct span *matches,
                                  size_t count);

#endif
