/* memory.c -- tables of buckets: a lookup compares some places, the oldest of them makes room. */
#include "callout/memory.h"

#include "base/clock.h"
#include "base/digest.h"

#include <string.h>
#include <talloc.h>

enum { WAYS = 8, SECRET_BYTES = 32 };

struct address_entry {
    uint64_t key[2];
    int64_t until_us; /* 0: free */
    enum callout_verdict verdict;
};

struct memory {
    uint8_t secret[SECRET_BYTES];
    struct address_entry addresses[CALLOUT_ADDRESSES];
    struct memory_domain domains[CALLOUT_DOMAINS];
};

struct memory *memory_new(const void *owner)
{
    struct memory *memory = talloc_zero(owner, struct memory);

    random_bytes(memory->secret, sizeof memory->secret);
    return memory;
}

static void key_of(const struct memory *memory, const char *text, uint64_t key[2])
{
    uint8_t mac[SHA256_BYTES];

    hmac_sha256(span_of(memory->secret, sizeof memory->secret), span_text(text), mac);
    memcpy(key, mac, 2 * sizeof *key);
    key[0] += key[0] == 0;
}

static struct address_entry *find(struct memory *memory, const uint64_t key[2])
{
    struct address_entry *bucket = &memory->addresses[key[0] % (CALLOUT_ADDRESSES / WAYS) * WAYS];

    for (size_t i = 0; i < WAYS; i++)
        if (bucket[i].until_us && bucket[i].key[0] == key[0] && bucket[i].key[1] == key[1])
            return &bucket[i];
    return NULL;
}

enum callout_verdict memory_find(struct memory *memory, const char *address, int64_t now_us)
{
    const struct address_entry *entry;
    uint64_t key[2];

    key_of(memory, address, key);
    entry = find(memory, key);
    return entry && entry->until_us > now_us ? entry->verdict : CALLOUT_UNSURE;
}

void memory_put(struct memory *memory, const char *address, enum callout_verdict verdict, int64_t now_us)
{
    struct address_entry *bucket, *entry;
    uint64_t key[2];

    key_of(memory, address, key);
    bucket = &memory->addresses[key[0] % (CALLOUT_ADDRESSES / WAYS) * WAYS];
    entry = find(memory, key);
    if (!entry) { /* the one that ends first; free and old ones have ended */
        entry = &bucket[0];
        for (size_t i = 1; i < WAYS; i++)
            if (bucket[i].until_us < entry->until_us)
                entry = &bucket[i];
    }
    *entry = (struct address_entry){
        .key = { key[0], key[1] },
        .until_us = now_us + (verdict == CALLOUT_TAKES ? CALLOUT_TAKEN_S : CALLOUT_REFUSED_S) * US_PER_S,
        .verdict = verdict,
    };
}

struct memory_domain *memory_domain(struct memory *memory, const char *domain, int64_t now_us)
{
    struct memory_domain *bucket, *oldest = NULL;
    uint64_t key[2];

    key_of(memory, domain, key);
    bucket = &memory->domains[key[0] % (CALLOUT_DOMAINS / WAYS) * WAYS];
    for (size_t i = 0; i < WAYS; i++) {
        if (bucket[i].key == key[0]) {
            bucket[i].used_us = now_us;
            return &bucket[i];
        }
        if (bucket[i].asking == 0 && (!oldest || bucket[i].used_us < oldest->used_us))
            oldest = &bucket[i];
    }
    if (oldest)
        *oldest = (struct memory_domain){ .key = key[0], .used_us = now_us };
    return oldest;
}
