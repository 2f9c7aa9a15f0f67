/*
 * pack_cache.h -- decoded packs of the process, by folder and UID, dropped by least recent use. For this room only.
 *
 * Threads  any; a pack is immutable and counted.
 */
#ifndef MAILBOX_PACK_CACHE_H
#define MAILBOX_PACK_CACHE_H

#include "base/span.h"

#include <glib.h>
#include <stdatomic.h>

enum pack_part { PACK_SHOWN, PACK_SEARCHED, PACK_PARTS };

/* One row of a pack: two byte strings (envelope and body structure, or columns and preview), and for the second
 * part three numbers. */
struct pack_cell {
    uint32_t first, second, end; /* offsets of the strings; where the second ends */
    uint32_t header_size;
    int64_t thread_id, saved_us;
};

struct pack {
    atomic_uint references;
    const void *group;
    int64_t folder_id;
    enum pack_part part;
    uint32_t count;
    uint32_t *uids; /* ascending */
    struct pack_cell *cells;
    char *bytes;
    /* Of PACK_SEARCHED: the subjects side by side, so that SEARCH SUBJECT reads a tenth of the memory; ends[i] is where the
     * one of cell i ends. */
    char *subjects;
    uint32_t *subject_ends;
    uint64_t memory;
    GList lru; /* under the cache's lock */
};

/* Decodes a column of folder_pack; NULL for bytes that pack_encode() cannot have written. One reference. */
struct pack *pack_decode(enum pack_part part, struct span data);
/* One more reference. */
struct pack *pack_ref(struct pack *pack);
/* Gives one back; the last frees it. */
void pack_release(struct pack *pack);

struct pack_cache;
/* Keeps up to that many bytes of decoded packs. */
struct pack_cache *pack_cache_new(uint64_t bytes_max);
/* Sets NULL. Packs that are held live on. */
void pack_cache_free(struct pack_cache **packs);
/* Forgets all. */
void pack_cache_clear(struct pack_cache *packs);
/* Packs and bytes kept now. */
void pack_cache_stats(struct pack_cache *packs, uint64_t *count_out, uint64_t *bytes_out);

/* The pack that may hold this UID; a reference, or NULL. */
struct pack *pack_cache_find(struct pack_cache *packs, const void *group, int64_t folder_id,
                             enum pack_part part, uint32_t uid);
/* Takes a reference of its own; an equal one that is there already stays. */
void pack_cache_add(struct pack_cache *packs, struct pack *pack);

#endif
