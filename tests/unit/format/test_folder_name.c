/* test_folder_name.c -- one name, one folder: encodings, rules, and LIST patterns. */
#include "format/folder_name.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <talloc.h>
#include <time.h>

static const struct {
    const char *what, *utf7, *utf8; /* NULL: refused */
} encodings[] = {
    { "ASCII", "Projects/2031", "Projects/2031" },
    { "RFC 3501's example", "~peter/mail/&U,BTFw-/&ZeVnLIqe-",
      "~peter/mail/\xE5\x8F\xB0\xE5\x8C\x97/\xE6\x97\xA5\xE6\x9C\xAC\xE8\xAA\x9E" },
    { "ampersand", "R&-D", "R&D" },
    { "e acute", "&AOk-l&AOk-ments", "\xC3\xA9l\xC3\xA9ments" },
    { "beyond the base plane", "&2D3eAA-", "\xF0\x9F\x98\x80" },
    { "decomposed becomes composed", "e&AwE-", "\xC3\xA9" },
    { "inbox in any case", "inBox", "INBOX" },
    { "below the inbox", "inbox/x", "INBOX/x" },
    { "not the inbox", "inboxes", "inboxes" },
    { "no end", "&Jjo", NULL },
    { "a lone ampersand", "&", NULL },
    { "ampersands crossed", "&-&", NULL },
    { "encoded ASCII", "&AGE-", NULL },
    { "two shifts that are one", "&U,A-&ZeU-", NULL },
    { "bits left over", "&AOl-", NULL },
    { "lone high surrogate", "&2D0-", NULL },
    { "lone low surrogate", "&3gA-", NULL },
    { "8-bit byte", "\xC3\xA9", NULL },
    { "slash of base64", "&U/BTFw-", NULL },
    { "encoded NUL", "&AAA-", NULL },
    { "encoded control", "&AIU-", NULL },
};

static void modified_utf7_has_one_spelling(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(encodings); i++) {
        void *arena = talloc_new(NULL);
        struct err err = ERR_INIT;
        char *name = NULL;

        print_message("  %s\n", encodings[i].what);
        assert_int_equal(folder_name_of_utf7(arena, span_text(encodings[i].utf7), &name, &err),
                         encodings[i].utf8 != NULL);
        if (encodings[i].utf8) {
            struct buf again = BUF_INIT(arena);
            char *once_more = NULL;

            assert_string_equal(name, encodings[i].utf8);
            folder_name_add_utf7(&again, span_text(name));
            assert_true(folder_name_of_utf7(arena, buf_span(&again), &once_more, &err));
            assert_string_equal(once_more, name);
        } else {
            assert_int_equal(err.kind, ERR_INVALID);
        }
        talloc_free(arena);
    }
}

static const struct {
    const char *what, *name;
    enum err_kind kind;
} rules[] = {
    { "a final slash is dropped", "a/b/", ERR_NONE },
    { "empty", "", ERR_INVALID },
    { "only a slash", "/", ERR_INVALID },
    { "leading slash", "/a", ERR_INVALID },
    { "double slash", "a//b", ERR_INVALID },
    { "dot", "a/./b", ERR_INVALID },
    { "dot dot", "INBOX/..", ERR_INVALID },
    { "upwards", "../x", ERR_INVALID },
    { "dots in a name are fine", "a/...b", ERR_NONE },
    { "percent", "a%b", ERR_INVALID },
    { "star", "a*b", ERR_INVALID },
    { "line end", "a\r\nb", ERR_INVALID },
    { "C1 control", "a\xC2\x85", ERR_INVALID },
    { "line separator", "a\xE2\x80\xA8", ERR_INVALID },
    { "bad UTF-8", "a\xFF", ERR_INVALID },
    { "encoded surrogate", "\xED\xA0\x80", ERR_INVALID },
    { "20 levels", "1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17/18/19/20", ERR_NONE },
    { "21 levels", "1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17/18/19/20/21", ERR_LIMIT },
};

