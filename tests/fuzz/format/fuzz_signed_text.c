/* fuzz_signed_text.c -- signed text and the field Autocrypt: what is cut out lies inside, and nothing whole has anything beside it. */
#include "format/autocrypt.h"
#include "format/signed_text.h"

#include <stdlib.h>
#include <talloc.h>

static void signed_text(struct span text)
{
    struct span block;
    enum signed_text found = signed_text_find(text, &block);

    if (found == SIGNED_TEXT_NONE || found == SIGNED_TEXT_BROKEN || found == SIGNED_TEXT_SEALED)
        return;
    if (block.p < text.p || block.end > text.end || span_is_empty(block))
        abort();
    if (found == SIGNED_TEXT_WHOLE && span_length(span_trim(text)) > span_length(block))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum { KEY_MAX = 512 };
    void *arena = talloc_new(NULL);
    struct buf key = BUF_INIT(arena);
    const char *address = NULL;

    signed_text(span_of(data, size));
    if (autocrypt_read(arena, span_of(data, size), KEY_MAX, &address, &key) &&
        (!address || key.length == 0 || key.length > KEY_MAX))
        abort();
    talloc_free(arena);
    return 0;
}
