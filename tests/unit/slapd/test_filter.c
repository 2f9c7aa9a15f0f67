/* test_filter.c -- filters of LDAP clients as filters over recipients. */
#include "slapd/filter.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
/* cmocka wants setjmp, stdarg and stddef first */
#include <cmocka.h>
#include <talloc.h>

static const char always[] = "always", never[] = "never";
static const struct {
    const char *what, *text, *asks;
} cases[] = {
    { "everybody", "(objectClass=*)", always },
    { "a class", "(objectClass=INETORGPERSON)", always },
    { "another class", "(objectClass=device)", never },
    { "names have several", "(displayName=ada)", "(name=ada)" },
    { "pieces", "(mail=*a*b*)", "(address=*a*b*)" },
    { "what means something stays a value", "(cn=a\\2ab\\28\\29\\5c)", "(name=a\\2ab\\28\\29\\5c)" },
    { "presence", "(telephoneNumber=*)", "(phone=*)" },
    { "as Outlook asks", "(&(mail=*)(|(mail=ad*)(cn=ad*)(sn=ad*)(givenName=ad*)))",
      "(&(address=*)(|(address=ad*)(name=ad*)(sn=ad*)(givenname=ad*)))" },
    { "as Thunderbird asks", "(|(?mozillaNickname=ad*)(cn=*ad*)(mail=*ad*))",
      "(|(name=*ad*)(address=*ad*))" },
    { "nobody has it", "(?foo=bar)", never },
    { "nor not", "(!(?foo=bar))", never },
    { "nor not with others", "(!(&(?foo=bar)(cn=x)))", "(!(&(name=x)))" },
    { "nor twice not", "(!(!(?foo=bar)))", never },
    { "undefined decides no or", "(|(?foo=bar)(objectClass=*))", always },
    { "slapd decided", "(&(?=true)(cn=x))", "(&(name=x))" },
    { "slapd found it undefined", "(!(?=undefined))", never },
    { "not of a class", "(!(objectClass=device))", always },
    { "what recipients are selected by is no attribute here", "(state=active)", never },
};

static void filters_are_translated(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        void *scratch = talloc_new(NULL);
        struct ldap_filter *filter;
        char *query;

        assert_int_equal(filter_read(scratch, span_text(cases[i].text), &filter), LDAP_FILTER_GOOD);
        enum filter_says said = filter_of_people(scratch, filter, &query);
        const char *got = said == FILTER_ALWAYS ? always : said == FILTER_NEVER ? never : query;
        if (strcmp(got, cases[i].asks) != 0)
            fail_msg("%s: %s", cases[i].what, got);
        talloc_free(scratch);
    }
}

static void what_is_not_understood_is_refused(void **state)
{
    static const char *const refused[] = { "(sn>=a)", "(cn~=a)", "(cn:caseExactMatch:=a)",
                                           "cn=a",    "(&)",     "(cn=\xff)" };

    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        void *scratch = talloc_new(NULL);
        struct ldap_filter *filter;

        assert_int_not_equal(filter_read(scratch, span_text(refused[i]), &filter), LDAP_FILTER_GOOD);
        talloc_free(scratch);
    }
}

static void containers_have_a_class_and_nothing_else(void **state)
{
    void *scratch = talloc_new(NULL);
    struct ldap_filter *filter;

    (void)state;
    assert_int_equal(filter_read(scratch, span_text("(|(objectClass=organizationalUnit)(cn=*))"), &filter),
                     LDAP_FILTER_GOOD);
    assert_true(filter_takes_container(filter, "organizationalUnit"));
    assert_false(filter_takes_container(filter, "organization"));
    talloc_free(scratch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(filters_are_translated),
        cmocka_unit_test(what_is_not_understood_is_refused),
        cmocka_unit_test(containers_have_a_class_and_nothing_else),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
