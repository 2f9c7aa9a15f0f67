/* get.c -- see get.h: /get and /changes. */
#include "jmap/get.h"

#include "jmap/account.h"

#include <stdlib.h>
#include <talloc.h>

json_t *jmap_only(const json_t *all, const char *const *names, size_t count, uint64_t wanted)
{
    json_t *object = json_object();

    for (size_t i = 0; i < count; i++) {
        json_t *value = json_object_get(all, names[i]);
        if (wanted & (UINT64_C(1) << i))
            json_object_set(object, names[i], value ? value : json_null());
    }
    return object;
}

bool jmap_wanted(struct jmap_call *call, const char *const *names, size_t count, uint64_t standard,
                 uint64_t *wanted_out)
{
    const json_t *properties = json_object_get(call->in, "properties");
    json_t *property;
    size_t i, k;

    *wanted_out = standard | 1;
    if (!properties || json_is_null(properties))
        return true;
    if (!json_is_array(properties))
        return jmap_fail_argument(call, "properties");
    *wanted_out = 1;
    json_array_foreach(properties, i, property)
    {
        const char *name = json_string_value(property);
        for (k = 0; name && k < count && strcmp(names[k], name) != 0; k++)
            ;
        if (!name || k == count)
            return jmap_fail(call, "invalidArguments", "There is no property %.100s.",
                             name ? name : "of that type");
        *wanted_out |= UINT64_C(1) << k;
    }
    return true;
}

bool jmap_get_ids(struct jmap_call *call, json_t **ids_out)
{
    const json_t *ids = json_object_get(call->in, "ids");
    json_t *seen, *id;
    size_t i;

    *ids_out = NULL;
    if (!ids || json_is_null(ids))
        return true;
    if (!json_is_array(ids))
        return jmap_fail_argument(call, "ids");
    if (json_array_size(ids) > JMAP_GET_MAX)
        return jmap_fail(call, "requestTooLarge", "At most %d objects can be asked for at once.",
                         JMAP_GET_MAX);
    *ids_out = jmap_keep(call->arena, json_array());
    seen = jmap_keep(call->arena, json_object());
    json_array_foreach(ids, i, id)
    {
        const char *text = json_string_value(id);
        if (!text || (*text != '#' && !jmap_is_id(text)))
            return jmap_fail_argument(call, "ids");
        if (json_object_get(seen, text))
            continue;
        json_object_set_new(seen, text, json_true());
        json_array_append(*ids_out, id);
    }
    return true;
}

bool jmap_get_each(struct jmap_call *call, json_t *all, uint64_t wanted, jmap_object_of *object, void *arg)
{
    json_t *list = json_array(), *missing = json_array(), *ids, *id;
    size_t i;

    if (call->account)
        jmap_put(call, "state", json_string(jmap_state(call)));
    jmap_put(call, "list", list);
    jmap_put(call, "notFound", missing);
    if (!jmap_get_ids(call, &ids))
        return false;
    json_array_foreach(ids ? ids : all, i, id)
    {
        const char *text = jmap_resolve_id(call->request, json_string_value(id));
        json_t *found = text ? object(call, text, wanted, arg) : NULL;
        if (found)
            json_array_append_new(list, found);
        else if (call->error)
            return false;
        else
            json_array_append(missing, id);
    }
    return true;
}

bool jmap_since(struct jmap_call *call, const char *name, uint64_t *since_out)
{
    const char *text = jmap_arg_text(call, name);
    struct span in = span_text(text);

    if (!text)
        return jmap_fail_argument(call, name);
    if (!span_take_u64(&in, since_out) || !span_is_empty(in) || *since_out > call->account->modseq)
        return jmap_fail(call, "cannotCalculateChanges", "This state is not one of ours.");
    return true;
}

void jmap_put_changes(struct jmap_call *call, const char *old_state, const char *new_state, bool has_more,
                      json_t *created, json_t *updated, json_t *destroyed)
{
    jmap_put(call, "oldState", json_string(old_state));
    jmap_put(call, "newState", json_string(new_state));
    jmap_put(call, "hasMoreChanges", json_boolean(has_more));
    jmap_put(call, "created", created);
    jmap_put(call, "updated", updated);
    jmap_put(call, "destroyed", destroyed);
}

/* ---- windows of /query */

bool jmap_window_read(struct jmap_call *call, struct jmap_window *window_out)
{
    const json_t *anchor = json_object_get(call->in, "anchor");
    const int64_t far = INT64_C(1) << 53;

    *window_out = (struct jmap_window){ .anchor = json_string_value(anchor) };
    if (anchor && !json_is_null(anchor) && !window_out->anchor)
        return jmap_fail_argument(call, "anchor");
    window_out->has_anchor = window_out->anchor != NULL;
    return jmap_arg_int(call, "position", -far, far, 0, &window_out->position) &&
           jmap_arg_int(call, "anchorOffset", -far, far, 0, &window_out->anchor_offset) &&
           jmap_arg_int(call, "limit", 0, far, JMAP_QUERY_MAX, &window_out->limit) &&
           jmap_arg_bool(call, "calculateTotal", false, &window_out->calculates_total);
}

bool jmap_window_place(struct jmap_call *call, const struct jmap_window *window, int64_t anchor_at,
                       size_t count, size_t *first_out, size_t *length_out)
{
    int64_t all = (int64_t)count, first = window->position, limit = window->limit;

    if (window->has_anchor && anchor_at < 0)
        return jmap_fail(call, "anchorNotFound", "The anchor is not among the results.");
    if (window->has_anchor)
        first = anchor_at + window->anchor_offset;
    else if (first < 0)
        first += all;
    if (first < 0)
        first = 0;
    if (first > all)
        first = all;
    if (limit > JMAP_QUERY_MAX) {
        limit = JMAP_QUERY_MAX;
        jmap_put(call, "limit", json_integer(limit));
    } else if (!json_object_get(call->in, "limit") && all - first > limit) {
        jmap_put(call, "limit", json_integer(limit));
    }
    *first_out = (size_t)first;
    *length_out = (size_t)(all - first < limit ? all - first : limit);
    return true;
}

bool jmap_query_few(struct jmap_call *call, const json_t *all)
{
    struct jmap_window window;
    size_t count = json_array_size(all), first = 0, length = 0;
    int64_t anchor = -1;
    json_t *ids;

    if (!jmap_window_read(call, &window))
        return false;
    for (size_t i = 0; window.anchor && i < count; i++)
        if (strcmp(window.anchor, json_string_value(json_array_get(all, i))) == 0)
            anchor = (int64_t)i;
    if (!jmap_window_place(call, &window, anchor, count, &first, &length))
        return false;
    ids = json_array();
    for (size_t i = 0; i < length; i++)
        json_array_append(ids, json_array_get(all, first + i));
    jmap_put(call, "queryState", json_string(jmap_state(call)));
    jmap_put(call, "canCalculateChanges", json_false());
    jmap_put(call, "position", json_integer((json_int_t)first));
    jmap_put(call, "ids", ids);
    if (window.calculates_total)
        jmap_put(call, "total", json_integer((json_int_t)count));
    return true;
}
