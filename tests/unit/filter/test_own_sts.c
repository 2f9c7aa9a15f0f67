/* test_own_sts.c -- the policy for our own domains: its text, its number, whom it names. */
#include "filter/own_sts.h"
#include "filter/settings.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <talloc.h>

#include <cmocka.h>

static const char *const servers[] = { "MX1.example.org", "mx2.example.org" };

static struct own_sts made(void *arena, const char *mode, const char *hosts, const char *age)
{
    struct filter_settings settings;
    struct own_sts policy = { .mode = NULL };

    filter_settings_init(&settings);
    filter_settings_set(&settings, "mta_sts", mode);
    filter_settings_set(&settings, "mta_sts_hosts", hosts);
    filter_settings_set(&settings, "mta_sts_max_age", age);
    assert_true(own_sts_make(arena, &settings, servers, COUNT_OF(servers), &policy));
    return policy;
}

static void without_a_mode_or_a_host_there_is_none(void **state)
{
    void *arena = talloc_new(NULL);
    struct filter_settings settings;
    struct own_sts policy;

    (void)state;
    filter_settings_init(&settings);
    assert_false(own_sts_make(arena, &settings, servers, COUNT_OF(servers), &policy));
    filter_settings_set(&settings, "mta_sts", "enforce");
    assert_false(own_sts_make(arena, &settings, NULL, 0, &policy));
    talloc_free(arena);
}

static void the_text_is_what_the_rfc_says(void **state)
{
    void *arena = talloc_new(NULL);

    (void)state;
    assert_string_equal(
        made(arena, "enforce", "", "7d").text,
        "version: STSv1\r\nmode: enforce\r\nmx: mx1.example.org\r\nmx: mx2.example.org\r\nmax_age: 604800\r\n");
    assert_string_equal(
        made(arena, "withdraw", "a.example, *.B.example", "1d").text,
        "version: STSv1\r\nmode: none\r\nmx: a.example\r\nmx: *.b.example\r\nmax_age: 86400\r\n");
    talloc_free(arena);
}

static void the_number_changes_with_the_text_alone(void **state)
{
    void *arena = talloc_new(NULL);
    struct own_sts one = made(arena, "testing", "", "7d"), same = made(arena, "testing", "", "7d");
    const struct own_sts others[] = { made(arena, "enforce", "", "7d"),
                                      made(arena, "testing", "a.example", "7d"),
                                      made(arena, "testing", "", "8d") };

    (void)state;
    assert_int_equal(strlen(one.id), OWN_STS_ID);
    assert_string_equal(one.id, same.id);
    for (size_t i = 0; i < COUNT_OF(others); i++)
        assert_string_not_equal(one.id, others[i].id);
    talloc_free(arena);
}

static void a_star_is_one_label(void **state)
{
    static const struct {
        const char *host;
        bool is_named;
    } hosts[] = {
        { "mx.example.net", true },     { "MX.Example.NET", true },
        { "a.b.example.net", false },   { "example.net", false },
        { "one.example.org", true },    { "two.example.org", false },
        { "mx.notexample.net", false }, { "", false },
    };
    void *arena = talloc_new(NULL);
    struct own_sts policy = made(arena, "enforce", "one.example.org *.example.net", "7d");

    (void)state;
    for (size_t i = 0; i < COUNT_OF(hosts); i++)
        if (own_sts_names(&policy, hosts[i].host) != hosts[i].is_named)
            fail_msg("%s", hosts[i].host);
    talloc_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_mode_or_a_host_there_is_none),
        cmocka_unit_test(the_text_is_what_the_rfc_says),
        cmocka_unit_test(the_number_changes_with_the_text_alone),
        cmocka_unit_test(a_star_is_one_label),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
