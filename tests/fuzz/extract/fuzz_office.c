/* fuzz_office.c -- a ZIP with XML in it: whatever comes, it ends, and what it says is text within its bounds. */
#include "extract/formats.h"
#include "format/charset.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum { ROOM = 4096 };
    static char text[ROOM];
    struct extract_sink sink = { .p = text, .capacity = sizeof text };
    enum extract_verdict verdict = office_text(span_of(data, size), &sink);

    if (verdict >= EXTRACT_VERDICTS || sink.length > sizeof text ||
        !utf8_is_valid(span_of(text, sink.length)))
        abort();
    return 0;
}
