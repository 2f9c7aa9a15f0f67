/* test_requests.c -- FETCH items and SEARCH keys: what is understood, what is refused, and the limits. */
#include "base/buf.h"
#include "imap/fetch_request.h"
#include "imap/search_key.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <talloc.h>

static const struct {
    const char *what, *text;
    bool ok;
    unsigned items;
    size_t sections;
    const char *path, *label; /* of the last section */
    bool sets_seen;
} fetches[] = {
    { "one item", "FLAGS", true, FETCH_FLAGS, 0, NULL, NULL, false },
    { "a macro", "FAST", true, FETCH_FLAGS | FETCH_INTERNALDATE | FETCH_SIZE, 0, NULL, NULL, false },
    { "a list", "(UID RFC822.SIZE MODSEQ)", true, FETCH_UID | FETCH_SIZE | FETCH_MODSEQ, 0, NULL, NULL,
      false },
    { "a macro is no item of a list", "(FAST)", false, 0, 0, NULL, NULL, false },
    { "BODY alone is the structure", "BODY", true, FETCH_BODY, 0, NULL, NULL, false },
    { "BODY[]", "BODY[]", true, 0, 1, "", "BODY[]", true },
    { "peek", "BODY.PEEK[HEADER]", true, 0, 1, "HEADER", "BODY[HEADER]", false },
    { "a part", "body[1.2]", true, 0, 1, "1.2", "BODY[1.2]", true },
    { "the header of a part", "BODY[2.HEADER]", true, 0, 1, "2.HEADER", "BODY[2.HEADER]", true },
    { "MIME of a part", "BODY[1.MIME]", true, 0, 1, "1.MIME", "BODY[1.MIME]", true },
    { "MIME needs a part", "BODY[MIME]", false, 0, 0, NULL, NULL, false },
    { "fields", "BODY.PEEK[HEADER.FIELDS (From \"To\")]", true, 0, 1, "HEADER",
      "BODY[HEADER.FIELDS (From To)]", false },
    { "all other fields", "BODY.PEEK[1.HEADER.FIELDS.NOT (X)]", true, 0, 1, "1.HEADER",
      "BODY[1.HEADER.FIELDS.NOT (X)]", false },
    { "fields are named", "BODY[HEADER.FIELDS ()]", false, 0, 0, NULL, NULL, false },
    { "a field's name has no colon", "BODY[HEADER.FIELDS (a:)]", false, 0, 0, NULL, NULL, false },
    { "partial", "BODY[TEXT]<0.100>", true, 0, 1, "TEXT", "BODY[TEXT]<0>", true },
    { "partial needs a length", "BODY[]<0>", false, 0, 0, NULL, NULL, false },
    { "partial of nothing", "BODY[]<0.0>", false, 0, 0, NULL, NULL, false },
    { "part 0", "BODY[0]", false, 0, 0, NULL, NULL, false },
    { "a part number with a dot at its end", "BODY[1.]", false, 0, 0, NULL, NULL, false },
    { "BINARY", "BINARY[1]<5.10>", true, 0, 1, "1", "BINARY[1]<5>", true },
    { "BINARY.SIZE", "BINARY.SIZE[2]", true, 0, 1, "2", "BINARY.SIZE[2]", false },
    { "BINARY takes no HEADER", "BINARY[1.HEADER]", false, 0, 0, NULL, NULL, false },
    { "old names", "(RFC822.HEADER)", true, 0, 1, "HEADER", "RFC822.HEADER", false },
    { "RFC822.TEXT reads", "RFC822.TEXT", true, 0, 1, "TEXT", "RFC822.TEXT", true },
    { "preview", "PREVIEW (LAZY)", true, FETCH_PREVIEW, 0, NULL, NULL, false },
    { "preview in a list", "(PREVIEW UID)", true, FETCH_PREVIEW | FETCH_UID, 0, NULL, NULL, false },
    { "not closed", "(UID FLAGS", false, 0, 0, NULL, NULL, false },
    { "nothing", "()", false, 0, 0, NULL, NULL, false },
    { "unknown", "SUBJECT", false, 0, 0, NULL, NULL, false },
};

static void fetch_items_are_understood(void **state)
{
    void *arena = talloc_new(NULL);

    (void)state;
    for (size_t i = 0; i < COUNT_OF(fetches); i++) {
        struct imap_in in = { .rest = span_text(fetches[i].text), .arena = arena };
        struct imap_fetch_request request = { 0 };
        const char *wrong = NULL;

        print_message("  %s\n", fetches[i].what);
        assert_int_equal(imap_take_fetch_items(&in, &request, &wrong), fetches[i].ok);
        if (!fetches[i].ok) {
            assert_non_null(wrong);
            continue;
        }
        assert_true(span_is_empty(in.rest));
        assert_int_equal(request.items, fetches[i].items);
        assert_int_equal(request.section_count, fetches[i].sections);
        if (fetches[i].sections) {
            assert_true(span_equals_text(request.sections[0].path, fetches[i].path));
            assert_true(span_equals_text(request.sections[0].label, fetches[i].label));
        }
        assert_int_equal(imap_fetch_sets_seen(&request), fetches[i].sets_seen);
    }
    talloc_free(arena);
}

