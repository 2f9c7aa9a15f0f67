/*
 * filter.h -- FilterOperator and FilterCondition (RFC 8620, 5.5) as a tree; private to this room.
 *
 * What a condition means is its type's affair: a leaf keeps the JSON object, and what its type made of it.
 */
#ifndef JMAP_FILTER_H
#define JMAP_FILTER_H

#include "jmap/request.h"

enum { FILTER_NODES_MAX = 1000, FILTER_DEPTH_MAX = 32 };

enum filter_operator { FILTER_AND, FILTER_OR, FILTER_NOT, FILTER_LEAF };
struct filter {
    enum filter_operator operator;
    struct filter **children;
    size_t count;
    json_t *condition; /* of a leaf */
    void *compiled;
};

/* Makes `filter->compiled` of a condition; false, and the call failed, for one that is wrong or unknown. */
typedef bool filter_compile(struct jmap_call *call, struct filter *leaf, void *arg);
/* The argument `filter` under the call's arena; NULL for none. unsupportedFilter for what is too large or too deep. */
MUST_CHECK bool jmap_filter_read(struct jmap_call *call, filter_compile *compile, void *arg,
                                 struct filter **filter_out);
/* What is known of a subject may not be enough to decide. */
enum filter_truth { FILTER_NO, FILTER_YES, FILTER_UNDECIDED };
typedef enum filter_truth filter_judge(const struct filter *leaf, void *subject);
/* Does it hold? NULL: yes. */
enum filter_truth jmap_filter_truth(const struct filter *filter, filter_judge *judge, void *subject);
static inline enum filter_truth filter_truth_of(bool holds)
{
    return holds ? FILTER_YES : FILTER_NO;
}

/* One of the argument `sort`. */
struct jmap_comparator {
    const char *property;
    bool is_descending;
    json_t *object; /* all of it */
};
/* `standard`: without the argument. unsupportedSort for more than SORTS_MAX, or a collation that is not ours. */
enum { SORTS_MAX = 8 };
MUST_CHECK bool jmap_sort_read(struct jmap_call *call, struct jmap_comparator sorts_out[SORTS_MAX],
                               size_t *count_out);

#endif
