/* email_gather.c -- see email_query.h: all that is looked at, each item once. */
#include "jmap/account.h"
#include "jmap/email_query.h"
#include "mailbox/flags.h"

#include <talloc.h>

static void join(struct gathered *g, GHashTable *seen, const struct view_message *m, size_t folder)
{
    void *key = (void *)(intptr_t)m->item_id;
    size_t number = GPOINTER_TO_SIZE(g_hash_table_lookup(seen, key));
    struct candidate *c;
    GArray *more;
    uint32_t place = (uint32_t)folder;

    if (number == 0) {
        g->items[g->count] = (struct candidate){ m->item_id, m->received_us, m->flags,        m->size,
                                                 m->uid,     place,          FILTER_UNDECIDED };
        g_hash_table_insert(seen, key, GSIZE_TO_POINTER(++g->count));
        return;
    }
    c = &g->items[number - 1];
    c->flags = ((c->flags | m->flags) & ~FLAG_SEEN) | (c->flags & m->flags & FLAG_SEEN);
    more = g_hash_table_lookup(g->more, key);
    if (!more) {
        more = g_array_new(FALSE, FALSE, sizeof(uint32_t));
        g_hash_table_insert(g->more, key, more);
    }
    g_array_append_val(more, place);
}

static bool is_looked_into(const struct email_query *query, size_t folder)
{
    return (query->call->account->folders[folder]->rights & RIGHT_READ) &&
           (query->only == EVERYWHERE || query->only == (int64_t)folder);
}

static bool take_views(const struct email_query *query, size_t *count_out, struct err *err)
{
    struct jmap_account *account = query->call->account;
    const struct view *view;

    *count_out = 0;
    for (size_t i = 0; i < account->folder_count; i++) {
        if (!is_looked_into(query, i))
            continue;
        if (!jmap_account_view(account, i, &view, err))
            return false;
        *count_out += view_count(view);
    }
    return true;
}

static void free_array(void *array)
{
    g_array_free(array, TRUE);
}

static bool gather(const struct email_query *query, struct gathered *g, struct err *err)
{
    struct jmap_account *account = query->call->account;
    GHashTable *seen;
    size_t all;

    *g = (struct gathered){ .starts = talloc_zero_array(query->call->arena, size_t,
                                                        (unsigned)account->folder_count + 2) };
    if (!take_views(query, &all, err))
        return false;
    g->items = talloc_array(query->call->arena, struct candidate, (unsigned)all + 1);
    g->more = g_hash_table_new_full(NULL, NULL, NULL, free_array);
    seen = g_hash_table_new(NULL, NULL);
    for (size_t i = 0; i < account->folder_count; i++) {
        struct view_message m;
        g->starts[i] = g->count;
        if (!is_looked_into(query, i))
            continue;
        for (struct view_at at = view_from(account->views[i], 1); view_next(&at, &m);) {
            if (!query->by_place && !jmap_is_shown(m.flags)) /* IMAP's search folders do show it */
                continue;
            if (query->only == EVERYWHERE && !query->by_place)
                join(g, seen, &m, i);
            else
                g->items[g->count++] = (struct candidate){ m.item_id, m.received_us, m.flags,         m.size,
                                                           m.uid,     (uint32_t)i,   FILTER_UNDECIDED };
        }
    }
    g->starts[account->folder_count] = g->count;
    g_hash_table_destroy(seen);
    return true;
}

/* Flags of conversations: joined over all their emails. */
static bool gather_threads(const struct email_query *query, struct gathered *g, struct err *err)
{
    struct jmap_call *call = query->call;
    int64_t *items = talloc_array(call->arena, int64_t, (unsigned)g->count + 1);

    g->thread_of = talloc_array(call->arena, int64_t, (unsigned)g->count + 1);
    g->threads = g_hash_table_new_full(NULL, NULL, NULL, g_free);
    for (size_t i = 0; i < g->count; i++)
        items[i] = g->items[i].item_id;
    if (!jmap_threads_of(call->request->jmap->lists, call->account->mailbox, items, g->count, g->thread_of,
                         err))
        return false;
    for (size_t i = 0; i < g->count; i++) {
        void *key = (void *)(intptr_t)g->thread_of[i];
        struct thread_flags *flags = g_hash_table_lookup(g->threads, key);
        if (!flags) {
            flags = g_new(struct thread_flags, 1);
            *flags = (struct thread_flags){ UINT64_MAX, 0 };
            g_hash_table_insert(g->threads, key, flags);
        }
        flags->all &= g->items[i].flags;
        flags->any |= g->items[i].flags;
    }
    return true;
}

bool email_gather(const struct email_query *query, struct gathered *gathered_out, struct err *err)
{
    return gather(query, gathered_out, err) &&
           (!query->needs_threads || gather_threads(query, gathered_out, err));
}
