/* test_jose.c -- tokens of the RFCs, and what makes of a good one a bad one. */
#include "auth/jose.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
/* cmocka wants setjmp, stdarg and stddef first */
#include <cmocka.h>
#include <talloc.h>

/* RFC 7515, A.3 */
static const char ec_set[] =
    "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","
    "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}]}";
static const char ec_token[] =
    "eyJhbGciOiJFUzI1NiJ9"
    ".eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
    ".DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";

static struct jose_keys *keys_of(void *owner, const char *text)
{
    struct err err = ERR_INIT;
    struct jose_keys *keys;
    json_t *set = json_loads(text, 0, NULL);

    assert_non_null(set);
    assert_true(jose_keys_read(owner, set, &keys, &err));
    json_decref(set);
    return keys;
}

static void the_token_of_the_rfc_is_good(void **state)
{
    void *owner = talloc_new(NULL);
    struct jose_keys *keys = keys_of(owner, ec_set);
    struct err err = ERR_INIT;
    struct jose_token *token;
    char changed[sizeof ec_token];

    (void)state;
    assert_int_equal(jose_keys_count(keys), 1);
    assert_true(jose_has_form(span_text(ec_token)));
    assert_true(jose_read(owner, span_text(ec_token), &token, &err));
    assert_string_equal(token->issuer, "joe");
    assert_true(jose_verify(token, keys, &err));
    memcpy(changed, ec_token, sizeof changed);
    changed[30]++; /* a byte of what was signed */
    if (jose_read(owner, span_text(changed), &token, &err))
        assert_false(jose_verify(token, keys, &err));
    assert_true(jose_read(owner, span_text(ec_token), &token, &err));
    assert_false(jose_verify(token, keys_of(owner, "{\"keys\":[]}"), &err));
    assert_int_equal(err.kind, ERR_NOT_FOUND);
    talloc_free(owner);
}

static const struct {
    const char *what, *text;
} bad_tokens[] = {
    { "none (RFC 7515, A.5)", "eyJhbGciOiJub25lIn0.eyJpc3MiOiJqb2UifQ." },
    { "HS256", "eyJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UifQ.AAAA" },
    { "RS512", "eyJhbGciOiJSUzUxMiJ9.eyJpc3MiOiJqb2UifQ.AAAA" },
    { "no algorithm", "e30.eyJpc3MiOiJqb2UifQ.AAAA" },
    { "critical", "eyJhbGciOiJFUzI1NiIsImNyaXQiOlsiYjY0Il19.eyJpc3MiOiJqb2UifQ.AAAA" },
    { "two algorithms", "eyJhbGciOiJub25lIiwiYWxnIjoiRVMyNTYifQ.eyJpc3MiOiJqb2UifQ.AAAA" },
    { "no issuer", "eyJhbGciOiJFUzI1NiJ9.e30.AAAA" },
    { "two parts", "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UifQ" },
    { "four parts", "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UifQ.AAAA.AAAA" },
    { "padding", "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UifQ==.AAAA" },
    { "a list", "eyJhbGciOiJFUzI1NiJ9.W10.AAAA" },
    { "empty", "" },
    { "dots", ".." },
};

static void bad_tokens_are_refused(void **state)
{
    void *owner = talloc_new(NULL);
    struct jose_token *token;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(bad_tokens); i++) {
        struct err err = ERR_INIT;
        if (jose_read(owner, span_text(bad_tokens[i].text), &token, &err) || err.kind != ERR_AUTH)
            fail_msg("%s", bad_tokens[i].what);
    }
    talloc_free(owner);
}

static const struct {
    const char *what, *claims;
    bool ok;
} expectations[] = {
    { "as it should be", "{'iss':'joe','aud':'us','exp':1100,'nonce':'n'}", true },
    { "one of several, made out to us", "{'iss':'joe','aud':['x','us'],'azp':'us','exp':1100,'nonce':'n'}",
      true },
    { "one of several, not made out", "{'iss':'joe','aud':['x','us'],'exp':1100,'nonce':'n'}", false },
    { "made out to another", "{'iss':'joe','aud':'us','azp':'x','exp':1100,'nonce':'n'}", false },
    { "another issuer", "{'iss':'joe/','aud':'us','exp':1100,'nonce':'n'}", false },
    { "another audience", "{'iss':'joe','aud':'usual','exp':1100,'nonce':'n'}", false },
    { "no audience", "{'iss':'joe','exp':1100,'nonce':'n'}", false },
    { "audience of numbers", "{'iss':'joe','aud':[1],'exp':1100,'nonce':'n'}", false },
    { "another nonce", "{'iss':'joe','aud':'us','exp':1100,'nonce':'m'}", false },
    { "no nonce", "{'iss':'joe','aud':'us','exp':1100}", false },
    { "over, within the skew", "{'iss':'joe','aud':'us','exp':941,'nonce':'n'}", true },
    { "over", "{'iss':'joe','aud':'us','exp':940,'nonce':'n'}", false },
    { "never over", "{'iss':'joe','aud':'us','nonce':'n'}", false },
    { "over at a text", "{'iss':'joe','aud':'us','exp':'1100','nonce':'n'}", false },
    { "not yet", "{'iss':'joe','aud':'us','exp':1100,'nbf':1061,'nonce':'n'}", false },
    { "made later", "{'iss':'joe','aud':'us','exp':1100,'iat':1061,'nonce':'n'}", false },
};

static void claims_are_what_is_expected(void **state)
{
    const struct jose_expectation wanted = { .issuer = "joe", .audience = "us", .nonce = "n", .now_s = 1000 };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(expectations); i++) {
        struct err err = ERR_INIT;
        char text[200];
        snprintf(text, sizeof text, "%s", expectations[i].claims);
        for (char *p = text; *p; p++)
            *p = *p == '\'' ? '"' : *p;
        json_t *claims = json_loads(text, 0, NULL);
        struct jose_token token = { .issuer = json_string_value(json_object_get(claims, "iss")),
                                    .claims = claims };
        if (jose_expect(&token, &wanted, &err) != expectations[i].ok)
            fail_msg("%s: %s", expectations[i].what, err.log);
        json_decref(claims);
    }
}

static const struct {
    const char *what, *key;
} useless_keys[] = {
    { "for encryption",
      "{'kty':'EC','use':'enc','crv':'P-256','x':'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU',"
      "'y':'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0'}" },
    { "not on the curve", "{'kty':'EC','crv':'P-256','x':'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU',"
                          "'y':'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU'}" },
    { "another curve", "{'kty':'EC','crv':'P-384','x':'AA','y':'AA'}" },
    { "a shared secret", "{'kty':'oct','k':'AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ'}" },
    { "a short modulus", "{'kty':'RSA','n':'AQAB','e':'AQAB'}" },
    { "no number", "{'kty':'RSA','n':1,'e':'AQAB'}" },
    { "no key", "[]" },
};

static void useless_keys_are_left_out(void **state)
{
    void *owner = talloc_new(NULL);

    (void)state;
    for (size_t i = 0; i < COUNT_OF(useless_keys); i++) {
        char *text = talloc_asprintf(owner, "{'keys':[%s]}", useless_keys[i].key);
        for (char *p = text; *p; p++)
            *p = *p == '\'' ? '"' : *p;
        if (jose_keys_count(keys_of(owner, text)) != 0)
            fail_msg("%s", useless_keys[i].what);
    }
    talloc_free(owner);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_token_of_the_rfc_is_good),
        cmocka_unit_test(bad_tokens_are_refused),
        cmocka_unit_test(claims_are_what_is_expected),
        cmocka_unit_test(useless_keys_are_left_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
