/* secret_rotate.c -- `chappe secret rotate`: a new key, and all secrets sealed with it. */
#include "base/sealing.h"
#include "main/api_client.h"
#include "main/command.h"
#include "main/data_directory.h"

#include <stdio.h>

int command_secret_rotate(struct invocation *in, struct err *err)
{
    char id[SEALING_ID_BYTES + 1] = "";
    json_t *answer = NULL;
    struct api *api;
    bool done;

    if (!data_directory_add_secret_key(in->config, id, err) || !api_open(in->config, &api, err))
        return -1;
    done = api_call(api, "POST", "/secrets/reseal", NULL, &answer, err);
    if (done && in->is_json)
        json_dumpf(answer, stdout, JSON_INDENT(2));
    else if (done)
        printf(
            "New key secrets/%s.key; %lld of %lld secrets sealed with it. Copy the folder secrets/ to your backup and to the"
            " other machines.\n",
            id, (long long)json_integer_value(json_object_get(answer, "sealed")),
            (long long)json_integer_value(json_object_get(answer, "total")));
    json_decref(answer);
    api_close(&api);
    return done ? 0 : -1;
}
