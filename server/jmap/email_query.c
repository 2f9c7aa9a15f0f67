/* email_query.c -- Email/query and Email/queryChanges (RFC 8621, 4.4 and 4.5). */
#include "jmap/email_query.h"

#include "group/group.h"
#include "jmap/account.h"
#include "jmap/get.h"
#include "jmap/methods.h"
#include "mailbox/attachments.h"

#include <stdlib.h>
#include <talloc.h>

enum { COLLAPSE_STEP = 512 };

static bool find(struct email_query *query, struct gathered *g, size_t *count_out, struct err *err)
{
    bool is_done = email_gather(query, g, err);

    for (size_t i = 0; is_done && !query->filter && i < g->count; i++)
        g->items[i].truth = FILTER_YES;
    is_done = is_done && (!query->filter || email_filter_apply(query, g, err)) &&
              email_sort(query, g, count_out, err);
    if (g->more)
        g_hash_table_destroy(g->more);
    if (g->threads)
        g_hash_table_destroy(g->threads);
    return is_done;
}

static bool find_list(struct email_query *query, struct email_list *list, struct err *err)
{
    struct gathered gathered;

    if (!find(query, &gathered, &list->count, err))
        return false;
    list->ids = talloc_array(query->call->arena, int64_t, (unsigned)list->count + 1);
    for (size_t i = 0; i < list->count; i++)
        list->ids[i] = gathered.items[i].item_id;
    if (email_list_is_by_date(query))
        list->places = email_list_places(&gathered, list->count, query->call->arena);
    talloc_free(gathered.items);
    return true;
}

/* Everything that the result depends on but the state. */
static char *key_of(const struct email_query *query)
{
    const json_t *in = query->call->in;
    char *filter = json_dumps(json_object_get(in, "filter"), JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY);
    char *sort = json_dumps(json_object_get(in, "sort"), JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY);
    const struct jmap_account *account = query->call->account;
    /* with the group: in another one the same emails have other numbers */
    char *key = talloc_asprintf(query->call->arena, "%s %lld %lld %lld %s %s", account->id,
                                (long long)group_id(account->group),
                                (long long)query->call->request->reader.recipient_id,
                                (long long)query->attached, filter ? filter : "", sort ? sort : "");

    free(filter);
    free(sort);
    return key;
}

/* From what was found before, or anew. */
static bool make_list(struct email_query *query, const char *key, struct email_list *list, struct err *err)
{
    struct jmap_list *old;
    bool is_followed = false, is_done = true;

    *list = (struct email_list){ .count = 0 };
    if (email_query_is_plain(query))
        return email_plain_list(query, &list->ids, &list->count, err);
    old = jmap_lists_last(query->call->request->jmap->lists, key);
    if (old)
        is_done = email_list_follow(query, old, list, &is_followed, err);
    jmap_list_release(&old);
    return is_done && (is_followed || find_list(query, list, err));
}

bool email_query_run(struct email_query *query, struct jmap_list **list_out, struct err *err)
{
    struct jmap_account *account = query->call->account;
    struct jmap_lists *lists = query->call->request->jmap->lists;
    uint64_t modseq = query->only == EVERYWHERE ? account->modseq : account->folders[query->only]->modseq;
    struct email_list list;
    char *key;

    if (query->key_count > 0 &&
        !attachments_progress(account->group, account->mailbox_id, &query->attached, err))
        return false;
    key = key_of(query);
    *list_out = jmap_lists_find(lists, key, modseq);
    if (*list_out)
        return true;
    if (!make_list(query, key, &list, err))
        return false;
    *list_out = jmap_lists_keep(lists, key,
                                &(struct jmap_list){ .modseq = modseq,
                                                     .folders = email_list_folders(account),
                                                     .count = list.count,
                                                     .values = list.ids,
                                                     .places = list.places });
    talloc_free(list.ids);
    talloc_free(list.places);
    return true;
}

/* ---- the first of each conversation */

struct collapsed {
    int64_t *ids;
    size_t count;
};

/* As far as `wanted` of them; all where it is SIZE_MAX. */
static bool collapse(struct jmap_call *call, const struct jmap_list *list, size_t wanted,
                     struct collapsed *out, struct err *err)
{
    GHashTable *seen = g_hash_table_new(NULL, NULL);
    size_t step = wanted == SIZE_MAX ? list->count : COLLAPSE_STEP;
    int64_t *threads = talloc_array(call->arena, int64_t, (unsigned)step + 1);
    bool is_done = true;

