/* test_commands.c -- the table of commands is whole, and each request in it is a route of the admin API. */
#include "admin_api/api.h"
#include "admin_api/right.h"
#include "main/command.h"
#include "main/services.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static size_t arguments_of(const struct command *c)
{
    size_t count = 0;

    for (const char *p = c->arguments; *p; p += strspn(p, " ")) {
        count++;
        p += strcspn(p, " ");
    }
    return count;
}

/* "/users/{0}" and "/users/{address}" are one path; what the first one asks beyond it does not count. */
static bool same_path(const char *a, const char *b)
{
    while (*a && *b && *a != '?') {
        if (*a == '{' && *b == '{') {
            a = strchr(a, '}') + 1;
            b = strchr(b, '}') + 1;
        } else if (*a++ != *b++) {
            return false;
        }
    }
    return *b == '\0' && (*a == '\0' || *a == '?');
}

static const struct admin_route *route_of(const struct command *c)
{
    size_t count;
    const struct admin_route *routes = admin_routes(&count);

    for (size_t i = 0; i < count; i++)
        if (strcmp(routes[i].method, c->method) == 0 && same_path(c->path, routes[i].pattern))
            return &routes[i];
    return NULL;
}

static bool takes(const struct admin_route *route, const char *field, size_t length)
{
    for (const struct admin_field *f = route->fields; f && f->name; f++)
        if (strlen(f->name) == length && strncmp(f->name, field, length) == 0)
            return true;
    return false;
}

static bool asks(const struct admin_route *route, const char *name)
{
    size_t length = strlen(name);

    if (route->list && strcmp(name, "limit") == 0)
        return true; /* of every list */
    for (const char *p = route->query; p && *p; p += strspn(p, " ")) {
        if (strcspn(p, " ") == length && strncmp(p, name, length) == 0)
            return true;
        p += strcspn(p, " ");
    }
    return false;
}

static void every_request_is_a_route_that_takes_its_fields(void **state)
{
    (void)state;
    for (const struct command *c = commands; c->words; c++) {
        const struct admin_route *route;
        if (c->run)
            continue;
        print_message("  %s\n", c->words);
        assert_non_null(route = route_of(c));
        for (const char *p = c->path; (p = strchr(p, '{')) != NULL; p++)
            assert_true((size_t)(p[1] - '0') < arguments_of(c));
        for (const char *p = c->fields; p && *p; p += strspn(p, " ")) {
            size_t length = strcspn(p, " ");
            assert_true(length == 0 || takes(route, p, length)); /* 0: an argument that is not a field */
            p += length;
        }
        for (const struct option *o = c->options; o && o->name; o++)
            assert_true(o->field && (o->field[0] == '?' ? asks(route, o->field + 1)
                                                        : takes(route, o->field, strlen(o->field))));
    }
}

/* A route without a right is open to nobody, unless it is to everybody; a right without a route is a leftover. */
static void every_route_says_who_may(void **state)
{
    size_t route_count, right_count, public_count = 0;
    const struct admin_route *routes = admin_routes(&route_count);

    (void)state;
    (void)rights(&right_count);
    for (size_t i = 0; i < route_count; i++) {
        public_count += routes[i].is_public;
        if (routes[i].is_public == (right_of(&routes[i]) != NULL))
            fail_msg("%s %s: a right, or public", routes[i].method, routes[i].pattern);
    }
    assert_int_equal(right_count, route_count - public_count);
}

static void every_command_is_described_once(void **state)
{
    (void)state;
    for (const struct command *c = commands; c->words; c++) {
        size_t length = strlen(c->meaning);
        size_t options = 0;
        assert_true(length > 3 && c->meaning[length - 1] == '.');
        assert_true(arguments_of(c) <= ARGUMENTS_MAX);
        for (const struct option *o = c->options; o && o->name; o++)
            options++;
        assert_true(options <= OPTIONS_MAX);
        for (const struct command *d = commands; d != c; d++)
            assert_string_not_equal(c->words, d->words);
    }
}

static void every_kind_of_error_has_an_exit_status_with_a_meaning(void **state)
{
    (void)state;
    for (enum err_kind kind = ERR_NONE; kind < ERR_KINDS; kind++) {
        assert_true((exit_status_of(kind) == 0) == (kind == ERR_NONE));
        assert_non_null(exit_status_meaning(exit_status_of(kind)));
    }
}

static void roles_are_listed_by_word(void **state)
{
    struct err err = ERR_INIT;

    (void)state;
    assert_true(role_is_listed("smtp,web", "web"));
    assert_true(role_is_listed("smtp web", "smtp"));
    assert_false(role_is_listed("smtpd", "smtp"));
    assert_true(role_list_check("smtp mailbox,web", &err));
    assert_false(role_list_check("smtp,mailbx", &err));
    assert_false(role_list_check(" , ", &err));
    for (const struct service *s = services; s->name; s++)
        assert_non_null(role_kind_find(s->role));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_request_is_a_route_that_takes_its_fields),
        cmocka_unit_test(every_route_says_who_may),
        cmocka_unit_test(every_command_is_described_once),
        cmocka_unit_test(every_kind_of_error_has_an_exit_status_with_a_meaning),
        cmocka_unit_test(roles_are_listed_by_word),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
