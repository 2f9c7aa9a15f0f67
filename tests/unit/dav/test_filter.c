/* test_filter.c -- filters of RFC 6352, 10.5 on one card. */
#include "dav/body.h"
#include "dav/filter.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
/* cmocka wants setjmp, stdarg and stddef first */
#include <cmocka.h>
#include <talloc.h>

static const char *addresses[] = { "ada@example.org", "countess@example.org" };
static const struct book_card ada = { .name = "Ad\xC3\xA8le Lovelace",
                                      .given = "Ad\xC3\xA8le",
                                      .family = "Lovelace",
                                      .title = "",
                                      .department = "",
                                      .company = "Analytical",
                                      .office = "",
                                      .street = "",
                                      .city = "London",
                                      .postal_code = "",
                                      .state = "",
                                      .country = "",
                                      .phone = "+44",
                                      .mobile = "",
                                      .fax = "",
                                      .notes = "",
                                      .initials = "",
                                      .manager = "",
                                      .manager_address = "",
                                      .addresses = addresses,
                                      .address_count = 2 };

#define MATCH(property, attributes, text)                                                                    \
    "<C:prop-filter name='" property "'><C:text-match " attributes ">" text "</C:text-match></C:prop-filter>"
static const struct {
    const char *what, *test, *filters;
    bool takes;
} cases[] = {
    { "no filter", "anyof", "", true },
    { "in the middle, another case", "anyof", MATCH("FN", "", "LE LOVE"), true },
    { "a letter with an accent in the other case", "anyof", MATCH("FN", "", "AD\xC3\x88LE"), true },
    { "without the accent", "anyof", MATCH("FN", "", "adele"), true },
    { "not there", "anyof", MATCH("FN", "", "Byron"), false },
    { "negated", "anyof", MATCH("FN", "negate-condition='yes'", "Byron"), true },
    { "equals one of several", "anyof", MATCH("EMAIL", "match-type='equals'", "countess@example.org"), true },
    { "equals only a part", "anyof", MATCH("EMAIL", "match-type='equals'", "countess"), false },
    { "begins", "anyof", MATCH("EMAIL", "match-type='starts-with'", "count"), true },
    { "ends", "anyof", MATCH("ORG", "match-type='ends-with'", "ytical"), true },
    { "one of two is enough", "anyof", MATCH("FN", "", "Byron") MATCH("TEL", "", "44"), true },
    { "one of two is not enough", "allof", MATCH("FN", "", "Byron") MATCH("TEL", "", "44"), false },
    { "is there", "anyof", "<C:prop-filter name='TEL'/>", true },
    { "is not there", "anyof", "<C:prop-filter name='NOTE'><C:is-not-defined/></C:prop-filter>", true },
    { "is there, but must not", "anyof", "<C:prop-filter name='TEL'><C:is-not-defined/></C:prop-filter>",
      false },
};

static struct body *query_of(void *owner, const char *test, const char *filters)
{
    struct body *body = dav_body_read(
        owner, span_text(talloc_asprintf(owner,
                                         "<C:addressbook-query xmlns:C='urn:ietf:params:xml:ns:carddav'>"
                                         "<C:filter test='%s'>%s</C:filter></C:addressbook-query>",
                                         test, filters)));

    assert_non_null(body);
    assert_int_equal(body->kind, BODY_QUERY);
    return body;
}

static void filters_take_what_they_say(void **state)
{
    void *owner = talloc_new(NULL);

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const struct body *body = query_of(owner, cases[i].test, cases[i].filters);
        if (!filter_is_known(body) || filter_takes(body, &ada) != cases[i].takes)
            fail_msg("%s", cases[i].what);
    }
    assert_false(filter_is_known(query_of(owner, "anyof", MATCH("X-SHOE", "", "42"))));
    talloc_free(owner);
}

static void the_directory_is_asked_for_what_it_knows(void **state)
{
    static const struct {
        const char *test, *filters, *asked;
    } rows[] = {
        { "anyof", MATCH("FN", "", "Lové") MATCH("EMAIL", "", "love"),
          "(|(|(|(name=*love*)))(|(|(address=*love*))))" },
        { "allof", MATCH("FN", "match-type='starts-with'", "le  lo") MATCH("TITLE", "", "x"),
          "(&(|(|(name=le*lo*))))" },
        { "anyof", MATCH("TEL", "match-type='equals'", "(0)1*"),
          "(|(|(|(phone=\\280\\291\\2a)(mobile=\\280\\291\\2a)(fax=\\280\\291\\2a))))" },
        { "anyof", MATCH("N", "match-type='ends-with'", "Love"), "(|(|(|(sn=*love)(givenname=*love))))" },
        { "anyof", MATCH("FN", "", "love") MATCH("TITLE", "", "love"), NULL },
        { "anyof", MATCH("FN", "negate-condition='yes'", "love"), NULL },
        { "anyof", MATCH("FN", "", "  "), NULL },
        { "anyof", "<C:prop-filter name='TEL'/>", NULL },
        { "anyof", "<C:prop-filter name='FN'><C:is-not-defined/></C:prop-filter>", NULL },
        { "allof", "", NULL },
    };
    void *owner = talloc_new(NULL);

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char *asked = filter_for_directory(owner, query_of(owner, rows[i].test, rows[i].filters));
        if (!rows[i].asked)
            assert_null(asked);
        else
            assert_string_equal(asked, rows[i].asked);
    }
    talloc_free(owner);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(filters_take_what_they_say),
        cmocka_unit_test(the_directory_is_asked_for_what_it_knows),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
