/* test_introduction.c -- servers of one installation introduce themselves: proofs fit one call only, and what is said is read
 * strictly. */
#include "format/introduction.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <talloc.h>

static const uint8_t key[INTRODUCTION_KEY_BYTES] = "0123456789abcdef0123456789abcde";

static struct introduction usual(void)
{
    return (struct introduction){ .caller = "paris.example.org",
                                  .called = "lyon.example.org",
                                  .caller_nonce = "caller's nonce!",
                                  .called_nonce = "called's nonce!",
                                  .binding = span_text("this connection") };
}

static bool is_same(const struct introduction *a, const struct introduction *b, enum introduction_side side)
{
    uint8_t one[SHA256_BYTES], other[SHA256_BYTES];

    introduction_proof(key, a, INTRODUCTION_CALLER, one);
    introduction_proof(key, b, side, other);
    return equal_in_constant_time(span_of(one, sizeof one), span_of(other, sizeof other));
}

static void a_proof_fits_one_call(void **state)
{
    struct introduction a = usual(), b = usual();

    (void)state;
    assert_true(is_same(&a, &b, INTRODUCTION_CALLER));
    assert_false(is_same(&a, &b, INTRODUCTION_CALLED)); /* nobody can give the other's proof back */
    b.caller = "PARIS.example.org";
    assert_true(is_same(&a, &b, INTRODUCTION_CALLER));
    b.caller = "paris.example.or";
    assert_false(is_same(&a, &b, INTRODUCTION_CALLER));
    b = usual();
    b.called = "nice.example.org";
    assert_false(is_same(&a, &b, INTRODUCTION_CALLER));
    b = usual();
    b.called_nonce[3] ^= 1;
    assert_false(is_same(&a, &b, INTRODUCTION_CALLER));
    b = usual();
    b.binding = span_text("another one");
    assert_false(is_same(&a, &b, INTRODUCTION_CALLER));
    /* letters do not move from one name into the other */
    a.caller = "ab", a.called = "c", b = a, b.caller = "a", b.called = "bc";
    assert_false(is_same(&a, &b, INTRODUCTION_CALLER));
}

static const struct {
    const char *what, *text;
    bool ok;
} hellos[] = {
    { "name and nonce", "paris.example.org AAAAAAAAAAAAAAAAAAAAAA==", true },
    { "more blanks", "paris.example.org   AAAAAAAAAAAAAAAAAAAAAA==", true },
    { "nothing", "", false },
    { "no nonce", "paris.example.org", false },
    { "no name", " AAAAAAAAAAAAAAAAAAAAAA==", false },
    { "a short nonce", "paris AAAAAAAAAAAAAAAAAAAA", false },
    { "a long nonce", "paris AAAAAAAAAAAAAAAAAAAAAAAA", false },
    { "no base64", "paris !AAAAAAAAAAAAAAAAAAAAA==", false },
    { "something behind", "paris AAAAAAAAAAAAAAAAAAAAAA== x", false },
    { "a name that is none", "par<is AAAAAAAAAAAAAAAAAAAAAA==", false },
};

static void what_is_said_is_read_strictly(void **state)
{
    void *owner = talloc_new(NULL);
    uint8_t nonce[INTRODUCTION_NONCE_BYTES], proof[SHA256_BYTES];
    const char *caller;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(hellos); i++) {
        print_message("  %s\n", hellos[i].what);
        assert_int_equal(introduction_take_hello(owner, span_text(hellos[i].text), &caller, nonce),
                         hellos[i].ok);
    }
    assert_true(introduction_take_answer(
        span_text("AAAAAAAAAAAAAAAAAAAAAA== AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="), nonce, proof));
    assert_false(introduction_take_answer(span_text("AAAAAAAAAAAAAAAAAAAAAA=="), nonce, proof));
    assert_true(introduction_take_proof(span_text("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="), proof));
    assert_false(introduction_take_proof(span_text("AAAAAAAAAAAAAAAAAAAAAA=="), proof));
    talloc_free(owner);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_proof_fits_one_call),
        cmocka_unit_test(what_is_said_is_read_strictly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
