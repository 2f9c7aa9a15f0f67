/*
 * cache.h -- inside storage/: compressed pieces and metas that were read or stored lately, least recently used first out.
 *
 * A piece that is read a second time is kept unpacked, as long as nothing has to go for that: unpacking costs more than
 * sending. A cache that is full keeps what it has as it is.
 *
 * What is cached never changes (messages are immutable and their ids never reused), so there is nothing to invalidate.
 * One cache a process, as its bytes are bounded a process.
 *
 * Threads  all functions may be called from any thread.
 */
#ifndef MESSAGE_CACHE_H
#define MESSAGE_CACHE_H

#include "message/message.h"

/* Beside the numbers of pieces. */
enum { CACHE_META = -1, CACHE_HEADER = -2 };

struct cache_key {
    int64_t group_id, message_id;
    int32_t piece;
};

/* A reference; piece_cache_release() gives it back. `data` does not change while it is held. */
struct cache_entry;
struct cached {
    struct cache_entry *entry;
    int16_t codec;
    struct span data;
};

/* False: not there. The bytes stay until piece_cache_release(), also when they are evicted. */
bool piece_cache_get(struct cache_key key, struct cached *cached_out);
/* Once for each piece_cache_get() that returned true. */
void piece_cache_release(struct cached *cached);
/* Copies; does nothing where it is there already or too large for the limit. */
void piece_cache_put(struct cache_key key, int16_t codec, struct span data);

/* `raw` is what `held` unpacks to. Keeps it in the place of the packed bytes where there is room; `held` stays as it is. */
void piece_cache_keep_unpacked(const struct cached *held, struct span raw);

/* What a delivered draft holds, under the id it got: it is usually read soon. */
void piece_cache_put_draft(int64_t group_id, int64_t message_id, const struct message_draft *draft);

#endif
