/* test_address_template.c -- addresses of names. */
#include "format/address_template.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
/* cmocka wants setjmp, stdarg and stddef first */
#include <cmocka.h>
#include <talloc.h>

static const struct {
    const char *what, *template, *display, *nickname, *address; /* NULL: none */
} cases[] = {
    { "given name and surname", "%g.%s@example.org", "Ada Lovelace", "ada", "ada.lovelace@example.org" },
    { "the first letter", "%1g%s@example.org", "Ada Lovelace", "ada", "alovelace@example.org" },
    { "middle names are passed over", "%s.%g@example.org", "Ada King Lovelace", "ada",
      "lovelace.ada@example.org" },
    { "accents go", "%g.%s@example.org", "Élodie Lefèvre-Garçon", "e", "elodie.lefevre-garcon@example.org" },
    { "the local part", "mail-%m@example.org", "", "ada", "mail-ada@example.org" },
    { "the whole name", "%d@example.org", "Ada O'Hara", "a", "adaohara@example.org" },
    { "fewer letters than asked for", "%9g@example.org", "Al B", "a", "al@example.org" },
    { "no given name", "%g.%s@example.org", "Plato", "p", NULL },
    { "a surname alone", "%s@example.org", "Plato", "p", "plato@example.org" },
    { "nothing that can be written", "%s@example.org", "王", "w", NULL },
    { "an unknown letter", "%x@example.org", "A B", "a", NULL },
    { "a percent at the end", "a%@example.org", "A B", "a", NULL },
    { "no letter", "info@example.org", "A B", "a", NULL },
    { "a letter in the domain", "%m@%s.org", "A B", "a", NULL },
    { "two signs", "%m@a@b.org", "A B", "a", NULL },
    { "no domain", "%m@", "A B", "a", NULL },
    { "no sign", "%m", "A B", "a", NULL },
    { "a space", "%m x@example.org", "A B", "a", NULL },
    { "too long", "%d%d%d%d@example.org", "Abcdefghijklmnopqrstuvwxyz", "a", NULL },
};

static void templates(void **state)
{
    void *arena = talloc_new(NULL);

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct person_name name = person_name_of(arena, cases[i].display, cases[i].nickname);
        char *address = address_template_expand(arena, span_text(cases[i].template), &name);
        print_message("%s\n", cases[i].what);
        if (cases[i].address)
            assert_string_equal(address, cases[i].address);
        else
            assert_null(address);
    }
    talloc_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(templates) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
