#include "base/mem.h"

#include "base/log.h"

#include <malloc.h>
#include <stdlib.h>
#include <talloc.h>

/* Few enough that freed memory is found again by whichever worker runs next; enough not to queue. */
#define MALLOC_ARENAS 8
/* Below it a block comes from the heap: a message of usual size must not cost mmap and munmap. */
#define MALLOC_MMAP_BYTES (1024 * 1024)

static void stop_at_corruption(const char *reason)
{
    log_event(LOG_LEVEL_ERROR, "memory.broken", log_text("cause", reason));
    abort();
}

void mem_start(void)
{
    talloc_set_abort_fn(stop_at_corruption);
    (void)mallopt(M_ARENA_MAX, MALLOC_ARENAS);
    (void)mallopt(M_MMAP_THRESHOLD, MALLOC_MMAP_BYTES);
    (void)mallopt(M_TRIM_THRESHOLD, MALLOC_MMAP_BYTES);
}

void *arena_new(const void *owner, size_t bytes)
{
    void *arena = talloc_pool(owner, bytes);

    if (!arena)
        stop_at_corruption("out of memory");
    return arena;
}

void arena_reset(void *arena)
{
    if (arena)
        talloc_free_children(arena);
}

void arena_free(void **arena)
{
    talloc_free(*arena);
    *arena = NULL;
}