    *out = (struct collapsed){ .ids = talloc_array(call->arena, int64_t, (unsigned)list->count + 1) };
    for (size_t at = 0; is_done && at < list->count && out->count < wanted; at += step) {
        size_t some = list->count - at < step ? list->count - at : step;
        is_done = jmap_threads_of(call->request->jmap->lists, call->account->mailbox, list->values + at, some,
                                  threads, err);
        for (size_t i = 0; is_done && i < some; i++)
            if (g_hash_table_add(seen, (void *)(intptr_t)threads[i]))
                out->ids[out->count++] = list->values[at + i];
    }
    g_hash_table_destroy(seen);
    return is_done;
}

static int64_t index_of(const struct jmap_call *call, const struct collapsed *results, const char *anchor)
{
    int64_t item;

    if (!anchor || !jmap_id_decode(call->account, GROUP_ID_ITEM, anchor, &item))
        return -1;
    for (size_t i = 0; i < results->count; i++)
        if (results->ids[i] == item)
            return (int64_t)i;
    return -1;
}

/* How many results must be known: the window, and one more to tell whether there is more. */
static size_t wanted_of(const struct jmap_window *window)
{
    if (window->has_anchor || window->calculates_total || window->position < 0)
        return SIZE_MAX;
    return (size_t)window->position +
           (size_t)(window->limit < JMAP_QUERY_MAX ? window->limit : JMAP_QUERY_MAX) + 1;
}

static bool results_of(struct jmap_call *call, const struct jmap_list *list, bool collapses, size_t wanted,
                       struct collapsed *results, struct err *err)
{
    if (collapses)
        return collapse(call, list, wanted, results, err);
    *results = (struct collapsed){ list->values, list->count };
    return true;
}

/* "40", or "40.7" where attachments are among what was looked for. */
static json_t *state_of(struct jmap_call *call, const struct email_query *query)
{
    if (query->attached == 0)
        return json_string(jmap_state(call));
    return json_sprintf("%s.%lld", jmap_state(call), (long long)query->attached);
}

static bool answer(struct jmap_call *call, const struct email_query *query, const struct jmap_list *list,
                   const struct jmap_window *window)
{
    struct collapsed results;
    struct err err = ERR_INIT;
    size_t first, length;
    bool collapses;
    json_t *ids;

    if (!jmap_arg_bool(call, "collapseThreads", false, &collapses))
        return false;
    if (!results_of(call, list, collapses, wanted_of(window), &results, &err))
        return jmap_fail_err(call, &err);
    if (!jmap_window_place(call, window, window->has_anchor ? index_of(call, &results, window->anchor) : -1,
                           results.count, &first, &length))
        return false;
    ids = json_array();
    for (size_t i = 0; i < length; i++)
        json_array_append_new(ids, json_string(jmap_id_of(call, GROUP_ID_ITEM, results.ids[first + i])));
    jmap_put(call, "queryState", state_of(call, query));
    jmap_put(call, "canCalculateChanges", json_true());
    jmap_put(call, "position", json_integer((json_int_t)first));
    jmap_put(call, "ids", ids);
    if (window->calculates_total)
        jmap_put(call, "total", json_integer((json_int_t)results.count));
    return true;
}

bool email_query(struct jmap_call *call)
{
    struct jmap_window window;
    struct email_query query;
    struct jmap_list *list;
    struct err err = ERR_INIT;
    bool is_done;

    if (!jmap_window_read(call, &window) || !email_query_read(call, &query))
        return false;
    if (!email_query_run(&query, &list, &err))
        return jmap_fail_err(call, &err);
    is_done = answer(call, &query, list, &window);
    jmap_list_release(&list);
    return is_done;
}

/* ---- Email/queryChanges */

