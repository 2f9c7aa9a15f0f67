/* sieve.c -- `chappe sieve get`: the script itself, so that it can go into a file. */
#include "main/api_client.h"
#include "main/command.h"

#include <stdio.h>
#include <talloc.h>

int command_sieve_get(struct invocation *in, struct err *err)
{
    char *path = talloc_asprintf(in->arena, "/users/%s/sieve/%s", api_encode(in->arena, in->arguments[0]),
                                 api_encode(in->arena, in->arguments[1]));
    struct api *api = NULL;
    json_t *answer = NULL;
    int status = -1;

    if (api_open(in->config, &api, err) && api_call(api, "GET", path, NULL, &answer, err)) {
        if (in->is_json)
            print_answer(in, answer);
        else
            fputs(json_string_value(json_object_get(answer, "content")), stdout);
        status = 0;
    }
    api_close(&api);
    json_decref(answer);
    return status;
}
