/* fuzz_columns.c -- packed columns from damaged rows: refused, or read within their bytes; what is read packs the same again. */
#include "message/columns.h"

#include <stdlib.h>
#include <talloc.h>

static void touch(struct span text)
{
    volatile char sum = 0;

    for (const char *p = text.p; p < text.end; p++)
        sum = (char)(sum ^ *p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    void *owner = talloc_new(NULL);
    struct message_columns columns, again;
    struct buf packed = BUF_INIT(owner);

    if (columns_unpack(span_of(data, size), &columns)) {
        touch(columns.subject);
        touch(columns.in_reply_to);
        for (size_t i = 0; i < columns.reference_count; i++)
            touch(columns.references[i]);
        columns_pack(&packed, &columns);
        if (!columns_unpack(buf_span(&packed), &again) || !span_equals(columns.to, again.to) ||
            columns.sent_us != again.sent_us || columns.reference_count != again.reference_count)
            abort();
    }
    talloc_free(owner);
    return 0;
}
