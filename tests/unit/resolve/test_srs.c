/* test_srs.c -- sender addresses rewritten, undone, forged, worn out. */
#include "base/clock.h"
#include "resolve/srs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
/* cmocka wants setjmp, stdarg and stddef first */
#include <cmocka.h>
#include <talloc.h>

#define DAY_US (86400 * US_PER_S)
#define NOW_US (20000 * DAY_US + 5)

static const struct srs_key ours = { .bytes = { 1, 2, 3 } }, other = { .bytes = { 4, 5, 6 } };

static const char *local_of(const void *owner, const char *address)
{
    return talloc_strndup(owner, address, (size_t)(strrchr(address, '@') - address));
}

static void there_and_back(void **state)
{
    static const char *const senders[] = { "ada@elsewhere.example", "Ada.X+y=z@elsewhere.example",
                                           "a=b=c@x.example", "-@x.example", "SRS2=x@y.example" };
    void *owner = talloc_new(NULL);

    (void)state;
    for (size_t i = 0; i < COUNT_OF(senders); i++) {
        const char *sent = srs_forward(&ours, owner, senders[i], "example.org", NOW_US), *back;

        print_message("  %s\n", sent);
        assert_string_not_equal(sent, senders[i]);
        assert_int_equal(srs_reverse(&ours, owner, local_of(owner, sent), NOW_US, &back), SRS_GOOD);
        assert_string_equal(back, senders[i]);
        /* other servers may change the case of the part that is ours */
        char *upper = talloc_strdup(owner, local_of(owner, sent));
        for (char *p = upper; p < upper + 16; p++)
            *p = (char)(*p >= 'A' && *p <= 'Z' ? *p + 32 : *p);
        assert_int_equal(srs_reverse(&ours, owner, upper, NOW_US, &back), SRS_GOOD);
    }
    talloc_free(owner);
}

static void a_second_forwarder_does_not_make_it_longer(void **state)
{
    void *owner = talloc_new(NULL);
    const char *first = srs_forward(&other, owner, "ada@elsewhere.example", "first.example", NOW_US);
    const char *second = srs_forward(&ours, owner, first, "example.org", NOW_US);
    const char *third = srs_forward(&other, owner, second, "third.example", NOW_US), *back;

    (void)state;
    assert_int_equal(strncmp(second, "SRS1=", 5), 0);
    assert_non_null(strstr(second, "=first.example=="));
    assert_int_equal(strlen(third), strlen(second) + strlen("third.example") - strlen("example.org"));
    assert_int_equal(srs_reverse(&ours, owner, local_of(owner, second), NOW_US, &back), SRS_GOOD);
    assert_string_equal(back, first);
    assert_int_equal(srs_reverse(&other, owner, local_of(owner, third), NOW_US, &back), SRS_GOOD);
    assert_string_equal(back, first);
    talloc_free(owner);
}

static void what_is_not_ours_is_refused(void **state)
{
    void *owner = talloc_new(NULL);
    const char *sent = srs_forward(&ours, owner, "ada@elsewhere.example", "example.org", NOW_US), *back;
    char *local = talloc_strdup(owner, local_of(owner, sent));
    static const struct {
        const char *local;
        enum srs_verdict verdict;
    } cases[] = {
        { "ada", SRS_NOT_REWRITTEN },      { "SRS", SRS_NOT_REWRITTEN },
        { "SRS0", SRS_NOT_REWRITTEN },     { "SRS0ada", SRS_NOT_REWRITTEN },
        { "srs2=x", SRS_NOT_REWRITTEN },   { "SRS0=", SRS_FORGED },
        { "SRS0=ABCDEFGH", SRS_FORGED },   { "SRS0=ABCDEFGH=", SRS_FORGED },
        { "SRS1=ABCDEFGH==", SRS_FORGED }, { "SRS0=ABCDEFGH=AA=h=l", SRS_FORGED },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        assert_int_equal(srs_reverse(&ours, owner, cases[i].local, NOW_US, &back), cases[i].verdict);
    assert_int_equal(srs_reverse(&other, owner, local, NOW_US, &back), SRS_FORGED);
    for (size_t i = 5; local[i]; i++) { /* any one character changed */
        char kept = local[i];

        local[i] = kept == 'q' ? 'r' : 'q';
        assert_int_equal(srs_reverse(&ours, owner, local, NOW_US, &back), SRS_FORGED);
        local[i] = kept;
    }
    talloc_free(owner);
}

static void it_wears_out(void **state)
{
    void *owner = talloc_new(NULL);
    const char *sent = srs_forward(&ours, owner, "ada@elsewhere.example", "example.org", NOW_US), *back;
    const char *local = local_of(owner, sent);

    (void)state;
    assert_int_equal(srs_reverse(&ours, owner, local, NOW_US + SRS_DAYS * DAY_US, &back), SRS_GOOD);
    assert_int_equal(srs_reverse(&ours, owner, local, NOW_US + (SRS_DAYS + 1) * DAY_US, &back), SRS_EXPIRED);
    assert_int_equal(srs_reverse(&ours, owner, local, NOW_US - DAY_US, &back), SRS_EXPIRED);
    talloc_free(owner);
}

static void what_does_not_fit_stays(void **state)
{
    static const char *const senders[] = {
        "", "\"a b\"@elsewhere.example", "a-long-name-that-nearly-fills-what-is-allowed@elsewhere.example"
    };
    void *owner = talloc_new(NULL);

    (void)state;
    for (size_t i = 0; i < COUNT_OF(senders); i++)
        assert_string_equal(srs_forward(&ours, owner, senders[i], "example.org", NOW_US), senders[i]);
    talloc_free(owner);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(there_and_back),
        cmocka_unit_test(a_second_forwarder_does_not_make_it_longer),
        cmocka_unit_test(what_is_not_ours_is_refused),
        cmocka_unit_test(it_wears_out),
        cmocka_unit_test(what_does_not_fit_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
