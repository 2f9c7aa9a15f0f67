/* test_mime.c -- one tree for every message: parts, offsets, sections, and the stored form. */
#include "format/mime.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <talloc.h>

/* Parts as "path:kind[header][body]lines", one a line; bytes with \r left out and \n as '|'. */
static void add_bytes(struct buf *out, struct span bytes)
{
    buf_add_byte(out, '[');
    for (; bytes.p < bytes.end; bytes.p++)
        if (*bytes.p != '\r')
            buf_add_byte(out, *bytes.p == '\n' ? '|' : *bytes.p);
    buf_add_byte(out, ']');
}

static char *shown(void *arena, struct span message, const struct mime_index *index)
{
    static const char kinds[] = { 'l', 'm', 'r' };
    struct buf out = BUF_INIT(arena);

    for (uint32_t i = 0; i < index->count; i++) {
        const struct mime_part *part = &index->parts[i];

        mime_part_path(&out, index, i);
        buf_add_byte(&out, ':');
        buf_add_byte(&out, kinds[part->kind]);
        if (part->is_opaque)
            buf_add_byte(&out, '!');
        if (part->kind == MIME_LEAF)
            add_bytes(&out, mime_part_body(message, part));
        buf_add_format(&out, "%u ", part->body_lines);
    }
    return buf_text(&out);
}

#define MULTI "Content-Type: multipart/mixed; boundary=b\r\n\r\n"

static const struct {
    const char *what, *message, *parts;
} trees[] = {
    { "nothing", "", "1:l[]0 " },
    { "only a header", "Subject: x\r\n", "1:l[]0 " },
    { "text", "Subject: x\r\n\r\none\r\ntwo\r\n", "1:l[one|two|]2 " },
    { "no header", "\r\nbody", "1:l[body]0 " },
    { "LF only", "Content-Type: multipart/mixed; boundary=b\n\n--b\n\none\n--b--\n", ":m4 1:l[one]0 " },
    { "two parts", MULTI "--b\r\n\r\none\r\n--b\r\nX: y\r\n\r\ntwo\r\n\r\n--b--\r\n",
      ":m9 1:l[one]0 2:l[two|]1 " },
    { "preamble and epilogue", MULTI "pre\r\n--b\r\n\r\none\r\n--b--\r\nepilogue\r\n--b\r\n\r\nno part\r\n",
      ":m9 1:l[one]0 " },
    { "white space behind the boundary", MULTI "--b \t\r\n\r\none\r\n--b-- \r\n", ":m4 1:l[one]0 " },
    { "missing end", MULTI "--b\r\n\r\none\r\n", ":m3 1:l[one|]1 " },
    { "a boundary that is only the front of a line is none",
      MULTI "--b\r\n\r\none\r\n--bb\r\n--b-\r\n--b--\r\n", ":m6 1:l[one|--bb|--b-]2 " },
    { "empty parts", MULTI "--b\r\n--b\r\n--b--", ":m2 1:l[]0 2:l[]0 " },
    { "empty body after an empty line", MULTI "--b\r\n\r\n--b--\r\n", ":m3 1:l[]0 " },
    { "a part without an empty line is all header", MULTI "--b\r\ntext\r\n--b--\r\n", ":m3 1:l[]0 " },
    { "multipart without boundary", "Content-Type: multipart/mixed\r\n\r\n--b\r\n\r\nx\r\n--b--\r\n",
      ":m!4 " },
    { "boundary only in the header", MULTI "no part\r\n", ":m1 " },
    { "quoted boundary with spaces",
      "Content-Type: multipart/mixed;\r\n boundary=\"a b\"\r\n\r\n--a b\r\n\r\nx\r\n--a b--",
      ":m3 1:l[x]0 " },
    { "a boundary ending in hyphens",
      "Content-Type: multipart/mixed; boundary=\"b--\"\r\n\r\n--b--\r\n\r\nx\r\n--b----\r\n",
      ":m4 1:l[x]0 " },
    { "nested",
      MULTI
      "--b\r\nContent-Type: multipart/alternative; boundary=c\r\n\r\n--c\r\n\r\n1\r\n--c\r\n\r\n2\r\n--c--\r\n--b\r\n\r\n3\r\n--b--\r\n",
      ":m14 1:m6 1.1:l[1]0 1.2:l[2]0 2:l[3]0 " },
    { "inner boundary begins like the outer",
      MULTI
      "--b\r\nContent-Type: multipart/mixed; boundary=bb\r\n\r\n--bb\r\n\r\n1\r\n--bb--\r\n--b\r\n\r\n2\r\n--b--\r\n",
      ":m11 1:m3 1.1:l[1]0 2:l[2]0 " },
    { "the outer boundary closes the inner multipart",
      MULTI
      "--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\n\r\n1\r\n--b\r\n\r\n2\r\n--c\r\n--b--\r\n",
      ":m11 1:m2 1.1:l[1]0 2:l[2|--c]1 " },
    { "the same boundary inside: the inner one wins",
      MULTI "--b\r\n" MULTI "--b\r\n\r\n1\r\n--b--\r\n--b--\r\n", ":m8 1:m3 1.1:l[1]0 " },
    { "the boundary in a part's header ends the part", MULTI "--b\r\nX: y\r\n--b\r\n\r\n2\r\n--b--\r\n",
      ":m6 1:l[]0 2:l[2]0 " },
    { "a message inside",
      MULTI "--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: in\r\n\r\ntext\r\n--b--\r\n",
      ":m7 1:r2 1.1:l[text]0 " },
    { "a multipart message inside",
      MULTI
      "--b\r\nContent-Type: message/rfc822\r\n\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\n\r\nx\r\n--c--\r\n--b--\r\n",
      ":m10 1:r5 1:m3 1.1:l[x]0 " },
    { "a message is all of it", "Content-Type: message/rfc822\r\n\r\nSubject: in\r\n\r\ntext\r\n",
      "1:r3 1.1:l[text|]1 " },
    { "a message of nothing", "Content-Type: message/rfc822\r\n\r\n", "1:r0 1.1:l[]0 " },
    { "digest",
      "Content-Type: multipart/digest; boundary=b\r\n\r\n--b\r\n\r\nSubject: in\r\n\r\ntext\r\n--b--\r\n",
      ":m6 1:r2 1.1:l[text]0 " },
    { "no type is text, a broken one too", MULTI "--b\r\nContent-Type: multipart\r\n\r\nx\r\n--b--\r\n",
      ":m5 1:l[x]0 " },
    { "the first of two types counts",
      "Content-Type: text/plain\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n", "1:l[--b|]1 " },
};

