/*
 * picture_cache.h -- pictures that were fetched lately, the least recently used of them forgotten first; private to this room.
 *
 * Threads  any.
 */
#ifndef JMAP_PICTURE_CACHE_H
#define JMAP_PICTURE_CACHE_H

#include "base/buf.h"

struct picture_cache;

/* Of so many bytes and seconds, under `owner`. */
struct picture_cache *picture_cache_new(const void *owner, size_t bytes_max, unsigned seconds);
/* Sets NULL. */
void picture_cache_free(struct picture_cache **cache);

/* The bytes are appended to `out`; false where they are not known, or too old. `type_out` is static. */
MUST_CHECK bool picture_cache_find(struct picture_cache *cache, const char *key, struct buf *out,
                                   const char **type_out);
/* Keeps a copy, unless it alone would be an eighth of all. `type` must be static. */
void picture_cache_put(struct picture_cache *cache, const char *key, struct span bytes, const char *type);

#endif
