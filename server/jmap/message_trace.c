/* message_trace.c -- MessageTrace (docs/jmap.md): what became of what the owner sent and received. An id is "s" or "r" (sent, received)
 * and that of the trace. */
#include "format/date.h"
#include "jmap/filter.h"
#include "jmap/get.h"
#include "jmap/methods.h"
#include "jmap/owner.h"

#include <glib.h>
#include <stdlib.h>
#include <talloc.h>

enum { TRACES_MAX = 200 };

static const char *const names[] = { "id",     "direction", "time",       "last",
                                     "sender", "messageId", "recipients", "events" };

/* ---- get */

static const char *direction_of(char letter)
{
    return letter == 's' ? "sent" : letter == 'r' ? "received" : NULL;
}

static json_t *object_of(struct jmap_call *call, const char *id, uint64_t wanted, void *arg)
{
    const char *direction = direction_of(*id);
    struct err err = ERR_INIT;
    json_t *answer;

    (void)arg;
    if (!direction || !id[1])
        return NULL;
    if (!jmap_owner_ask(call, "GET", jmap_owner_path(call, "/trace/%s?direction=%s", id + 1, direction), NULL,
                        &answer, &err)) {
        if (err.kind != ERR_NOT_FOUND)
            (void)jmap_owner_fail(call, &err);
        return NULL;
    }
    json_object_set_new(answer, "id", json_string(id));
    json_object_set_new(answer, "direction", json_string(direction));
    return jmap_only(answer, names, COUNT_OF(names), wanted);
}

bool message_trace_get(struct jmap_call *call)
{
    const json_t *ids = json_object_get(call->in, "ids");
    uint64_t wanted;

    if (!jmap_wanted(call, names, COUNT_OF(names), UINT64_MAX, &wanted))
        return false;
    if (!ids || json_is_null(ids))
        return jmap_fail(call, "requestTooLarge", "There are too many: ask MessageTrace/query first.");
    if (json_array_size(ids) > TRACES_MAX)
        return jmap_fail(call, "requestTooLarge", "At most %d traces are told at once.", TRACES_MAX);
    return jmap_get_each(call, jmap_keep(call->arena, json_array()), wanted, object_of, NULL);
}

/* ---- query */

struct question {
    const char *direction;
    struct buf query; /* what follows it in the path */
};

static void add_part(struct question *question, const char *name, const char *value)
{
    char *escaped = g_uri_escape_string(value, NULL, TRUE);

    buf_add_format(&question->query, "&%s=%s", name, escaped);
    g_free(escaped);
}

static bool compile(struct jmap_call *call, struct filter *leaf, void *arg)
{
    static const struct {
        const char *name, *query;
        bool is_date;
    } parts[] = { { "with", "with", false },
                  { "messageId", "message_id", false },
                  { "after", "since", true },
                  { "before", "until", true } };
    struct question *question = arg;
    const char *name;
    json_t *value;

    json_object_foreach(leaf->condition, name, value)
    {
        const char *text = json_string_value(value);
        int64_t at_us;
        size_t i = 0;
        if (text && strcmp(name, "direction") == 0 &&
            (strcmp(text, "sent") == 0 || strcmp(text, "received") == 0) && !question->direction) {
            question->direction = text;
            continue;
        }
        while (i < COUNT_OF(parts) && strcmp(parts[i].name, name) != 0)
            i++;
        if (i == COUNT_OF(parts) || !text || (parts[i].is_date && !date_parse_utc(span_text(text), &at_us)))
            return jmap_fail(call, "unsupportedFilter",
                             "Traces are found by direction, with, messageId, after and before.");
        add_part(question, parts[i].query, text);
    }
    return true;
}

static bool ask(struct jmap_call *call, const struct question *question, const char *direction, json_t *all,
                struct err *err)
{
    struct buf path = BUF_INIT(call->arena);
    json_t *answer, *trace;
    size_t i;

    buf_add_format(&path, "%s?limit=%d&direction=%s", jmap_owner_path(call, "/trace"), TRACES_MAX, direction);
    buf_add_span(&path, buf_span(&question->query));
    if (!jmap_owner_ask(call, "GET", buf_text(&path), NULL, &answer, err))
        return false;
    json_array_foreach(json_object_get(answer, "traces"), i, trace) json_array_append_new(
        all, json_pack("{s:o, s:O}", "id",
                       json_sprintf("%c%s", *direction, json_string_value(json_object_get(trace, "id"))),
                       "time", json_object_get(trace, "time")));
    return true;
}

static int newest_first(const void *a, const void *b)
{
    json_t *const *x = a, *const *y = b;

    return strcmp(json_string_value(json_object_get(*y, "time")),
                  json_string_value(json_object_get(*x, "time")));
}

/* Ids alone, in their order. */
static json_t *sorted_ids(struct jmap_call *call, const json_t *all)
{
    size_t count = json_array_size(all);
    json_t **list = talloc_array(call->arena, json_t *, (unsigned)count + 1), *ids = json_array();

    for (size_t i = 0; i < count; i++)
        list[i] = json_array_get(all, i);
    qsort(list, count, sizeof(json_t *), newest_first);
    for (size_t i = 0; i < count; i++)
        json_array_append(ids, json_object_get(list[i], "id"));
    return jmap_keep(call->arena, ids);
}

bool message_trace_query(struct jmap_call *call)
{
    json_t *all = jmap_keep(call->arena, json_array());
    struct question question = { .query = BUF_INIT(call->arena) };
    const json_t *sort = json_object_get(call->in, "sort");
    struct err err = ERR_INIT;
    struct filter *filter;

    if (sort && !json_is_null(sort) && json_array_size(sort) > 0)
        return jmap_fail(call, "unsupportedSort", "Traces come with the newest first.");
    if (!jmap_filter_read(call, compile, &question, &filter))
        return false;
    if (filter && filter->operator!= FILTER_LEAF)
        return jmap_fail(call, "unsupportedFilter", "One condition tells which traces are wanted.");
    for (const char *letters = "sr"; *letters; letters++)
        if ((!question.direction || strcmp(question.direction, direction_of(*letters)) == 0) &&
            !ask(call, &question, direction_of(*letters), all, &err))
            return jmap_owner_fail(call, &err);
    return jmap_query_few(call, sorted_ids(call, all));
}
