/*
 * sts_cache.h -- which MTA-STS policy holds for a domain now.
 *
 * A policy once fetched holds for its max_age, whatever the DNS or the web server say meanwhile (RFC 8461, 3.3): who can suppress
 * both must not be able to suppress TLS. It is fetched again when the record's id changes, and once a day. Policies are kept
 * in the state directory over a restart.
 *
 * Threads  all functions may be called from any thread; a domain is fetched by one of them, the others wait for it.
 */
#ifndef CONNECTOR_STS_CACHE_H
#define CONNECTOR_STS_CACHE_H

#include "connector/settings.h"
#include "connector/sts.h"

#include <stdatomic.h>

enum { STS_CACHE_MAX = 20000 }; /* domains remembered */

struct sts_cache;

struct sts_found {
    struct sts_policy policy; /* mode STS_NONE where there is none */
    const char *text;         /* as the domain wrote it; "" */
    const char
        *failure; /* a fetch failed just now: the result type for reports (RFC 8460, 4.3); NULL: none */
};

/* Empty. Ended by sts_cache_free(), when nobody asks any more. */
struct sts_cache *sts_cache_new(void);
/* Accepts NULL. */
void sts_cache_free(struct sts_cache **cache);
/* What holds for the domain, under `owner`. */
void sts_cache_find(struct sts_cache *cache, const struct settings *settings, const void *owner,
                    const char *domain, const atomic_bool *is_stopping, struct sts_found *found_out);

#endif
