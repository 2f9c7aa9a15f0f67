/* fuzz_unpack.c -- whatever an archive claims, no more comes out than was asked for. */
#include "report/unpack.h"

#include <stdlib.h>
#include <talloc.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum { MOST = 100000 };
    void *arena = talloc_new(NULL);
    struct buf packed = BUF_INIT(arena);
    struct err err = ERR_INIT;
    struct span text, again;

    if (unpack(arena, span_of(data, size), MOST, &text, &err)) {
        if (span_length(text) > MOST)
            abort();
        pack_gzip(&packed, text);
        if (!unpack(arena, buf_span(&packed), MOST, &again, &err) || !span_equals(text, again))
            abort();
    }
    talloc_free(arena);
    return 0;
}
