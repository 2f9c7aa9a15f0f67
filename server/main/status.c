/* status.c -- `chappe status` and `chappe check`. */
#include "main/api_client.h"
#include "main/check.h"
#include "main/command.h"
#include "main/control.h"
#include "main/services.h"
#include "main/slapd_process.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <talloc.h>
#include <unistd.h>

enum { ANSWER_MS = 5000 };

/* ---- status */

static json_t *ask(const struct invocation *in, const char *process, struct err *err)
{
    char *path = talloc_asprintf(in->arena, "%s/run/%s.ctl", in->config->data, process), *answer;

    return control_ask(in->arena, path, "status", ANSWER_MS, &answer, err) ? json_loads(answer, 0, NULL)
                                                                           : NULL;
}

static json_t *addresses(const struct config *config, json_t *roles)
{
    json_t *list = json_array(), *role;
    size_t i;

    for (const struct service *s = services; s->name; s++)
        json_array_foreach(roles, i, role)
        {
            if (strcmp(json_string_value(json_object_get(role, "name")), s->role) != 0)
                continue;
            json_array_append_new(list,
                                  json_pack("{s:s, s:s, s:s, s:i}", "service", s->name, "role", s->role,
                                            "listen", s->is_loopback_only ? "127.0.0.1" : config->listen,
                                            "port", (int)service_port(config, s)));
        }
    return list;
}

/* Asks every role itself; true when all answer and reach the database. */
static bool ask_roles(const struct invocation *in, json_t *roles)
{
    bool all_answer = json_array_size(roles) > 0;
    json_t *role, *answer;
    size_t i;

    json_array_foreach(roles, i, role)
    {
        struct err err = ERR_INIT;
        const char *database;
        answer = strcmp(json_string_value(json_object_get(role, "state")), "running") == 0
                     ? ask(in, json_string_value(json_object_get(role, "name")), &err)
                     : NULL;
        json_object_set_new(role, "answers", json_boolean(answer != NULL));
        if (answer)
            json_object_update_missing(role, answer);
        database = json_string_value(json_object_get(answer, "database"));
        all_answer = all_answer && answer && database && strcmp(database, "up") == 0;
        json_decref(answer);
    }
    return all_answer;
}

static void print_disk(const json_t *disk)
{
    const char *state = json_string_value(json_object_get(disk, "state"));
    bool is_low = state && strcmp(state, "low") == 0;

    if (!state)
        return; /* the server that runs is older than this command */
    printf("disk           %s, %lld MB free, %lld MB reserved%s%s\n",
           is_low ? "low: no new data is taken" : "ok",
           (long long)json_integer_value(json_object_get(disk, "free")) >> 20,
           (long long)json_integer_value(json_object_get(disk, "reserve")) >> 20, is_low ? ", " : "",
           is_low ? json_string_value(json_object_get(disk, "path")) : "");
}

/* "ldap  running, process 4711, ports 389 and 636" */
static void print_ldap(const struct config *config, const json_t *ldap)
{
    const char *trouble = json_string_value(json_object_get(ldap, "trouble"));

    if (!ldap)
        return;
    printf("ldap           %s, process %lld, ports %lld and %lld%s%s\n",
           json_string_value(json_object_get(ldap, "state")),
           (long long)json_integer_value(json_object_get(ldap, "pid")),
           SLAPD_PORT + (long long)config->port_offset, SLAPD_TLS_PORT + (long long)config->port_offset,
           trouble && *trouble ? ": " : "", trouble ? trouble : "");
}

/* An external database is seen by the roles only. */
static void add_database_trouble(json_t *database, const json_t *roles)
{
    json_t *role;
    size_t i;

    json_array_foreach(roles, i, role)
    {
        const char *seen = json_string_value(json_object_get(role, "database"));
        if (!seen || strcmp(seen, "up") == 0 || json_object_get(database, "trouble"))
            continue;
        json_object_set_new(database, "state", json_string("down"));
        json_object_set_new(database, "trouble", json_string(seen));
    }
}

/* Servers of company directories that a role leaves alone for now, or had to. */
static void print_directories(const json_t *role)
{
    json_t *source, *server;
    size_t i, k;

    json_array_foreach(json_object_get(role, "directories"), i, source)
        json_array_foreach(json_object_get(source, "servers"), k, server)
    {
        const char *state = json_string_value(json_object_get(server, "state"));
        if (strcmp(state, "down") == 0 || strcmp(state, "failing") == 0)
            printf("%-14s directory %s: %s %s: %s\n", "",
                   json_string_value(json_object_get(source, "source")),
                   json_string_value(json_object_get(server, "url")), state,
                   json_string_value(json_object_get(server, "fault")));
    }
}

