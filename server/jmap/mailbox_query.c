/* mailbox_query.c -- Mailbox/query and Mailbox/queryChanges (RFC 8621, 2.3 and 2.4). */
#include "format/fold.h"
#include "jmap/account.h"
#include "jmap/filter.h"
#include "jmap/get.h"
#include "jmap/mailbox.h"
#include "jmap/methods.h"
#include "mailbox/items.h"

#include <stdlib.h>
#include <talloc.h>

struct query {
    struct jmap_call *call;
    struct filter *filter;
    struct jmap_comparator sorts[SORTS_MAX];
    size_t sort_count;
    bool sorts_as_tree, filters_as_tree;
    size_t *numbers; /* of the folders found */
    size_t count;
};

/* ---- filter */

static bool compile(struct jmap_call *call, struct filter *leaf, void *arg)
{
    const char *name;
    json_t *value;

    (void)arg;
    json_object_foreach(leaf->condition, name, value)
    {
        bool is_text = json_is_string(value), is_null = json_is_null(value);
        if (strcmp(name, "parentId") == 0 || strcmp(name, "role") == 0             ? !is_text && !is_null
            : strcmp(name, "name") == 0                                            ? !is_text
            : strcmp(name, "hasAnyRole") == 0 || strcmp(name, "isSubscribed") == 0 ? !json_is_boolean(value)
                                                                                   : true)
            return jmap_fail(call, "unsupportedFilter", "The filter %.60s is not known or has a wrong value.",
                             name);
    }
    return true;
}

struct subject {
    struct jmap_call *call;
    const struct folder *folder;
};

static bool is_text(const json_t *wanted, const char *text)
{
    return json_is_null(wanted) ? text == NULL : text && strcmp(text, json_string_value(wanted)) == 0;
}

static bool matches_one(const struct subject *subject, const char *name, const json_t *value)
{
    struct jmap_call *call = subject->call;
    size_t parent;

    if (strcmp(name, "parentId") == 0) {
        bool has = jmap_mailbox_parent(call->account, subject->folder, &parent);
        return is_text(
            value, has ? jmap_id_of(call, GROUP_ID_FOLDER, call->account->folders[parent]->folder_id) : NULL);
    }
    if (strcmp(name, "name") == 0)
        return fold_contains(
            span_text(fold_text(call->arena, span_text(jmap_mailbox_name(call->account, subject->folder)))),
            span_text(fold_text(call->arena, span_text(json_string_value(value)))));
    if (strcmp(name, "role") == 0)
        return is_text(value, jmap_role_of(call->account, subject->folder));
    if (strcmp(name, "hasAnyRole") == 0)
        return json_is_true(value) == (jmap_role_of(call->account, subject->folder) != NULL);
    return json_is_true(value) == subject->folder->is_subscribed;
}

static enum filter_truth judge(const struct filter *leaf, void *arg)
{
    const char *name;
    json_t *value;

    json_object_foreach(leaf->condition, name, value) if (!matches_one(arg, name, value)) return FILTER_NO;
    return FILTER_YES;
}

static bool is_wanted(const struct query *query, size_t number)
{
    const struct jmap_account *account = query->call->account;
    struct subject subject = { query->call, account->folders[number] };
    size_t parent;

    if (jmap_filter_truth(query->filter, judge, &subject) != FILTER_YES)
        return false;
    return !query->filters_as_tree || !jmap_mailbox_parent(account, subject.folder, &parent) ||
           is_wanted(query, parent);
}

/* ---- sort */

static int compare_by(const struct jmap_account *account, const struct jmap_comparator *sort,
                      const struct folder *a, const struct folder *b)
{
    int order = strcmp(sort->property, "sortOrder") == 0
                    ? (jmap_sort_order(a) > jmap_sort_order(b)) - (jmap_sort_order(a) < jmap_sort_order(b))
                    : strcasecmp(jmap_mailbox_name(account, a), jmap_mailbox_name(account, b));

    return sort->is_descending ? -order : order;
}

static int compare(const struct query *query, const struct folder *a, const struct folder *b)
{
    for (size_t i = 0; i < query->sort_count; i++) {
        int order = compare_by(query->call->account, &query->sorts[i], a, b);
        if (order)
            return order;
    }
    return (a->folder_id > b->folder_id) - (a->folder_id < b->folder_id);
}

/* The ancestor of `number` that is so many levels below the top. */
static size_t ancestor(const struct jmap_account *account, size_t number, size_t level, size_t depth)
{
    for (; depth > level; depth--)
        (void)!jmap_mailbox_parent(account, account->folders[number], &number);
    return number;
}

static size_t depth_of(const struct jmap_account *account, size_t number)
{
    size_t depth = 0;

    while (jmap_mailbox_parent(account, account->folders[number], &number))
        depth++;
    return depth;
}

