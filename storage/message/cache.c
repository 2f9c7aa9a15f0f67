/* cache.c -- sixteen small LRU lists, so that readers rarely wait for each other. */
#include "message/cache.h"

#include "base/buf.h"
#include "message/meta.h"
#include "message/zstd.h"

#include <glib.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <talloc.h>

enum { SHARDS = 16, DEFAULT_LIMIT = 64 * 1024 * 1024 };

struct cache_entry {
    struct cache_key key;
    atomic_uint references; /* the list's own is one of them */
    int16_t codec;
    struct cache_entry *newer, *older;
    size_t length;
    char data[];
};

struct shard {
    pthread_mutex_t mutex;
    GHashTable *entries;
    struct cache_entry *newest, *oldest;
    size_t bytes;
    uint64_t hits, misses, evictions;
};

/* The process's one cache: its limit is about the memory of the process. */
static struct shard shards[SHARDS];
static pthread_once_t shards_once = PTHREAD_ONCE_INIT;
static atomic_size_t limit_bytes = DEFAULT_LIMIT;

static guint hash_key(gconstpointer arg)
{
    const struct cache_key *key = arg;
    uint64_t mixed = ((uint64_t)key->message_id * UINT64_C(0x9E3779B97F4A7C15)) ^
                     ((uint64_t)key->group_id << 17) ^
                     ((uint64_t)(uint32_t)key->piece * UINT64_C(0xC2B2AE3D));

    return (guint)(mixed ^ mixed >> 32);
}

static gboolean equal_keys(gconstpointer a, gconstpointer b)
{
    const struct cache_key *left = a, *right = b;

    return left->message_id == right->message_id && left->group_id == right->group_id &&
           left->piece == right->piece;
}

static void make_shards(void)
{
    for (int i = 0; i < SHARDS; i++) {
        pthread_mutex_init(&shards[i].mutex, NULL);
        shards[i].entries = g_hash_table_new(hash_key, equal_keys);
    }
}

static struct shard *shard_of(const struct cache_key *key)
{
    pthread_once(&shards_once, make_shards);
    return &shards[hash_key(key) >> 4 & (SHARDS - 1)];
}

static size_t cost(const struct cache_entry *entry)
{
    return sizeof *entry + entry->length + 64; /* 64: its place in the hash table */
}

static void unreference(struct cache_entry *entry)
{
    if (atomic_fetch_sub(&entry->references, 1) == 1)
        free(entry);
}

static void unlink_entry(struct shard *shard, struct cache_entry *entry)
{
    *(entry->newer ? &entry->newer->older : &shard->newest) = entry->older;
    *(entry->older ? &entry->older->newer : &shard->oldest) = entry->newer;
    entry->newer = entry->older = NULL;
}

static void link_newest(struct shard *shard, struct cache_entry *entry)
{
    entry->older = shard->newest;
    *(shard->newest ? &shard->newest->newer : &shard->oldest) = entry;
    shard->newest = entry;
}

static void add(struct shard *shard, struct cache_entry *entry)
{
    g_hash_table_add(shard->entries, entry);
    link_newest(shard, entry);
    shard->bytes += cost(entry);
}

static void drop(struct shard *shard, struct cache_entry *entry)
{
    unlink_entry(shard, entry);
    g_hash_table_remove(shard->entries, &entry->key);
    shard->bytes -= cost(entry);
    unreference(entry);
}

static size_t shard_limit(void)
{
    return atomic_load(&limit_bytes) / SHARDS;
}

static void evict(struct shard *shard)
{
    while (shard->oldest && shard->bytes > shard_limit()) {
        drop(shard, shard->oldest);
        shard->evictions++;
    }
}

bool piece_cache_get(struct cache_key key, struct cached *cached_out)
{
    struct shard *shard = shard_of(&key);

    pthread_mutex_lock(&shard->mutex);
    struct cache_entry *entry = g_hash_table_lookup(shard->entries, &key);
    if (entry) {
        atomic_fetch_add(&entry->references, 1);
        unlink_entry(shard, entry);
        link_newest(shard, entry);
        shard->hits++;
    } else {
        shard->misses++;
    }
    pthread_mutex_unlock(&shard->mutex);
    if (!entry)
        return false;
    *cached_out = (struct cached){ entry, entry->codec, span_of(entry->data, entry->length) };
    return true;
}

