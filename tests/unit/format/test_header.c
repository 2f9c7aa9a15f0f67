/* test_header.c -- fields cut, decoded and written; a value never becomes two fields. */
#include "format/charset.h"
#include "format/header.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <talloc.h>

static void fields_are_cut_at_their_line_ends(void **state)
{
    static const char block[] =
        " stray\r\nSubject: one\r\n two\r\nno field\r\nX :y\nEmpty:\r\n\r\nBody: no\r\n";
    struct span in = span_text(block);
    struct header_field field;

    (void)state;
    assert_true(header_next(&in, &field));
    assert_true(span_equals_text(field.name, "Subject"));
    assert_true(span_equals_text(field.value, " one\r\n two"));
    assert_true(span_equals_text(field.whole, "Subject: one\r\n two\r\n"));
    assert_true(header_next(&in, &field));
    assert_true(span_equals_text(field.name, "X") && span_equals_text(field.value, "y"));
    assert_true(header_next(&in, &field));
    assert_true(span_equals_text(field.name, "Empty") && span_is_empty(field.value));
    assert_false(header_next(&in, &field));
    assert_int_equal(header_block_length(span_text(block)), strlen(block) - strlen("Body: no\r\n"));
    assert_false(header_find(span_text(block), "Body", &field));
}

static void fields_are_selected_for_imap(void **state)
{
    void *arena = talloc_new(NULL);
    struct buf out = BUF_INIT(arena);
    struct span names[] = { span_text("SUBJECT"), span_text("to") };
    struct span block = span_text("From: a\r\nSubject: b\r\n c\r\nTo: d");

    (void)state;
    header_select(&out, block, names, 2, HEADER_ONLY);
    assert_string_equal(buf_text(&out), "Subject: b\r\n c\r\nTo: d\r\n\r\n");
    buf_clear(&out);
    header_select(&out, block, names, 2, HEADER_NOT);
    assert_string_equal(buf_text(&out), "From: a\r\n\r\n");
    talloc_free(arena);
}

static const struct {
    const char *what, *value, *text;
} words[] = {
    { "plain", " hello ", "hello" },
    { "folded", " one\r\n two", "one two" },
    { "Q", "=?iso-8859-1?Q?a_b=E9?=", "a b\xC3\xA9" },
    { "B", "=?UTF-8?B?w6k=?=", "\xC3\xA9" },
    { "white space between two words is none", "=?utf-8?Q?a?= \r\n =?utf-8?Q?b?=", "ab" },
    { "but beside text it stays", "x =?utf-8?Q?a?= y", "x a y" },
    { "a character cut in two", "=?utf-8?Q?=C3?= =?utf-8?Q?=A9?=", "\xC3\xA9" },
    { "two charsets", "=?utf-8?Q?=C3=A9?= =?iso-8859-1?Q?=E9?=", "\xC3\xA9\xC3\xA9" },
    { "language", "=?utf-8*fr?Q?a?=", "a" },
    { "ISO-2022-JP", "=?ISO-2022-JP?B?GyRCRnxLXBsoQg==?=", "\xE6\x97\xA5\xE6\x9C\xAC" },
    { "koi8-r", "=?koi8-r?B?1MXT1A==?=", "\xD1\x82\xD0\xB5\xD1\x81\xD1\x82" },
    { "unknown charset, valid UTF-8", "=?x-nobody?Q?=C3=A9?=", "\xC3\xA9" },
    { "unknown charset, other bytes", "=?x-nobody?Q?=E9?=", "\xC3\xA9" },
    { "a path is no charset", "=?../../etc/passwd?Q?a?=", "a" },
    { "raw UTF-8", "caf\xC3\xA9", "caf\xC3\xA9" },
    { "raw Latin 1", "caf\xE9", "caf\xC3\xA9" },
    { "not quite a word", "=?utf-8?Q?abc", "=?utf-8?Q?abc" },
    { "not a known encoding", "=?utf-8?X?abc?=", "=?utf-8?X?abc?=" },
    { "mailsploit: an encoded NUL", "=?utf-8?Q?a=00b?=",
      "a\xEF\xBF\xBD"
      "b" },
    { "mailsploit: an encoded line end", "=?utf-8?Q?a=0D=0AX:b?=", "a  X:b" },
};

