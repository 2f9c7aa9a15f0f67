/* test_retention.c -- rules for keeping mail, as text. */
#include "format/retention.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
/* cmocka wants setjmp, stdarg and stddef first */
#include <cmocka.h>
#include <talloc.h>

static const struct {
    const char *text, *folder;
    int32_t days;
    enum retention_act act;
} good[] = {
    { "Junk=30:delete", "Junk", 30, RETENTION_DELETE },
    { "\\Trash=14:delete", "\\Trash", 14, RETENTION_DELETE },
    { "*=36500:archive", "", 36500, RETENTION_ARCHIVE },
    { "a=b=1:trash", "a=b", 1, RETENTION_TRASH },
    { "Projets/\xc3\x89t\xc3\xa9=7:trash", "Projets/\xc3\x89t\xc3\xa9", 7, RETENTION_TRASH },
};

static void there_and_back(void **state)
{
    void *owner = talloc_new(NULL);

    (void)state;
    for (size_t i = 0; i < COUNT_OF(good); i++) {
        struct retention_rule rule;
        assert_true(retention_rule_parse(owner, span_text(good[i].text), &rule));
        assert_string_equal(rule.folder, good[i].folder);
        assert_int_equal(rule.days, good[i].days);
        assert_int_equal(rule.act, good[i].act);
        assert_string_equal(retention_rule_text(owner, &rule), good[i].text);
    }
    talloc_free(owner);
}

static void others_are_refused(void **state)
{
    static const char *const wrong[] = { "",
                                         "=",
                                         "Junk",
                                         "Junk=",
                                         "=30:delete",
                                         "Junk=30",
                                         "Junk=30:",
                                         "Junk=0:delete",
                                         "Junk=-1:trash",
                                         "Junk=36501:trash",
                                         "Junk=3:Delete",
                                         "Junk=3:delete ",
                                         "Junk=99999999999:delete" };
    struct retention_rule rule;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(wrong); i++)
        if (retention_rule_parse(NULL, span_text(wrong[i]), &rule))
            fail_msg("%s", wrong[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(there_and_back),
        cmocka_unit_test(others_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
