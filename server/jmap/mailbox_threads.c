/* mailbox_threads.c -- how many conversations a folder has, and how many of them have something unread (RFC 8621, 2): one look at
 * all memberships, remembered until something changes. */
#include "jmap/account.h"
#include "jmap/email.h"
#include "jmap/lists.h"
#include "jmap/mailbox.h"
#include "mailbox/flags.h"

#include <glib.h>
#include <talloc.h>

struct counting {
    GHashTable *numbers; /* conversation -> its number, from 1 */
    GArray *unread;      /* bits of enum where, by number */
    GArray *last;        /* the folder that counted it last, by number */
};

/* Of a folder's messages that are shown: the numbers of their conversations. */
struct numbers {
    guint *list;
    size_t count;
};

/* What is unread in Trash counts there only, and the other way round. */
enum where { ELSEWHERE = 1, IN_TRASH = 2 };

static unsigned where_of(const struct folder *folder)
{
    return folder->special_use && strcmp(folder->special_use, "\\Trash") == 0 ? IN_TRASH : ELSEWHERE;
}

static guint number_of(struct counting *counting, int64_t thread)
{
    void *key = (void *)(intptr_t)thread;
    guint number = GPOINTER_TO_UINT(g_hash_table_lookup(counting->numbers, key));
    const guint8 nothing = 0;
    const guint nobody = 0;

    if (number == 0) {
        number = g_hash_table_size(counting->numbers) + 1;
        g_hash_table_insert(counting->numbers, key, GUINT_TO_POINTER(number));
        g_array_append_val(counting->unread, nothing);
        g_array_append_val(counting->last, nobody);
    }
    return number;
}

/* The conversations of a folder's messages as numbers, in the order of the view. */
static bool number_folder(struct jmap_call *call, struct counting *counting, size_t folder,
                          struct numbers *numbers_out, struct err *err)
{
    const struct view *view;
    struct view_message m;
    int64_t *items, *threads;
    size_t count = 0, i = 0;

    if (!jmap_account_view(call->account, folder, &view, err))
        return false;
    items = talloc_array(call->arena, int64_t, view_count(view) + 1);
    threads = talloc_array(call->arena, int64_t, view_count(view) + 1);
    for (struct view_at at = view_from(view, 1); view_next(&at, &m);)
        if (jmap_is_shown(m.flags))
            items[count++] = m.item_id;
    if (!jmap_threads_of(call->request->jmap->lists, call->account->mailbox, items, count, threads, err))
        return false;
    *numbers_out = (struct numbers){ talloc_array(call->arena, guint, (unsigned)count + 1), count };
    for (struct view_at at = view_from(view, 1); view_next(&at, &m);) {
        guint number;
        if (!jmap_is_shown(m.flags))
            continue;
        number = numbers_out->list[i] = number_of(counting, threads[i]);
        i++;
        if (!(m.flags & (FLAG_SEEN | FLAG_DRAFT)))
            g_array_index(counting->unread, guint8, number - 1) |=
                (guint8)where_of(call->account->folders[folder]);
    }
    talloc_free(items);
    talloc_free(threads);
    return true;
}

static struct jmap_thread_counts count_folder(struct counting *counting, const struct folder *folder,
                                              size_t which, const struct numbers *numbers)
{
    struct jmap_thread_counts counts = { 0 };

    for (size_t i = 0; i < numbers->count; i++) {
        guint *last = &g_array_index(counting->last, guint, numbers->list[i] - 1);
        if (*last == which + 1)
            continue;
        *last = (guint)which + 1;
        counts.total++;
        counts.unread +=
            (g_array_index(counting->unread, guint8, numbers->list[i] - 1) & where_of(folder)) != 0;
    }
    return counts;
}

static bool count_all(struct jmap_call *call, struct jmap_thread_counts *counts, struct err *err)
{
    struct jmap_account *account = call->account;
    struct counting counting = { .numbers = g_hash_table_new(NULL, NULL),
                                 .unread = g_array_new(FALSE, FALSE, sizeof(guint8)),
                                 .last = g_array_new(FALSE, FALSE, sizeof(guint)) };
    struct numbers *numbers =
        talloc_zero_array(call->arena, struct numbers, (unsigned)account->folder_count + 1);
    bool is_done = true;

    for (size_t i = 0; is_done && i < account->folder_count; i++)
        is_done = !(account->folders[i]->rights & RIGHT_READ) ||
                  number_folder(call, &counting, i, &numbers[i], err);
    for (size_t i = 0; is_done && i < account->folder_count; i++)
        counts[i] = count_folder(&counting, account->folders[i], i, &numbers[i]);
    g_hash_table_destroy(counting.numbers);
    g_array_free(counting.unread, TRUE);
    g_array_free(counting.last, TRUE);
    return is_done;
}

bool jmap_count_threads(struct jmap_call *call, struct jmap_thread_counts **counts_out, struct err *err)
{
    struct jmap_account *account = call->account;
    const char *key = talloc_asprintf(call->arena, "counts %s %lld", account->id,
                                      (long long)call->request->reader.recipient_id);
    struct jmap_list *list = jmap_lists_find(call->request->jmap->lists, key, account->modseq);
    struct jmap_thread_counts *counts =
        talloc_zero_array(call->arena, struct jmap_thread_counts, (unsigned)account->folder_count + 1);

    *counts_out = counts;
    if (list && list->count == 2 * account->folder_count) {
        if (list->count)
            memcpy(counts, list->values, list->count * sizeof(int64_t));
    } else {
        if (!count_all(call, counts, err)) {
            jmap_list_release(&list);
            return false;
        }
        jmap_list_release(&list);
        list = jmap_lists_keep(call->request->jmap->lists, key,
                               &(struct jmap_list){ .modseq = account->modseq,
                                                    .count = 2 * account->folder_count,
                                                    .values = &counts->total });
    }
    jmap_list_release(&list);
    return true;
}
