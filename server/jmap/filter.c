/* filter.c -- see filter.h. */
#include "jmap/filter.h"

#include <talloc.h>

struct reading {
    struct jmap_call *call;
    filter_compile *compile;
    void *arg;
    size_t nodes;
};

static bool operator_of(const char *name, enum filter_operator *operator_out)
{
    static const char *const names[] = { [FILTER_AND] = "AND", [FILTER_OR] = "OR", [FILTER_NOT] = "NOT" };

    for (unsigned i = 0; name && i < COUNT_OF(names); i++)
        if (strcmp(names[i], name) == 0) {
            *operator_out = (enum filter_operator)i;
            return true;
        }
    return false;
}

static bool wrong(struct jmap_call *call)
{
    return jmap_fail_argument(call, "filter");
}

static bool read_node(struct reading *reading, json_t *json, unsigned depth, struct filter **out);

static bool read_children(struct reading *reading, const json_t *conditions, unsigned depth,
                          struct filter *filter)
{
    json_t *child;
    size_t i;

    if (!json_is_array(conditions))
        return wrong(reading->call);
    filter->children = talloc_zero_array(filter, struct filter *, (unsigned)json_array_size(conditions) + 1);
    json_array_foreach(conditions, i, child)
    {
        if (!read_node(reading, child, depth + 1, &filter->children[i]))
            return false;
        filter->count++;
    }
    return true;
}

static bool read_node(struct reading *reading, json_t *json, unsigned depth, struct filter **out)
{
    struct filter *filter = talloc_zero(reading->call->arena, struct filter);
    const json_t *operator= json_object_get(json, "operator");

    *out = filter;
    if (depth > FILTER_DEPTH_MAX || ++reading->nodes > FILTER_NODES_MAX)
        return jmap_fail(reading->call, "unsupportedFilter",
                         "The filter has more than %d conditions or %d levels.", FILTER_NODES_MAX,
                         FILTER_DEPTH_MAX);
    if (!json_is_object(json))
        return wrong(reading->call);
    if (operator) {
        if (!operator_of(json_string_value(operator), &filter->operator) || json_object_size(json) != 2)
            return wrong(reading->call);
        return read_children(reading, json_object_get(json, "conditions"), depth, filter);
    }
    filter->operator= FILTER_LEAF;
    filter->condition = json;
    return reading->compile(reading->call, filter, reading->arg);
}

bool jmap_filter_read(struct jmap_call *call, filter_compile *compile, void *arg, struct filter **filter_out)
{
    struct reading reading = { .call = call, .compile = compile, .arg = arg };
    json_t *json = json_object_get(call->in, "filter");

    *filter_out = NULL;
    return !json || json_is_null(json) || read_node(&reading, json, 0, filter_out);
}

/* AND is decided by the first no, OR by the first yes; NOT is that none holds. */
enum filter_truth jmap_filter_truth(const struct filter *filter, filter_judge *judge, void *subject)
{
    enum filter_truth deciding = filter && filter->operator== FILTER_AND ? FILTER_NO : FILTER_YES;
    enum filter_truth result = deciding == FILTER_NO ? FILTER_YES : FILTER_NO;

    if (!filter)
        return FILTER_YES;
    if (filter->operator== FILTER_LEAF)
        return judge(filter, subject);
    for (size_t i = 0; i < filter->count; i++) {
        enum filter_truth truth = jmap_filter_truth(filter->children[i], judge, subject);
        if (truth == deciding) {
            result = truth;
            break;
        }
        if (truth == FILTER_UNDECIDED)
            result = truth;
    }
    if (filter->operator!= FILTER_NOT || result == FILTER_UNDECIDED)
        return result;
    return filter_truth_of(result == FILTER_NO);
}

bool jmap_sort_read(struct jmap_call *call, struct jmap_comparator sorts_out[SORTS_MAX], size_t *count_out)
{
    const json_t *sorts = json_object_get(call->in, "sort");
    json_t *sort;
    size_t i;

    *count_out = 0;
    if (!sorts || json_is_null(sorts))
        return true;
    if (!json_is_array(sorts))
        return jmap_fail_argument(call, "sort");
    if (json_array_size(sorts) > SORTS_MAX)
        return jmap_fail(call, "unsupportedSort", "At most %d comparators can be used.", SORTS_MAX);
    json_array_foreach(sorts, i, sort)
    {
        const char *property = json_string_value(json_object_get(sort, "property"));
        const json_t *ascending = json_object_get(sort, "isAscending"),
                     *collation = json_object_get(sort, "collation");
        if (!property || (ascending && !json_is_boolean(ascending)))
            return jmap_fail_argument(call, "sort");
        if (collation &&
            (!json_is_string(collation) || (strcmp(json_string_value(collation), "i;ascii-casemap") != 0 &&
                                            strcmp(json_string_value(collation), "i;unicode-casemap") != 0)))
            return jmap_fail(call, "unsupportedSort", "This collation is not known.");
        sorts_out[(*count_out)++] = (struct jmap_comparator){ property, json_is_false(ascending), sort };
    }
    return true;
}
