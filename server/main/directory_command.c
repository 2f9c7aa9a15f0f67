/* directory_command.c -- runs of company directories, waited for; and tests of them, for people. */
#include "main/api_client.h"
#include "main/command.h"

#include <stdio.h>
#include <string.h>
#include <talloc.h>
#include <time.h>

enum { LOOK_MS = 300 };

static const char *text(const json_t *object, const char *name)
{
    const char *value = json_string_value(json_object_get(object, name));

    return value ? value : "";
}

static long long number(const json_t *object, const char *name)
{
    return json_integer_value(json_object_get(object, name));
}

static char *path_of(const struct invocation *in, const char *rest)
{
    const char *org = option_value(in, "--org");
    char *path =
        talloc_asprintf(in->arena, "/directories/%s%s", api_encode(in->arena, in->arguments[0]), rest);

    return org ? talloc_asprintf_append(path, "?organisation=%s", api_encode(in->arena, org)) : path;
}

static void print_run(const json_t *run)
{
    json_t *change;
    size_t i;

    json_array_foreach(json_object_get(run, "changes"), i, change)
        printf("%-9s %-8s %s%s%s\n", text(change, "what"), text(change, "kind"), text(change, "name"),
               *text(change, "detail") ? ": " : "", text(change, "detail"));
    printf("%s: %s. %lld seen, %lld added, %lld changed, %lld disabled, %lld deleted, %lld conflicts.\n",
           text(run, "kind"), text(run, "state"), number(run, "seen"), number(run, "added"),
           number(run, "changed"), number(run, "disabled"), number(run, "deleted"), number(run, "conflicts"));
    if (*text(run, "message"))
        printf("%s\n", text(run, "message"));
}

static bool is_over(const json_t *run)
{
    return strcmp(text(run, "state"), "waiting") != 0 && strcmp(text(run, "state"), "running") != 0;
}

/* Looks until it has ended. *run_out is the caller's. */
static bool wait_for(const struct invocation *in, struct api *api, long long id, json_t **run_out,
                     struct err *err)
{
    static const struct timespec pause = { .tv_nsec = LOOK_MS * 1000000L };
    char *path = path_of(in, talloc_asprintf(in->arena, "/runs/%lld", id));

    for (;;) {
        if (!api_call(api, "GET", path, NULL, run_out, err))
            return false;
        if (is_over(*run_out))
            return true;
        json_decref(*run_out);
        *run_out = NULL;
        nanosleep(&pause, NULL);
    }
}

static int run(struct invocation *in, const char *kind, struct err *err)
{
    json_t *body = json_pack("{s:s, s:b}", "kind", kind, "confirmed", option_value(in, "--confirm") != NULL),
           *begun = NULL, *ended = NULL;
    struct api *api = NULL;
    int status = -1;

    if (api_open(in->config, &api, err) && api_call(api, "POST", path_of(in, "/runs"), body, &begun, err) &&
        wait_for(in, api, number(begun, "id"), &ended, err)) {
        status = strcmp(text(ended, "state"), "done") == 0 ? 0 : 1;
        if (in->is_json)
            print_answer(in, ended);
        else
            print_run(ended);
    }
    api_close(&api);
    json_decref(body);
    json_decref(begun);
    json_decref(ended);
    return status;
}

int command_directory_sync(struct invocation *in, struct err *err)
{
    return run(in, option_value(in, "--full") ? "full" : "incremental", err);
}

int command_directory_preview(struct invocation *in, struct err *err)
{
    return run(in, "preview", err);
}

static void print_report(const json_t *report)
{
    json_t *step, *sample;
    size_t i;

    json_array_foreach(json_object_get(report, "steps"), i, step)
    {
        printf("%-4s %-8s %s%s%s\n", json_is_true(json_object_get(step, "good")) ? "ok" : "BAD",
               text(step, "step"), text(step, "server"), *text(step, "detail") ? ": " : "",
               text(step, "detail"));
        if (*text(step, "remedy"))
            printf("     %s\n", text(step, "remedy"));
    }
    json_array_foreach(json_object_get(report, "samples"), i, sample)
        printf("     %-8s %s: %s %s\n", text(sample, "kind"), text(sample, "dn"), text(sample, "name"),
               json_string_value(json_array_get(json_object_get(sample, "addresses"), 0))
                   ? json_string_value(json_array_get(json_object_get(sample, "addresses"), 0))
                   : "");
}

int command_directory_test(struct invocation *in, struct err *err)
{
    json_t *body = json_object(), *report = NULL;
    struct api *api = NULL;
    int status = -1;

    if (api_open(in->config, &api, err) && api_call(api, "POST", path_of(in, "/test"), body, &report, err)) {
        status = json_is_true(json_object_get(report, "good")) ? 0 : 1;
        if (in->is_json)
            print_answer(in, report);
        else
            print_report(report);
    }
    api_close(&api);
    json_decref(body);
    json_decref(report);
    return status;
}

/* ---- status */

static void print_servers(const json_t *servers)
{
    json_t *server;
    size_t i;

    json_array_foreach(servers, i, server)
        printf("server %s: %s, cost %lld, %lld connections, %lld made, %lld failed, %lld timed out%s%s\n",
               text(server, "url"), text(server, "state"), number(server, "cost"),
               number(server, "connections"), number(server, "connected"), number(server, "failed"),
               number(server, "timed_out"), *text(server, "fault") ? ": " : "", text(server, "fault"));
}

int command_directory_status(struct invocation *in, struct err *err)
{
    json_t *status = NULL, *servers;
    struct api *api = NULL;
    int result = -1;

    if (api_open(in->config, &api, err) && api_call(api, "GET", path_of(in, "/status"), NULL, &status, err)) {
        servers = json_incref(json_object_get(status, "servers"));
        if (!in->is_json)
            json_object_del(status, "servers");
        print_answer(in, status);
        if (!in->is_json)
            print_servers(servers);
        json_decref(servers);
        result = 0;
    }
    api_close(&api);
    json_decref(status);
    return result;
}
