/* fuzz_form.c -- a value is one line of UTF-8, no longer than asked for. */
#include "format/charset.h"
#include "format/form.h"

#include <stdlib.h>
#include <string.h>
#include <talloc.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = form_text(NULL, span_of(data, size), "reason", 20);

    if (text && (strlen(text) > 20 || !utf8_is_valid(span_text(text)) || strpbrk(text, "\r\n\t")))
        abort();
    talloc_free(text);
    return 0;
}