/* Items whose place may be another: the changed ones, and where conversations count all of theirs. */
static bool touched(struct jmap_call *call, const struct email_query *query, bool collapses, uint64_t since,
                    GHashTable *items, struct err *err)
{
    struct email_change *changes;
    struct item_place *rows;
    int64_t *threads;
    size_t count, row_count;

    if (!email_changes_find(call, since, &changes, &count, err))
        return false;
    threads = talloc_array(call->arena, int64_t, (unsigned)count + 1);
    for (size_t i = 0; i < count; i++) {
        g_hash_table_add(items, (void *)(intptr_t)changes[i].item_id);
        threads[i] = changes[i].thread_id;
    }
    if (!collapses && !query->needs_threads)
        return true;
    if (!items_of_threads(call->account->mailbox, call->arena, threads, count, &rows, &row_count, err))
        return false;
    for (size_t i = 0; i < row_count; i++)
        g_hash_table_add(items, (void *)(intptr_t)rows[i].item_id);
    return true;
}

static void put_moves(struct jmap_call *call, GHashTable *items, const struct collapsed *results)
{
    json_t *removed = json_array(), *added = json_array();
    GHashTableIter at;
    void *item;

    g_hash_table_iter_init(&at, items);
    while (g_hash_table_iter_next(&at, &item, NULL))
        json_array_append_new(removed, json_string(jmap_id_of(call, GROUP_ID_ITEM, (int64_t)(intptr_t)item)));
    for (size_t i = 0; i < results->count; i++)
        if (g_hash_table_contains(items, (void *)(intptr_t)results->ids[i]))
            json_array_append_new(added, json_pack("{s:s, s:I}", "id",
                                                   jmap_id_of(call, GROUP_ID_ITEM, results->ids[i]), "index",
                                                   (json_int_t)i));
    jmap_put(call, "removed", removed);
    jmap_put(call, "added", added);
}

static bool put_changes(struct jmap_call *call, const struct email_query *query, const struct jmap_list *list,
                        uint64_t since, int64_t most)
{
    GHashTable *items = g_hash_table_new(NULL, NULL);
    struct collapsed results = { .count = 0 };
    struct err err = ERR_INIT;
    bool collapses = false, total = false;
    bool is_done = jmap_arg_bool(call, "collapseThreads", false, &collapses) &&
                   jmap_arg_bool(call, "calculateTotal", false, &total);

    if (is_done && (!touched(call, query, collapses, since, items, &err) ||
                    !results_of(call, list, collapses, SIZE_MAX, &results, &err)))
        is_done = err.kind == ERR_CONFLICT ? jmap_fail(call, "cannotCalculateChanges", "%s", err.user)
                                           : jmap_fail_err(call, &err);
    if (is_done && (int64_t)g_hash_table_size(items) > most)
        is_done = jmap_fail(call, "tooManyChanges", "More was changed than may be told.");
    if (is_done) {
        jmap_put(call, "oldQueryState", json_string(jmap_arg_text(call, "sinceQueryState")));
        jmap_put(call, "newQueryState", state_of(call, query));
        put_moves(call, items, &results);
        if (total)
            jmap_put(call, "total", json_integer((json_int_t)results.count));
    }
    g_hash_table_destroy(items);
    return is_done;
}

/* What state_of() made. */
static bool read_since(struct jmap_call *call, uint64_t *since_out, uint64_t *attached_out)
{
    const char *text = jmap_arg_text(call, "sinceQueryState");
    struct span in = span_text(text);

    *since_out = *attached_out = 0;
    if (!text)
        return jmap_fail_argument(call, "sinceQueryState");
    if (span_take_u64(&in, since_out) && *since_out <= call->account->modseq &&
        (span_is_empty(in) || (*in.p++ == '.' && span_take_u64(&in, attached_out) && span_is_empty(in))))
        return true;
    return jmap_fail(call, "cannotCalculateChanges", "This state is not one of ours.");
}

bool email_query_changes(struct jmap_call *call)
{
    struct email_query query;
    struct jmap_list *list;
    struct err err = ERR_INIT;
    uint64_t since, attached;
    int64_t most;
    bool is_done;

    if (!read_since(call, &since, &attached) ||
        !jmap_arg_int(call, "maxChanges", 1, INT64_C(1) << 53, INT64_MAX, &most) ||
        !email_query_read(call, &query))
        return false;
    if (!email_query_run(&query, &list, &err))
        return jmap_fail_err(call, &err);
    is_done = attached == (uint64_t)query.attached
                  ? put_changes(call, &query, list, since, most)
                  : jmap_fail(call, "cannotCalculateChanges", "More attachments have been read since.");
    jmap_list_release(&list);
    return is_done;
}
