/*
 * brake.c -- a set-associative table of counts under one lock.
 */
#include "auth/brake.h"

#include "base/clock.h"
#include "base/digest.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <talloc.h>

enum {
    WAYS = 8,
    PAIR_REFUSED = 10,
    NETWORK_REFUSED = 100,
    WIDER = 16, /* a /48 or /24 may fail so many times as often */
    ACCOUNT_SLOWED = 50,
    LONGEST_DELAY_MS = 15000,
    TRUST_S = 24 * 3600,
    QUIET_S = (int)(THROTTLE_QUIET_US / US_PER_S),
    CHANGES_MAX = 8192
};

/* Seconds are of the wall clock: the counts are shared and outlive us. */
struct entry {
    uint8_t key[16];
    uint32_t failures;
    uint32_t unsent;               /* of them, not yet added to the directory's */
    uint32_t changed_s, trusted_s; /* 0: never; both 0: free */
};

struct brake {
    pthread_mutex_t lock;
    bool has_secret;
    unsigned char secret[32];
    size_t buckets;
    _Atomic size_t used;   /* changed under the lock */
    struct entry *entries; /* mapped: pages that were never used cost nothing */
    size_t mapped_bytes;
    uint8_t (*changes)[16]; /* keys with something unsent, or a count to be forgotten */
    size_t change_count;
};

enum scope { SCOPE_PAIR, SCOPE_NETWORK, SCOPE_WIDE_NETWORK, SCOPE_ACCOUNT, SCOPES };

struct keys {
    uint8_t of[SCOPES][16];
};

static int destroy(struct brake *brake)
{
    munmap(brake->entries, brake->mapped_bytes);
    pthread_mutex_destroy(&brake->lock);
    return 0;
}

struct brake *brake_open(const void *owner, size_t entries)
{
    struct brake *brake = talloc_zero(owner, struct brake);

    pthread_mutex_init(&brake->lock, NULL);
    brake->buckets = entries * 3 / 2 / WAYS + 1; /* so that few buckets overflow before all is full */
    brake->mapped_bytes = brake->buckets * WAYS * sizeof(struct entry);
    brake->entries = mmap(NULL, brake->mapped_bytes, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (brake->entries == MAP_FAILED)
        abort();
    brake->changes = talloc_size(brake, (size_t)CHANGES_MAX * sizeof brake->changes[0]);
    talloc_set_destructor(brake, destroy);
    return brake;
}

void brake_close(struct brake **brake)
{
    TALLOC_FREE(*brake);
}

void brake_set_secret(struct brake *brake, const unsigned char secret[32])
{
    pthread_mutex_lock(&brake->lock);
    memcpy(brake->secret, secret, sizeof brake->secret);
    brake->has_secret = true;
    pthread_mutex_unlock(&brake->lock);
}

static void key_of(const struct brake *brake, enum scope scope, const struct net_network *network,
                   struct span account, uint8_t out[16])
{
    uint8_t mac[SHA256_BYTES], text[1 + sizeof network->bytes + 1 + 400];
    size_t length = span_length(account) < 400 ? span_length(account) : 400;

    text[0] = (uint8_t)scope;
    memset(text + 1, 0, sizeof network->bytes + 1);
    if (network) {
        memcpy(text + 1, network->bytes, sizeof network->bytes);
        text[1 + sizeof network->bytes] = network->bits;
    }
    memcpy(text + 2 + sizeof network->bytes, account.p, length);
    hmac_sha256(span_of(brake->secret, sizeof brake->secret),
                span_of(text, 2 + sizeof network->bytes + length), mac);
    memcpy(out, mac, 16);
}

/* The IPv6 /48 or IPv4 /24 around a peer. */
static struct net_network wide_network(const struct net_address *peer)
{
    struct net_network wide = net_peer_of(peer);

    wide.bits = net_is_ipv4(peer) ? 120 : 48;
    memset(wide.bytes + wide.bits / 8, 0, sizeof wide.bytes - wide.bits / 8);
    return wide;
}

static void keys_of(const struct brake *brake, struct span account, const struct net_address *peer,
                    struct keys *out)
{
    struct net_network network = net_peer_of(peer), wide = wide_network(peer);
    struct span nobody = { "", "" };

    key_of(brake, SCOPE_PAIR, &network, account, out->of[SCOPE_PAIR]);
    key_of(brake, SCOPE_NETWORK, &network, nobody, out->of[SCOPE_NETWORK]);
    key_of(brake, SCOPE_WIDE_NETWORK, &wide, nobody, out->of[SCOPE_WIDE_NETWORK]);
    key_of(brake, SCOPE_ACCOUNT, NULL, account, out->of[SCOPE_ACCOUNT]);
}

static uint32_t now_s(void)
{
    return (uint32_t)(clock_now_us() / US_PER_S);
}

static struct entry *bucket_of(struct brake *brake, const uint8_t key[16])
{
    uint64_t number;

