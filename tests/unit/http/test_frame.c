/* test_frame.c -- frames of WebSocket: RFC 6455, 5. */
#include "http/frame.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
/* cmocka wants setjmp, stdarg and stddef first */
#include <cmocka.h>
#include <talloc.h>

enum { MOST = 70000 };
#define MASK "\1\2\3\4"
/* "Hi" and "!" under that mask. */
#define HI "\x49\x6b"
#define BANG "\x20"

static const struct {
    const char *what, *bytes;
    size_t length;
    const char *events; /* T text, i ping, o pong, c and F with their code */
} cases[] = {
#define BYTES(text) text, sizeof(text) - 1
    { "a text", BYTES("\x81\x82" MASK HI), "T:Hi" },
    { "an empty text", BYTES("\x81\x80" MASK), "T:" },
    { "pieces", BYTES("\x01\x82" MASK HI "\x80\x81" MASK BANG), "T:Hi!" },
    { "a ping between pieces", BYTES("\x01\x82" MASK HI "\x89\x81" MASK BANG "\x80\x80" MASK), "i:! T:Hi" },
    { "a pong that nobody asked for", BYTES("\x8a\x80" MASK), "o:" },
    { "two texts", BYTES("\x81\x82" MASK HI "\x81\x81" MASK BANG), "T:Hi T:!" },
    { "half a frame", BYTES("\x81\x82" MASK "\x49"), "" },
    { "goodbye", BYTES("\x88\x82" MASK "\x02\xea"), "c1000" },
    { "goodbye without a reason", BYTES("\x88\x80" MASK), "c1005" },
    { "half a code", BYTES("\x88\x81" MASK "\x02"), "F1002" },
    { "a code that is never sent", BYTES("\x88\x82" MASK "\x02\xef"), "F1002" },
    { "no mask", BYTES("\x81\x02Hi"), "F1002" },
    { "a reserved bit", BYTES("\xc1\x82" MASK HI), "F1002" },
    { "an opcode of nobody", BYTES("\x83\x80" MASK), "F1002" },
    { "a control opcode of nobody", BYTES("\x8b\x80" MASK), "F1002" },
    { "a ping in pieces", BYTES("\x09\x80" MASK), "F1002" },
    { "a long ping", BYTES("\x89\xfe\x00\x7e" MASK), "F1002" },
    { "a rest of nothing", BYTES("\x80\x82" MASK HI), "F1002" },
    { "a text within a text", BYTES("\x01\x82" MASK HI "\x81\x82" MASK HI), "F1002" },
    { "bytes", BYTES("\x82\x82" MASK HI), "F1003" },
    { "a length longer than needed", BYTES("\x81\xfe\x00\x02" MASK HI), "F1002" },
    { "the same of 8 bytes", BYTES("\x81\xff\0\0\0\0\0\0\xff\xff" MASK), "F1002" },
    { "a length of 2^63", BYTES("\x81\xff\x80\0\0\0\0\0\0\0" MASK), "F1002" },
    { "too much", BYTES("\x81\xff\0\0\0\0\0\x01\x11\x71" MASK), "F1009" },
    { "too much in pieces", BYTES("\x01\x82" MASK HI "\x80\xff\0\0\0\0\0\x01\x11\x70" MASK), "F1009" },
    { "no UTF-8", BYTES("\x81\x82" MASK "\xfe\xfc"), "F1007" },
#undef BYTES
};

static void describe(struct buf *said, const struct frame_event *event)
{
    static const char letters[] = { [FRAME_EVENT_MESSAGE] = 'T',
                                    [FRAME_EVENT_PING] = 'i',
                                    [FRAME_EVENT_PONG] = 'o',
                                    [FRAME_EVENT_CLOSE] = 'c',
                                    [FRAME_EVENT_FAIL] = 'F' };

    buf_add_text(said, said->length ? " " : "");
    buf_add_byte(said, letters[event->kind]);
    if (event->code) {
        buf_add_format(said, "%u", event->code);
        return;
    }
    buf_add_byte(said, ':');
    buf_add_span(said, event->bytes);
}

static void read_all(const char *bytes, size_t length, size_t step, struct buf *said)
{
    struct frame_reader *reader = frame_reader_new(said->owner, MOST);
    struct frame_event event = { .kind = FRAME_EVENT_NONE };

    for (size_t at = 0; at < length && event.kind != FRAME_EVENT_FAIL; at += step) {
        struct span in = span_of(bytes + at, length - at < step ? length - at : step);
        do {
            frame_next(reader, &in, &event);
            if (event.kind != FRAME_EVENT_NONE)
                describe(said, &event);
        } while (event.kind != FRAME_EVENT_NONE && event.kind != FRAME_EVENT_FAIL);
    }
    buf_add_byte(said, '\0');
}

static void frames_are_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        for (size_t step = 1; step <= cases[i].length; step += cases[i].length) {
            void *arena = talloc_new(NULL);
            struct buf said = BUF_INIT(arena);
            read_all(cases[i].bytes, cases[i].length, step, &said);
            if (strcmp(said.p, cases[i].events) != 0)
                fail_msg("%s in steps of %zu: %s", cases[i].what, step, said.p);
            talloc_free(arena);
        }
}

static void a_message_of_very_many_pieces_is_refused(void **state)
{
    void *arena = talloc_new(NULL);
    struct frame_reader *reader = frame_reader_new(arena, MOST);
    struct frame_event event = { .kind = FRAME_EVENT_NONE };
    struct span in = span_text("\x01\x81" MASK BANG);

    (void)state;
    frame_next(reader, &in, &event);
    for (int i = 1; i < FRAME_PIECES_MAX; i++) {
        in = span_of("\x00\x80" MASK, 6);
        frame_next(reader, &in, &event);
        assert_int_equal(event.kind, FRAME_EVENT_NONE);
    }
    in = span_of("\x00\x80" MASK, 6);
    frame_next(reader, &in, &event);
    assert_int_equal(event.code, FRAME_POLICY);
    talloc_free(arena);
}

static void frames_are_written(void **state)
{
    void *arena = talloc_new(NULL);
    char *large = talloc_zero_size(arena, 70000);
    struct buf out = BUF_INIT(arena);

    (void)state;
    frame_add(&out, FRAME_TEXT, span_text("Hi"));
    frame_add_close(&out, FRAME_GOING_AWAY);
    assert_int_equal(out.length, 8);
    assert_memory_equal(out.p, "\x81\x02Hi\x88\x02\x03\xe9", 8);
    buf_clear(&out);
    frame_add(&out, FRAME_TEXT, span_of(large, 126));
    assert_memory_equal(out.p, "\x81\x7e\x00\x7e", 4);
    buf_clear(&out);
    frame_add(&out, FRAME_TEXT, span_of(large, 70000));
    assert_memory_equal(out.p, "\x81\x7f\0\0\0\0\0\x01\x11\x70", 10);
    /* RFC 6455, 1.3 */
    assert_string_equal(frame_accept(arena, "dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    assert_null(frame_accept(arena, "short"));
    assert_null(frame_accept(arena, NULL));
    talloc_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frames_are_read),
        cmocka_unit_test(a_message_of_very_many_pieces_is_refused),
        cmocka_unit_test(frames_are_written),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
