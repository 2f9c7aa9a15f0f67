/* test_text.c -- what search sees of a message, and what a person sees first. */
#include "format/charset.h"
#include "format/fold.h"
#include "format/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <talloc.h>

static const struct {
    const char *what, *html, *text;
} pages[] = {
    { "paragraphs", "<p>One</p><p>Two  <b>th</b>ree</p>", "One\nTwo three" },
    { "entities", "a &amp; b &lt; &eacute;&#233;&#xE9; &nbsp; &bogus; &",
      "a & b < \xC3\xA9\xC3\xA9\xC3\xA9 &bogus; &" },
    { "entities without semicolon", "caf&eacute", "caf\xC3\xA9" },
    { "bad characters", "&#0;&#xD800;&#1114112;&#99999999999999999999;",
      "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD" },
    { "script and style", "a<script>x<b>y</script>b<STYLE>p{}</STYLE >c", "a b c" },
    { "script without end", "a<script>x", "a" },
    { "title", "<head><title>T</title></head><body>B", "B" },
    { "comment", "a<!-- <p>no</p> -->b<!-->c", "abc" },
    { "doctype", "<!DOCTYPE html><?xml?>a", "a" },
    { "a greater-than in a value", "<a title=\"x>y\" href='>'>link</a>", "link" },
    { "no tag", "1 < 2 <3 </ <", "1 < 2 <3 </ <" },
    { "unterminated tag", "a<b", "a" },
    { "invisible letters", "sp&shy;am vi&#8203;agra", "spam viagra" },
    { "table", "<table><tr><td>1</td><td>2</td></tr><tr><td>3", "1 2\n3" },
    { "line breaks", "a<br>b<BR/>c", "a\nb\nc" },
};

static void html_becomes_text(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(pages); i++) {
        void *arena = talloc_new(NULL);
        struct buf out = BUF_INIT(arena);

        print_message("  %s\n", pages[i].what);
        html_add_text(&out, span_text(pages[i].html), 1000);
        assert_string_equal(buf_text(&out), pages[i].text);
        talloc_free(arena);
    }
}

static const struct {
    const char *what, *html;
    size_t max, length;
} cuts[] = {
    { "all of it", "<p>x", 9, 4 },
    { "after a tag", "<p>x", 3, 3 },
    { "in a tag", "x<p>", 3, 1 },
    { "behind its opening", "x<p>", 2, 1 },
    { "in a closing tag", "x</p>", 3, 1 },
    { "in a value with a greater-than", "x<a b=\"c>d\">y", 10, 1 },
    { "in a comment", "x<!-- <b> -->y", 10, 1 },
    { "in a doctype", "<!DOCTYPE html>y", 5, 0 },
    { "at a less-than", "1 < 2", 3, 3 },
    { "in a character", "<b>\xC3\xA9", 4, 3 },
    { "in a tag that never ends", "x<a b", 4, 1 },
};

static void html_is_cut_between_tags(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cuts); i++) {
        print_message("  %s\n", cuts[i].what);
        assert_int_equal(html_cut(span_text(cuts[i].html), cuts[i].max), cuts[i].length);
    }
}

static const struct {
    const char *what, *text, *folded;
} folds[] = {
    { "ASCII", "Hello  World\r\n", "hello world " },
    { "accents", "\xC3\x89lan \xC3\xA0 No\xC3\xABl", "elan a noel" },
    { "decomposed", "e\xCC\x81", "e" },
    { "ligatures", "\xC5\x93uvre \xEF\xAC\x81n", "oeuvre fin" },
    { "sharp s",
      "Stra\xC3\x9F"
      "e",
      "strasse" },
    { "full width", "\xEF\xBC\xA1\xEF\xBC\xA2", "ab" },
    { "Greek", "\xCE\x91\xCE\x98\xCE\x89\xCE\x9D\xCE\x91", "\xCE\xB1\xCE\xB8\xCE\xB7\xCE\xBD\xCE\xB1" },
    { "final sigma", "\xCF\x82", "\xCF\x83" },
    { "Turkish dotless i", "\xC4\xB1", "i" },
    { "no-break space",
      "a\xC2\xA0"
      "b",
      "a b" },
    { "invalid",
      "a\xFF"
      "b",
      "a\xEF\xBF\xBD"
      "b" },
    { "cut character", "a\xC3", "a\xEF\xBF\xBD" },
    { "emoji", "\xF0\x9F\x98\x80", "\xF0\x9F\x98\x80" },
    { "Cyrillic", "\xD0\x9F\xD0\xA0\xD0\x98\xD0\x92\xD0\x95\xD0\xA2",
      "\xD0\xBF\xD1\x80\xD0\xB8\xD0\xB2\xD0\xB5\xD1\x82" },
};

