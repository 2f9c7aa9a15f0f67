/* test_totp.c -- RFC 6238, appendix B (its last six digits), and that a code is good once. */
#include "auth/totp.h"
#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
/* cmocka wants setjmp, stdarg and stddef first */
#include <cmocka.h>
#include <talloc.h>

static const char secret[] = "12345678901234567890";
static const struct {
    int64_t at_s;
    const char *code;
} vectors[] = {
    { 59, "287082" },         { 1111111109, "081804" }, { 1111111111, "050471" },
    { 1234567890, "005924" }, { 2000000000, "279037" }, { 20000000000, "353130" },
};

static bool matches(const char *typed, int64_t at_s, int64_t last_step, int64_t *step)
{
    return totp_matches(span_text(secret), span_text(typed), at_s * US_PER_S, last_step, step);
}

static void codes_of_the_standard(void **state)
{
    char code[TOTP_DIGITS + 1];
    int64_t step;

    (void)state;
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        totp_code(span_text(secret), vectors[i].at_s / TOTP_STEP_S, code);
        assert_string_equal(code, vectors[i].code);
        assert_true(matches(vectors[i].code, vectors[i].at_s, 0, &step));
        assert_int_equal(step, vectors[i].at_s / TOTP_STEP_S);
    }
}

static void a_step_each_way_and_each_once(void **state)
{
    int64_t step;

    (void)state;
    assert_true(matches("005924", 1234567890 + 30, 0, &step));
    assert_true(matches("005924", 1234567890 - 30, 0, &step));
    assert_false(matches("005924", 1234567890 + 60, 0, &step));
    assert_false(matches("005924", 1234567890 - 60, 0, &step));
    assert_true(matches("005 924", 1234567890, 0, &step));
    assert_false(matches("005924", 1234567890, step, &step));
    assert_true(matches("005924", 1234567890, step - 1, &step));
}

static void what_is_no_code(void **state)
{
    static const char *const typed[] = { "", "00592", "0059240", "00592a", "-05924", "\xd9\xa0\xd9\xa0" };
    int64_t step;

    (void)state;
    for (size_t i = 0; i < sizeof typed / sizeof *typed; i++)
        assert_false(matches(typed[i], 1234567890, 0, &step));
}

static void what_programs_read(void **state)
{
    char *uri = totp_uri(NULL, "mail.example.org", "ada@example.org", "mzxw6ytb");

    (void)state;
    assert_string_equal(
        uri, "otpauth://totp/mail.example.org:ada%40example.org?secret=MZXW6YTB&issuer=mail.example.org"
             "&algorithm=SHA1&digits=6&period=30");
    talloc_free(uri);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(codes_of_the_standard),
        cmocka_unit_test(a_step_each_way_and_each_once),
        cmocka_unit_test(what_is_no_code),
        cmocka_unit_test(what_programs_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
