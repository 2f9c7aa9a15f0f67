/* submission.c -- EmailSubmission/get, changes, query (RFC 8621, 7). */
#include "jmap/submission.h"

#include "base/clock.h"
#include "jmap/account.h"
#include "jmap/filter.h"
#include "jmap/get.h"
#include "jmap/methods.h"

#include <stdlib.h>
#include <talloc.h>

enum property {
    ID,
    IDENTITY_ID,
    EMAIL_ID,
    THREAD_ID,
    ENVELOPE,
    SEND_AT,
    UNDO_STATUS,
    DELIVERY_STATUS,
    DSN_BLOBS,
    MDN_BLOBS,
    PROPERTIES
};
static const char *const names[PROPERTIES] = {
    [ID] = "id",
    [IDENTITY_ID] = "identityId",
    [EMAIL_ID] = "emailId",
    [THREAD_ID] = "threadId",
    [ENVELOPE] = "envelope",
    [SEND_AT] = "sendAt",
    [UNDO_STATUS] = "undoStatus",
    [DELIVERY_STATUS] = "deliveryStatus",
    [DSN_BLOBS] = "dsnBlobIds",
    [MDN_BLOBS] = "mdnBlobIds",
};
#define BIT(property) (UINT64_C(1) << (property))

bool jmap_submissions(struct jmap_call *call, struct submissions *out)
{
    struct err err = ERR_INIT;

    return submissions_list(call->account->mailbox, call->arena, &out->list, &out->count, &err) ||
           jmap_fail_err(call, &err);
}

struct submission *jmap_submission_of(const struct jmap_call *call, const struct submissions *all,
                                      const char *id)
{
    int64_t submission_id;

    if (!jmap_id_decode(call->account, GROUP_ID_SUBMISSION, id, &submission_id))
        return NULL;
    for (size_t i = 0; i < all->count; i++)
        if (all->list[i].submission_id == submission_id && !all->list[i].is_removed)
            return &all->list[i];
    return NULL;
}

const char *jmap_undo_status(const struct submission *s)
{
    return strcmp(s->status, "pending") == 0 && s->send_at_us <= clock_now_us() ? "final" : s->status;
}

static json_t *value_of(struct jmap_call *call, const struct submission *s, enum property property)
{
    json_t *json;

    switch (property) {
    case IDENTITY_ID:
        return json_string(jmap_id_of(call, GROUP_ID_IDENTITY, s->writer_id));
    case EMAIL_ID:
        return json_string(jmap_id_of(call, GROUP_ID_ITEM, s->item_id));
    case THREAD_ID:
        return json_string(jmap_id_of(call, GROUP_ID_THREAD, s->thread_id));
    case ENVELOPE:
        json = json_loads(s->envelope, 0, NULL);
        return json ? json : json_null();
    case SEND_AT:
        return jmap_date(s->send_at_us);
    case UNDO_STATUS:
        return json_string(jmap_undo_status(s));
    case DELIVERY_STATUS:
        return json_is_array(json_object_get(call->in, "ids")) &&
                       json_array_size(json_object_get(call->in, "ids")) <= DELIVERIES_MAX
                   ? jmap_delivery_status(call, s)
                   : json_null();
    case DSN_BLOBS:
    case MDN_BLOBS:
        return json_array();
    default:
        return json_null();
    }
}

static json_t *object_of(struct jmap_call *call, const char *id, uint64_t wanted, void *arg)
{
    const struct submission *s = jmap_submission_of(call, arg, id);
    json_t *object;

    if (!s)
        return NULL;
    object = json_pack("{s:s}", "id", id);
    for (unsigned i = IDENTITY_ID; i < PROPERTIES; i++)
        if (wanted & BIT(i))
            json_object_set_new(object, names[i], value_of(call, s, (enum property)i));
    return object;
}

bool submission_get(struct jmap_call *call)
{
    json_t *all = jmap_keep(call->arena, json_array());
    struct submissions submissions;
    uint64_t wanted;

    if (!jmap_wanted(call, names, PROPERTIES, BIT(PROPERTIES) - 1, &wanted) ||
        !jmap_submissions(call, &submissions))
        return false;
    for (size_t i = 0; i < submissions.count; i++)
        if (!submissions.list[i].is_removed)
            json_array_append_new(
                all, json_string(jmap_id_of(call, GROUP_ID_SUBMISSION, submissions.list[i].submission_id)));
    return jmap_get_each(call, all, wanted, object_of, &submissions);
}

bool submission_changes(struct jmap_call *call)
{
    json_t *created, *updated, *destroyed;
    struct submissions all;
    uint64_t since;

    if (!jmap_since(call, "sinceState", &since) || !jmap_submissions(call, &all))
        return false;
    if (all.count == SUBMISSIONS_LISTED_MAX && all.list[0].modseq > since)
        return jmap_fail(call, "cannotCalculateChanges", "More was changed than can be told.");
    created = json_array();
    updated = json_array();
    destroyed = json_array();
    for (size_t i = 0; i < all.count; i++) {
        const struct submission *s = &all.list[i];
        bool is_new = s->created_modseq > since;
        if (s->modseq > since && !(is_new && s->is_removed))
            json_array_append_new(s->is_removed ? destroyed
                                  : is_new      ? created
                                                : updated,
                                  json_string(jmap_id_of(call, GROUP_ID_SUBMISSION, s->submission_id)));
    }
    jmap_put_changes(call, jmap_arg_text(call, "sinceState"), jmap_state(call), false, created, updated,
                     destroyed);
    return true;
}

