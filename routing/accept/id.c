#include "accept/id.h"

#include "base/clock.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <talloc.h>

char *accept_id(const void *owner)
{
    static _Atomic unsigned counter; /* all threads number together: that is what it is for */
    unsigned number = atomic_fetch_add_explicit(&counter, 1, memory_order_relaxed);

    return talloc_asprintf(owner, "%013" PRIx64 "%03x", (uint64_t)clock_now_us(), number & 0xfff);
}