static void names_follow_the_rules(void **state)
{
    void *arena = talloc_new(NULL);
    struct err err;
    char *name, *longest;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rules); i++) {
        err = ERR_INIT;
        print_message("  %s\n", rules[i].what);
        assert_int_equal(folder_name_of_utf8(arena, span_text(rules[i].name), &name, &err),
                         rules[i].kind == ERR_NONE);
        assert_int_equal(err.kind, rules[i].kind);
    }
    longest = talloc_zero_size(arena, FOLDER_NAME_COMPONENT_MAX + 2);
    memset(longest, 'x', FOLDER_NAME_COMPONENT_MAX);
    assert_true(folder_name_of_utf8(arena, span_text(longest), &name, &err));
    longest[FOLDER_NAME_COMPONENT_MAX] = 'x';
    assert_false(folder_name_of_utf8(arena, span_text(longest), &name, &err));
    assert_int_equal(err.kind, ERR_LIMIT);
    assert_false(folder_name_of_utf8(arena, span_of("a\0b", 3), &name, &err));
    talloc_free(arena);
}

static void families_are_known(void **state)
{
    void *arena = talloc_new(NULL);

    (void)state;
    assert_string_equal(folder_name_parent(arena, "a/b/c"), "a/b");
    assert_null(folder_name_parent(arena, "a"));
    assert_string_equal(folder_name_leaf("a/b/c"), "c");
    assert_true(folder_name_is_below("a/b", "a"));
    assert_false(folder_name_is_below("ab", "a"));
    assert_false(folder_name_is_below("a", "a"));
    assert_true(folder_name_is_inbox("inbox"));
    talloc_free(arena);
}

static const struct {
    const char *pattern, *name;
    bool matches;
} patterns[] = {
    { "*", "a/b", true },
    { "%", "a", true },
    { "%", "a/b", false },
    { "a/%", "a/b", true },
    { "a/%", "a/b/c", false },
    { "a/*", "a/b/c", true },
    { "a*", "a", true },
    { "*c", "a/b/c", true },
    { "%/%", "a/b", true },
    { "%/%", "a", false },
    { "*%", "a/b", true },
    { "%*", "a/b", true },
    { "", "a", false },
    { "", "", true },
    { "a", "ab", false },
    { "ab", "a", false },
    { "inbox", "INBOX", true },
    { "InB*", "INBOX/x", true },
    { "inbox/X", "INBOX/x", false },
    { "inboxes", "INBOXES", false },
    { "A", "a", false },
    { "%a%b", "xaxb", true },
    { "%a%b", "xa/xb", false },
    { "*a*b*", "1a2/3b4", true },
    { "a%b/c", "axxb/c", true },
    { "**", "x", true },
    { "%%", "x/y", false },
};

static void patterns_match(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(patterns); i++) {
        print_message("  LIST \"%s\" finds \"%s\": %s\n", patterns[i].pattern, patterns[i].name,
                      patterns[i].matches ? "yes" : "no");
        assert_int_equal(folder_pattern_matches(span_text(patterns[i].pattern), span_text(patterns[i].name)),
                         patterns[i].matches);
    }
}

static void no_pattern_is_slow(void **state)
{
    char name[FOLDER_NAME_MAX], pattern[FOLDER_NAME_MAX];
    clock_t start = clock();

    (void)state;
    memset(name, 'a', sizeof name);
    for (size_t i = 0; i < sizeof pattern; i++)
        pattern[i] = i % 2 ? 'a' : "*%"[i / 2 % 2];
    pattern[sizeof pattern - 1] = 'b';
    for (int i = 0; i < 20; i++)
        assert_false(folder_pattern_matches(span_of(pattern, sizeof pattern), span_of(name, sizeof name)));
    assert_true(clock() - start < CLOCKS_PER_SEC);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(modified_utf7_has_one_spelling),
        cmocka_unit_test(names_follow_the_rules),
        cmocka_unit_test(families_are_known),
        cmocka_unit_test(patterns_match),
        cmocka_unit_test(no_pattern_is_slow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
