/*
 * cache.h -- passwords that were checked a moment ago, right ones and wrong ones, so that the same one does not
 * cost another argon2. What is kept is a keyed hash that means nothing outside this process, with the account's stamp:
 * any change of the account makes it worthless. For this room only.
 *
 * Memory   40 bytes an entry, all taken at the start; where a bucket of eight is full, its oldest gives way.
 * Threads  all functions may be called from any thread.
 */
#ifndef AUTH_CACHE_H
#define AUTH_CACHE_H

#include "base/span.h"

struct cache;

/* Room for `entries` under `owner`. */
struct cache *cache_open(const void *owner, size_t entries);
/* Forgets everything at once. Accepts and sets NULL. */
void cache_close(struct cache **cache);

struct cache_key {
    uint8_t bytes[16];
};
/* Of an account and what was tried on it. */
struct cache_key cache_key_of(const struct cache *cache, struct span account, struct span password);

enum verdict { VERDICT_NONE, VERDICT_RIGHT, VERDICT_WRONG };
/* What was put under this key and stamp; VERDICT_NONE where nothing was, or too long ago. */
enum verdict cache_find(struct cache *cache, const struct cache_key *key, int64_t stamp);
/* Remembers a verdict for `seconds`; another stamp of the account makes it worthless. 0: does not remember it. */
void cache_put(struct cache *cache, const struct cache_key *key, int64_t stamp, enum verdict verdict,
               unsigned seconds);
/* How many entries are in use. */
size_t cache_count(const struct cache *cache);

#endif
