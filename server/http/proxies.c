#include "http/proxies.h"

#include <pthread.h>
#include <talloc.h>

struct http_proxies {
    pthread_rwlock_t lock; /* over all below */
    struct net_network *networks;
    size_t count;
};

struct http_proxies *http_proxies_new(void)
{
    struct http_proxies *proxies = talloc_zero(NULL, struct http_proxies);

    pthread_rwlock_init(&proxies->lock, NULL);
    return proxies;
}

void http_proxies_set(struct http_proxies *proxies, const struct net_network *networks, size_t count)
{
    struct net_network *fresh = count ? talloc_memdup(proxies, networks, count * sizeof *networks) : NULL,
                       *old;

    pthread_rwlock_wrlock(&proxies->lock);
    old = proxies->networks;
    proxies->networks = fresh;
    proxies->count = count;
    pthread_rwlock_unlock(&proxies->lock);
    talloc_free(old);
}

bool http_proxies_contain(struct http_proxies *proxies, const struct net_address *peer)
{
    bool is_contained = false;

    pthread_rwlock_rdlock(&proxies->lock);
    for (size_t i = 0; i < proxies->count; i++)
        is_contained = is_contained || net_network_contains(&proxies->networks[i], peer);
    pthread_rwlock_unlock(&proxies->lock);
    return is_contained;
}

void http_proxies_free(struct http_proxies **proxies)
{
    if (*proxies)
        pthread_rwlock_destroy(&(*proxies)->lock);
    talloc_free(*proxies);
    *proxies = NULL;
}