static void texts_are_folded(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(folds); i++) {
        void *arena = talloc_new(NULL);

        print_message("  %s\n", folds[i].what);
        assert_string_equal(fold_text(arena, span_text(folds[i].text)), folds[i].folded);
        assert_string_equal(fold_text(arena, span_text(folds[i].folded)), folds[i].folded);
        talloc_free(arena);
    }
}

#define MIXED "Content-Type: multipart/mixed; boundary=b\r\n\r\n"

static const struct {
    const char *what, *message, *searchable, *preview;
    bool has_attachment;
} messages[] = {
    { "plain", "Subject: x\r\n\r\nHello\r\n  world.\r\n", "Hello\r\n  world.\r\n\n", "Hello world.", false },
    { "Latin 1, quoted-printable",
      "Content-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n=E9t=E9",
      "\xC3\xA9t\xC3\xA9\n", "\xC3\xA9t\xC3\xA9", false },
    { "base64",
      "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\nw6l0w6k=\r\n",
      "\xC3\xA9t\xC3\xA9\n", "\xC3\xA9t\xC3\xA9", false },
    { "UTF-16",
      "Content-Type: text/plain; charset=utf-16le\r\nContent-Transfer-Encoding: base64\r\n\r\naABpAA==\r\n",
      "hi\n", "hi", false },
    { "unknown charset", "Content-Type: text/plain; charset=\"../x\"\r\n\r\nok", "ok\n", "ok", false },
    { "HTML names its charset itself", "Content-Type: text/html\r\n\r\n<meta charset=\"iso-8859-15\"><p>\xA4",
      "\xE2\x82\xAC\n", "\xE2\x82\xAC", false },
    { "quotes and signature", "\r\n> old\r\nnew\r\n-- \r\nAda\r\n", "> old\r\nnew\r\n-- \r\nAda\r\n\n", "new",
      false },
    { "only quotes", "\r\n> old\r\n", "> old\r\n\n", "> old", false },
    { "alternative: both are searched, the text is shown",
      "Content-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\nContent-Type: text/html\r\n\r\n<p>rich\r\n--b\r\n\r\npoor\r\n--b--\r\n",
      "rich\npoor\n", "poor", false },
    { "attachment",
      MIXED
      "--b\r\n\r\ntext\r\n--b\r\nContent-Type: application/pdf; name=\"old.pdf\"\r\nContent-Disposition: attachment; "
      "filename*=utf-8''%C3%A9t%C3%A9.pdf\r\n\r\nPDF\r\n--b--\r\n",
      "text\n\xC3\xA9t\xC3\xA9.pdf\n", "text", true },
    { "a forwarded message",
      MIXED
      "--b\r\n\r\nsee\r\n--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: inner\r\n\r\nwords\r\n--b--\r\n",
      "see\ninner\nwords\n", "see", true },
    { "a picture inside the text is no attachment",
      "Content-Type: multipart/related; boundary=b\r\n\r\n--b\r\nContent-Type: text/html\r\n\r\nx\r\n--b\r\nContent-Type: image/png\r\nContent-ID: "
      "<i@x>\r\n\r\nP\r\n--b--\r\n",
      "x\n", "x", false },
    { "a signature is no attachment",
      "Content-Type: multipart/signed; boundary=b\r\n\r\n--b\r\n\r\nx\r\n--b\r\nContent-Type: application/pgp-signature\r\n\r\nP\r\n--b--\r\n",
      "x\n", "x", false },
    { "nothing but a picture", "Content-Type: image/png\r\n\r\nP", "", "", true },
};

static void messages_give_their_words(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(messages); i++) {
        void *arena = talloc_new(NULL);
        struct buf searchable = BUF_INIT(arena), preview = BUF_INIT(arena);
        struct span message = span_text(messages[i].message);
        struct mime_index index;

        print_message("  %s\n", messages[i].what);
        mime_index_build(arena, message, &index);
        text_add_searchable(&searchable, message, &index, 10000);
        assert_string_equal(buf_text(&searchable), messages[i].searchable);
        text_add_preview(&preview, message, &index);
        assert_string_equal(buf_text(&preview), messages[i].preview);
        assert_int_equal(text_has_attachment(message, &index), messages[i].has_attachment);
        talloc_free(arena);
    }
}

