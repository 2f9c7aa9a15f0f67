/* reach.c -- a small table, replaced where it is full. */
#include "connector/reach.h"

#include "base/clock.h"

#include <pthread.h>
#include <stdlib.h>
#include <talloc.h>

struct slot {
    struct net_address address;
    int64_t until_us; /* 0: free */
};

struct reach {
    pthread_mutex_t lock;         /* over all below */
    size_t count;                 /* slots not free: none, nearly always */
    struct slot slots[REACH_MAX]; /* by hash, two places each */
};

struct reach *reach_new(void)
{
    struct reach *reach = calloc(1, sizeof *reach);

    if (!reach)
        abort();
    pthread_mutex_init(&reach->lock, NULL);
    return reach;
}

void reach_free(struct reach **reach)
{
    if (*reach)
        pthread_mutex_destroy(&(*reach)->lock);
    free(*reach);
    *reach = NULL;
}

static bool is_same(const struct net_address *a, const struct net_address *b)
{
    return a->port == b->port && net_address_equals(a, b);
}

/* The slot of the address, or the one it would take. */
static struct slot *find(struct reach *reach, const struct net_address *address)
{
    uint32_t hash = 2166136261u ^ address->port;
    struct slot *pair;

    for (size_t i = 0; i < sizeof address->bytes; i++)
        hash = (hash ^ address->bytes[i]) * 16777619u;
    pair = &reach->slots[hash % (REACH_MAX / 2) * 2];
    if (is_same(&pair[0].address, address))
        return &pair[0];
    if (is_same(&pair[1].address, address))
        return &pair[1];
    return pair[0].until_us <= pair[1].until_us ? &pair[0] : &pair[1];
}

void reach_note(struct reach *reach, const struct net_address *address, bool is_reached)
{
    struct slot *slot;

    pthread_mutex_lock(&reach->lock);
    slot = find(reach, address);
    if (!is_reached) {
        reach->count += slot->until_us == 0;
        *slot = (struct slot){ *address, clock_monotonic_us() + REACH_SECONDS * US_PER_S };
    } else if (slot->until_us != 0 && is_same(&slot->address, address)) {
        slot->until_us = 0;
        reach->count--;
    }
    pthread_mutex_unlock(&reach->lock);
}

static bool is_out(struct reach *reach, const struct net_address *address, int64_t now_us)
{
    const struct slot *slot = find(reach, address);

    return slot->until_us > now_us && is_same(&slot->address, address);
}

void reach_order(struct reach *reach, struct exchangers *exchangers)
{
    struct exchanger_address *ordered;
    size_t kept = 0, last = exchangers->address_count;
    int64_t now_us = clock_monotonic_us();

    pthread_mutex_lock(&reach->lock);
    if (reach->count > 0 && exchangers->address_count > 1) {
        ordered =
            talloc_array(exchangers->hosts, struct exchanger_address, (unsigned)exchangers->address_count);
        for (size_t i = 0; i < exchangers->address_count; i++)
            if (!is_out(reach, &exchangers->addresses[i].address, now_us))
                ordered[kept++] = exchangers->addresses[i];
        for (size_t i = exchangers->address_count; i > 0; i--)
            if (is_out(reach, &exchangers->addresses[i - 1].address, now_us))
                ordered[--last] = exchangers->addresses[i - 1];
        exchangers->addresses = ordered;
    }
    pthread_mutex_unlock(&reach->lock);
}
