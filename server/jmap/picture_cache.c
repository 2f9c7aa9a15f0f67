/* picture_cache.c -- see picture_cache.h. */
#include "jmap/picture_cache.h"

#include "base/clock.h"

#include <glib.h>
#include <pthread.h>
#include <talloc.h>

struct kept {
    char *key;
    struct span bytes;
    const char *type;
    int64_t until_us; /* monotonic */
    GList link;       /* in the order of use */
};

struct picture_cache {
    pthread_mutex_t lock;
    GHashTable *by_key; /* key -> struct kept */
    GQueue used;        /* the latest first */
    size_t bytes, bytes_max;
    unsigned seconds;
};

struct picture_cache *picture_cache_new(const void *owner, size_t bytes_max, unsigned seconds)
{
    struct picture_cache *cache = talloc_zero(owner, struct picture_cache);

    pthread_mutex_init(&cache->lock, NULL);
    cache->by_key = g_hash_table_new(g_str_hash, g_str_equal);
    g_queue_init(&cache->used);
    cache->bytes_max = bytes_max;
    cache->seconds = seconds;
    return cache;
}

/* With the lock. */
static void drop(struct picture_cache *cache, struct kept *kept)
{
    g_hash_table_remove(cache->by_key, kept->key);
    g_queue_unlink(&cache->used, &kept->link);
    cache->bytes -= span_length(kept->bytes);
    talloc_free(kept);
}

void picture_cache_free(struct picture_cache **cache)
{
    while ((*cache)->used.head)
        drop(*cache, (*cache)->used.head->data);
    g_hash_table_destroy((*cache)->by_key);
    pthread_mutex_destroy(&(*cache)->lock);
    talloc_free(*cache);
    *cache = NULL;
}

bool picture_cache_find(struct picture_cache *cache, const char *key, struct buf *out, const char **type_out)
{
    struct kept *kept;

    pthread_mutex_lock(&cache->lock);
    kept = g_hash_table_lookup(cache->by_key, key);
    if (kept && kept->until_us < clock_monotonic_us()) {
        drop(cache, kept);
        kept = NULL;
    }
    if (kept) {
        g_queue_unlink(&cache->used, &kept->link);
        g_queue_push_head_link(&cache->used, &kept->link);
        buf_add_span(out, kept->bytes);
        *type_out = kept->type;
    }
    pthread_mutex_unlock(&cache->lock);
    return kept != NULL;
}

/* Memory of no owner: talloc trees are not for several threads. */
static struct kept *kept_new(const char *key, struct span bytes, const char *type, unsigned seconds)
{
    struct kept *kept = talloc_zero(NULL, struct kept);

    kept->key = talloc_strdup(kept, key);
    kept->bytes = span_of(talloc_memdup(kept, bytes.p, span_length(bytes)), span_length(bytes));
    kept->type = type;
    kept->until_us = clock_monotonic_us() + seconds * US_PER_S;
    kept->link.data = kept;
    return kept;
}

void picture_cache_put(struct picture_cache *cache, const char *key, struct span bytes, const char *type)
{
    struct kept *kept, *old;

    if (span_length(bytes) > cache->bytes_max / 8)
        return;
    kept = kept_new(key, bytes, type, cache->seconds);
    pthread_mutex_lock(&cache->lock);
    old = g_hash_table_lookup(cache->by_key, key);
    if (old)
        drop(cache, old);
    g_hash_table_insert(cache->by_key, kept->key, kept);
    g_queue_push_head_link(&cache->used, &kept->link);
    cache->bytes += span_length(bytes);
    while (cache->bytes > cache->bytes_max)
        drop(cache, cache->used.tail->data);
    pthread_mutex_unlock(&cache->lock);
}
