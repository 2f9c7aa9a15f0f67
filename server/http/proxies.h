/*
 * proxies.h -- inside of this room: the reverse proxies that are believed.
 *
 * Ownership  the networks are copied.
 * Threads    any.
 */
#ifndef HTTP_PROXIES_H
#define HTTP_PROXIES_H

#include "base/net.h"

#include <stddef.h>

struct http_proxies;

/* Nobody is believed at first. */
struct http_proxies *http_proxies_new(void);
/* From now on these, and only these. */
void http_proxies_set(struct http_proxies *proxies, const struct net_network *networks, size_t count);
/* Is this peer one of them? */
bool http_proxies_contain(struct http_proxies *proxies, const struct net_address *peer);
/* Accepts and sets NULL. */
void http_proxies_free(struct http_proxies **proxies);

#endif
