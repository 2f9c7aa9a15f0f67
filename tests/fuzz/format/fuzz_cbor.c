/* fuzz_cbor.c -- what is taken lies inside, and is taken again in the same way. */
#include "format/cbor.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool visit(const struct cbor_item *key, struct span value, void *arg)
{
    struct span again = value, whole;
    int64_t number;

    (void)arg;
    if (!cbor_take_whole(&again, &whole) || !span_is_empty(again))
        abort();
    if (cbor_item_integer(key, &number) && key->kind == CBOR_UNSIGNED && (uint64_t)number != key->number)
        abort();
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span in = span_of(data, size), map = in, item, bytes;
    int64_t number;

    while (cbor_take_whole(&in, &item)) {
        if (span_is_empty(item) || item.end != in.p)
            abort();
        if (cbor_bytes(item, &bytes) && (bytes.p < item.p || bytes.end > item.end))
            abort();
        if (cbor_text(item, &bytes) && cbor_integer(item, &number))
            abort();
    }
    (void)!cbor_take_map(&map, visit, NULL);
    return 0;
}
