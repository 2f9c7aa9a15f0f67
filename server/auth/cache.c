/*
 * cache.c -- a set-associative table under one lock: a lookup is eight comparisons.
 */
#include "auth/cache.h"

#include "base/clock.h"
#include "base/digest.h"

#include <pthread.h>
#include <talloc.h>

enum { WAYS = 8 };

struct entry {
    struct cache_key key;
    int64_t stamp;
    int64_t until_us; /* monotonic; 0: free */
    enum verdict verdict;
};

struct cache {
    pthread_mutex_t lock;
    uint8_t secret[32]; /* of this process only */
    size_t buckets;
    _Atomic size_t used; /* changed under the lock */
    struct entry *entries;
};

static int destroy(struct cache *cache)
{
    pthread_mutex_destroy(&cache->lock);
    secret_erase(cache->secret, sizeof cache->secret);
    return 0;
}

struct cache *cache_open(const void *owner, size_t entries)
{
    struct cache *cache = talloc_zero(owner, struct cache);

    pthread_mutex_init(&cache->lock, NULL);
    random_bytes(cache->secret, sizeof cache->secret);
    cache->buckets = (entries + WAYS - 1) / WAYS;
    cache->entries = talloc_zero_array(cache, struct entry, (unsigned)(cache->buckets * WAYS));
    talloc_set_destructor(cache, destroy);
    return cache;
}

void cache_close(struct cache **cache)
{
    TALLOC_FREE(*cache);
}

struct cache_key cache_key_of(const struct cache *cache, struct span account, struct span password)
{
    uint8_t inner[SHA256_BYTES], mac[SHA256_BYTES];
    uint8_t both[2 * SHA256_BYTES];
    struct cache_key key;

    hmac_sha256(span_of(cache->secret, sizeof cache->secret), account, both);
    hmac_sha256(span_of(cache->secret, sizeof cache->secret), password, inner);
    memcpy(both + SHA256_BYTES, inner, sizeof inner);
    hmac_sha256(span_of(cache->secret, sizeof cache->secret), span_of(both, sizeof both), mac);
    memcpy(key.bytes, mac, sizeof key.bytes);
    secret_erase(inner, sizeof inner);
    secret_erase(both, sizeof both);
    return key;
}

static struct entry *bucket_of(struct cache *cache, const struct cache_key *key)
{
    uint64_t number;

    memcpy(&number, key->bytes, sizeof number);
    return cache->entries + number % cache->buckets * WAYS;
}

/* Under the lock. */
static struct entry *find(struct cache *cache, const struct cache_key *key)
{
    struct entry *bucket = bucket_of(cache, key);

    for (size_t i = 0; i < WAYS; i++)
        if (bucket[i].until_us && memcmp(bucket[i].key.bytes, key->bytes, sizeof key->bytes) == 0)
            return &bucket[i];
    return NULL;
}

enum verdict cache_find(struct cache *cache, const struct cache_key *key, int64_t stamp)
{
    enum verdict verdict = VERDICT_NONE;

    pthread_mutex_lock(&cache->lock);
    const struct entry *found = find(cache, key);
    if (found && found->stamp == stamp && found->until_us > clock_monotonic_us())
        verdict = found->verdict;
    pthread_mutex_unlock(&cache->lock);
    return verdict;
}

static struct entry *oldest(struct entry *bucket)
{
    struct entry *best = bucket;

    for (size_t i = 1; i < WAYS; i++)
        if (bucket[i].until_us < best->until_us)
            best = &bucket[i];
    return best;
}

void cache_put(struct cache *cache, const struct cache_key *key, int64_t stamp, enum verdict verdict,
               unsigned seconds)
{
    if (seconds == 0)
        return;
    pthread_mutex_lock(&cache->lock);
    struct entry *entry = find(cache, key);
    if (!entry)
        entry = oldest(bucket_of(cache, key));
    cache->used += entry->until_us == 0;
    *entry = (struct entry){ *key, stamp, clock_monotonic_us() + (int64_t)seconds * US_PER_S, verdict };
    pthread_mutex_unlock(&cache->lock);
}

size_t cache_count(const struct cache *cache)
{
    return cache->used;
}