static int by_query(const void *a, const void *b, void *arg)
{
    const struct query *query = arg;
    const struct jmap_account *account = query->call->account;
    size_t x = *(const size_t *)a, y = *(const size_t *)b;
    size_t x_depth = query->sorts_as_tree ? depth_of(account, x) : 0;
    size_t y_depth = query->sorts_as_tree ? depth_of(account, y) : 0;

    for (size_t level = 0; level < x_depth && level < y_depth; level++) {
        size_t p = ancestor(account, x, level, x_depth), q = ancestor(account, y, level, y_depth);
        if (p != q)
            return compare(query, account->folders[p], account->folders[q]);
    }
    if (x_depth != y_depth) {
        size_t level = x_depth < y_depth ? x_depth : y_depth;
        size_t p = ancestor(account, x, level, x_depth), q = ancestor(account, y, level, y_depth);
        return p == q ? (x_depth > y_depth) - (x_depth < y_depth)
                      : compare(query, account->folders[p], account->folders[q]);
    }
    return compare(query, account->folders[x], account->folders[y]);
}

static bool run(struct jmap_call *call, struct query *query)
{
    size_t all = call->account->folder_count;

    *query = (struct query){ .call = call };
    if (!jmap_filter_read(call, compile, NULL, &query->filter) ||
        !jmap_sort_read(call, query->sorts, &query->sort_count) ||
        !jmap_arg_bool(call, "sortAsTree", false, &query->sorts_as_tree) ||
        !jmap_arg_bool(call, "filterAsTree", false, &query->filters_as_tree))
        return false;
    for (size_t i = 0; i < query->sort_count; i++)
        if (strcmp(query->sorts[i].property, "sortOrder") != 0 &&
            strcmp(query->sorts[i].property, "name") != 0)
            return jmap_fail(call, "unsupportedSort", "Mailboxes sort by sortOrder and name.");
    query->numbers = talloc_array(call->arena, size_t, (unsigned)all + 1);
    for (size_t i = 0; i < all; i++)
        if (is_wanted(query, i))
            query->numbers[query->count++] = i;
    qsort_r(query->numbers, query->count, sizeof *query->numbers, by_query, query);
    return true;
}

static const char *id_at(const struct query *query, size_t at)
{
    return jmap_id_of(query->call, GROUP_ID_FOLDER,
                      query->call->account->folders[query->numbers[at]]->folder_id);
}

static int64_t index_of(const struct query *query, const char *id)
{
    for (size_t i = 0; id && i < query->count; i++)
        if (strcmp(id_at(query, i), id) == 0)
            return (int64_t)i;
    return -1;
}

bool mailbox_query(struct jmap_call *call)
{
    struct jmap_window window;
    struct query query;
    size_t first, length;
    json_t *ids;

    if (!jmap_window_read(call, &window) || !run(call, &query) ||
        !jmap_window_place(call, &window, index_of(&query, window.anchor), query.count, &first, &length))
        return false;
    ids = json_array();
    for (size_t i = 0; i < length; i++)
        json_array_append_new(ids, json_string(id_at(&query, first + i)));
    jmap_put(call, "queryState", json_string(jmap_state(call)));
    jmap_put(call, "canCalculateChanges", json_boolean(!query.sorts_as_tree && !query.filters_as_tree));
    jmap_put(call, "position", json_integer((json_int_t)first));
    jmap_put(call, "ids", ids);
    if (window.calculates_total)
        jmap_put(call, "total", json_integer((json_int_t)query.count));
    return true;
}

/* Whatever changed is taken out and, where it is still found, put in again at its place. */
bool mailbox_query_changes(struct jmap_call *call)
{
    struct folder_gone *gone;
    json_t *removed = json_array(), *added = json_array();
    struct err err = ERR_INIT;
    struct query query;
    uint64_t since;
    size_t count;
    bool calculates_total;

    jmap_put(call, "removed", removed);
    jmap_put(call, "added", added);
    if (!jmap_since(call, "sinceQueryState", &since) || !run(call, &query) ||
        !jmap_arg_bool(call, "calculateTotal", false, &calculates_total))
        return false;
    if (query.sorts_as_tree || query.filters_as_tree ||
        !folders_gone_since(call->account->mailbox, call->arena, since, &gone, &count, &err))
        return jmap_fail(call, "cannotCalculateChanges", "Ask the query again.");
    for (size_t i = 0; i < count; i++)
        json_array_append_new(removed, json_string(jmap_id_of(call, GROUP_ID_FOLDER, gone[i].folder_id)));
    for (size_t i = 0; i < call->account->folder_count; i++)
        if (call->account->folders[i]->properties_modseq > since)
            json_array_append_new(removed, json_string(jmap_id_of(call, GROUP_ID_FOLDER,
                                                                  call->account->folders[i]->folder_id)));
    for (size_t i = 0; i < query.count; i++)
        if (call->account->folders[query.numbers[i]]->properties_modseq > since)
            json_array_append_new(added,
                                  json_pack("{s:s, s:I}", "id", id_at(&query, i), "index", (json_int_t)i));
    jmap_put(call, "oldQueryState", json_string(jmap_arg_text(call, "sinceQueryState")));
    jmap_put(call, "newQueryState", json_string(jmap_state(call)));
    if (calculates_total)
        jmap_put(call, "total", json_integer((json_int_t)query.count));
    return true;
}
