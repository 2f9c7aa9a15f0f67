/* quota.c -- Quota (RFC 9425): what the mailbox, its domain and its organisation hold, and may. */
#include "group/quota.h"

#include "jmap/account.h"
#include "jmap/get.h"
#include "jmap/methods.h"

#include <talloc.h>

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
        return json_pack("[s]", "Email");
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

bool quota_query(struct jmap_call *call)
{
    struct limits limits;
    json_t *filter = json_object_get(call->in, "filter");

    if (filter && json_object_size(filter) > 0)
        return jmap_fail(call, "unsupportedFilter", "Quotas are few: ask for all.");
    return load(call, &limits) && jmap_query_few(call, all_ids(call, &limits));
}

bool quota_query_changes(struct jmap_call *call)
{
    return jmap_fail(call, "cannotCalculateChanges", "Ask the query again.");
}