static void encoded_words_become_utf8(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(words); i++) {
        void *arena = talloc_new(NULL);

        print_message("  %s\n", words[i].what);
        assert_string_equal(header_decode(arena, span_text(words[i].value)), words[i].text);
        talloc_free(arena);
    }
}

static const struct {
    const char *what, *value, *main, *name, *parameter;
} parameters[] = {
    { "token", "text/plain; charset=us-ascii", "text/plain", "charset", "us-ascii" },
    { "comment behind", "text/plain; charset=us-ascii (Plain text)", "text/plain", "charset", "us-ascii" },
    { "quoted", "Text/HTML ;\r\n CharSet=\"utf-8\"", "text/html", "charset", "utf-8" },
    { "escapes", "a/b; name=\"x\\\"y\\\\z\"", "a/b", "name", "x\"y\\z" },
    { "semicolon inside quotes", "a/b; name=\"x;y\"; z=1", "a/b", "z", "1" },
    { "unquoted words", "attachment; filename=my file.txt; size=3", "attachment", "filename", "my file.txt" },
    { "RFC 2231 charset", "a/b; title*=us-ascii'en-us'This%20is%20%2A%2A%2Afun%2A%2A%2A", "a/b", "title",
      "This is ***fun***" },
    { "RFC 2231 continued",
      "application/x-stuff; title*0*=us-ascii'en'This%20is%20even%20more%20; title*1*=%2A%2A%2Afun%2A%2A%2A%20; title*2=\"isn't it!\"",
      "application/x-stuff", "title", "This is even more ***fun*** isn't it!" },
    { "pieces out of order", "a/b; n*1=\"b\"; n*0=\"a\"", "a/b", "n", "ab" },
    { "Latin 1", "a/b; n*=iso-8859-1''%E9", "a/b", "n", "\xC3\xA9" },
    { "an encoded word all the same", "a/b; n=\"=?utf-8?Q?=C3=A9?=\"", "a/b", "n", "\xC3\xA9" },
    { "a line end decoded", "a/b; n*=utf-8''x%0D%0AEvil:%20y", "a/b", "n", "x  Evil: y" },
    { "no value", "a/b; n; m=1", "a/b", "m", "1" },
    { "unterminated quote", "a/b; n=\"abc", "a/b", "n", "abc" },
    { "comment before", "(c) a (d) / (e) b ; (f) n (g) = (h) v (i)", "a/b", "n", "v" },
    { "nothing there", "", "", "n", NULL },
    { "rubbish", ";;;===;;", "", "n", NULL },
};

static void parameters_are_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(parameters); i++) {
        void *arena = talloc_new(NULL);
        struct header_structured read;
        const char *value;

        print_message("  %s\n", parameters[i].what);
        header_structured_parse(arena, span_text(parameters[i].value), &read);
        value = header_parameter(&read, parameters[i].name);
        assert_string_equal(read.value, parameters[i].main);
        if (parameters[i].parameter)
            assert_string_equal(value, parameters[i].parameter);
        else
            assert_null(value);
        talloc_free(arena);
    }
}

static void message_ids_are_found(void **state)
{
    struct span in = span_text("(c <x@y>) \"<q@q>\" <a@b>text <> <c@\r\n d> <open"), id;

    (void)state;
    assert_true(header_next_message_id(&in, &id) && span_equals_text(id, "a@b"));
    assert_true(header_next_message_id(&in, &id) && span_equals_text(id, "c@\r\n d"));
    assert_false(header_next_message_id(&in, &id));
}

