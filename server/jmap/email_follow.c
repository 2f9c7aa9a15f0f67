/* email_follow.c -- see email_query.h: a list by date that was found before, with what changed since. */
#include "jmap/account.h"
#include "jmap/email_query.h"

#include <stdlib.h>
#include <talloc.h>

enum { FOLLOW_MAX = 1000 };

bool email_list_is_by_date(const struct email_query *query)
{
    return query->sort_count == 0 ||
           (query->sort_count == 1 && strcmp(query->sorts[0].property, "receivedAt") == 0);
}

uint64_t email_list_folders(const struct jmap_account *account)
{
    uint64_t sum = UINT64_C(14695981039346656037); /* FNV-1a */

    for (size_t i = 0; i < account->folder_count; i++) {
        uint64_t word =
            (uint64_t)account->folders[i]->folder_id << 1 | ((account->folders[i]->rights & RIGHT_READ) != 0);
        sum = (sum ^ word) * UINT64_C(1099511628211);
    }
    return sum;
}

struct jmap_list_place *email_list_places(const struct gathered *gathered, size_t count, const void *owner)
{
    struct jmap_list_place *places = talloc_array(owner, struct jmap_list_place, (unsigned)count + 1);

    for (size_t i = 0; i < count; i++)
        places[i] = (struct jmap_list_place){ gathered->items[i].received_us, gathered->items[i].uid,
                                              gathered->items[i].folder };
    return places;
}

/* ---- the candidates: what was touched, as email_gather() would have it */

static int by_place(const void *a, const void *b)
{
    const struct email_place *x = a, *y = b;

    if (x->folder != y->folder)
        return x->folder < y->folder ? -1 : 1;
    return (x->uid > y->uid) - (x->uid < y->uid);
}

static int by_folder(const void *a, const void *b)
{
    const struct candidate *x = a, *y = b;

    if (x->folder != y->folder)
        return x->folder < y->folder ? -1 : 1;
    return (x->uid > y->uid) - (x->uid < y->uid);
}

static bool candidate_at(struct jmap_call *call, const struct email_place *place, struct candidate *out,
                         struct err *err)
{
    const struct view *view;
    struct view_message m;

    if (!jmap_account_view(call->account, place->folder, &view, err))
        return false;
    if (!view_find(view, place->uid, &m))
        return err_set(err, ERR_BUSY, "The mailbox is not available at the moment.");
    *out = (struct candidate){ m.item_id, m.received_us,           place->flags,    m.size,
                               m.uid,     (uint32_t)place->folder, FILTER_UNDECIDED };
    return true;
}

static void free_array(void *array)
{
    g_array_free(array, TRUE);
}

/* Everywhere: one candidate an email, where it stands first; the other folders beside it. */
static bool add_joined(const struct email_query *query, const struct email *email, struct gathered *g,
                       struct err *err)
{
    struct candidate *c = &g->items[g->count++];
    GArray *more = NULL;

    if (!candidate_at(query->call, &email->places[0], c, err))
        return false;
    c->flags = email->flags;
    for (size_t i = 1; i < email->place_count; i++) {
        uint32_t folder = (uint32_t)email->places[i].folder;
        if (!more) {
            more = g_array_new(FALSE, FALSE, sizeof folder);
            g_hash_table_insert(g->more, (void *)(intptr_t)email->item_id, more);
        }
        g_array_append_val(more, folder);
    }
    return true;
}

static bool add_email(const struct email_query *query, struct email *email, struct gathered *g,
                      struct err *err)
{
    qsort(email->places, email->place_count, sizeof *email->places, by_place);
    if (query->only == EVERYWHERE)
        return add_joined(query, email, g, err);
    for (size_t i = 0; i < email->place_count; i++)
        if (email->places[i].folder == (size_t)query->only &&
            !candidate_at(query->call, &email->places[i], &g->items[g->count++], err))
            return false;
    return true;
}

static bool gather(const struct email_query *query, const int64_t *items, size_t count, struct gathered *g,
                   struct err *err)
{
    struct jmap_call *call = query->call;
    struct email *emails;
    size_t room = 1, at = 0;

