/* page.c -- filter, sort, cursor and fields of lists. */
#include "admin_api/page.h"

#include "admin_api/filter_term.h"

#include <glib.h>
#include <stdlib.h>
#include <string.h>
#include <talloc.h>

const char *page_after(const struct admin_call *call)
{
    const char *cursor = http_query(call->request, "cursor");

    return cursor ? cursor : http_query(call->request, "after");
}

bool page_limit(const struct admin_call *call, size_t standard, size_t *limit_out, struct err *err)
{
    const char *text = http_query(call->request, "limit");
    char *end = NULL;
    unsigned long long limit = text ? strtoull(text, &end, 10) : standard;

    *limit_out = (size_t)limit;
    return (!text || (*text >= '0' && *text <= '9' && *end == '\0')) && limit >= 1 && limit <= PAGE_MOST
               ? true
               : err_set(err, ERR_INVALID, "The limit is between 1 and %d.", PAGE_MOST);
}

/* ---- fields */

static bool is_among(const char *names, const char *name)
{
    size_t length = strlen(name);

    for (const char *p = names; *p; p += strcspn(p, ","), p += *p == ',')
        if (strncmp(p, name, length) == 0 && (p[length] == ',' || p[length] == '\0'))
            return true;
    return false;
}

static void keep_fields(json_t *object, const char *names)
{
    const char *name;
    json_t *value;
    void *next;

    json_object_foreach_safe(object, next, name, value) if (!is_among(names, name))
        json_object_del(object, name);
}

void page_fields(struct admin_call *call, const struct admin_route *route)
{
    const char *names = http_query(call->request, "fields");
    json_t *list = route->list ? json_object_get(call->out, route->list) : NULL, *item;
    size_t i;

    if (!names)
        return;
    if (!route->list)
        keep_fields(call->out, names);
    json_array_foreach(list, i, item) keep_fields(item, names);
}

/* ---- order: by the field that is asked for, then by what tells them apart */

struct entry {
    json_t *item;
    char *sort, *key; /* keys that strcmp() compares */
};

struct order {
    const char *field;
    bool is_falling;
};

/* Numbers by value, texts as people read them: without accents and case first. Zeros in front make numbers comparable. */
static char *sort_key(const json_t *value)
{
    char *folded, *key;

    if (json_is_integer(value))
        return g_strdup_printf("%020lld", (long long)json_integer_value(value));
    if (json_is_boolean(value))
        return g_strdup(json_is_true(value) ? "1" : "0");
    if (!json_is_string(value))
        return g_strdup("");
    folded = page_fold(json_string_value(value));
    key = g_strconcat(folded, "\1", json_string_value(value), NULL);
    g_free(folded);
    return key;
}

static int compare(const void *left, const void *right, void *argument)
{
    const struct entry *a = left, *b = right;
    const struct order *order = argument;
    int by_sort = strcmp(a->sort, b->sort), by_key = strcmp(a->key, b->key);

    if (order->is_falling)
        return by_sort ? -by_sort : -by_key;
    return by_sort ? by_sort : by_key;
}

static bool is_word_of(const char *words, const char *word)
{
    size_t length = strlen(word);

    for (const char *p = words; length && (p = strstr(p, word)); p++)
        if ((p == words || p[-1] == ' ') && (p[length] == ' ' || p[length] == '\0'))
            return true;
    return false;
}

static bool read_order(const struct admin_call *call, const struct admin_route *route,
                       struct order *order_out, struct err *err)
{
    const char *text = http_query(call->request, "sort");

    *order_out = (struct order){ .field = NULL };
    if (!text)
        return true;
    *order_out = (struct order){ .field = text + (*text == '-'), .is_falling = *text == '-' };
    return is_word_of(route->sorts, order_out->field) ||
           err_set(err, ERR_INVALID, "This list is sorted by one of: %s.", route->sorts);
}

/* ---- the cursor: the two keys of the last object, in hexadecimal digits with a dot between */

static char *hexed(void *owner, const char *text)
{
    char *out = talloc_strdup(owner, "");

    for (const unsigned char *p = (const unsigned char *)text; *p; p++)
        out = talloc_asprintf_append_buffer(out, "%02x", *p);
    return out;
}

