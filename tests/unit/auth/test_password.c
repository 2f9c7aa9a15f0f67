/*
 * test_password.c -- what is stored of passwords, and what of it fits again.
 */
#include "auth/password.h"

#include "auth/prepare.h"
#include "base/digest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
/* cmocka wants setjmp, stdarg and stddef first */
#include <cmocka.h>
#include <talloc.h>

static void a_password_fits_its_hash(void **state)
{
    void *owner = talloc_new(NULL);
    struct credential one, two;
    struct err err;

    (void)state;
    assert_true(password_hash(owner, span_text("correct horse"), &one, &err));
    assert_true(password_hash(owner, span_text("correct horse"), &two, &err));
    assert_string_not_equal(one.argon2, two.argon2);
    assert_memory_not_equal(one.scram_stored_key, two.scram_stored_key, SCRAM_KEY_BYTES);
    assert_int_equal(strncmp(one.argon2, "$argon2id$v=19$m=19456,t=2,p=1$", 31), 0);
    assert_int_equal(password_verify(one.argon2, span_text("correct horse")), ARGON2_RIGHT);
    assert_int_equal(password_verify(one.argon2, span_text("correct horsf")), ARGON2_WRONG);
    assert_int_equal(password_verify("$argon2id$nonsense", span_text("x")), ARGON2_TROUBLE);
    talloc_free(owner);
}

static const struct {
    const char *what;
    const char *bytes;
    size_t length;
    bool ok;
} lengths[] = {
    { "too short", "1234567", 7, false },
    { "short enough", "12345678", 8, true },
    { "with NUL",
      "1234\0"
      "5678",
      9, false },
};

static void lengths_are_bounded(void **state)
{
    void *owner = talloc_new(NULL);
    struct credential credential;
    struct err err;
    char *longest = talloc_zero_size(owner, PASSWORD_LENGTH_MAX + 1);

    (void)state;
    for (size_t i = 0; i < COUNT_OF(lengths); i++)
        if (password_hash(owner, span_of(lengths[i].bytes, lengths[i].length), &credential, &err) !=
            lengths[i].ok)
            fail_msg("%s", lengths[i].what);
    memset(longest, 'x', PASSWORD_LENGTH_MAX + 1);
    assert_true(password_hash(owner, span_of(longest, PASSWORD_LENGTH_MAX), &credential, &err));
    assert_false(password_hash(owner, span_of(longest, PASSWORD_LENGTH_MAX + 1), &credential, &err));
    assert_int_equal(err.kind, ERR_INVALID);
    talloc_free(owner);
}

/* RFC 4013, 3 and what must not be touched. */
static const struct {
    const char *what, *typed, *prepared;
} preparations[] = {
    { "plain", "user", "user" },
    { "soft hyphen goes", "I\xC2\xADX", "IX" },
    { "compatibility form", "\xC2\xAA", "a" },
    { "a ligature", "\xE2\x85\xA8", "IX" },
    { "a no-break space becomes a space",
      "a\xC2\xA0"
      "b",
      "a b" },
    { "not UTF-8: as it is", "\xFF\xFE", "\xFF\xFE" },
    { "a control character: as it is", "a\x07", "a\x07" },
};

static void saslprep(void **state)
{
    void *owner = talloc_new(NULL);

    (void)state;
    for (size_t i = 0; i < COUNT_OF(preparations); i++)
        if (!span_equals_text(password_prepare(owner, span_text(preparations[i].typed)),
                              preparations[i].prepared))
            fail_msg("%s", preparations[i].what);
    talloc_free(owner);
}

static void app_passwords(void **state)
{
    char text[APP_PASSWORD_TEXT], other[APP_PASSWORD_TEXT], typed[80];
    unsigned char hash[APP_PASSWORD_HASH_BYTES], again[APP_PASSWORD_HASH_BYTES];
    size_t length = 0;

    (void)state;
    app_password_generate(other, hash);
    app_password_generate(text, hash);
    assert_string_not_equal(text, other);
    assert_int_equal(strlen(text), APP_PASSWORD_TEXT - 1);
    assert_true(app_password_hash(span_text(text), again));
    assert_memory_equal(hash, again, sizeof hash);
    for (const char *p = text; *p; p++) {
        typed[length++] = *p == '-' ? ' ' : *p >= 'a' ? (char)(*p - 32) : *p;
        typed[length++] = ' ';
    }
    assert_true(app_password_hash(span_of(typed, length), again));
    assert_memory_equal(hash, again, sizeof hash);
    assert_false(app_password_hash(span_of(text, strlen(text) - 1), again));
    assert_false(app_password_hash(span_text("correct horse battery staple!"), again));
    assert_false(app_password_hash(span_text(""), again));
    text[3] = '\0';
    assert_false(app_password_hash(span_of(text, APP_PASSWORD_TEXT - 1), again));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_password_fits_its_hash),
        cmocka_unit_test(lengths_are_bounded),
        cmocka_unit_test(saslprep),
        cmocka_unit_test(app_passwords),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