static void previews_are_short(void **state)
{
    void *arena = talloc_new(NULL);
    struct buf message = BUF_INIT(arena), preview = BUF_INIT(arena);
    struct mime_index index;
    size_t characters = 0;

    (void)state;
    buf_add_text(&message, "Content-Type: text/plain; charset=utf-8\r\n\r\n");
    for (int i = 0; i < 2000; i++)
        buf_add_text(&message, "\xC3\xA9\xC3\xA9 ");
    mime_index_build(arena, buf_span(&message), &index);
    text_add_preview(&preview, buf_span(&message), &index);
    for (size_t i = 0; i < preview.length; i++)
        characters += (preview.p[i] & 0xC0) != 0x80;
    assert_true(characters <= TEXT_PREVIEW_CHARACTERS && characters > TEXT_PREVIEW_CHARACTERS - 3);
    assert_true(utf8_is_valid(buf_span(&preview)));
    talloc_free(arena);
}

static const struct {
    const char *what, *disposition, *name;
} names[] = {
    { "plain", "attachment; filename=a.txt", "a.txt" },
    { "a path upwards", "attachment; filename=\"../../etc/passwd\"", "passwd" },
    { "a Windows path", "attachment; filename=\"C:\\\\x\\\\y.doc\"", "y.doc" },
    { "an encoded NUL", "attachment; filename*=utf-8''x%00.exe", "x.exe" },
    { "direction override", "attachment; filename*=utf-8''a%E2%80%AEgpj.exe", "agpj.exe" },
    { "line end", "attachment; filename*=utf-8''a%0D%0AX: b", "a  X_ b" },
    { "device", "attachment; filename=CON", "_CON" },
    { "device with extension", "attachment; filename=lpt1.txt", "_lpt1.txt" },
    { "signs", "attachment; filename=\"a:b*c?.txt\"", "a_b_c_.txt" },
    { "hidden", "attachment; filename=.htaccess", "htaccess" },
    { "dots only", "attachment; filename=\"..\"", "attachment" },
    { "nothing left", "attachment; filename=\"///\"", "attachment" },
    { "none", "attachment", NULL },
};

static void file_names_are_safe(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        void *arena = talloc_new(NULL);
        struct span message =
            span_text(talloc_asprintf(arena, "Content-Disposition: %s\r\n\r\n", names[i].disposition));
        struct mime_index index;
        char *name;

        print_message("  %s\n", names[i].what);
        mime_index_build(arena, message, &index);
        name = text_file_name(arena, message, &index.parts[0]);
        if (names[i].name)
            assert_string_equal(name, names[i].name);
        else
            assert_null(name);
        talloc_free(arena);
    }
}

static void long_file_names_keep_their_extension(void **state)
{
    void *arena = talloc_new(NULL);
    struct buf message = BUF_INIT(arena);
    struct mime_index index;
    char *name;

    (void)state;
    buf_add_text(&message, "Content-Disposition: attachment; filename=\"");
    for (int i = 0; i < 64 * 1024; i++)
        buf_add_byte(&message, 'x');
    buf_add_text(&message, ".pdf\"\r\n\r\n");
    mime_index_build(arena, buf_span(&message), &index);
    name = text_file_name(arena, buf_span(&message), &index.parts[0]);
    assert_true(strlen(name) <= TEXT_FILE_NAME_MAX);
    talloc_free(arena);
}

/* Few letters, so that beginnings of needles are everywhere; every text ends where its memory does. */
static void a_needle_is_found_where_memmem_finds_it(void **state)
{
    unsigned seed = 7;
    int found = 0;

    (void)state;
    for (int turn = 0; turn < 20000; turn++) {
        size_t length = (size_t)(rand_r(&seed) % 80), needle_length = (size_t)(1 + rand_r(&seed) % 9);
        char *text = malloc(length ? length : 1), needle[9];
        for (size_t i = 0; i < length; i++)
            text[i] = (char)('a' + rand_r(&seed) % 3);
        for (size_t i = 0; i < needle_length; i++)
            needle[i] = (char)('a' + rand_r(&seed) % 3);
        bool is_there = length > 0 && memmem(text, length, needle, needle_length);
        assert_int_equal(fold_contains(span_of(text, length), span_of(needle, needle_length)), is_there);
        found += is_there;
        free(text);
    }
    assert_in_range(found, 1000, 19000);
    assert_true(fold_contains(span_text(""), span_text("")));
    assert_true(fold_contains((struct span){ 0 }, span_text("")));
    assert_false(fold_contains((struct span){ 0 }, span_text("a")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(html_becomes_text),
        cmocka_unit_test(html_is_cut_between_tags),
        cmocka_unit_test(texts_are_folded),
        cmocka_unit_test(a_needle_is_found_where_memmem_finds_it),
        cmocka_unit_test(messages_give_their_words),
        cmocka_unit_test(previews_are_short),
        cmocka_unit_test(file_names_are_safe),
        cmocka_unit_test(long_file_names_keep_their_extension),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