    if (!jmap_emails(call, items, count, &emails, err))
        return false;
    for (size_t i = 0; i < count; i++)
        room += emails[i].place_count;
    *g = (struct gathered){ .items = talloc_array(call->arena, struct candidate, (unsigned)room),
                            .starts = talloc_zero_array(call->arena, size_t,
                                                        (unsigned)call->account->folder_count + 2),
                            .more = g_hash_table_new_full(NULL, NULL, NULL, free_array) };
    for (size_t i = 0; i < count; i++)
        if (emails[i].place_count > 0 && !add_email(query, &emails[i], g, err))
            return false;
    if (g->count > 1)
        qsort(g->items, g->count, sizeof *g->items, by_folder);
    for (size_t i = 0; i <= call->account->folder_count; i++) {
        while (at < g->count && g->items[at].folder < i)
            at++;
        g->starts[i] = at;
    }
    return true;
}

/* ---- both together */

/* As email_sort() orders them. */
static int compare(const struct email_query *query, const struct jmap_list_place *a,
                   const struct jmap_list_place *b)
{
    if (a->received_us != b->received_us) {
        bool is_falling = query->sort_count == 0 || query->sorts[0].is_descending;
        return (a->received_us > b->received_us) == is_falling ? -1 : 1;
    }
    if (a->uid != b->uid)
        return a->uid > b->uid ? -1 : 1;
    return (a->folder > b->folder) - (a->folder < b->folder);
}

static struct email_list merge(const struct email_query *query, const struct jmap_list *old,
                               GHashTable *touched, const struct gathered *g, size_t fresh_count)
{
    const void *arena = query->call->arena;
    struct jmap_list_place *fresh = email_list_places(g, fresh_count, arena);
    size_t room = old->count + fresh_count + 1, k = 0;
    struct email_list list = { .ids = talloc_array(arena, int64_t, (unsigned)room),
                               .places = talloc_array(arena, struct jmap_list_place, (unsigned)room) };

    for (size_t i = 0; i <= old->count; i++) {
        bool is_end = i == old->count;
        if (!is_end && g_hash_table_contains(touched, (void *)(intptr_t)old->values[i]))
            continue;
        for (; k < fresh_count && (is_end || compare(query, &fresh[k], &old->places[i]) < 0); k++) {
            list.places[list.count] = fresh[k];
            list.ids[list.count++] = g->items[k].item_id;
        }
        if (!is_end) {
            list.places[list.count] = old->places[i];
            list.ids[list.count++] = old->values[i];
        }
    }
    return list;
}

static bool follow(struct email_query *query, const struct jmap_list *old, const int64_t *items, size_t count,
                   GHashTable *touched, struct email_list *list_out, struct err *err)
{
    struct gathered gathered = { .count = 0 };
    size_t fresh_count = 0;
    bool is_done = gather(query, items, count, &gathered, err);

    for (size_t i = 0; is_done && !query->filter && i < gathered.count; i++)
        gathered.items[i].truth = FILTER_YES;
    is_done = is_done &&
              (!query->filter ||
               (email_filter_among(query, &gathered, err) && email_filter_apply(query, &gathered, err))) &&
              email_sort(query, &gathered, &fresh_count, err);
    if (is_done)
        *list_out = merge(query, old, touched, &gathered, fresh_count);
    if (gathered.more)
        g_hash_table_destroy(gathered.more);
    query->known = NULL;
    return is_done;
}

bool email_list_follow(struct email_query *query, const struct jmap_list *old, struct email_list *list_out,
                       bool *is_done_out, struct err *err)
{
    struct jmap_call *call = query->call;
    struct email_change *changes;
    GHashTable *touched;
    int64_t *items;
    size_t count;

    *is_done_out = false;
    if (!old->places || query->needs_threads || !email_list_is_by_date(query) ||
        old->folders != email_list_folders(call->account))
        return true;
    if (!email_changes_find(call, old->modseq, &changes, &count, err)) {
        bool is_forgotten = err->kind == ERR_CONFLICT;
        *err = is_forgotten ? ERR_INIT : *err;
        return is_forgotten;
    }
    if (count > FOLLOW_MAX)
        return true;
    touched = g_hash_table_new(NULL, NULL);
    items = talloc_array(call->arena, int64_t, (unsigned)count + 1);
    for (size_t i = 0; i < count; i++) {
        items[i] = changes[i].item_id;
        g_hash_table_add(touched, (void *)(intptr_t)items[i]);
    }
    *is_done_out = follow(query, old, items, count, touched, list_out, err);
    g_hash_table_destroy(touched);
    return *is_done_out;
}
