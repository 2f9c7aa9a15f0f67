/* test_sts.c -- records, policies and patterns of MTA-STS. */
#include "connector/sts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <talloc.h>

static const struct {
    const char *text, *id; /* NULL: no record */
} records[] = {
    { "v=STSv1; id=20160831085700Z;", "20160831085700Z" },
    { "v=STSv1;id=1", "1" },
    { "v=STSv1; x=y; id=1; id=2", "1" },
    { "v=STSv1", NULL },
    { "v=STSv1;", NULL },
    { "v=STSv2; id=1;", NULL },
    { "v=stsv1; id=1;", NULL },
    { "v=STSv1; id=;", NULL },
    { "v=STSv1; id=a-b;", NULL },
    { "v=STSv1; id=123456789012345678901234567890123;", NULL },
    { "id=1; v=STSv1;", NULL },
    { "", NULL },
};

static void each_record(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(records); i++) {
        char id[STS_ID_MAX + 1] = "";
        print_message("  %s\n", records[i].text);
        assert_int_equal(sts_take_record(span_text(records[i].text), id), records[i].id != NULL);
        if (records[i].id)
            assert_string_equal(id, records[i].id);
    }
}

static const struct {
    const char *what, *text;
    bool is_good;
    enum sts_mode mode;
    uint32_t max_age_s;
} policies[] = {
    { "as in the RFC",
      "version: STSv1\r\nmode: enforce\r\nmx: mail.example.com\r\nmx: *.example.net\r\nmax_age: 604800\r\n",
      true, STS_ENFORCE, 604800 },
    { "LF, no blanks, no end", "version:STSv1\nmode:testing\nmx:a.b\nmax_age:1", true, STS_TESTING, 1 },
    { "none without exchangers", "version: STSv1\nmode: none\nmax_age: 1\n", true, STS_NONE, 1 },
    { "a field of the future", "version: STSv1\nmode: none\nmax_age: 1\nfuture: x: y\n", true, STS_NONE, 1 },
    { "an age beyond a year", "version: STSv1\nmode: none\nmax_age: 99999999999\n", true, STS_NONE,
      STS_AGE_MAX },
    { "the first of two counts", "version: STSv1\nmode: none\nmode: enforce\nmax_age: 1\n", true, STS_NONE,
      1 },
    { "enforce without exchangers", "version: STSv1\nmode: enforce\nmax_age: 1\n", false, 0, 0 },
    { "no version", "mode: none\nmax_age: 1\n", false, 0, 0 },
    { "another version", "version: STSv2\nmode: none\nmax_age: 1\n", false, 0, 0 },
    { "an unknown mode", "version: STSv1\nmode: maybe\nmax_age: 1\n", false, 0, 0 },
    { "no age", "version: STSv1\nmode: none\n", false, 0, 0 },
    { "a negative age", "version: STSv1\nmode: none\nmax_age: -1\n", false, 0, 0 },
    { "two dots at the end", "version: STSv1\nmode: enforce\nmx: a.b..\nmax_age: 1\n", false, 0, 0 },
    { "a pattern in the middle", "version: STSv1\nmode: enforce\nmx: a.*.b\nmax_age: 1\n", false, 0, 0 },
    { "a line that is none", "version: STSv1\nmode: none\nmax_age: 1\n<html>\n", false, 0, 0 },
    { "nothing", "", false, 0, 0 },
};

static void each_policy(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(policies); i++) {
        void *arena = talloc_new(NULL);
        struct sts_policy policy;
        print_message("  %s\n", policies[i].what);
        assert_int_equal(sts_parse(arena, span_text(policies[i].text), &policy), policies[i].is_good);
        if (policies[i].is_good) {
            assert_int_equal(policy.mode, policies[i].mode);
            assert_int_equal(policy.max_age_s, policies[i].max_age_s);
        }
        talloc_free(arena);
    }
}

static const struct {
    const char *host;
    bool is_named;
} hosts[] = {
    { "mail.example.com", true },  { "MAIL.Example.COM.", true },  { "a.example.net", true },
    { "a.b.example.net", false },  { "example.net", false },       { ".example.net", false },
    { "mail.example.org", false }, { "xmail.example.com", false },
};

static void each_host(void **state)
{
    void *arena = talloc_new(NULL);
    struct sts_policy policy;

    (void)state;
    assert_true(sts_parse(arena, span_text(policies[0].text), &policy));
    for (size_t i = 0; i < COUNT_OF(hosts); i++) {
        print_message("  %s\n", hosts[i].host);
        assert_int_equal(sts_names(&policy, hosts[i].host), hosts[i].is_named);
    }
    talloc_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(each_record), cmocka_unit_test(each_policy),
                                        cmocka_unit_test(each_host) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
