/* fuzz_picture.c -- whatever the bytes are, reading stays inside of them, and what is cut off is never more of a picture. */
#include "format/picture.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct picture whole, part;
    bool is_whole = picture_read(span_of(data, size), &whole);

    if (is_whole && strncmp(whole.type, "image/", 6) != 0)
        abort();
    if (size > 0 && picture_read(span_of(data, size - 1), &part) &&
        (!is_whole || part.width != whole.width || part.height != whole.height))
        abort();
    return 0;
}
