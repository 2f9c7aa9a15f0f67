/*
 * pack_cache.c -- for each folder and part an array of packs, sorted by their first UID.
 */
#include "mailbox/pack_cache.h"

#include <pthread.h>
#include <talloc.h>

struct pack_folder {
    const void *group;
    int64_t folder_id;
    enum pack_part part;
    GPtrArray *packs; /* by first UID */
};

struct pack_cache {
    pthread_mutex_t lock;
    GHashTable *folders;
    GQueue lru;
    uint64_t bytes, bytes_max;
};

static guint folder_hash(gconstpointer key)
{
    const struct pack_folder *folder = key;

    return (guint)folder->folder_id * 2654435761u + (guint)folder->part +
           (guint)((uintptr_t)folder->group >> 4);
}

static gboolean folder_equal(gconstpointer a, gconstpointer b)
{
    const struct pack_folder *left = a, *right = b;

    return left->folder_id == right->folder_id && left->part == right->part && left->group == right->group;
}

static void folder_free(gpointer data)
{
    struct pack_folder *folder = data;

    g_ptr_array_free(folder->packs, TRUE);
    talloc_free(folder);
}

struct pack_cache *pack_cache_new(uint64_t bytes_max)
{
    struct pack_cache *packs = talloc_zero(NULL, struct pack_cache);

    pthread_mutex_init(&packs->lock, NULL);
    packs->folders = g_hash_table_new_full(folder_hash, folder_equal, NULL, folder_free);
    g_queue_init(&packs->lru);
    packs->bytes_max = bytes_max;
    return packs;
}

struct pack *pack_ref(struct pack *pack)
{
    atomic_fetch_add_explicit(&pack->references, 1, memory_order_relaxed);
    return pack;
}

void pack_release(struct pack *pack)
{
    if (atomic_fetch_sub_explicit(&pack->references, 1, memory_order_acq_rel) == 1)
        talloc_free(pack);
}

static struct pack_folder *find_folder(struct pack_cache *packs, const void *group, int64_t folder_id,
                                       enum pack_part part)
{
    struct pack_folder key = { .group = group, .folder_id = folder_id, .part = part };

    return g_hash_table_lookup(packs->folders, &key);
}

/* Index of the first pack whose first UID is above `uid`. */
static guint upper_bound(const struct pack_folder *folder, uint32_t uid)
{
    guint low = 0, high = folder->packs->len;

    while (low < high) {
        guint middle = low + (high - low) / 2;
        const struct pack *pack = g_ptr_array_index(folder->packs, middle);

        if (pack->uids[0] <= uid)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void drop(struct pack_cache *packs, struct pack *pack)
{
    struct pack_folder *folder = find_folder(packs, pack->group, pack->folder_id, pack->part);

    g_queue_unlink(&packs->lru, &pack->lru);
    packs->bytes -= pack->memory;
    g_ptr_array_remove_index(folder->packs, upper_bound(folder, pack->uids[0]) - 1);
    if (folder->packs->len == 0)
        g_hash_table_remove(packs->folders, folder);
    pack_release(pack);
}

void pack_cache_clear(struct pack_cache *packs)
{
    pthread_mutex_lock(&packs->lock);
    while (packs->lru.tail)
        drop(packs, packs->lru.tail->data);
    pthread_mutex_unlock(&packs->lock);
}

void pack_cache_free(struct pack_cache **packs)
{
    struct pack_cache *gone = *packs;

    *packs = NULL;
    pack_cache_clear(gone);
    g_hash_table_destroy(gone->folders);
    pthread_mutex_destroy(&gone->lock);
    talloc_free(gone);
}

void pack_cache_stats(struct pack_cache *packs, uint64_t *count_out, uint64_t *bytes_out)
{
    pthread_mutex_lock(&packs->lock);
    *count_out = packs->lru.length;
    *bytes_out = packs->bytes;
    pthread_mutex_unlock(&packs->lock);
}

struct pack *pack_cache_find(struct pack_cache *packs, const void *group, int64_t folder_id,
                             enum pack_part part, uint32_t uid)
{
    struct pack_folder *folder;
    struct pack *pack = NULL;

    pthread_mutex_lock(&packs->lock);
    folder = find_folder(packs, group, folder_id, part);
    if (folder) {
        guint at = upper_bound(folder, uid);

        pack = at ? g_ptr_array_index(folder->packs, at - 1) : NULL;
        if (pack && pack->uids[pack->count - 1] < uid)
            pack = NULL;
    }
    if (pack) {
        pack_ref(pack);
        g_queue_unlink(&packs->lru, &pack->lru);
        g_queue_push_head_link(&packs->lru, &pack->lru);
    }
    pthread_mutex_unlock(&packs->lock);
    return pack;
}

static struct pack_folder *add_folder(struct pack_cache *packs, const struct pack *pack)
{
    struct pack_folder *folder = talloc(NULL, struct pack_folder);

    *folder = (struct pack_folder){ pack->group, pack->folder_id, pack->part, g_ptr_array_new() };
    g_hash_table_add(packs->folders, folder);
    return folder;
}

void pack_cache_add(struct pack_cache *packs, struct pack *pack)
{
    struct pack_folder *folder;
    const struct pack *same;
    guint at;

    pthread_mutex_lock(&packs->lock);
    folder = find_folder(packs, pack->group, pack->folder_id, pack->part);
    if (!folder)
        folder = add_folder(packs, pack);
    at = upper_bound(folder, pack->uids[0]);
    same = at ? g_ptr_array_index(folder->packs, at - 1) : NULL;
    if (!same || same->uids[0] != pack->uids[0]) {
        g_ptr_array_insert(folder->packs, (gint)at, pack_ref(pack));
        pack->lru.data = pack;
        g_queue_push_head_link(&packs->lru, &pack->lru);
        packs->bytes += pack->memory;
        while (packs->bytes > packs->bytes_max && packs->lru.tail != packs->lru.head)
            drop(packs, packs->lru.tail->data);
    }
    pthread_mutex_unlock(&packs->lock);
}
