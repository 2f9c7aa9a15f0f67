/* test_name.c -- paths whose segments are names: what is decoded when, and that nothing is decoded twice. */
#include "http/request.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
/* cmocka wants setjmp, stdarg and stddef first */
#include <cmocka.h>
#include <string.h>
#include <talloc.h>

static const struct {
    const char *what, *target, *path, *name; /* `name`: of what comes behind "/x/" */
} cases[] = {
    { "a word", "/x/word", "/x/word", "word" },
    { "a blank", "/x/a%20b", "/x/a b", "a b" },
    { "a slash", "/x/a%2Fb", "/x/a%2Fb", "a/b" },
    { "a slash in small letters", "/x/a%2fb", "/x/a%2Fb", "a/b" },
    { "a backslash", "/x/a%5cb", "/x/a%5Cb", "a\\b" },
    { "a percent sign", "/x/50%25", "/x/50%25", "50%" },
    { "one that stands as it is", "/x/50%", "/x/50%25", "50%" },
    { "one before a digit", "/x/5%2", "/x/5%252", "5%2" },
    { "no number", "/x/%zz%2g", "/x/%25zz%252g", "%zz%2g" },
    { "a name that looks encoded", "/x/a%252Fb", "/x/a%252Fb", "a%2Fb" },
    { "one that looks so twice", "/x/a%25252Fb", "/x/a%25252Fb", "a%252Fb" },
    { "a sign that would make one", "/x/%%32F", "/x/%252F", "%2F" },
    { "the same from the other side", "/x/%2%46", "/x/%252F", "%2F" },
    { "dots that are a name", "/x/..%2F..%2Fy", "/x/..%2F..%2Fy", "../../y" },
    { "encoded dots", "/x/%2e%2E%2fy", "/x/..%2Fy", "../y" },
    { "a letter of two bytes", "/x/%C3%A9", "/x/\xc3\xa9", "\xc3\xa9" },
    { "nothing", "/x/", "/x/", "" },
};

static void a_name_is_decoded_once(void **state)
{
    void *arena = talloc_new(NULL);

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char *path = http_path_of_names(arena, span_text(cases[i].target));
        print_message("%s\n", cases[i].what);
        assert_string_equal(path, cases[i].path);
        assert_string_equal(http_name(arena, span_text(path + strlen("/x/"))), cases[i].name);
        assert_string_equal(http_path_of_names(arena, span_text(path)), path);
    }
    talloc_free(arena);
}

static void what_a_program_asks_of_itself_is_read_like_that(void **state)
{
    void *arena = talloc_new(NULL);
    const struct http_request *request =
        http_request_local(arena, "GET", "/api/v1/rules/a%2Fb%20c?organisation=x%2Fy%26z");
    struct http_pair *queries;

    (void)state;
    assert_string_equal(http_path(request), "/api/v1/rules/a%2Fb c");
    assert_string_equal(http_query(request, "organisation"), "x/y&z");
    assert_int_equal(http_queries(request, arena, &queries), 1);
    assert_string_equal(queries[0].name, "organisation");
    assert_string_equal(queries[0].value, "x/y&z");
    talloc_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_is_decoded_once),
        cmocka_unit_test(what_a_program_asks_of_itself_is_read_like_that),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