/* ---- EmailSubmission/query */

static bool compile(struct jmap_call *call, struct filter *leaf, void *arg)
{
    const char *name;
    json_t *value;
    int64_t us;

    (void)arg;
    json_object_foreach(leaf->condition, name, value)
    {
        bool is_ids = strcmp(name, "identityIds") == 0 || strcmp(name, "emailIds") == 0 ||
                      strcmp(name, "threadIds") == 0;
        bool is_date = strcmp(name, "before") == 0 || strcmp(name, "after") == 0;
        if (is_ids    ? !json_is_array(value)
            : is_date ? !jmap_take_date(value, &us)
                      : strcmp(name, "undoStatus") != 0 || !json_is_string(value))
            return jmap_fail(call, "unsupportedFilter", "The filter %.60s is not known or has a wrong value.",
                             name);
    }
    return true;
}

struct subject {
    struct jmap_call *call;
    const struct submission *submission;
};

static bool is_among(const json_t *ids, const char *id)
{
    const json_t *one;
    size_t i;

    json_array_foreach(ids, i,
                       one) if (json_is_string(one) && strcmp(json_string_value(one), id) == 0) return true;
    return false;
}

static bool holds(const struct subject *s, const char *name, const json_t *value)
{
    const struct submission *sub = s->submission;
    int64_t us = 0;

    if (strcmp(name, "identityIds") == 0)
        return is_among(value, jmap_id_of(s->call, GROUP_ID_IDENTITY, sub->writer_id));
    if (strcmp(name, "emailIds") == 0)
        return is_among(value, jmap_id_of(s->call, GROUP_ID_ITEM, sub->item_id));
    if (strcmp(name, "threadIds") == 0)
        return is_among(value, jmap_id_of(s->call, GROUP_ID_THREAD, sub->thread_id));
    if (strcmp(name, "undoStatus") == 0)
        return strcmp(json_string_value(value), jmap_undo_status(sub)) == 0;
    return jmap_take_date(value, &us) &&
           (strcmp(name, "before") == 0 ? sub->send_at_us < us : sub->send_at_us >= us);
}

static enum filter_truth judge(const struct filter *leaf, void *arg)
{
    const char *name;
    json_t *value;

    json_object_foreach(leaf->condition, name, value) if (!holds(arg, name, value)) return FILTER_NO;
    return FILTER_YES;
}

struct order {
    struct jmap_comparator sorts[SORTS_MAX];
    size_t count;
};

static int by_order(const void *a, const void *b, void *arg)
{
    const struct submission *x = *(struct submission *const *)a, *y = *(struct submission *const *)b;
    const struct order *order = arg;

    for (size_t i = 0; i < order->count; i++) {
        const char *property = order->sorts[i].property;
        int64_t p = strcmp(property, "emailId") == 0    ? x->item_id
                    : strcmp(property, "threadId") == 0 ? x->thread_id
                                                        : x->send_at_us;
        int64_t q = strcmp(property, "emailId") == 0    ? y->item_id
                    : strcmp(property, "threadId") == 0 ? y->thread_id
                                                        : y->send_at_us;
        if (p != q)
            return (p < q) != order->sorts[i].is_descending ? -1 : 1;
    }
    return x < y ? -1 : 1; /* as they were made */
}

static bool read_order(struct jmap_call *call, struct order *order)
{
    if (!jmap_sort_read(call, order->sorts, &order->count))
        return false;
    for (size_t i = 0; i < order->count; i++) {
        const char *property = order->sorts[i].property;
        if (strcmp(property, "emailId") != 0 && strcmp(property, "threadId") != 0 &&
            strcmp(property, "sentAt") != 0 && strcmp(property, "sendAt") != 0)
            return jmap_fail(call, "unsupportedSort", "Submissions do not sort by %.60s.", property);
    }
    return true;
}

bool submission_query(struct jmap_call *call)
{
    struct submission **found;
    struct submissions all;
    struct filter *filter;
    struct order order;
    size_t count = 0;
    json_t *ids = jmap_keep(call->arena, json_array());

    if (!jmap_filter_read(call, compile, NULL, &filter) || !read_order(call, &order) ||
        !jmap_submissions(call, &all))
        return false;
    found = talloc_array(call->arena, struct submission *, (unsigned)all.count + 1);
    for (size_t i = 0; i < all.count; i++) {
        struct subject subject = { call, &all.list[i] };
        if (!all.list[i].is_removed && jmap_filter_truth(filter, judge, &subject) == FILTER_YES)
            found[count++] = &all.list[i];
    }
    if (count)
        qsort_r(found, count, sizeof *found, by_order, &order);
    for (size_t i = 0; i < count; i++)
        json_array_append_new(ids,
                              json_string(jmap_id_of(call, GROUP_ID_SUBMISSION, found[i]->submission_id)));
    return jmap_query_few(call, ids);
}

bool submission_query_changes(struct jmap_call *call)
{
    return jmap_fail(call, "cannotCalculateChanges", "Ask the query again.");
}
