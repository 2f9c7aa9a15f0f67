/* test_data_filter.c -- the end of data is CRLF "." CRLF and nothing else, wherever the network cuts. */
#include "base/buf.h"
#include "smtp/data_filter.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>
#include <talloc.h>

#define BYTES(text)                                                                                          \
    {                                                                                                        \
        (text), (text) + sizeof(text) - 1                                                                    \
    }

static const struct {
    const char *what;
    struct span sent;
    bool normalises;
    struct span kept; /* up to the end of data */
    unsigned flaws;
    struct span rest; /* after it */
    bool is_ended;
} cases[] = {
    { "an ordinary message", BYTES("a: b\r\n\r\nhello\r\n.\r\nQUIT\r\n"), false,
      BYTES("a: b\r\n\r\nhello\r\n"), 0, BYTES("QUIT\r\n"), true },
    { "nothing at all", BYTES(".\r\n"), false, BYTES(""), 0, BYTES(""), true },
    { "a stuffed dot", BYTES("..\r\n..x\r\n.y\r\n.\r\n"), false, BYTES(".\r\n.x\r\ny\r\n"), 0, BYTES(""),
      true },
    { "dots inside a line stay", BYTES("a.\r\nb..c\r\n.\r\n"), false, BYTES("a.\r\nb..c\r\n"), 0, BYTES(""),
      true },
    { "LF . LF", BYTES("a\n.\nb\r\n.\r\n"), false, BYTES("a\n.\nb\r\n"), DATA_BARE_LF, BYTES(""), true },
    { "LF . CRLF", BYTES("a\n.\r\nb\r\n.\r\n"), false, BYTES("a\n.\r\nb\r\n"), DATA_BARE_LF, BYTES(""),
      true },
    { "CRLF . LF", BYTES("a\r\n.\nb\r\n.\r\n"), false, BYTES("a\r\n.\nb\r\n"), DATA_BARE_LF, BYTES(""),
      true },
    { "CR . CR", BYTES("a\r.\rb\r\n.\r\n"), false, BYTES("a\r.\rb\r\n"), DATA_BARE_CR, BYTES(""), true },
    { "CR . CRLF", BYTES("a\r.\r\nb\r\n.\r\n"), false, BYTES("a\r.\r\nb\r\n"), DATA_BARE_CR, BYTES(""),
      true },
    { "CRLF . CR", BYTES("a\r\n.\rb\r\n.\r\n"), false, BYTES("a\r\n.\rb\r\n"), DATA_BARE_CR, BYTES(""),
      true },
    { "CR . LF", BYTES("a\r.\nb\r\n.\r\n"), false, BYTES("a\r.\nb\r\n"), DATA_BARE_CR | DATA_BARE_LF,
      BYTES(""), true },
    { "LF . CR", BYTES("a\n.\rb\r\n.\r\n"), false, BYTES("a\n.\rb\r\n"), DATA_BARE_CR | DATA_BARE_LF,
      BYTES(""), true },
    { "CRLF NUL . CRLF", BYTES("a\r\n\0.\r\nb\r\n.\r\n"), false, BYTES("a\r\n\0.\r\nb\r\n"), DATA_NUL,
      BYTES(""), true },
    { "CRLF . NUL CRLF", BYTES("a\r\n.\0\r\nb\r\n.\r\n"), false, BYTES("a\r\n\0\r\nb\r\n"), DATA_NUL,
      BYTES(""), true },
    { "CR CRLF . CRLF ends: the line before was ended by CRLF", BYTES("a\r\r\n.\r\nb"), false,
      BYTES("a\r\r\n"), DATA_BARE_CR, BYTES("b"), true },
    { "normalised LF", BYTES("a\nb\r\nc\n.\nd\r\n.\r\n"), true, BYTES("a\r\nb\r\nc\r\n.\r\nd\r\n"),
      DATA_BARE_LF, BYTES(""), true },
    { "normalised CRLF . LF", BYTES("a\r\n.\nb\r\n.\r\n"), true, BYTES("a\r\n.\r\nb\r\n"), DATA_BARE_LF,
      BYTES(""), true },
    { "normalised CR", BYTES("a\rb\r\n.\r\n"), true, BYTES("a\r\nb\r\n"), DATA_BARE_CR, BYTES(""), true },
    { "a dot after a made line end was never stuffed", BYTES("a\n..b\r\n.\r\n"), true, BYTES("a\r\n..b\r\n"),
      DATA_BARE_LF, BYTES(""), true },
    { "not ended yet", BYTES("a\r\n."), false, BYTES("a\r\n"), 0, BYTES(""), false },
};

static bool keep(void *arg, struct span bytes)
{
    buf_add_span(arg, bytes);
    return true;
}

static void check(size_t i, size_t first, size_t step)
{
    void *arena = talloc_new(NULL);
    struct buf kept = BUF_INIT(arena);
    struct data_filter filter;
    struct span all = cases[i].sent, in;

    data_filter_init(&filter, cases[i].normalises, keep, &kept);
    for (size_t cut = first; filter.state != DATA_ENDED && !span_is_empty(all); cut = step) {
        in = span_part(all, 0, cut);
        assert_true(data_filter_feed(&filter, &in));
        all.p = in.p;
    }
    assert_int_equal(filter.state == DATA_ENDED, cases[i].is_ended);
    assert_int_equal(filter.flaws, cases[i].flaws);
    assert_true(span_equals(buf_span(&kept), cases[i].kept));
    assert_true(span_equals(all, cases[i].rest));
    talloc_free(arena);
}

static void every_form_at_every_cut(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        size_t length = span_length(cases[i].sent);

        print_message("  %s\n", cases[i].what);
        for (size_t first = 1; first <= length; first++)
            for (size_t step = 1; step <= length; step++)
                check(i, first, step);
    }
}

static void text_has_no_end_and_no_dots(void **state)
{
    static const char sent[] = "a\r\n.\r\n..b\r\nc\r";
    void *arena = talloc_new(NULL);
    struct buf kept = BUF_INIT(arena);
    struct data_filter filter;

    (void)state;
    text_filter_init(&filter, false, keep, &kept);
    for (const char *p = sent; *p; p++) {
        struct span in = span_of(p, 1);

        assert_true(data_filter_feed(&filter, &in));
        assert_true(span_is_empty(in));
    }
    assert_int_equal(filter.flaws, 0);
    assert_true(data_filter_finish(&filter));
    assert_int_equal(filter.flaws, DATA_BARE_CR);
    assert_true(span_equals_text(buf_span(&kept), sent));
    talloc_free(arena);
}

static bool refuse_bytes(void *arg, struct span bytes)
{
    (void)arg;
    (void)bytes;
    return false;
}

static void a_sink_that_refuses_stops_it(void **state)
{
    struct data_filter filter;
    struct span in = span_text("hello\r\n");

    (void)state;
    data_filter_init(&filter, false, refuse_bytes, NULL);
    assert_false(data_filter_feed(&filter, &in));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_form_at_every_cut),
        cmocka_unit_test(text_has_no_end_and_no_dots),
        cmocka_unit_test(a_sink_that_refuses_stops_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
