/*
 * window.h -- inside this room: some bodies in a row, read in one round trip, perhaps by somebody else beforehand.
 *
 * Ownership  window_new() gives it, window_drop() takes it back, also while it is being read.
 * Threads    one user; the helper's side is inside.
 */
#ifndef MESSAGE_WINDOW_H
#define MESSAGE_WINDOW_H

#include "message/cache.h"
#include "message/message.h"

enum { WINDOW_MESSAGES = 32 };

/* One body of it: packed, in the rows or in the cache. */
struct ahead {
    bool is_there, is_large, is_cached;
    int16_t codec;
    struct span data;
    struct cached cached; /* where is_cached */
};

struct window;

/* At most WINDOW_MESSAGES ids, which are copied; nothing is read yet. */
struct window *window_new(struct group *group, const int64_t *message_ids, size_t count);
/* Lets `beside` have it read; whoever needs it first reads it. */
void window_start(struct window *window, message_beside *beside, void *context);
/* Reads what nobody has begun to read, waits for what somebody is reading. */
MUST_CHECK bool window_wait(struct window *window, struct err *err);
/* After window_wait(): the i-th of the ids. Valid until window_drop(). */
const struct ahead *window_at(const struct window *window, size_t i);
/* How many ids it has. */
size_t window_count(const struct window *window);
/* Accepts and sets NULL. Does not wait. */
void window_drop(struct window **window);

#endif
