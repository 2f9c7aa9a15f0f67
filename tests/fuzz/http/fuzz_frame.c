/* fuzz_frame.c -- frames of WebSocket: read as a whole and byte by byte they say the same, and no message is longer than allowed. */
#include "http/frame.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>
#include <talloc.h>

enum { MOST = 1000 };

/* What was said, as text that can be compared. */
static void note(struct buf *said, const struct frame_event *event)
{
    buf_add_format(said, "%d %u %zu:", event->kind, event->code, span_length(event->bytes));
    buf_add_span(said, event->bytes);
}

static void read_in_steps(const uint8_t *data, size_t size, size_t step, struct buf *said)
{
    struct frame_reader *reader = frame_reader_new(said->owner, MOST);
    struct frame_event event = { .kind = FRAME_EVENT_NONE };

    for (size_t at = 0; at < size && event.kind != FRAME_EVENT_FAIL; at += step) {
        size_t length = size - at < step ? size - at : step;
        struct span in = span_of(data + at, length);
        do {
            frame_next(reader, &in, &event);
            assert(event.kind != FRAME_EVENT_MESSAGE || span_length(event.bytes) <= MOST);
            assert((event.kind != FRAME_EVENT_PING && event.kind != FRAME_EVENT_PONG) ||
                   span_length(event.bytes) <= FRAME_CONTROL_MAX);
            assert(event.kind != FRAME_EVENT_NONE || span_is_empty(in));
            if (event.kind != FRAME_EVENT_NONE)
                note(said, &event);
        } while (event.kind != FRAME_EVENT_NONE && event.kind != FRAME_EVENT_FAIL);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    void *arena = talloc_new(NULL);
    struct buf whole = BUF_INIT(arena), bytes = BUF_INIT(arena);

    read_in_steps(data, size, size ? size : 1, &whole);
    read_in_steps(data, size, 1, &bytes);
    assert(whole.length == bytes.length);
    assert(whole.length == 0 || memcmp(whole.p, bytes.p, whole.length) == 0);
    talloc_free(arena);
    return 0;
}
