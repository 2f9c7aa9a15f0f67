/* quota.c -- Quota (RFC 9425): what the mailbox, its domain and its organisation hold, and may. */
#include "group/quota.h"

#include "jmap/account.h"
#include "jmap/filter.h"
#include "jmap/get.h"
#include "jmap/methods.h"

#include <stdlib.h>
#include <strings.h>
#include <talloc.h>

#define TYPE "Email"

enum property { ID, RESOURCE, USED, HARD, WARN, SOFT, SCOPE, NAME, TYPES, DESCRIPTION, PROPERTIES };
static const char *const names[PROPERTIES] = {
    [ID] = "id",          [RESOURCE] = "resourceType",   [USED] = "used",   [HARD] = "hardLimit",
    [WARN] = "warnLimit", [SOFT] = "softLimit",          [SCOPE] = "scope", [NAME] = "name",
    [TYPES] = "types",    [DESCRIPTION] = "description",
};
#define BIT(property) (UINT64_C(1) << (property))

struct limit {
    const char *id, *resource, *scope, *name;
    int64_t used, most;
};
enum { LIMITS_MAX = 4 };

struct limits {
    struct limit list[LIMITS_MAX];
    size_t count;
};

static void add(struct limits *limits, struct limit limit)
{
    if (limit.most > 0)
        limits->list[limits->count++] = limit;
}

static bool load(struct jmap_call *call, struct limits *limits)
{
    struct mailbox_usage u;
    struct err err = ERR_INIT;

    *limits = (struct limits){ .count = 0 };
    if (!mailbox_usage(call->account->group, call->account->mailbox_id, &u, &err))
        return jmap_fail_err(call, &err);
    add(limits, (struct limit){ "bytes", "octets", "account", "Mailbox", u.used_bytes, u.quota_bytes });
    add(limits,
        (struct limit){ "messages", "count", "account", "Messages", u.used_messages, u.quota_messages });
    add(limits,
        (struct limit){ "domain", "octets", "domain", "Domain", u.domain_used_bytes, u.domain_quota_bytes });
    add(limits, (struct limit){ "organisation", "octets", "global", "Organisation", u.organisation_used_bytes,
                                u.organisation_quota_bytes });
    return true;
}

static json_t *value_of(const struct limit *l, enum property property)
{
    switch (property) {
    case RESOURCE:
        return json_string(l->resource);
    case USED:
        return json_integer(l->used);
    case HARD:
        return json_integer(l->most);
    case WARN:
        return json_integer(l->most - l->most / 5);
    case SCOPE:
        return json_string(l->scope);
    case NAME:
        return json_string(l->name);
    case TYPES:
        return json_pack("[s]", TYPE);
    default:
        return json_null();
    }
}

static json_t *object_of(struct jmap_call *call, const char *id, uint64_t wanted, void *arg)
{
    const struct limits *limits = arg;
    json_t *object = NULL;

    (void)call;
    for (size_t i = 0; i < limits->count; i++) {
        if (strcmp(limits->list[i].id, id) != 0)
            continue;
        object = json_pack("{s:s}", "id", id);
        for (unsigned p = RESOURCE; p < PROPERTIES; p++)
            if (wanted & BIT(p))
                json_object_set_new(object, names[p], value_of(&limits->list[i], (enum property)p));
    }
    return object;
}

static json_t *all_ids(struct jmap_call *call, const struct limits *limits)
{
    json_t *ids = jmap_keep(call->arena, json_array());

    for (size_t i = 0; i < limits->count; i++)
        json_array_append_new(ids, json_string(limits->list[i].id));
    return ids;
}

bool quota_get(struct jmap_call *call)
{
    struct limits limits;
    uint64_t wanted;

    return jmap_wanted(call, names, PROPERTIES, BIT(PROPERTIES) - 1, &wanted) && load(call, &limits) &&
           jmap_get_each(call, all_ids(call, &limits), wanted, object_of, &limits);
}

/* What is used changes with every message; limits themselves leave no mark. */
bool quota_changes(struct jmap_call *call)
{
    struct limits limits;
    uint64_t since;
    bool is_changed;

    if (!jmap_since(call, "sinceState", &since) || !load(call, &limits))
        return false;
    is_changed = call->account->modseq > since;
    jmap_put_changes(call, jmap_arg_text(call, "sinceState"), jmap_state(call), false, json_array(),
                     is_changed ? json_incref(all_ids(call, &limits)) : json_array(), json_array());
    jmap_put(call, "updatedProperties", is_changed ? json_pack("[s]", "used") : json_null());
    return true;
}

/* ---- Quota/query */

static bool compile(struct jmap_call *call, struct filter *leaf, void *arg)
{
    const char *name;
    json_t *value;

    (void)arg;
    json_object_foreach(leaf->condition, name, value)
    {
        if (!jmap_is_word_of("name scope resourceType type", name) || !json_is_string(value))
            return jmap_fail(call, "unsupportedFilter", "The filter %.60s is not known or has a wrong value.",
                             name);
    }
    return true;
}

static bool holds(const struct limit *limit, const char *name, const char *value)
{
    if (strcmp(name, "name") == 0)
        return strcasestr(limit->name, value) != NULL;
    return strcmp(value, strcmp(name, "scope") == 0          ? limit->scope
                         : strcmp(name, "resourceType") == 0 ? limit->resource
                                                             : TYPE) == 0;
}

static enum filter_truth judge(const struct filter *leaf, void *limit)
{
    const char *name;
    json_t *value;

    json_object_foreach(leaf->condition, name, value)
    {
        if (!holds(limit, name, json_string_value(value)))
            return FILTER_NO;
    }
    return FILTER_YES;
}

struct order {
    struct jmap_comparator sorts[SORTS_MAX];
    size_t count;
};

static int by_order(const void *a, const void *b, void *arg)
{
    const struct limit *x = a, *y = b;
    const struct order *order = arg;
    int difference = 0;

    for (size_t i = 0; difference == 0 && i < order->count; i++) {
        difference = strcmp(order->sorts[i].property, "name") == 0
                         ? strcasecmp(x->name, y->name)
                         : (x->used > y->used) - (x->used < y->used);
        difference = order->sorts[i].is_descending ? -difference : difference;
    }
    return difference;
}

static bool read_order(struct jmap_call *call, struct order *order)
{
    if (!jmap_sort_read(call, order->sorts, &order->count))
        return false;
    for (size_t i = 0; i < order->count; i++)
        if (!jmap_is_word_of("name used", order->sorts[i].property))
            return jmap_fail(call, "unsupportedSort", "Quotas sort by name and used.");
    return true;
}

bool quota_query(struct jmap_call *call)
{
    struct limits all, found = { .count = 0 };
    struct filter *filter;
    struct order order;

    if (!jmap_filter_read(call, compile, NULL, &filter) || !read_order(call, &order) || !load(call, &all))
        return false;
    for (size_t i = 0; i < all.count; i++)
        if (jmap_filter_truth(filter, judge, &all.list[i]) == FILTER_YES)
            found.list[found.count++] = all.list[i];
    if (order.count > 0 && found.count > 1)
        qsort_r(found.list, found.count, sizeof found.list[0], by_order, &order);
    return jmap_query_few(call, all_ids(call, &found));
}

bool quota_query_changes(struct jmap_call *call)
{
    return jmap_fail(call, "cannotCalculateChanges", "Ask the query again.");
}
