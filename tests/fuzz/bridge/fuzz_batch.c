/* fuzz_batch.c -- a payload from the database: never more entries than there is room for, and what was read is written the same. */
#include "bridge/batch.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct batch_entry entries[BATCH_ENTRIES_MAX];
    static char text[BATCH_PAYLOAD_SIZE];
    uint64_t sender;
    size_t count;

    if (!batch_read(span_of(data, size), &sender, entries, &count))
        return 0;
    if (count == 0 || count > BATCH_ENTRIES_MAX || batch_write(text, sender, entries, count) != count ||
        strlen(text) != size || memcmp(text, data, size) != 0)
        abort();
    count = batch_join(entries, count);
    for (size_t i = 1; i < count; i++)
        if (entries[i].mailbox_id <= entries[i - 1].mailbox_id)
            abort();
    return 0;
}