static const struct {
    const char *what, *text;
} written[] = {
    { "ASCII", "Quarterly figures" },
    { "one word", "R\xC3\xA9union" },
    { "in the middle", "Compte rendu de la r\xC3\xA9union du 3" },
    { "only others",
      "\xE6\x97\xA5\xE6\x9C\xAC\xE8\xAA\x9E\xE6\x97\xA5\xE6\x9C\xAC\xE8\xAA\x9E\xE6\x97\xA5\xE6\x9C\xAC\xE8\xAA\x9E\xE6\x97\xA5"
      "\xE6\x9C\xAC\xE8\xAA\x9E\xE6\x97\xA5\xE6\x9C\xAC\xE8\xAA\x9E\xE6\x97\xA5\xE6\x9C\xAC\xE8\xAA\x9E" },
    { "looks encoded", "=?utf-8?Q?a?=" },
    { "long",
      "The quick brown fox jumps over the lazy dog and then over the other lazy dog until it is tired of it" },
    { "emoji",
      "\xF0\x9F\x98\x80\xF0\x9F\x98\x80\xF0\x9F\x98\x80\xF0\x9F\x98\x80\xF0\x9F\x98\x80\xF0\x9F\x98\x80\xF0\x9F\x98\x80\xF0\x9F\x98\x80 ok" },
};

static void lines_are_short(const char *text)
{
    struct span in = span_text(text), line;

    while (span_take_line(&in, &line)) {
        assert_true(span_length(line) <= 78);
        assert_true(utf8_is_ascii(line));
    }
}

static void what_is_written_is_read_back(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(written); i++) {
        void *arena = talloc_new(NULL);
        struct buf out = BUF_INIT(arena);
        struct header_structured read;

        print_message("  %s\n", written[i].what);
        header_add(&out, "Subject", written[i].text);
        lines_are_short(buf_text(&out));
        assert_string_equal(header_text(arena, buf_span(&out), "Subject"), written[i].text);
        buf_clear(&out);
        buf_add_text(&out, "a/b");
        header_add_parameter(&out, "name", written[i].text);
        if (i != 4) { /* what looks encoded is decoded there, as everybody does */
            header_structured_parse(arena, buf_span(&out), &read);
            assert_string_equal(header_parameter(&read, "name"), written[i].text);
        }
        lines_are_short(buf_text(&out));
        talloc_free(arena);
    }
}

static void nothing_breaks_out(void **state)
{
    void *arena = talloc_new(NULL);
    struct buf out = BUF_INIT(arena);

    (void)state;
    header_add(&out, "Subject", "a\r\nBcc: x@y.test\r\n\r\nbody");
    header_add_address(&out, "x\r\nTo: y", "a@b.test>\r\nCc: c");
    buf_add_text(&out, "\r\n");
    assert_int_equal(header_count(buf_span(&out), "Subject"), 1);
    assert_int_equal(header_count(buf_span(&out), "Bcc"), 0);
    assert_int_equal(header_count(buf_span(&out), "To"), 0);
    assert_int_equal(header_count(buf_span(&out), "Cc"), 0);
    talloc_free(arena);
}

static void large_headers_are_refused(void **state)
{
    void *arena = talloc_new(NULL);
    struct buf block = BUF_INIT(arena);

    (void)state;
    for (int i = 0; i < HEADER_LINES_MAX; i++)
        buf_add_text(&block, "X: y\r\n");
    assert_int_equal(header_check(buf_span(&block)), HEADER_GOOD);
    buf_add_text(&block, "X: y\r\n");
    assert_int_equal(header_check(buf_span(&block)), HEADER_TOO_MANY_LINES);
    buf_clear(&block);
    buf_add_text(&block, "X: ");
    memset(buf_reserve(&block, HEADER_BYTES_MAX), 'x', HEADER_BYTES_MAX);
    block.length += HEADER_BYTES_MAX;
    assert_int_equal(header_check(buf_span(&block)), HEADER_TOO_LARGE);
    buf_clear(&block);
    buf_add_text(&block, "X: y\r\n\r\n");
    memset(buf_reserve(&block, HEADER_BYTES_MAX * 2), '\n', HEADER_BYTES_MAX * 2);
    block.length += HEADER_BYTES_MAX * 2;
    assert_int_equal(header_check(buf_span(&block)), HEADER_GOOD);
    talloc_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_are_cut_at_their_line_ends),
        cmocka_unit_test(fields_are_selected_for_imap),
        cmocka_unit_test(encoded_words_become_utf8),
        cmocka_unit_test(parameters_are_read),
        cmocka_unit_test(message_ids_are_found),
        cmocka_unit_test(what_is_written_is_read_back),
        cmocka_unit_test(nothing_breaks_out),
        cmocka_unit_test(large_headers_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
