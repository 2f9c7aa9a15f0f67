/* fuzz_uid_set.c -- sequence sets as clients send them: what is taken keeps its shape and comes back from both forms. */
#include "mailbox/uid_set.h"

#include <stdlib.h>
#include <talloc.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    void *arena = talloc_new(NULL);
    struct uid_set set = UID_SET_INIT(arena), text = UID_SET_INIT(arena), bytes = UID_SET_INIT(arena);
    struct span in = span_of(data, size), rendered;
    struct buf out = BUF_INIT(arena), packed = BUF_INIT(arena);

    if (size && uid_set_take(&in, size % 3 ? (uint32_t)size * 7919u : 0, &set) && !uid_set_is_empty(&set)) {
        for (size_t i = 0; i < set.count; i++)
            if (set.runs[i].first == 0 || set.runs[i].first > set.runs[i].last ||
                (i && set.runs[i].first <= set.runs[i - 1].last + 1))
                abort();
        uid_set_render(&out, &set);
        rendered = buf_span(&out);
        uid_set_pack(&packed, &set);
        if (!uid_set_take(&rendered, 1, &text) || !span_is_empty(rendered) || !uid_set_equals(&set, &text) ||
            !uid_set_unpack(buf_span(&packed), &bytes) || !uid_set_equals(&set, &bytes))
            abort();
    }
    talloc_free(arena);
    return 0;
}
