/* test_event.c -- events are JSON whatever was said to us, and what a message is found by does not depend on its letters. */
#include "trace/event.h"

#include "trace/term.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants setjmp, stdarg and stddef first */
#include <cmocka.h>
#include <string.h>
#include <talloc.h>

static void test_hostile_texts_are_json(void **state)
{
    static const struct {
        const char *what;
        struct span text;
        const char *read; /* as it comes back; NULL: only that it is JSON */
    } texts[] = {
        { "quotes and backslashes", { "a\"b\\c", NULL }, "a\"b\\c" },
        { "control characters", { "a\r\n\tb\x7f", NULL }, "a\r\n\tb\x7f" },
        { "UTF-8", { "caf\xc3\xa9", NULL }, "caf\xc3\xa9" },
        { "bytes that are none", { "\xff\xfe(\xc3", NULL }, NULL },
        { "half a surrogate pair", { "a\xed\xa0\x80", NULL }, NULL },
        { "beyond the last character", { "\xf4\x90\x80\x80", NULL }, NULL },
        { "an overlong form", { "\xc0\xaf", NULL }, NULL },
    };
    void *arena = talloc_new(NULL);

    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        struct buf out = BUF_INIT(arena);
        event_begin(&out, 7, "x");
        event_span(&out, "k", span_text(texts[i].text.p));
        event_end(&out);
        json_t *json = json_loads(buf_text(&out), 0, NULL);
        if (!json)
            fail_msg("%s: %s", texts[i].what, buf_text(&out));
        assert_int_equal(json_integer_value(json_object_get(json, "t")), 7);
        if (texts[i].read)
            assert_string_equal(json_string_value(json_object_get(json, "k")), texts[i].read);
        json_decref(json);
    }
    talloc_free(arena);
    (void)state;
}

static void test_nul_is_left_out(void **state)
{
    void *arena = talloc_new(NULL);
    struct buf out = BUF_INIT(arena);

    event_begin(&out, 1, "x");
    event_span(&out, "k", span_of("a\0b", 3));
    event_end(&out);
    assert_string_equal(buf_text(&out), "{\"t\":1,\"event\":\"x\",\"k\":\"ab\"}");
    talloc_free(arena);
    (void)state;
}

static void test_long_texts_are_cut_between_characters(void **state)
{
    void *arena = talloc_new(NULL);
    struct buf out = BUF_INIT(arena);
    char text[EVENT_TEXT_MAX * 3 + 1];

    for (size_t i = 0; i + 3 < sizeof text; i += 3)
        memcpy(text + i, "\xe2\x82\xac", 4);
    event_begin(&out, 1, "x");
    event_text(&out, "k", text);
    event_end(&out);
    json_t *json = json_loads(buf_text(&out), 0, NULL);
    assert_non_null(json);
    size_t length = strlen(json_string_value(json_object_get(json, "k")));
    assert_true(length <= EVENT_TEXT_MAX && length > EVENT_TEXT_MAX - 3 && length % 3 == 0);
    json_decref(json);
    talloc_free(arena);
    (void)state;
}

static void test_what_says_nothing_is_not_there(void **state)
{
    void *arena = talloc_new(NULL);
    struct buf out = BUF_INIT(arena);

    event_begin(&out, 1, "x");
    event_text(&out, "a", NULL);
    event_text(&out, "b", "");
    event_number(&out, "c", 0);
    event_flag(&out, "d", false);
    event_time(&out, "e", 0);
    event_time(&out, "f", INT64_C(1924992000) * 1000000);
    event_list_begin(&out, "g");
    event_list_item(&out, span_text("1"));
    event_list_item(&out, span_text("2"));
    event_list_end(&out);
    event_end(&out);
    assert_string_equal(buf_text(&out),
                        "{\"t\":1,\"event\":\"x\",\"f\":\"2031-01-01T00:00:00Z\",\"g\":[\"1\",\"2\"]}");
    talloc_free(arena);
    (void)state;
}

static void test_terms(void **state)
{
    assert_int_equal(trace_term(TRACE_TERM_SENDER, span_text("Ada@Example.ORG")),
                     trace_term(TRACE_TERM_SENDER, span_text("ada@example.org")));
    assert_int_not_equal(trace_term(TRACE_TERM_SENDER, span_text("ada@example.org")),
                         trace_term(TRACE_TERM_RECIPIENT, span_text("ada@example.org")));
    assert_int_not_equal(trace_term_item(1), trace_term_item(2));
    assert_true(span_equals_text(trace_message_id(span_text(" <a@b>\r\n")), "a@b"));
    assert_true(span_equals_text(trace_message_id(span_text("a@b")), "a@b"));
    assert_true(span_is_empty(trace_message_id(span_text("<"))));
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hostile_texts_are_json),
        cmocka_unit_test(test_nul_is_left_out),
        cmocka_unit_test(test_long_texts_are_cut_between_characters),
        cmocka_unit_test(test_what_says_nothing_is_not_there),
        cmocka_unit_test(test_terms),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