static char *unhexed(void *owner, const char *text, size_t length)
{
    char *out = talloc_zero_array(owner, char, (unsigned)(length / 2 + 1));

    for (size_t i = 0; i + 1 < length; i += 2) {
        int high = g_ascii_xdigit_value(text[i]), low = g_ascii_xdigit_value(text[i + 1]);
        if (high < 0 || low < 0)
            return NULL;
        out[i / 2] = (char)(high << 4 | low);
    }
    return length % 2 ? NULL : out;
}

char *page_cursor(void *owner, const char *first, const char *second)
{
    return talloc_asprintf(owner, "%s.%s", hexed(owner, first), hexed(owner, second));
}

bool page_cursor_read(void *owner, const char *cursor, char **first_out, char **second_out, struct err *err)
{
    const char *dot = strchr(cursor, '.');

    *first_out = dot ? unhexed(owner, cursor, (size_t)(dot - cursor)) : NULL;
    *second_out = dot ? unhexed(owner, dot + 1, strlen(dot + 1)) : NULL;
    return (*first_out && *second_out) ||
           err_set(err, ERR_INVALID, "A cursor is the field next of the page before.");
}

/* ---- the list */

struct list {
    struct entry *entries;
    size_t count;
    struct page_term terms[PAGE_TERMS_MAX];
    size_t term_count;
};

static void add_entries(struct list *list, const struct admin_route *route, const struct order *order,
                        const json_t *array)
{
    json_t *item;
    size_t i;

    list->entries = g_new0(struct entry, json_array_size(array) + 1);
    json_array_foreach(array, i, item)
    {
        if (!filter_terms_hold(list->terms, list->term_count, item))
            continue;
        list->entries[list->count++] =
            (struct entry){ .item = json_incref(item),
                            .sort = order->field ? sort_key(json_object_get(item, order->field))
                                                 : g_strdup_printf("%09zu", i),
                            .key =
                                order->field ? sort_key(json_object_get(item, route->key)) : g_strdup("") };
    }
}

static void free_entries(struct list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        json_decref(list->entries[i].item);
        g_free(list->entries[i].sort);
        g_free(list->entries[i].key);
    }
    g_free(list->entries);
}

/* From the first one behind the cursor, `limit` of them. */
static json_t *cut(struct admin_call *call, const struct list *list, const struct entry *after,
                   const struct order *order, size_t limit)
{
    json_t *page = json_array();
    size_t i = 0;

    while (after && i < list->count && compare(&list->entries[i], after, (void *)(uintptr_t)order) <= 0)
        i++;
    for (; i < list->count && json_array_size(page) < limit; i++)
        json_array_append(page, list->entries[i].item);
    if (i > 0 && i < list->count)
        json_object_set_new(
            call->out, "next",
            json_string(page_cursor(call->arena, list->entries[i - 1].sort, list->entries[i - 1].key)));
    return page;
}

static bool page_of(struct admin_call *call, const struct admin_route *route, struct err *err)
{
    const char *filter = http_query(call->request, "filter"), *cursor = page_after(call);
    struct order order;
    struct list list = { .count = 0 };
    struct entry after = { .sort = NULL, .key = NULL };
    size_t limit = SIZE_MAX;

    if (!read_order(call, route, &order, err) ||
        (http_query(call->request, "limit") && !page_limit(call, PAGE_MOST, &limit, err)) ||
        !page_terms(call->arena, filter ? filter : "", list.terms, &list.term_count, err) ||
        (cursor && !page_cursor_read(call->arena, cursor, &after.sort, &after.key, err)))
        return false;
    add_entries(&list, route, &order, json_object_get(call->out, route->list));
    if (order.field)
        g_qsort_with_data(list.entries, (gint)list.count, sizeof *list.entries, compare, &order);
    json_object_set_new(call->out, route->list,
                        cut(call, &list, after.sort && after.key ? &after : NULL, &order, limit));
    free_entries(&list);
    return true;
}

bool page_apply(struct admin_call *call, const struct admin_route *route, struct err *err)
{
    return !route->list || route->has_own_pages || page_of(call, route, err);
}
