/* fuzz_body.c -- what leaves us, from any message and for any server: no bare CR or LF, no NUL and no 8-bit byte where the server does
 * not take them, and dots that are doubled come back as they were. The first byte says what the server can. */
#include "connector/body.h"

#include "format/codec.h"

#include <stdlib.h>
#include <talloc.h>

static void undot(struct span in, struct buf *out)
{
    struct span line;

    while (span_take_line(&in, &line)) {
        if (span_equals_text(line, "."))
            abort(); /* an end of data in the middle */
        if (!span_is_empty(line) && *line.p == '.')
            line.p++;
        buf_add_span(out, line);
        buf_add_text(out, "\r\n");
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    void *arena = talloc_new(NULL);
    struct buf dotted = BUF_INIT(arena), back = BUF_INIT(arena);
    struct features features = { .has = size > 0 ? data[0] : 0 };
    struct outbound_message message = { .bytes = span_of(data, size) };
    struct outcome outcome;
    struct body body;

    if (!body_prepare(arena, &message, &features, &body, &outcome)) {
        if (outcome.verdict != OUTBOUND_FAILED)
            abort();
    } else if (body.type != OUTBOUND_BINARYMIME) {
        struct span rest = body.bytes;
        if (!codec_is_crlf(body.bytes) || span_find_byte(body.bytes, '\0'))
            abort();
        for (const char *p = body.bytes.p; body.type == OUTBOUND_7BIT && p < body.bytes.end; p++)
            if ((unsigned char)*p > 0x7f)
                abort();
        while (!span_is_empty(rest))
            body_add_dotted(&dotted, &rest, 100);
        undot(buf_span(&dotted), &back);
        if (!span_equals(buf_span(&back), body.bytes))
            abort();
    }
    talloc_free(arena);
    return 0;
}
