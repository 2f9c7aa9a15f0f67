/* test_config.c -- chappe.conf: what is taken, what is refused and where, and that the file we write is one we read. */
#include "main/config.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <talloc.h>

static char folder[] = "/tmp/chappe-test-XXXXXX";

static char *file_with(void *owner, const char *text)
{
    char *path = talloc_asprintf(owner, "%s/chappe.conf", folder);
    FILE *out = fopen(path, "we");

    assert_non_null(out);
    fputs(text, out);
    fclose(out);
    return path;
}

static const struct {
    const char *what, *text;
    bool ok;
    int64_t value;
} sizes[] = {
    { "plain bytes", "100", true, 100 },
    { "K is 1024", "2K", true, 2048 },
    { "small letters too", "1g", true, INT64_C(1) << 30 },
    { "nothing", "", false, 0 },
    { "a unit that is none", "5X", false, 0 },
    { "a fraction", "1.5M", false, 0 },
    { "negative", "-1", false, 0 },
    { "more than fits", "9999999999T", false, 0 },
};

static void sizes_have_units(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        int64_t value = 0;
        print_message("  %s\n", sizes[i].what);
        assert_int_equal(config_size(sizes[i].text, &value), sizes[i].ok);
        assert_true(!sizes[i].ok || value == sizes[i].value);
    }
}

static void durations_have_units(void **state)
{
    int64_t value;

    (void)state;
    assert_true(config_duration("90", &value) && value == 90);
    assert_true(config_duration("5m", &value) && value == 300);
    assert_true(config_duration("2d", &value) && value == 172800);
    assert_false(config_duration("2w", &value));
}

static const struct {
    const char *what, *text, *said; /* part of the message; NULL: accepted */
} files[] = {
    { "an empty file is all defaults", "", NULL },
    { "comments and blanks", "# a comment\n\n   \nport_offset = 7\n", NULL },
    { "no newline at the end", "port_offset = 7", NULL },
    { "CRLF", "port_offset = 7\r\n", NULL },
    { "a word that is no setting", "port_offset = 1\nprot_offset = 2\n",
      "line 2: there is no setting called prot_offset" },
    { "no equals sign", "port_offset 1\n", "line 1: this is not" },
    { "twice", "workers = 1\nworkers = 2\n", "line 2: workers is set a second time" },
    { "out of range", "port_offset = 70000\n", "line 1: port_offset cannot be 70000" },
    { "not a number", "workers = many\n", "line 1: workers cannot be many" },
    { "not one of the words", "plaintext_login = sometimes\n", "must be one of: never loopback always" },
};

static void mistakes_are_told_with_their_line(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(files); i++) {
        void *owner = talloc_new(NULL);
        struct config *config;
        struct err err = ERR_INIT;
        bool read = config_read(owner, file_with(owner, files[i].text), &config, &err);

        print_message("  %s: %s\n", files[i].what, err.user);
        assert_int_equal(read, files[i].said == NULL);
        assert_true(!files[i].said || strstr(err.user, files[i].said));
        assert_true(read || err.kind == ERR_INVALID);
        talloc_free(owner);
    }
}

static void paths_are_relative_to_the_data_directory(void **state)
{
    void *owner = talloc_new(NULL);
    struct config *config;
    struct err err = ERR_INIT;

    (void)state;
    assert_true(config_read(owner, file_with(owner, "tls_key = own/k.pem\ntls_certificate = /etc/c.pem\n"),
                            &config, &err));
    assert_string_equal(config->data, folder);
    assert_string_equal(config->tls_certificate, "/etc/c.pem");
    assert_true(strstr(config->tls_key, folder) == config->tls_key && strstr(config->tls_key, "/own/k.pem"));
    assert_true(config_read(owner, file_with(owner, "data = /srv/mail\n"), &config, &err));
    assert_string_equal(config->tls_key, "/srv/mail/tls/server.key");
    talloc_free(owner);
}

static void what_init_writes_is_read_again(void **state)
{
    const char *values[] = { "port_offset", "2000", "plaintext_login", "loopback", NULL };
    void *owner = talloc_new(NULL);
    char *path = talloc_asprintf(owner, "%s/new.conf", folder);
    struct config *config;
    struct err err = ERR_INIT;

    (void)state;
    assert_true(config_write(path, values, &err));
    assert_false(config_write(path, values, &err));
    assert_int_equal(err.kind, ERR_EXISTS);
    assert_true(config_read(owner, path, &config, &err));
    assert_int_equal(config->port_offset, 2000);
    assert_int_equal(config->plaintext_login, 1);
    unlink(path);
    talloc_free(owner);
}

static void every_key_has_a_sentence_and_a_default_in_its_range(void **state)
{
    size_t count;
    const struct config_key *keys = config_keys(&count);

    (void)state;
    for (size_t i = 0; i < count; i++) {
        size_t length = strlen(keys[i].meaning);
        print_message("  %s\n", keys[i].name);
        assert_true(length > 10 && keys[i].meaning[length - 1] == '.');
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(keys[i].name, keys[j].name);
    }
}

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
    char path[64];

    (void)state;
    snprintf(path, sizeof path, "%s/chappe.conf", folder);
    unlink(path);
    return rmdir(folder);
}

static void a_reload_leaves_what_needs_a_restart(void **state)
{
    void *owner = talloc_new(NULL);
    struct config *running, *fresh;
    struct err err = ERR_INIT;
    const char *file = file_with(owner, "workers = 9\nhostname = a.example\nmax_errors = 7\n");

    (void)state;
    assert_true(config_read(owner, file, &running, &err));
    assert_true(config_read(owner, file, &fresh, &err));
    assert_null(config_keep(fresh, running));
    (void)file_with(owner, "workers = 8\nhostname = b.example\nmax_errors = 6\nlisten = 127.0.0.1\n");
    assert_true(config_read(owner, file, &fresh, &err));
    assert_string_equal(config_keep(fresh, running), "hostname, workers");
    assert_int_equal(fresh->workers, 9);
    assert_string_equal(fresh->hostname, "a.example");
    assert_ptr_not_equal(fresh->hostname, running->hostname);
    assert_int_equal(fresh->max_errors, 6);
    assert_string_equal(fresh->listen, "127.0.0.1");
    talloc_free(owner);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes_have_units),
        cmocka_unit_test(durations_have_units),
        cmocka_unit_test(mistakes_are_told_with_their_line),
        cmocka_unit_test(paths_are_relative_to_the_data_directory),
        cmocka_unit_test(what_init_writes_is_read_again),
        cmocka_unit_test(every_key_has_a_sentence_and_a_default_in_its_range),
        cmocka_unit_test(a_reload_leaves_what_needs_a_restart),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