    memcpy(&number, key, sizeof number);
    return brake->entries + number % brake->buckets * WAYS;
}

static bool is_free(const struct entry *entry)
{
    return entry->changed_s == 0 && entry->trusted_s == 0;
}

static struct entry *find(struct brake *brake, const uint8_t key[16])
{
    struct entry *bucket = bucket_of(brake, key);

    for (size_t i = 0; i < WAYS; i++)
        if (!is_free(&bucket[i]) && memcmp(bucket[i].key, key, 16) == 0)
            return &bucket[i];
    return NULL;
}

/* How much it would matter to lose the entry: what is quiet first, then few failures before many. */
static uint64_t worth(const struct entry *entry, uint32_t now)
{
    if (is_free(entry))
        return 0;
    bool is_live = entry->changed_s + QUIET_S > now && entry->failures > 0;
    return ((uint64_t)(is_live ? entry->failures : 0) << 33) + ((uint64_t)(entry->trusted_s != 0) << 32) +
           (entry->changed_s > entry->trusted_s ? entry->changed_s : entry->trusted_s);
}

static struct entry *find_or_make(struct brake *brake, const uint8_t key[16], uint32_t now)
{
    struct entry *bucket = bucket_of(brake, key), *least = find(brake, key);

    if (least)
        return least;
    least = bucket;
    for (size_t i = 1; i < WAYS; i++)
        if (worth(&bucket[i], now) < worth(least, now))
            least = &bucket[i];
    brake->used += is_free(least);
    *least = (struct entry){ .failures = 0 };
    memcpy(least->key, key, 16);
    return least;
}

static uint32_t failures_of(struct brake *brake, const uint8_t key[16], uint32_t now)
{
    const struct entry *entry = find(brake, key);

    return entry && entry->changed_s + QUIET_S > now ? entry->failures : 0;
}

static bool is_trusted(struct brake *brake, const uint8_t pair[16], uint32_t now)
{
    const struct entry *entry = find(brake, pair);

    return entry && entry->trusted_s && entry->trusted_s + TRUST_S > now;
}

static unsigned seconds_left(struct brake *brake, const uint8_t key[16], uint32_t now)
{
    const struct entry *entry = find(brake, key);

    return entry ? entry->changed_s + QUIET_S - now : 0;
}

static unsigned check(struct brake *brake, const struct keys *keys, uint32_t now)
{
    if (failures_of(brake, keys->of[SCOPE_PAIR], now) >= PAIR_REFUSED)
        return seconds_left(brake, keys->of[SCOPE_PAIR], now);
    if (is_trusted(brake, keys->of[SCOPE_PAIR], now))
        return 0;
    if (failures_of(brake, keys->of[SCOPE_NETWORK], now) >= NETWORK_REFUSED)
        return seconds_left(brake, keys->of[SCOPE_NETWORK], now);
    if (failures_of(brake, keys->of[SCOPE_WIDE_NETWORK], now) >= NETWORK_REFUSED * WIDER)
        return seconds_left(brake, keys->of[SCOPE_WIDE_NETWORK], now);
    return 0;
}

/* Locks and makes the keys; false (unlocked) while there is no secret. */
static bool enter(struct brake *brake, struct span account, const struct net_address *peer, struct keys *keys)
{
    pthread_mutex_lock(&brake->lock);
    if (!brake->has_secret) {
        pthread_mutex_unlock(&brake->lock);
        return false;
    }
    keys_of(brake, account, peer, keys);
    return true;
}

unsigned brake_check(struct brake *brake, struct span account, const struct net_address *peer)
{
    struct keys keys;

    if (!enter(brake, account, peer, &keys))
        return 0;
    unsigned wait_s = check(brake, &keys, now_s());
    pthread_mutex_unlock(&brake->lock);
    return wait_s;
}

static unsigned delay_of(struct brake *brake, const struct keys *keys, uint32_t now)
{
    uint32_t failures = failures_of(brake, keys->of[SCOPE_PAIR], now);
    unsigned delay_ms = failures >= 4 ? LONGEST_DELAY_MS : failures > 0 ? 1000u << failures : 0;

    if (failures_of(brake, keys->of[SCOPE_ACCOUNT], now) >= ACCOUNT_SLOWED)
        delay_ms = LONGEST_DELAY_MS;
    return delay_ms;
}

static void note_change(struct brake *brake, const struct entry *entry)
{
    if (brake->change_count < CHANGES_MAX)
        memcpy(brake->changes[brake->change_count++], entry->key, 16);
}

static void count_failure(struct brake *brake, const uint8_t key[16], uint32_t now)
{
    struct entry *entry = find_or_make(brake, key, now);

    if (entry->changed_s + QUIET_S <= now)
        entry->failures = entry->unsent = 0;
    entry->failures++;
    entry->changed_s = now;
    if (entry->unsent++ == 0)
        note_change(brake, entry);
}

unsigned brake_failed(struct brake *brake, struct span account, const struct net_address *peer)
{
    uint32_t now = now_s();
    struct keys keys;

    if (!enter(brake, account, peer, &keys))
        return 0;
    for (int scope = 0; scope < SCOPES; scope++)
        count_failure(brake, keys.of[scope], now);
    unsigned delay_ms = delay_of(brake, &keys, now);
    pthread_mutex_unlock(&brake->lock);
    return delay_ms;
}

unsigned brake_repeated(struct brake *brake, struct span account, const struct net_address *peer)
{
    struct keys keys;

    if (!enter(brake, account, peer, &keys))
        return 0;
    unsigned delay_ms = delay_of(brake, &keys, now_s());
    pthread_mutex_unlock(&brake->lock);
    return delay_ms;
}

void brake_succeeded(struct brake *brake, struct span account, const struct net_address *peer)
{
    uint32_t now = now_s();
    struct keys keys;

    if (!enter(brake, account, peer, &keys))
        return;
    struct entry *pair = find_or_make(brake, keys.of[SCOPE_PAIR], now);
    pair->trusted_s = now;
    if (pair->failures > 0) {
        pair->failures = pair->unsent = 0;
        pair->changed_s = now;
        note_change(brake, pair); /* taken with 0 failures: forget */
    }
    pthread_mutex_unlock(&brake->lock);
}

static int compare_counts(const void *a, const void *b)
{
    return memcmp(((const struct throttle_count *)a)->key, ((const struct throttle_count *)b)->key, 16);
}

size_t brake_take_changes(struct brake *brake, struct throttle_count *counts_out, size_t limit)
{
    size_t count = 0, unique = 0;

    pthread_mutex_lock(&brake->lock);
    while (brake->change_count > 0 && count < limit) {
        struct entry *entry = find(brake, brake->changes[--brake->change_count]);
        if (!entry)
            continue; /* it gave way to another */
        counts_out[count] = (struct throttle_count){ .failures = (int32_t)entry->unsent,
                                                     .changed_us = (int64_t)entry->changed_s * US_PER_S };
        memcpy(counts_out[count++].key, entry->key, 16);
        entry->unsent = 0;
    }
    pthread_mutex_unlock(&brake->lock);
    /* One that succeeded and failed again is noted twice, and a statement may touch a row only once. */
    qsort(counts_out, count, sizeof *counts_out, compare_counts);
    for (size_t i = 0; i < count; i++) {
        if (unique > 0 && compare_counts(&counts_out[unique - 1], &counts_out[i]) == 0)
            counts_out[unique - 1].failures += counts_out[i].failures;
        else
            counts_out[unique++] = counts_out[i];
    }
    return unique;
}

void brake_return_changes(struct brake *brake, const struct throttle_count *counts, size_t count)
{
    pthread_mutex_lock(&brake->lock);
    for (size_t i = 0; i < count; i++) {
        struct entry *entry = find(brake, counts[i].key);
        if (!entry)
            continue;
        if (entry->unsent == 0)
            note_change(brake, entry);
        entry->unsent += (uint32_t)counts[i].failures;
    }
    pthread_mutex_unlock(&brake->lock);
}

void brake_learn(struct brake *brake, const struct throttle_count *counts, size_t count)
{
    uint32_t now = now_s();

    pthread_mutex_lock(&brake->lock);
    for (size_t i = 0; i < count; i++) {
        int64_t changed_s = counts[i].changed_us / US_PER_S;
        if (changed_s + QUIET_S <= now || changed_s > (int64_t)now + QUIET_S)
            continue;
        if (counts[i].failures == 0 && !find(brake, counts[i].key))
            continue;
        struct entry *entry = find_or_make(brake, counts[i].key, now);
        entry->failures = (uint32_t)counts[i].failures + entry->unsent;
        if ((uint32_t)changed_s > entry->changed_s)
            entry->changed_s = (uint32_t)changed_s;
    }
    pthread_mutex_unlock(&brake->lock);
}

size_t brake_entries(const struct brake *brake)
{
    return brake->used;
}
