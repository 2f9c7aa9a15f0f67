/* test_managesieve.c -- the table of commands, and that it does not matter in which pieces the network brings a session. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include "fake_managesieve.h"

#include <cmocka.h>

static const char session_text[] = "CAPABILITY\r\n"
                                   "PUTSCRIPT \"early\" \"keep;\"\r\n"
                                   "AUTHENTICATE \"PLAIN\" \"AGFkYUBleGFtcGxlLm9yZwBzZWNyZXQ=\"\r\n"
                                   "PUTSCRIPT \"one\" {7+}\r\nkeep;\r\n\r\n"
                                   "PUTSCRIPT {3+}\r\ntwo {10+}\r\nkeep; frob\r\n"
                                   "SETACTIVE \"one\"\r\n"
                                   "LISTSCRIPTS\r\n"
                                   "GETSCRIPT {3+}\r\none\r\n"
                                   "PUTSCRIPT \"big\" {70000+}\r\n";
static const char session_end[] = "\r\n"
                                  "NOOP \"a \\\"b\\\"\"\r\n"
                                  "DELETESCRIPT \"one\"\r\n"
                                  "RENAMESCRIPT \"one\" \"other\"\r\n"
                                  "HAVESPACE \"x\" 100\r\n"
                                  "UNAUTHENTICATE\r\n"
                                  "LISTSCRIPTS\r\n"
                                  "LOGOUT\r\n";

static char *play(size_t step)
{
    struct buf all = BUF_INIT(NULL);
    char *output;

    buf_add_text(&all, session_text);
    for (int i = 0; i < 70000; i++)
        buf_add_byte(&all, i % 80 == 79 ? '\n' : '{');
    buf_add_text(&all, session_end);
    fake_open();
    fake_feed(buf_span(&all), step);
    assert_true(fake.is_closed);
    output = strdup(buf_text(&fake.output));
    fake_close();
    talloc_free(all.p);
    return output;
}

static void test_pieces_do_not_matter(void **state)
{
    char *whole = play(SIZE_MAX);

    (void)state;
    assert_non_null(strstr(whole, "NO \"Please log in first"));
    assert_non_null(strstr(whole, "NO \"line 1: "));
    assert_non_null(strstr(whole, "\"one\" ACTIVE\r\n"));
    assert_non_null(strstr(whole, "{7}\r\nkeep;\r\n\r\nOK"));
    assert_non_null(strstr(whole, "NO (QUOTA/MAXSIZE)"));
    assert_non_null(strstr(whole, "OK (TAG \"a \\\"b\\\"\")"));
    assert_non_null(strstr(whole, "NO (ACTIVE)"));
    for (size_t step = 1; step < 200; step += step < 8 ? 1 : 37) {
        char *pieces = play(step);

        assert_string_equal(pieces, whole);
        free(pieces);
    }
    free(whole);
}

static void test_every_command_has_all_it_needs(void **state)
{
    const char *before = "";

    (void)state;
    for (const struct managesieve_command *command = managesieve_commands; command->name; command++) {
        assert_true(strcmp(before, command->name) < 0);
        assert_true(command->states != 0);
        assert_non_null(command->run);
        assert_ptr_equal(managesieve_command_find(span_text(command->name)), command);
        before = command->name;
    }
    assert_null(managesieve_command_find(span_text("FROB")));
}

/* Before the login only what leads there is possible. */
static void test_nothing_before_the_login(void **state)
{
    (void)state;
    for (const struct managesieve_command *command = managesieve_commands; command->name; command++) {
        char line[64];

        if (command->states & NOT_AUTHENTICATED)
            continue;
        fake_open();
        buf_clear(&fake.output);
        snprintf(line, sizeof line, "%s \"a\" \"b\"\r\n", command->name);
        fake_feed(span_text(line), SIZE_MAX);
        assert_int_equal(strncmp(buf_text(&fake.output), "NO \"Please log in", 17), 0);
        fake_close();
    }
}

static void test_a_login_that_ended_ends_the_session(void **state)
{
    (void)state;
    fake_open();
    fake_feed(span_text("AUTHENTICATE \"PLAIN\" \"AGFkYUBleGFtcGxlLm9yZwBzZWNyZXQ=\"\r\n"), SIZE_MAX);
    ((struct managesieve_session *)fake.state)->checked_us -= INT64_C(61000000);
    fake_login_ends = ERR_AUTH;
    fake_feed(span_text("LISTSCRIPTS\r\n"), SIZE_MAX);
    assert_true(fake.is_closed);
    assert_non_null(strstr(buf_text(&fake.output), "BYE \"Your login has ended.\""));
    fake_close();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pieces_do_not_matter),
        cmocka_unit_test(test_every_command_has_all_it_needs),
        cmocka_unit_test(test_nothing_before_the_login),
        cmocka_unit_test(test_a_login_that_ended_ends_the_session),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