static void fetch_modifiers_are_understood(void **state)
{
    void *arena = talloc_new(NULL);
    struct imap_in in = { .rest = span_text(" (CHANGEDSINCE 12345 VANISHED)"), .arena = arena };
    struct imap_fetch_request request = { 0 };
    const char *wrong;

    (void)state;
    assert_true(imap_take_fetch_modifiers(&in, &request, &wrong));
    assert_true(request.wants_changed && request.wants_vanished && request.changed_since == 12345);
    in.rest = span_text(" (PARTIAL -1:-100)");
    assert_true(imap_take_fetch_modifiers(&in, &request, &wrong));
    assert_true(request.is_partial && request.is_from_end && request.partial_first == 1 &&
                request.partial_last == 100);
    in.rest = span_text(" (PARTIAL 1:-100)");
    assert_false(imap_take_fetch_modifiers(&in, &request, &wrong));
    in.rest = span_text(" (NONSENSE)");
    assert_false(imap_take_fetch_modifiers(&in, &request, &wrong));
    in.rest = span_text("");
    assert_true(imap_take_fetch_modifiers(&in, &request, &wrong));
    talloc_free(arena);
}

static const struct {
    const char *what, *text;
    enum imap_search_parse parsed;
    size_t keys;
} searches[] = {
    { "one key", "ALL", SEARCH_PARSED, 2 },
    { "a set and a flag", "1:10 UNSEEN", SEARCH_PARSED, 3 },
    { "OR of NOT", "OR SEEN NOT (FROM a TO b)", SEARCH_PARSED, 7 },
    { "UTF-8", "CHARSET utf-8 SUBJECT {3}\r\n\xE2\x82\xAC", SEARCH_PARSED, 2 },
    { "another charset", "CHARSET KOI8-R SUBJECT x", SEARCH_BADCHARSET, 0 },
    { "a date", "SINCE 1-Feb-1994", SEARCH_PARSED, 2 },
    { "no date", "SINCE yesterday", SEARCH_WRONG, 0 },
    { "a header", "HEADER Message-ID <a@b>", SEARCH_PARSED, 2 },
    { "modseq", "MODSEQ \"/flags/\\\\draft\" all 620162338", SEARCH_PARSED, 2 },
    { "modseq with a wrong type", "MODSEQ \"/flags/\\\\draft\" some 1", SEARCH_WRONG, 0 },
    { "younger than nothing", "YOUNGER 0", SEARCH_WRONG, 0 },
    { "an object id", "EMAILID M6d99ac3275bb4e", SEARCH_PARSED, 2 },
    { "the saved result", "UID $ DELETED", SEARCH_PARSED, 3 },
    { "an argument is missing", "FROM", SEARCH_WRONG, 0 },
    { "a parenthesis is not closed", "(SEEN", SEARCH_WRONG, 0 },
    { "one too many", "SEEN)", SEARCH_WRONG, 0 },
    { "nothing in parentheses", "()", SEARCH_WRONG, 0 },
    { "unknown", "FOO", SEARCH_WRONG, 0 },
    { "nothing", "", SEARCH_WRONG, 0 },
};

static void search_keys_are_understood(void **state)
{
    void *arena = talloc_new(NULL);

    (void)state;
    for (size_t i = 0; i < COUNT_OF(searches); i++) {
        struct imap_in in = { .rest = span_text(searches[i].text), .arena = arena };
        struct imap_search_program program;
        const char *wrong = NULL;

        print_message("  %s\n", searches[i].what);
        assert_int_equal(imap_take_search_program(&in, &program, &wrong), searches[i].parsed);
        if (searches[i].parsed == SEARCH_PARSED)
            assert_int_equal(program.keys, searches[i].keys);
        if (searches[i].parsed == SEARCH_WRONG)
            assert_non_null(wrong);
    }
    talloc_free(arena);
}

static enum imap_search_parse parse_repeated(const char *head, const char *piece, size_t count,
                                             const char *tail)
{
    void *arena = talloc_new(NULL);
    struct buf text = BUF_INIT(arena);
    struct imap_search_program program;
    const char *wrong;
    struct imap_in in;
    enum imap_search_parse parsed;

    buf_add_text(&text, head);
    for (size_t i = 0; i < count; i++)
        buf_add_text(&text, piece);
    buf_add_text(&text, tail);
    in = (struct imap_in){ .rest = buf_span(&text), .arena = arena };
    parsed = imap_take_search_program(&in, &program, &wrong);
    talloc_free(arena);
    return parsed;
}

static void search_is_bounded(void **state)
{
    (void)state;
    assert_int_equal(parse_repeated("", "(", 31, "ALL"), SEARCH_WRONG); /* not closed, but not too deep */
    assert_int_equal(parse_repeated("", "(", 1000000, ""), SEARCH_WRONG);
    assert_int_equal(parse_repeated("", "NOT ", 1000000, "ALL"), SEARCH_WRONG);
    assert_int_equal(parse_repeated("ALL", " ALL", 990, ""), SEARCH_PARSED);
    assert_int_equal(parse_repeated("ALL", " ALL", 2000, ""), SEARCH_WRONG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fetch_items_are_understood),
        cmocka_unit_test(fetch_modifiers_are_understood),
        cmocka_unit_test(search_keys_are_understood),
        cmocka_unit_test(search_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