void piece_cache_release(struct cached *cached)
{
    unreference(cached->entry);
    cached->entry = NULL;
}

static struct cache_entry *new_entry(struct cache_key key, int16_t codec, struct span data)
{
    struct cache_entry *entry = malloc(sizeof *entry + span_length(data));

    if (!entry)
        abort();
    *entry = (struct cache_entry){ .key = key, .codec = codec, .length = span_length(data) };
    atomic_init(&entry->references, 1);
    if (entry->length > 0)
        memcpy(entry->data, data.p, entry->length);
    return entry;
}

void piece_cache_put(struct cache_key key, int16_t codec, struct span data)
{
    if (span_length(data) > shard_limit() / 2)
        return;
    struct cache_entry *entry = new_entry(key, codec, data);
    struct shard *shard = shard_of(&key);
    pthread_mutex_lock(&shard->mutex);
    if (g_hash_table_contains(shard->entries, &key)) {
        pthread_mutex_unlock(&shard->mutex);
        free(entry);
        return;
    }
    add(shard, entry);
    evict(shard);
    pthread_mutex_unlock(&shard->mutex);
}

/* Under the lock: the held entry is in the list still, and the larger one would push nothing out. */
static bool has_room_for(struct shard *shard, struct cache_entry *held, size_t length)
{
    return g_hash_table_lookup(shard->entries, &held->key) == held &&
           shard->bytes + length - held->length <= shard_limit();
}

void piece_cache_keep_unpacked(const struct cached *held, struct span raw)
{
    struct shard *shard = shard_of(&held->entry->key);

    if (held->codec == PIECE_RAW || span_length(raw) > shard_limit() / 2)
        return;
    struct cache_entry *entry = new_entry(held->entry->key, PIECE_RAW, raw);
    pthread_mutex_lock(&shard->mutex);
    bool is_kept = has_room_for(shard, held->entry, entry->length);
    if (is_kept) {
        drop(shard, held->entry);
        add(shard, entry);
    }
    pthread_mutex_unlock(&shard->mutex);
    if (!is_kept)
        free(entry);
}

void piece_cache_put_draft(int64_t group_id, int64_t message_id, const struct message_draft *draft)
{
    if (atomic_load(&limit_bytes) == 0)
        return;
    struct buf meta = BUF_INIT(talloc_new(NULL));
    meta_pack(&meta, &(struct message_meta){ .message_id = message_id,
                                             .size_bytes = draft->size_bytes,
                                             .header_bytes = draft->header_bytes,
                                             .part_index = draft->part_index,
                                             .envelope = draft->envelope,
                                             .body_structure = draft->body_structure,
                                             .columns = draft->columns,
                                             .preview = draft->preview });
    piece_cache_put((struct cache_key){ group_id, message_id, CACHE_META }, PIECE_RAW, buf_span(&meta));
    talloc_free(meta.owner);
    piece_cache_put((struct cache_key){ group_id, message_id, CACHE_HEADER }, PIECE_ZSTD, draft->header);
    if (draft->pieces)
        piece_cache_put((struct cache_key){ group_id, message_id, 0 }, draft->pieces->codec,
                        draft->pieces->data);
}

void message_cache_set_limit(size_t bytes)
{
    pthread_once(&shards_once, make_shards);
    atomic_store(&limit_bytes, bytes);
    for (int i = 0; i < SHARDS; i++) {
        pthread_mutex_lock(&shards[i].mutex);
        evict(&shards[i]);
        pthread_mutex_unlock(&shards[i].mutex);
    }
}

void message_cache_stats(struct message_cache_stats *stats_out)
{
    *stats_out = (struct message_cache_stats){ .limit_bytes = atomic_load(&limit_bytes) };
    pthread_once(&shards_once, make_shards);
    for (int i = 0; i < SHARDS; i++) {
        pthread_mutex_lock(&shards[i].mutex);
        stats_out->bytes += shards[i].bytes;
        stats_out->entries += g_hash_table_size(shards[i].entries);
        stats_out->hits += shards[i].hits;
        stats_out->misses += shards[i].misses;
        stats_out->evictions += shards[i].evictions;
        pthread_mutex_unlock(&shards[i].mutex);
    }
}
