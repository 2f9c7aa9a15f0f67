/* route.c -- which way mail goes, for people. */
#include "main/api_client.h"
#include "main/command.h"

#include <stdio.h>
#include <string.h>
#include <talloc.h>

static const char *text(const json_t *object, const char *name)
{
    const char *value = json_string_value(json_object_get(object, name));

    return value ? value : "";
}

static void print_steps(const json_t *answer)
{
    json_t *step;
    size_t i;

    json_array_foreach(json_object_get(answer, "steps"), i, step)
        printf("  %-12s %s%s%s\n", text(step, "what"), text(step, "from"), *text(step, "to") ? " -> " : "",
               text(step, "to"));
}

static void print_hosts(const json_t *hosts)
{
    json_t *host;
    size_t i;

    json_array_foreach(hosts, i, host) printf("%s%s", i ? ", " : " to ", json_string_value(host));
}

/* "ada@d2.test (redirect): host, connector out to smart.example:587: reason" */
static void print_ways(const json_t *answer)
{
    json_t *way;
    size_t i;

    json_array_foreach(json_object_get(answer, "ways"), i, way)
    {
        printf("%s (%s): %s", text(way, "address"), text(way, "why"), text(way, "way"));
        if (*text(way, "domain"))
            printf(" of %s", text(way, "domain"));
        print_hosts(json_object_get(way, "hosts"));
        if (*text(way, "opens"))
            printf(", opens %s", text(way, "opens"));
        printf("\n    %s\n", text(way, "reason"));
    }
}

static char *path_of(const struct invocation *in)
{
    const char *from = option_value(in, "--from"), *size = option_value(in, "--size");
    char *path = talloc_asprintf(in->arena, "/route?recipient=%s", api_encode(in->arena, in->arguments[0]));

    if (from)
        path = talloc_asprintf_append(path, "&sender=%s", api_encode(in->arena, from));
    if (size)
        path = talloc_asprintf_append(path, "&size=%s", api_encode(in->arena, size));
    return path;
}

int command_route(struct invocation *in, struct err *err)
{
    json_t *answer = NULL;
    struct api *api = NULL;
    int status = -1;

    if (api_open(in->config, &api, err) && api_call(api, "GET", path_of(in), NULL, &answer, err)) {
        status = 0;
        if (in->is_json) {
            print_answer(in, answer);
        } else {
            printf("%s\n", text(answer, "verdict"));
            print_steps(answer);
            print_ways(answer);
        }
    }
    api_close(&api);
    json_decref(answer);
    return status;
}
