/* test_request.c -- what slapd writes, and what somebody would smuggle in. */
#include "slapd/request.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
/* cmocka wants setjmp, stdarg and stddef first */
#include <cmocka.h>

#define CALLER_OF(who)                                                                                       \
    "msgid: 1\nbinddn: " who "\npeername: IP=127.0.0.1:5000\nssf: 128\nconnid: 9\nsuffix: \n"
#define SEARCH_OF(who, filter, attributes)                                                                   \
    "SEARCH\n" CALLER_OF(                                                                                    \
        who) "base: o=Example\nscope: 2\nderef: 0\nsizelimit: -1\ntimelimit: -1\nfilter: " filter            \
             "\nattrsonly: 0\nattrs: " attributes "\n\n"
#define BIND_OF(name, length, password)                                                                      \
    "BIND\n" CALLER_OF("") "dn: " name "\nmethod: 128\ncredlen: " length "\ncred: " password "\n\n"

static void a_search_is_read(void **state)
{
    struct slapd_request request;

    (void)state;
    assert_true(slapd_request_read(span_text(SEARCH_OF("mail=a@b.c", "(cn=*)", "mail cn")), &request));
    assert_int_equal(request.operation, SLAPD_SEARCH);
    assert_true(span_equals_text(request.who, "mail=a@b.c") && span_equals_text(request.base, "o=Example") &&
                span_equals_text(request.filter, "(cn=*)"));
    assert_true(request.is_encrypted && net_is_loopback(&request.peer));
    assert_int_equal(request.size_limit, 0);
    assert_int_equal(request.scope, SLAPD_SCOPE_SUB);
    assert_true(slapd_request_names(&request, "CN") && !slapd_request_names(&request, "jpegPhoto"));
}

static void a_bind_is_read(void **state)
{
    struct slapd_request request;

    (void)state;
    assert_true(slapd_request_read(span_text(BIND_OF("mail=a@b.c", "6", "secret")), &request));
    assert_int_equal(request.operation, SLAPD_BIND);
    assert_true(request.is_simple && span_equals_text(request.password, "secret") &&
                span_equals_text(request.name, "mail=a@b.c"));
    assert_true(slapd_request_read(span_text(BIND_OF("mail=a@b.c", "7", "a\n\nb: c")), &request));
    assert_true(span_equals_text(request.password, "a\n\nb: c"));
}

static void what_is_smuggled_in_changes_nobody_else(void **state)
{
    struct slapd_request request;
    static const char *const refused[] = {
        "",
        "\n\n",
        "SEARCH\n\n",
        "BIND\nmsgid: 1\n\n",
        BIND_OF("mail=a@b.c", "7", "secret"), /* cut off by a NUL */
        BIND_OF("mail=a@b.c", "5", "secret"),
        /* a name that brings the rest of its own bind with it */
        BIND_OF("mail=a@b.c\nmethod: 128\ncredlen: 6\ncred: secret", "6", "secret"),
        /* one that would be another caller */
        "SEARCH\n" CALLER_OF("mail=a@b.c\nbinddn: mail=boss@b.c") "base: \n\n",
        SEARCH_OF("", "(cn=x)\nbinddn: mail=boss@b.c", "all"),
    };

    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        if (slapd_request_read(span_text(refused[i]), &request) && request.operation < SLAPD_UNBIND)
            fail_msg("taken: %s", refused[i]);
    assert_true(
        slapd_request_read(span_text(SEARCH_OF("", "(cn=x)", "cn\nbinddn: mail=boss@b.c")), &request));
    assert_true(span_is_empty(request.who));
    assert_true(slapd_request_read(span_text("MODIFY\n" CALLER_OF("mail=a@b.c") "dn: x\n\n"), &request));
    assert_int_equal(request.operation, SLAPD_OTHER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_search_is_read),
        cmocka_unit_test(a_bind_is_read),
        cmocka_unit_test(what_is_smuggled_in_changes_nobody_else),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
