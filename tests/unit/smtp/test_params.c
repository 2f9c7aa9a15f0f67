/* test_params.c -- parameters of MAIL and RCPT: what is read, what is refused and as what. */
#include "smtp/params.h"
#include "smtp/xtext.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <talloc.h>

static const struct {
    const char *what, *text;
    enum err_kind kind;
} mails[] = {
    { "none", "", ERR_NONE },
    { "all at once", " SIZE=1000 BODY=8BITMIME SMTPUTF8 RET=HDRS ENVID=a+2Bb AUTH=<>", ERR_NONE },
    { "any case", " size=1 body=7bit", ERR_NONE },
    { "several blanks", "   SIZE=1   ", ERR_NONE },
    { "a size of 2^64", " SIZE=18446744073709551616", ERR_INVALID },
    { "the largest size", " SIZE=18446744073709551615", ERR_NONE },
    { "a negative size", " SIZE=-1", ERR_INVALID },
    { "a size in words", " SIZE=big", ERR_INVALID },
    { "a size with a tail", " SIZE=10x", ERR_INVALID },
    { "a size without a value", " SIZE", ERR_INVALID },
    { "an empty value", " SIZE=", ERR_INVALID },
    { "SMTPUTF8 with a value", " SMTPUTF8=1", ERR_INVALID },
    { "twice", " SIZE=1 SIZE=1", ERR_INVALID },
    { "an unknown body", " BODY=9BIT", ERR_INVALID },
    { "an unknown parameter", " XYZZY=1", ERR_NOT_FOUND },
    { "a parameter of RCPT", " NOTIFY=NEVER", ERR_NOT_FOUND },
    { "a control byte in an envid", " ENVID=a+0Ab", ERR_INVALID },
    { "a half hex digit", " ENVID=a+0", ERR_INVALID },
    { "small hex digits", " ENVID=a+2b", ERR_INVALID },
    { "a value outside ASCII", " ENVID=\xc3\xa9", ERR_INVALID },
};

static void mail_parameters(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(mails); i++) {
        void *arena = talloc_new(NULL);
        struct smtp_mail_params params;
        struct err err = ERR_INIT;

        print_message("  %s\n", mails[i].what);
        assert_int_equal(smtp_parse_mail_params(arena, span_text(mails[i].text), &params, &err),
                         mails[i].kind == ERR_NONE);
        assert_int_equal(err.kind, mails[i].kind);
        talloc_free(arena);
    }
}

static void values_are_decoded(void **state)
{
    void *arena = talloc_new(NULL);
    struct smtp_mail_params mail;
    struct smtp_rcpt_params rcpt;
    struct err err = ERR_INIT;

    (void)state;
    assert_true(smtp_parse_mail_params(arena, span_text(" SIZE=12 BODY=BINARYMIME RET=FULL ENVID=a+2Bb+3Dc"),
                                       &mail, &err));
    assert_int_equal(mail.size, 12);
    assert_int_equal(mail.body, SMTP_BODY_BINARYMIME);
    assert_int_equal(mail.ret, SMTP_RET_FULL);
    assert_true(span_equals_text(mail.envid, "a+b=c"));
    assert_true(smtp_parse_rcpt_params(
        arena, span_text(" NOTIFY=SUCCESS,delay ORCPT=rfc822;ada+2Blist@example.org"), &rcpt, &err));
    assert_int_equal(rcpt.notify, SMTP_NOTIFY_SUCCESS | SMTP_NOTIFY_DELAY);
    assert_true(span_equals_text(rcpt.orcpt_type, "rfc822"));
    assert_true(span_equals_text(rcpt.orcpt, "ada+list@example.org"));
    talloc_free(arena);
}

static const struct {
    const char *what, *text;
    enum err_kind kind;
} rcpts[] = {
    { "never", " NOTIFY=NEVER", ERR_NONE },
    { "never and more", " NOTIFY=NEVER,SUCCESS", ERR_INVALID },
    { "an empty element", " NOTIFY=SUCCESS,", ERR_INVALID },
    { "an unknown word", " NOTIFY=ALWAYS", ERR_INVALID },
    { "orcpt without a type", " ORCPT=;a@b", ERR_INVALID },
    { "orcpt without an address", " ORCPT=rfc822;", ERR_INVALID },
    { "orcpt without a semicolon", " ORCPT=a@b", ERR_INVALID },
    { "a parameter of MAIL", " SIZE=1", ERR_NOT_FOUND },
    { "of a server of ours", " XC-MAILBOX=4 XC-RECEIPT=00112233445566778899aabbccddeeff XC-FLAGS=1",
      ERR_NONE },
    { "a short receipt", " XC-RECEIPT=0011", ERR_INVALID },
    { "a receipt of other letters", " XC-RECEIPT=00112233445566778899aabbccddeefg", ERR_INVALID },
    { "a number beyond ours", " XC-MAILBOX=9223372036854775808", ERR_INVALID },
    { "a target with a line end", " XC-TARGET=a+0D+0Ab", ERR_INVALID },
};

static void rcpt_parameters(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rcpts); i++) {
        void *arena = talloc_new(NULL);
        struct smtp_rcpt_params params;
        struct err err = ERR_INIT;

        print_message("  %s\n", rcpts[i].what);
        assert_int_equal(smtp_parse_rcpt_params(arena, span_text(rcpts[i].text), &params, &err),
                         rcpts[i].kind == ERR_NONE);
        assert_int_equal(err.kind, rcpts[i].kind);
        talloc_free(arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mail_parameters),
        cmocka_unit_test(values_are_decoded),
        cmocka_unit_test(rcpt_parameters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
