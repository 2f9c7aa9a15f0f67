/* test_query.c -- what stands behind the '?' of a list, and the language of a sentence. */
#include "admin_api/filter_term.h"
#include "admin_api/language.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <talloc.h>

#include <cmocka.h>
#include <glib.h>

static bool holds(const char *filter, const char *object)
{
    void *arena = talloc_new(NULL);
    struct page_term terms[PAGE_TERMS_MAX];
    struct err err = ERR_INIT;
    json_t *json = json_loads(object, 0, NULL);
    size_t count;

    assert_non_null(json);
    assert_true(page_terms(arena, filter, terms, &count, &err));
    bool found = filter_terms_hold(terms, count, json);
    json_decref(json);
    talloc_free(arena);
    return found;
}

#define OBJECT                                                                                               \
    "{\"name\": \"\\u00c9lo\\u00efse M\\u00fcller\", \"kind\": \"user\", \"quota\": 10, \"hidden\": true, \"tags\": [\"a\", \"b\"]}"

static const struct {
    const char *what, *filter;
    bool is_true;
} filters[] = {
    { "nothing is asked", "", true },
    { "equal", "kind=user", true },
    { "one of several", "kind=room,user", true },
    { "not one of them", "kind!=room,user", false },
    { "part of a word is not equal", "kind=use", false },
    { "holds, without accents and case", "name~ELOISE", true },
    { "a value with blanks", "name~\"se mu\"", true },
    { "all must be true", "kind=user quota>10", false },
    { "numbers by value", "quota>9 quota<11", true },
    { "truth", "hidden=true", true },
    { "one of a list", "tags=b", true },
    { "a field that is not there is empty", "note=", true },
    { "and holds nothing", "note~x", false },
};

static void filters_say_what_they_mean(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(filters); i++) {
        print_message("  %s\n", filters[i].what);
        assert_int_equal(holds(filters[i].filter, OBJECT), filters[i].is_true);
    }
}

static void what_is_no_filter_is_refused(void **state)
{
    static const char *const wrong[] = {
        "kind", "=x", "kind=\"a", "kind=\"a\"b", "Kind=x", "kind ~x", "k=1 ~"
    };
    struct page_term terms[PAGE_TERMS_MAX];
    void *arena = talloc_new(NULL);
    size_t count;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        struct err err = ERR_INIT;
        print_message("  %s\n", wrong[i]);
        assert_false(page_terms(arena, wrong[i], terms, &count, &err));
        assert_int_equal(err.kind, ERR_INVALID);
    }
    talloc_free(arena);
}

static void the_language_is_the_one_that_is_liked_best(void **state)
{
    (void)state;
    assert_false(language_is_french(NULL));
    assert_false(language_is_french(""));
    assert_true(language_is_french("fr"));
    assert_true(language_is_french("fr-CH, en;q=0.9"));
    assert_true(language_is_french("de, fr;q=0.8, en;q=0.3"));
    assert_false(language_is_french("en-GB, fr;q=0.9"));
    assert_false(language_is_french("fr;q=0"));
    assert_false(language_is_french("fry"));
}

static void a_sentence_keeps_what_stands_in_it(void **state)
{
    void *arena = talloc_new(NULL);

    (void)state;
    assert_string_equal(language_french(arena, "The field a b is needed."), "Le champ a b est nécessaire.");
    assert_string_equal(language_french(arena, "There is no such user."), "Cet utilisateur n’existe pas.");
    assert_string_equal(language_french(arena, "Nobody ever said this"), "Nobody ever said this");
    assert_string_equal(language_french(arena, ""), "");
    talloc_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(filters_say_what_they_mean),
        cmocka_unit_test(what_is_no_filter_is_refused),
        cmocka_unit_test(the_language_is_the_one_that_is_liked_best),
        cmocka_unit_test(a_sentence_keeps_what_stands_in_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
