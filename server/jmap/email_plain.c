/* email_plain.c -- the list that every client shows: one folder by date, perhaps by keyword. One walk through its view, with 24
 * bytes a message; sorted only where UIDs and dates do not agree. */
#include "jmap/account.h"
#include "jmap/email_query.h"

#include <stdlib.h>
#include <talloc.h>

struct dated {
    int64_t received_us, item_id;
    uint32_t uid; /* items' numbers say nothing of age in a mailbox that came from another storage group */
};

static bool is_plain_condition(const struct condition *c)
{
    return c->kind == IN_MAILBOX || c->kind == HAS_KEYWORD || c->kind == NOT_KEYWORD;
}

bool email_query_is_plain(const struct email_query *query)
{
    if (query->only == EVERYWHERE || query->sort_count > 1 ||
        (query->sort_count == 1 && strcmp(query->sorts[0].property, "receivedAt") != 0) || !query->filter ||
        query->filter->operator!= FILTER_LEAF)
        return false;
    for (const struct condition *c = query->filter->compiled; c; c = c->next)
        if (!is_plain_condition(c))
            return false;
    return true;
}

static bool holds(const struct condition *c, uint64_t flags)
{
    for (; c; c = c->next)
        if (c->kind != IN_MAILBOX && ((flags & c->bits) != 0) != (c->kind == HAS_KEYWORD))
            return false;
    return true;
}

static int by_date(const void *a, const void *b)
{
    const struct dated *x = a, *y = b;

    if (x->received_us != y->received_us)
        return x->received_us < y->received_us ? -1 : 1;
    return (x->uid > y->uid) - (x->uid < y->uid);
}

/* As email_sort() orders them: the newest first, of two of one time the higher UID; rising by date where that is asked for. */
static int rising(const void *a, const void *b)
{
    const struct dated *x = a, *y = b;

    if (x->received_us != y->received_us)
        return x->received_us < y->received_us ? -1 : 1;
    return (x->uid < y->uid) - (x->uid > y->uid);
}

bool email_plain_list(const struct email_query *query, int64_t **ids_out, size_t *count_out, struct err *err)
{
    bool is_falling = query->sort_count == 0 || query->sorts[0].is_descending, is_sorted = true;
    const struct view *view;
    struct view_message m;
    struct dated *list;
    size_t count = 0;

    if (!jmap_account_view(query->call->account, (size_t)query->only, &view, err))
        return false;
    list = talloc_array(query->call->arena, struct dated, view_count(view) + 1);
    for (struct view_at at = view_from(view, 1); view_next(&at, &m);) {
        if (!jmap_is_shown(m.flags) || !holds(query->filter->compiled, m.flags))
            continue;
        list[count] = (struct dated){ m.received_us, m.item_id, m.uid };
        is_sorted =
            is_sorted && (count == 0 || (is_falling ? by_date : rising)(&list[count - 1], &list[count]) < 0);
        count++;
    }
    if (!is_sorted)
        qsort(list, count, sizeof *list, is_falling ? by_date : rising);
    *ids_out = talloc_array(query->call->arena, int64_t, (unsigned)count + 1);
    for (size_t i = 0; i < count; i++)
        (*ids_out)[is_falling ? count - 1 - i : i] = list[i].item_id;
    talloc_free(list);
    *count_out = count;
    return true;
}
