/* test_sealing.c -- secrets open with their key, in their place, and with nothing else. */
#include "base/sealing.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <talloc.h>
#include <unistd.h>

#include <cmocka.h>

struct fixture {
    char folder[64];
    struct sealing *sealing;
    char id[SEALING_ID_BYTES + 1];
    struct err err;
};

static int make(void **state)
{
    struct fixture *f = talloc_zero(NULL, struct fixture);

    snprintf(f->folder, sizeof f->folder, "/tmp/chappe-sealing-XXXXXX");
    if (!mkdtemp(f->folder) || !sealing_open(f, f->folder, &f->sealing, &f->err) ||
        !sealing_add_key(f->folder, f->id, &f->err))
        return -1;
    *state = f;
    return 0;
}

static int end(void **state)
{
    struct fixture *f = *state;
    char command[128];

    sealing_close(&f->sealing);
    snprintf(command, sizeof command, "rm -rf %s", f->folder);
    int ignored = system(command);
    (void)ignored;
    talloc_free(f);
    return 0;
}

static void what_is_sealed_opens_again(void **state)
{
    static const char *const texts[] = { "", "x", "-----BEGIN PRIVATE KEY-----\nMC4=\n", "caf\xc3\xa9" };
    struct fixture *f = *state;
    char *sealed, *other, *plain;

    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        assert_true(sealing_seal(f->sealing, f, "dkim a.test s1", texts[i], &sealed, &f->err));
        assert_true(sealing_seal(f->sealing, f, "dkim a.test s1", texts[i], &other, &f->err));
        assert_string_not_equal(sealed, other);
        assert_true(strlen(texts[i]) < 2 || !strstr(sealed, texts[i]));
        assert_true(sealing_is_newest(f->sealing, sealed));
        assert_true(sealing_unseal(f->sealing, f, "dkim a.test s1", sealed, &plain, &f->err));
        assert_string_equal(plain, texts[i]);
    }
    assert_true(sealing_unseal(f->sealing, f, "x", "not sealed", &plain, &f->err));
    assert_string_equal(plain, "not sealed");
}

static void in_another_place_or_changed_it_does_not_open(void **state)
{
    struct fixture *f = *state;
    char *sealed, *plain;

    assert_true(sealing_seal(f->sealing, f, "dkim a.test s1", "secret", &sealed, &f->err));
    assert_false(sealing_unseal(f->sealing, f, "dkim b.test s1", sealed, &plain, &f->err));
    assert_int_equal(f->err.kind, ERR_DENIED);
    for (size_t i = 0; i + 4 < strlen(sealed); i++) { /* the last bits of base64 mean nothing */
        char was = sealed[i];

        f->err = ERR_INIT;
        sealed[i] = was == 'A' ? 'B' : 'A';
        if (sealing_unseal(f->sealing, f, "dkim a.test s1", sealed, &plain, &f->err) && i >= 7)
            fail_msg("changed at %zu it still opens", i);
        sealed[i] = was;
    }
    for (size_t length = 8; length < strlen(sealed); length++)
        assert_false(sealing_unseal(f->sealing, f, "dkim a.test s1", talloc_strndup(f, sealed, length),
                                    &plain, &f->err));
}

static void a_new_key_seals_and_the_old_one_opens(void **state)
{
    struct fixture *f = *state;
    char second[SEALING_ID_BYTES + 1], path[128], *old, *new, *plain;
    struct stat found;

    assert_true(sealing_seal(f->sealing, f, "x", "one", &old, &f->err));
    assert_true(sealing_add_key(f->folder, second, &f->err));
    assert_int_equal(sealing_count_keys(f->folder), 2);
    assert_true(sealing_seal(f->sealing, f, "x", "two", &new, &f->err));
    assert_non_null(strstr(new, second));
    assert_false(sealing_is_newest(f->sealing, old));
    assert_true(sealing_unseal(f->sealing, f, "x", old, &plain, &f->err));
    snprintf(path, sizeof path, "%s/%s.key", f->folder, second);
    assert_int_equal(stat(path, &found), 0);
    assert_int_equal(found.st_mode & 0777, 0600);
    assert_int_equal(unlink(path), 0);
    sealing_close(&f->sealing);
    assert_true(sealing_open(f, f->folder, &f->sealing, &f->err));
    assert_true(sealing_unseal(f->sealing, f, "x", old, &plain, &f->err));
    assert_false(sealing_unseal(f->sealing, f, "x", new, &plain, &f->err));
    assert_non_null(strstr(f->err.log, second));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_sealed_opens_again, make, end),
        cmocka_unit_test_setup_teardown(in_another_place_or_changed_it_does_not_open, make, end),
        cmocka_unit_test_setup_teardown(a_new_key_seals_and_the_old_one_opens, make, end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
