#include "format/ldap_filter.h"

#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <talloc.h>
/* cmocka wants setjmp, stdarg and stddef first */
#include <cmocka.h>

/* The filter as it was understood, in one line. */
static void render(struct buf *out, const struct ldap_filter *f)
{
    static const char *const names[] = { "and", "or", "not", "=", "?", "*" };

    buf_add_format(out, "%s[", names[f->kind]);
    for (size_t i = 0; i < f->part_count; i++)
        render(out, f->parts[i]);
    if (f->attribute)
        buf_add_text(out, f->attribute);
    for (size_t i = 0; i < f->piece_count; i++)
        buf_add_format(out, "%s%s", i == 0 && !f->is_open_left ? ":" : "|", f->pieces[i]);
    buf_add_text(out, f->is_open_right && f->piece_count ? "|]" : "]");
}

static const struct {
    const char *what, *text;
    enum ldap_filter_fault fault;
    const char *wanted;
} filters[] = {
    { "one test", "(kind=user)", LDAP_FILTER_GOOD, "=[kind:user]" },
    { "all and any and not", "(&(kind=user)(|(a=b)(c=d))(!(e=f)))", LDAP_FILTER_GOOD,
      "and[=[kind:user]or[=[a:b]=[c:d]]not[=[e:f]]]" },
    { "spaces between parts, not in values", " ( & (a= b ) (c=d) ) ", LDAP_FILTER_GOOD,
      "and[=[a: b ]=[c:d]]" },
    { "presence", "(mail=*)", LDAP_FILTER_GOOD, "?[mail]" },
    { "stars", "(name=a*b**c*)", LDAP_FILTER_GOOD, "*[name:a|b|c|]" },
    { "a star first", "(name=*smith)", LDAP_FILTER_GOOD, "*[name|smith]" },
    { "escapes", "(name=a\\2a\\28\\29\\5c\\c3\\a9)", LDAP_FILTER_GOOD, "=[name:a*()\\\xc3\xa9]" },
    { "nothing", "", LDAP_FILTER_BAD_SYNTAX, NULL },
    { "no parentheses", "kind=user", LDAP_FILTER_BAD_SYNTAX, NULL },
    { "something behind it", "(a=b)x", LDAP_FILTER_BAD_SYNTAX, NULL },
    { "not of two", "(!(a=b)(c=d))", LDAP_FILTER_BAD_SYNTAX, NULL },
    { "and of none", "(&)", LDAP_FILTER_BAD_SYNTAX, NULL },
    { "open at the end", "(&(a=b)", LDAP_FILTER_BAD_SYNTAX, NULL },
    { "an attribute that is none", "(a b=c)", LDAP_FILTER_BAD_SYNTAX, NULL },
    { "greater", "(age>=3)", LDAP_FILTER_NOT_KNOWN, NULL },
    { "about", "(name~=x)", LDAP_FILTER_NOT_KNOWN, NULL },
    { "extensible", "(cn:dn:=x)", LDAP_FILTER_NOT_KNOWN, NULL },
    { "an empty value", "(a=)", LDAP_FILTER_BAD_VALUE, NULL },
    { "a NUL", "(a=x\\00)", LDAP_FILTER_BAD_VALUE, NULL },
    { "half an escape", "(a=\\2)", LDAP_FILTER_BAD_VALUE, NULL },
    { "no UTF-8", "(a=\\ff)", LDAP_FILTER_BAD_VALUE, NULL },
    { "a parenthesis in a value", "(a=b(c)", LDAP_FILTER_BAD_VALUE, NULL },
    { "too many pieces", "(a=1*2*3*4*5*6*7*8*9*10*11)", LDAP_FILTER_TOO_LARGE, NULL },
};

static void filters_are_read_or_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(filters); i++) {
        void *arena = talloc_new(NULL);
        struct buf out = BUF_INIT(arena);
        struct ldap_filter *filter;
        size_t at;

        if (ldap_filter_parse(arena, span_text(filters[i].text), &filter, &at) != filters[i].fault)
            fail_msg("%s", filters[i].what);
        if (filters[i].wanted) {
            render(&out, filter);
            if (strcmp(buf_text(&out), filters[i].wanted) != 0)
                fail_msg("%s: %s", filters[i].what, buf_text(&out));
        }
        talloc_free(arena);
    }
}

static enum ldap_filter_fault parse_repeated(const char *before, unsigned count, const char *after)
{
    void *arena = talloc_new(NULL);
    struct buf text = BUF_INIT(arena);
    struct ldap_filter *filter;
    enum ldap_filter_fault fault;
    size_t at;

    for (unsigned i = 0; i < count; i++)
        buf_add_text(&text, before);
    buf_add_text(&text, "(a=b)");
    for (unsigned i = 0; i < count; i++)
        buf_add_text(&text, after);
    fault = ldap_filter_parse(arena, buf_span(&text), &filter, &at);
    talloc_free(arena);
    return fault;
}

static void depth_and_number_have_ends(void **state)
{
    (void)state;
    assert_int_equal(parse_repeated("(!", LDAP_FILTER_DEPTH_MAX - 1, ")"), LDAP_FILTER_GOOD);
    assert_int_equal(parse_repeated("(!", LDAP_FILTER_DEPTH_MAX, ")"), LDAP_FILTER_TOO_LARGE);
    assert_int_equal(parse_repeated("(!", 100000, ")"), LDAP_FILTER_TOO_LARGE);
}

static void tests_are_counted(void **state)
{
    void *arena = talloc_new(NULL);
    struct buf text = BUF_INIT(arena);
    struct ldap_filter *filter;
    size_t at;

    (void)state;
    buf_add_text(&text, "(|");
    for (int i = 0; i <= LDAP_FILTER_TESTS_MAX; i++)
        buf_add_text(&text, "(a=b)");
    buf_add_text(&text, ")");
    assert_int_equal(ldap_filter_parse(arena, buf_span(&text), &filter, &at), LDAP_FILTER_TOO_LARGE);
    talloc_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(filters_are_read_or_refused),
        cmocka_unit_test(depth_and_number_have_ends),
        cmocka_unit_test(tests_are_counted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