static void every_message_has_one_tree(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(trees); i++) {
        void *arena = talloc_new(NULL);
        struct span message = span_text(trees[i].message);
        struct mime_index index;

        print_message("  %s\n", trees[i].what);
        mime_index_build(arena, message, &index);
        assert_string_equal(shown(arena, message, &index), trees[i].parts);
        talloc_free(arena);
    }
}

static const char letter[] = "Subject: outer\r\n" MULTI "--b\r\n"
                             "Content-Type: text/plain\r\nContent-Transfer-Encoding: BASE64\r\n\r\n"
                             "b25l\r\n"
                             "--b\r\n"
                             "Content-Type: message/rfc822\r\n\r\n"
                             "Subject: inner\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n"
                             "--c\r\n\r\nfirst\r\n--c\r\n\r\nsecond\r\n--c--\r\n"
                             "--b\r\n"
                             "Content-Type: message/rfc822\r\nX: z\r\n\r\n"
                             "Subject: plain\r\n\r\ntext\r\n"
                             "--b--\r\n";

static const struct {
    const char *section, *starts; /* NULL: no such part */
    size_t length;
} sections[] = {
    { "", "Subject: outer", sizeof letter - 1 },
    { "HEADER", "Subject: outer", 61 },
    { "TEXT", "--b\r\nContent-Type: text/plain", sizeof letter - 1 - 61 },
    { "1", "b25l", 4 },
    { "1.MIME", "Content-Type: text/plain", 63 },
    { "1.HEADER", NULL, 0 },
    { "1.TEXT", NULL, 0 },
    { "1.1", NULL, 0 },
    { "2", "Subject: inner", 95 },
    { "2.MIME", "Content-Type: message/rfc822\r\n\r\n", 32 },
    { "2.HEADER", "Subject: inner", 61 },
    { "2.TEXT", "--c", 34 },
    { "2.1", "first", 5 },
    { "2.2", "second", 6 },
    { "2.2.mime", "\r\n", 2 },
    { "2.3", NULL, 0 },
    { "3", "Subject: plain", 22 },
    { "3.1", "text", 4 },
    { "3.1.MIME", "Subject: plain\r\n\r\n", 18 },
    { "3.HEADER", "Subject: plain\r\n\r\n", 18 },
    { "3.TEXT", "text", 4 },
    { "3.1.1", NULL, 0 },
    { "3.2", NULL, 0 },
    { "4", NULL, 0 },
    { "0", NULL, 0 },
    { "MIME", NULL, 0 },
    { "1.", NULL, 0 },
    { "1.X", NULL, 0 },
    { "X", NULL, 0 },
    { "4294967297", NULL, 0 },
};

