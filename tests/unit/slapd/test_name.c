/* test_name.c -- whom a name means as a login. */
#include "slapd/name.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
/* cmocka wants setjmp, stdarg and stddef first */
#include <cmocka.h>
#include <talloc.h>

static const struct {
    const char *text, *login; /* NULL: nobody */
} logins[] = {
    { "mail=ada@example.org", "ada@example.org" },
    { "MAIL=ada@example.org,o=Example", "ada@example.org" },
    { "uid=ada,ou=people,dc=example,dc=org", "ada@example.org" },
    { "uid=ada", "ada" },
    { "cn=EXAMPLE\\5Cada", "EXAMPLE\\ada" },
    { "cn=EXAMPLE\\\\ada,o=Example", "EXAMPLE\\ada" },
    { "cn=ada\\2C x,dc=example,dc=org", "ada, x@example.org" },
    { "uid=ada,dc=example,o=Example", "ada" },
    { "", NULL },
    { "o=Example", NULL },
    { "ada@example.org", NULL },
    { "uid=ada,cn=example.org,cn=gssapi,cn=auth", NULL }, /* what SASL makes; nobody showed us a password */
    { "uid=ada+cn=x,o=Example", NULL },
    { "uid=a\nda", NULL },
    { "uid=a\\00da", NULL },
    { "uid=a\\0Ada", NULL },
    { "uid=", NULL },
    { "uid=#04024869", NULL },
    { "uid=\xff", NULL },
};

static void logins_are_found_in_names(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof logins / sizeof *logins; i++) {
        void *scratch = talloc_new(NULL);
        struct name name;
        char *login =
            name_read(scratch, span_text(logins[i].text), &name) ? name_login(scratch, &name) : NULL;

        if (!login != !logins[i].login || (login && strcmp(login, logins[i].login) != 0))
            fail_msg("%s means %s", logins[i].text, login ? login : "nobody");
        talloc_free(scratch);
    }
}

static void depth_is_bounded(void **state)
{
    char text[NAME_PARTS_MAX * 4 + 8] = "";
    void *scratch = talloc_new(NULL);
    struct name name;

    (void)state;
    for (int i = 0; i < NAME_PARTS_MAX; i++)
        strcat(text, i ? ",a=b" : "a=b");
    assert_true(name_read(scratch, span_text(text), &name));
    strcat(text, ",a=b");
    assert_false(name_read(scratch, span_text(text), &name));
    talloc_free(scratch);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(logins_are_found_in_names),
                                        cmocka_unit_test(depth_is_bounded) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
