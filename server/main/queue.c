/* queue.c -- `chappe queue hold` and its like: repeated until all that was meant is done. */
#include "main/api_client.h"
#include "main/command.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <talloc.h>

static json_t *body_of(const struct invocation *in)
{
    const struct option *options = in->command->options;
    json_t *body = json_object();

    if (in->argument_count > 0)
        json_object_set_new(body, "id", json_string(in->arguments[0]));
    for (size_t i = 0; options[i].name; i++)
        if (in->values[i])
            json_object_set_new(body, options[i].field, json_string(in->values[i]));
    return body;
}

/* One call handles some thousands of entries. */
static bool act(const struct invocation *in, struct api *api, const json_t *body, int64_t *done,
                int64_t *in_work, struct err *err)
{
    const char *path = talloc_asprintf(in->arena, "/queue/%s", strchr(in->command->words, ' ') + 1);
    bool has_more = true;

    while (has_more) {
        json_t *answer = NULL;
        if (!api_call(api, "POST", path, body, &answer, err))
            return false;
        *done += json_integer_value(json_object_get(answer, "done"));
        *in_work = json_integer_value(json_object_get(answer, "in_work"));
        has_more = json_is_true(json_object_get(answer, "has_more"));
        json_decref(answer);
    }
    return true;
}

int command_queue_act(struct invocation *in, struct err *err)
{
    json_t *body = body_of(in);
    int64_t done = 0, in_work = 0;
    struct api *api = NULL;
    int status = -1;

    if (api_open(in->config, &api, err) && act(in, api, body, &done, &in_work, err)) {
        json_t *answer = json_pack("{s:I, s:I}", "done", (json_int_t)done, "in_work", (json_int_t)in_work);
        print_answer(in, answer);
        json_decref(answer);
        status = 0;
    }
    api_close(&api);
    json_decref(body);
    return status;
}