static void sections_are_found(void **state)
{
    void *arena = talloc_new(NULL);
    struct buf packed = BUF_INIT(arena);
    struct mime_index index;

    (void)state;
    mime_index_build(arena, span_text(letter), &index);
    mime_index_pack(&packed, &index);
    for (size_t i = 0; i < COUNT_OF(sections); i++) {
        struct mime_section found;
        bool is_found = mime_section_find(buf_span(&packed), span_text(sections[i].section), &found);
        struct span bytes;

        print_message("  BODY[%s]\n", sections[i].section);
        assert_int_equal(is_found, sections[i].starts != NULL);
        if (!is_found)
            continue;
        bytes = span_part(span_text(letter), found.range.offset, found.range.length);
        assert_true(span_starts_nocase(bytes, sections[i].starts));
        assert_int_equal(span_length(bytes), sections[i].length);
        assert_int_equal(found.encoding, strcmp(sections[i].section, "1") == 0 ? MIME_BASE64 : MIME_7BIT);
    }
    talloc_free(arena);
}

static void a_message_that_is_a_message_has_a_part_1(void **state)
{
    static const char message[] = "Content-Type: message/rfc822\r\n\r\nSubject: in\r\n\r\ntext";
    static const struct {
        const char *section, *bytes;
    } cases[] = { { "1", "Subject: in\r\n\r\ntext" },
                  { "1.HEADER", "Subject: in\r\n\r\n" },
                  { "1.TEXT", "text" },
                  { "1.1", "text" },
                  { "TEXT", "Subject: in\r\n\r\ntext" } };
    void *arena = talloc_new(NULL);
    struct buf packed = BUF_INIT(arena);
    struct mime_index index;

    (void)state;
    mime_index_build(arena, span_text(message), &index);
    mime_index_pack(&packed, &index);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct mime_section found;

        print_message("  BODY[%s]\n", cases[i].section);
        assert_true(mime_section_find(buf_span(&packed), span_text(cases[i].section), &found));
        assert_true(span_equals_text(span_part(span_text(message), found.range.offset, found.range.length),
                                     cases[i].bytes));
    }
    talloc_free(arena);
}

static void the_stored_form_gives_the_index_back(void **state)
{
    void *arena = talloc_new(NULL);
    struct buf packed = BUF_INIT(arena), again = BUF_INIT(arena);
    struct mime_index index, unpacked;

    (void)state;
    mime_index_build(arena, span_text(letter), &index);
    mime_index_pack(&packed, &index);
    assert_true(mime_index_unpack(arena, buf_span(&packed), &unpacked));
    assert_int_equal(unpacked.count, index.count);
    assert_true(unpacked.size == index.size && unpacked.lines == index.lines);
    assert_string_equal(shown(arena, span_text(letter), &unpacked), shown(arena, span_text(letter), &index));
    mime_index_pack(&again, &unpacked);
    assert_true(span_equals(buf_span(&packed), buf_span(&again)));
    assert_true(packed.length < 25 * index.count);
    for (size_t cut = 0; cut < packed.length; cut++)
        assert_false(mime_index_unpack(arena, span_part(buf_span(&packed), 0, cut), &unpacked));
    talloc_free(arena);
}

static void bytes_are_looked_at(void **state)
{
    void *arena = talloc_new(NULL);
    struct mime_index index;

    (void)state;
    mime_index_build(arena, span_text("a: b\r\n\r\ncaf\xC3\xA9"), &index);
    assert_true(index.has_8bit && !index.has_nul);
    mime_index_build(arena, span_of("a\0b", 3), &index);
    assert_true(!index.has_8bit && index.has_nul);
    talloc_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_message_has_one_tree),
        cmocka_unit_test(sections_are_found),
        cmocka_unit_test(a_message_that_is_a_message_has_a_part_1),
        cmocka_unit_test(the_stored_form_gives_the_index_back),
        cmocka_unit_test(bytes_are_looked_at),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
