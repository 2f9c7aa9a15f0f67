#include "base/limits.h"

#include "base/clock.h"

#include <glib.h>
#include <pthread.h>
#include <stdlib.h>

#define PEERS_MAX 65536
#define WINDOW_US (60 * US_PER_S)

struct peer {
    uint8_t key[16];
    unsigned connections;
    unsigned is_new;         /* connections made in this window */
    int64_t window_start_us; /* monotonic */
};

struct limits {
    pthread_mutex_t lock;
    GHashTable *peers;
    unsigned max_connections, max_new;
    int64_t next_sweep_us;
};

static guint key_hash(gconstpointer key)
{
    uint64_t halves[2];

    memcpy(halves, key, sizeof(halves));
    halves[0] = (halves[0] ^ (halves[1] * UINT64_C(0x9e3779b97f4a7c15))) * UINT64_C(0xff51afd7ed558ccd);
    return (guint)(halves[0] >> 32);
}

static gboolean key_equal(gconstpointer a, gconstpointer b)
{
    return memcmp(a, b, 16) == 0;
}

struct limits *limits_new(unsigned max_per_peer, unsigned max_new_a_minute)
{
    struct limits *limits = g_new0(struct limits, 1);

    pthread_mutex_init(&limits->lock, NULL);
    limits->peers = g_hash_table_new_full(key_hash, key_equal, NULL, g_free);
    limits->max_connections = max_per_peer;
    limits->max_new = max_new_a_minute;
    return limits;
}

void limits_set(struct limits *limits, unsigned max_per_peer, unsigned max_new_a_minute)
{
    pthread_mutex_lock(&limits->lock);
    limits->max_connections = max_per_peer;
    limits->max_new = max_new_a_minute;
    pthread_mutex_unlock(&limits->lock);
}

void limits_free(struct limits **limits)
{
    if (*limits) {
        g_hash_table_destroy((*limits)->peers);
        pthread_mutex_destroy(&(*limits)->lock);
    }
    g_free(*limits);
    *limits = NULL;
}

static gboolean is_stale(gpointer key UNUSED, gpointer value, gpointer now)
{
    const struct peer *peer = value;

    return peer->connections == 0 && *(const int64_t *)now - peer->window_start_us > WINDOW_US;
}

static struct peer *find(struct limits *limits, const struct net_network *key, int64_t now_us)
{
    struct peer *peer = g_hash_table_lookup(limits->peers, key->bytes);

    if (peer)
        return peer;
    if (now_us >= limits->next_sweep_us) {
        g_hash_table_foreach_remove(limits->peers, is_stale, &now_us);
        limits->next_sweep_us = now_us + WINDOW_US / 4;
    }
    if (g_hash_table_size(limits->peers) >= PEERS_MAX)
        return NULL;
    peer = g_new0(struct peer, 1);
    memcpy(peer->key, key->bytes, sizeof(peer->key));
    peer->window_start_us = now_us;
    g_hash_table_insert(limits->peers, peer->key, peer);
    return peer;
}

enum limits_verdict limits_enter(struct limits *limits, const struct net_network *key, int64_t now_us)
{
    enum limits_verdict verdict = LIMITS_OK;
    struct peer *peer;

    pthread_mutex_lock(&limits->lock);
    peer = find(limits, key, now_us);
    if (peer) {
        if (now_us - peer->window_start_us > WINDOW_US) {
            peer->window_start_us = now_us;
            peer->is_new = 0;
        }
        if (peer->connections >= limits->max_connections)
            verdict = LIMITS_TOO_MANY;
        else if (peer->is_new >= limits->max_new)
            verdict = LIMITS_TOO_OFTEN;
        else {
            peer->connections++;
            peer->is_new++;
        }
    }
    pthread_mutex_unlock(&limits->lock);
    return verdict;
}

void limits_leave(struct limits *limits, const struct net_network *key)
{
    struct peer *peer;

    pthread_mutex_lock(&limits->lock);
    peer = g_hash_table_lookup(limits->peers, key->bytes);
    if (peer && peer->connections > 0)
        peer->connections--;
    pthread_mutex_unlock(&limits->lock);
}

size_t limits_peers(struct limits *limits)
{
    size_t count;

    pthread_mutex_lock(&limits->lock);
    count = g_hash_table_size(limits->peers);
    pthread_mutex_unlock(&limits->lock);
    return count;
}
