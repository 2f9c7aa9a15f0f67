/* lists.c -- see lists.h. */
#include "jmap/lists.h"

#include "mailbox/items.h"

#include <glib.h>
#include <pthread.h>
#include <talloc.h>

enum { THREADS_A_QUERY = 20000 };

struct entry {
    char *key;
    struct jmap_list *list;
    GList lru;
};

struct jmap_lists {
    pthread_mutex_t lock;
    GHashTable *entries; /* by key */
    GQueue lru;          /* most recently used first */
    size_t bytes;
    GHashTable *threads; /* item id and storage group -> conversation */
};

static size_t cost(const struct entry *entry)
{
    size_t each = sizeof(int64_t) + (entry->list->places ? sizeof(struct jmap_list_place) : 0);

    return sizeof *entry + strlen(entry->key) + sizeof *entry->list + entry->list->count * each;
}

struct jmap_lists *jmap_lists_new(const void *owner)
{
    struct jmap_lists *lists = talloc_zero(owner, struct jmap_lists);

    pthread_mutex_init(&lists->lock, NULL);
    lists->entries = g_hash_table_new(g_str_hash, g_str_equal);
    lists->threads = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    g_queue_init(&lists->lru);
    return lists;
}

void jmap_list_release(struct jmap_list **list)
{
    if (*list && atomic_fetch_sub(&(*list)->references, 1) == 1) {
        g_free((*list)->values);
        g_free((*list)->places);
        g_free(*list);
    }
    *list = NULL;
}

static void drop(struct jmap_lists *lists, struct entry *entry)
{
    lists->bytes -= cost(entry);
    g_hash_table_remove(lists->entries, entry->key);
    g_queue_unlink(&lists->lru, &entry->lru);
    jmap_list_release(&entry->list);
    g_free(entry->key);
    g_free(entry);
}

void jmap_lists_free(struct jmap_lists **lists)
{
    if (!*lists)
        return;
    while ((*lists)->lru.head)
        drop(*lists, (*lists)->lru.head->data);
    g_hash_table_destroy((*lists)->entries);
    g_hash_table_destroy((*lists)->threads);
    pthread_mutex_destroy(&(*lists)->lock);
    talloc_free(*lists);
    *lists = NULL;
}

static struct jmap_list *look_for(struct jmap_lists *lists, const char *key, const uint64_t *modseq)
{
    struct jmap_list *list = NULL;
    struct entry *entry;

    pthread_mutex_lock(&lists->lock);
    entry = g_hash_table_lookup(lists->entries, key);
    if (entry && (!modseq || entry->list->modseq == *modseq)) {
        g_queue_unlink(&lists->lru, &entry->lru);
        g_queue_push_head_link(&lists->lru, &entry->lru);
        list = entry->list;
        atomic_fetch_add(&list->references, 1);
    }
    pthread_mutex_unlock(&lists->lock);
    return list;
}

struct jmap_list *jmap_lists_find(struct jmap_lists *lists, const char *key, uint64_t modseq)
{
    return look_for(lists, key, &modseq);
}

struct jmap_list *jmap_lists_last(struct jmap_lists *lists, const char *key)
{
    return look_for(lists, key, NULL);
}

static void *copy(const void *array, size_t bytes)
{
    void *own = g_malloc(bytes + 1);

    if (bytes)
        memcpy(own, array, bytes);
    return own;
}

struct jmap_list *jmap_lists_keep(struct jmap_lists *lists, const char *key, const struct jmap_list *list)
{
    struct jmap_list *kept = g_new0(struct jmap_list, 1);
    struct entry *entry = g_new0(struct entry, 1), *old;

    atomic_init(&kept->references, 2);
    kept->modseq = list->modseq;
    kept->folders = list->folders;
    kept->count = list->count;
    kept->values = copy(list->values, list->count * sizeof *list->values);
    kept->places = list->places ? copy(list->places, list->count * sizeof *list->places) : NULL;
    entry->key = g_strdup(key);
    entry->list = kept;
    entry->lru.data = entry;
    pthread_mutex_lock(&lists->lock);
    old = g_hash_table_lookup(lists->entries, key);
    if (old)
        drop(lists, old);
    g_hash_table_insert(lists->entries, entry->key, entry);
    g_queue_push_head_link(&lists->lru, &entry->lru);
    lists->bytes += cost(entry);
    while (lists->bytes > JMAP_LISTS_BYTES_MAX && lists->lru.tail != &entry->lru)
        drop(lists, lists->lru.tail->data);
    pthread_mutex_unlock(&lists->lock);
    return kept;
}

/* ---- conversations */

/* Item ids are unique in a storage group: its id goes into the bits that no sequence reaches. */
static int64_t key_of(const struct mailbox *mailbox, int64_t item)
{
    return item ^ (group_id(mailbox_group(mailbox)) << 48);
}

static size_t look_up(struct jmap_lists *lists, const struct mailbox *mailbox, const int64_t *items,
                      size_t count, int64_t *threads, size_t *missing)
{
    size_t missed = 0;

    pthread_mutex_lock(&lists->lock);
    for (size_t i = 0; i < count; i++) {
        int64_t key = key_of(mailbox, items[i]);
        threads[i] = (int64_t)(intptr_t)g_hash_table_lookup(lists->threads, &key);
        if (threads[i] == 0)
            missing[missed++] = i;
    }
    pthread_mutex_unlock(&lists->lock);
    return missed;
}

static void remember(struct jmap_lists *lists, const struct mailbox *mailbox, const int64_t *items,
                     const int64_t *threads, size_t count)
{
    pthread_mutex_lock(&lists->lock);
    if (g_hash_table_size(lists->threads) + count > JMAP_THREADS_KEPT_MAX)
        g_hash_table_remove_all(lists->threads);
    for (size_t i = 0; i < count; i++) {
        int64_t *key = g_new(int64_t, 1);
        *key = key_of(mailbox, items[i]);
        if (threads[i] != 0)
            g_hash_table_insert(lists->threads, key, (void *)(intptr_t)threads[i]);
        else
            g_free(key);
    }
    pthread_mutex_unlock(&lists->lock);
}

bool jmap_threads_of(struct jmap_lists *lists, struct mailbox *mailbox, const int64_t *items, size_t count,
                     int64_t *threads_out, struct err *err)
{
    size_t *missing = g_new(size_t, count + 1),
           missed = look_up(lists, mailbox, items, count, threads_out, missing);
    int64_t *asked = g_new(int64_t, THREADS_A_QUERY), *found = g_new(int64_t, THREADS_A_QUERY);
    bool is_done = true;

    for (size_t at = 0; is_done && at < missed;) {
        size_t some = missed - at < THREADS_A_QUERY ? missed - at : THREADS_A_QUERY;
        for (size_t i = 0; i < some; i++)
            asked[i] = items[missing[at + i]];
        is_done = items_threads(mailbox, asked, some, found, err);
        if (is_done)
            remember(lists, mailbox, asked, found, some);
        for (size_t i = 0; is_done && i < some; i++)
            threads_out[missing[at + i]] = found[i];
        at += some;
    }
    g_free(missing);
    g_free(asked);
    g_free(found);
    return is_done;
}