static void print_status(const struct config *config, const json_t *status)
{
    json_t *roles = json_object_get(status, "roles"), *one;
    json_t *database = json_object_get(status, "database");
    const char *trouble = json_string_value(json_object_get(database, "trouble"));
    size_t i;

    printf("Chappe %s, process %lld, %s, data in %s\n", json_string_value(json_object_get(status, "version")),
           (long long)json_integer_value(json_object_get(status, "pid")),
           json_string_value(json_object_get(status, "state")),
           json_string_value(json_object_get(status, "data")));
    printf("database       %s, %s%s%s\n", json_string_value(json_object_get(database, "kind")),
           json_string_value(json_object_get(database, "state")), trouble ? ": " : "",
           trouble ? trouble : "");
    print_disk(json_object_get(status, "disk"));
    json_array_foreach(roles, i, one)
    {
        const char *says = json_string_value(json_object_get(one, "says"));
        printf("%-14s %s, process %lld, %s%s%s\n", json_string_value(json_object_get(one, "name")),
               json_string_value(json_object_get(one, "state")),
               (long long)json_integer_value(json_object_get(one, "pid")),
               json_is_true(json_object_get(one, "answers")) ? "answers" : "does not answer",
               says && *says ? ": " : "", says ? says : "");
        print_directories(one);
    }
    print_ldap(config, json_object_get(status, "ldap"));
    json_array_foreach(json_object_get(status, "addresses"), i, one)
        printf("%-14s %s port %lld\n", json_string_value(json_object_get(one, "service")),
               json_string_value(json_object_get(one, "listen")),
               (long long)json_integer_value(json_object_get(one, "port")));
}

int command_status(struct invocation *in, struct err *err)
{
    json_t *status = ask(in, "supervisor", err), *roles;
    bool all_answer;

    if (!status)
        return err->kind == ERR_NONE
                   ? (err_set(err, ERR_INTERNAL, "The supervisor's answer cannot be read."), -1)
                   : -1;
    roles = json_object_get(status, "roles");
    all_answer = ask_roles(in, roles);
    add_database_trouble(json_object_get(status, "database"), roles);
    json_object_set_new(status, "addresses", addresses(in->config, roles));
    json_object_set_new(status, "ok", json_boolean(all_answer));
    if (in->is_json) {
        json_dumpf(status, stdout, JSON_INDENT(2));
        puts("");
    } else {
        print_status(in->config, status);
    }
    json_decref(status);
    return all_answer ? 0 : 1;
}

/* ---- check */

static bool print_lines(const struct invocation *in, const json_t *lines)
{
    bool is_terminal = isatty(STDOUT_FILENO), all_good = true;
    json_t *line;
    size_t i;

    json_array_foreach(lines, i, line)
    {
        bool is_good = json_is_true(json_object_get(line, "is_good"));
        const char *remedy = json_string_value(json_object_get(line, "remedy"));
        all_good = all_good && is_good;
        if (in->is_json)
            continue;
        printf("%s%-4s%s %s: %s\n", is_terminal ? is_good ? "\033[32m" : "\033[31m" : "",
               is_good ? "ok" : "BAD", is_terminal ? "\033[0m" : "",
               json_string_value(json_object_get(line, "what")),
               json_string_value(json_object_get(line, "text")));
        if (remedy)
            printf("     -> %s\n", remedy);
    }
    if (in->is_json) {
        json_dumpf(lines, stdout, JSON_INDENT(2));
        puts("");
    }
    return all_good;
}

int command_check(struct invocation *in, struct err *err)
{
    json_t *lines = json_array(), *answer = NULL;
    struct api *api = NULL;
    struct err trouble = ERR_INIT;
    bool all_good;

    (void)err;
    check_files(in->config, lines);
    if (api_open(in->config, &api, &trouble) && api_call(api, "GET", "/check", NULL, &answer, &trouble))
        json_array_extend(lines, json_object_get(answer, "lines"));
    else
        check_add(lines, "server", false, trouble.user, "See log/chappe.log");
    api_close(&api);
    all_good = print_lines(in, lines);
    json_decref(answer);
    json_decref(lines);
    return all_good ? 0 : 1;
}

/* ---- verify */

int command_verify(struct invocation *in, struct err *err)
{
    json_t *body = json_pack("{s:b}", "repair", option_value(in, "--repair") != NULL), *answer = NULL, *one;
    struct api *api = NULL;
    int status = -1;
    size_t i;

    if (option_value(in, "--user"))
        json_object_set_new(body, "user", json_string(option_value(in, "--user")));
    if (api_open(in->config, &api, err) && api_call(api, "POST", "/verify", body, &answer, err)) {
        json_int_t found = json_integer_value(json_object_get(answer, "found"));
        json_int_t repaired = json_integer_value(json_object_get(answer, "repaired"));
        if (in->is_json)
            print_answer(in, answer);
        else
            json_array_foreach(json_object_get(answer, "differences"), i, one) json_dumpf(one, stdout, 0),
                puts("");
        if (!in->is_json)
            printf("%lld mailboxes, %lld differences, %lld repaired\n",
                   (long long)json_integer_value(json_object_get(answer, "mailboxes")), (long long)found,
                   (long long)repaired);
        status = found > repaired ? 1 : 0;
    }
    api_close(&api);
    json_decref(answer);
    json_decref(body);
    return status;
}
