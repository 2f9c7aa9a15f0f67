/*
 * mem.h -- memory by lifetime.
 *
 * What belongs together dies together: the server, a session, a command each own a talloc context, and
 * what a command builds is never freed one by one. An arena is a talloc pool: one block taken in advance
 * from which small objects are cut, emptied as a whole by arena_reset().
 *
 * Running out of memory ends the process (mem_start), so nobody checks a talloc result.
 *
 * Threads  talloc does not lock. A tree of contexts belongs to one thread at a time, and a context that
 *          another thread may use is therefore created at the top (owner NULL), not under a shared one.
 */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include <stddef.h>

/* Once, first in main(): out of memory aborts with a log line; glibc keeps few arenas so that an idle
 * process with many threads stays small. */
void mem_start(void);

/* A pool of `bytes` under `owner` (NULL: top). Larger objects than what is left go to the heap. */
void *arena_new(const void *owner, size_t bytes);
/* Frees all that was allocated from it; the block is kept. NULL is accepted. */
void arena_reset(void *arena);
/* Frees it and sets NULL. */
void arena_free(void **arena);

#endif
