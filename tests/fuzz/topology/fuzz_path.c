/* fuzz_path.c -- the value of X-Chappe-Path: never more ids than there is room for, and what was read is read again the same. */
#include "topology/topology.h"

#include "base/buf.h"

#include <stdlib.h>
#include <talloc.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int64_t ids[TOPOLOGY_PATH_MAX], again[TOPOLOGY_PATH_MAX];
    size_t count = topology_read_path(span_of(data, size), ids);
    void *arena = talloc_new(NULL);
    struct buf text = BUF_INIT(arena);

    if (count > TOPOLOGY_PATH_MAX)
        abort();
    for (size_t i = 0; i < count; i++)
        buf_add_format(&text, " %lld", (long long)ids[i]);
    if (topology_read_path(buf_span(&text), again) != count || memcmp(ids, again, count * sizeof *ids) != 0)
        abort();
    talloc_free(arena);
    return 0;
}
