/* test_site.c -- a folder of files in memory. */
#include "http/site.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <talloc.h>

static void put(const char *folder, const char *name, const char *text)
{
    char *path = talloc_asprintf(NULL, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    talloc_free(path);
}

static void test_folders(void **state)
{
    char folder[] = "/tmp/test-site-XXXXXX";
    struct site *site = NULL;
    struct err err = ERR_INIT;
    void *arena = talloc_new(NULL);

    (void)state;
    assert_non_null(mkdtemp(folder));
    assert_false(site_load(arena, "/nowhere", &site, &err));
    assert_int_equal(err.kind, ERR_NOT_FOUND);
    put(folder, "other.js", "1");
    assert_false(site_load(arena, folder, &site, &err)); /* without index.html it is no application */
    assert_int_equal(err.kind, ERR_NOT_FOUND);
    put(folder, "index.html", "<!doctype html>");
    put(folder, "index.html.gz", "packed");
    assert_int_equal(mkdir(talloc_asprintf(arena, "%s/assets", folder), 0700), 0);
    put(folder, "assets/a.js", "1");
    assert_int_equal(symlink("/etc/passwd", talloc_asprintf(arena, "%s/passwd", folder)), 0);
    assert_true(site_load(arena, folder, &site, &err)); /* the link is no file of ours */
    assert_non_null(site);
    assert_true(site_has(site, "assets/a.js"));
    assert_false(site_has(site, "passwd"));
    assert_false(site_has(site, "assets"));
    assert_int_equal(span_length(site_file(site, "assets")), 0);
    assert_true(span_length(site_file(site, "assets/a.js")) > 0);
    assert_int_equal(system(talloc_asprintf(arena, "rm -r '%s'", folder)), 0);
    talloc_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_folders),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
