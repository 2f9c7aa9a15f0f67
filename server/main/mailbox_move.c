/* mailbox_move.c -- `chappe mailbox move`: asks for it, and watches until it is over. */
#include "main/api_client.h"
#include "main/command.h"
#include "main/progress.h"

#include <stdio.h>
#include <string.h>
#include <talloc.h>
#include <unistd.h>

enum { LOOK_US = 300 * 1000 };

static json_t *wish(const struct invocation *in)
{
    const char *store = option_value(in, "--store"), *group = option_value(in, "--storage-group");
    json_t *body = json_object();

    if (store)
        json_object_set_new(body, "store", json_string(store));
    if (group)
        json_object_set_new(body, "storage_group", json_string(group));
    return body;
}

static const char *text(const json_t *move, const char *field)
{
    const char *value = json_string_value(json_object_get(move, field));

    return value ? value : "";
}

static bool is_over(const json_t *move)
{
    static const char *const states[] = { "cleaning", "done", "cancelled", "failed" };

    for (size_t i = 0; i < COUNT_OF(states); i++)
        if (strcmp(text(move, "state"), states[i]) == 0)
            return true;
    return false;
}

static void show(struct progress *progress, const json_t *move)
{
    uint64_t done = (uint64_t)json_integer_value(json_object_get(move, "done"));

    progress->total = (uint64_t)json_integer_value(json_object_get(move, "messages"));
    if (done > progress->done)
        progress_add(progress, done - progress->done);
}

/* A server that is just starting again does not end the watch. */
static bool watch(struct api *api, const char *path, bool is_quiet, json_t **move, struct err *err)
{
    struct progress progress;
    bool done = true;

    progress_start(&progress, 0, is_quiet);
    while (done && !is_over(*move)) {
        json_t *now = NULL;
        usleep(LOOK_US);
        *err = ERR_INIT;
        if (api_call(api, "GET", path, NULL, &now, err)) {
            json_decref(*move);
            *move = now;
            show(&progress, now);
        } else {
            done = err->kind == ERR_BUSY || err->kind == ERR_UNKNOWN;
        }
    }
    progress_end(&progress);
    return done;
}

int command_mailbox_move(struct invocation *in, struct err *err)
{
    char *path = talloc_asprintf(in->arena, "/mailboxes/%s/move", api_encode(in->arena, in->arguments[0]));
    json_t *body = wish(in), *move = NULL;
    struct api *api = NULL;
    bool done = api_open(in->config, &api, err) && api_call(api, "POST", path, body, &move, err);

    if (done && !option_value(in, "--no-wait"))
        done = watch(api, path, in->is_json, &move, err);
    if (done && (strcmp(text(move, "state"), "failed") == 0 || strcmp(text(move, "state"), "cancelled") == 0))
        done = err_set(err, ERR_CONFLICT, "The mailbox stays where it was. %s", text(move, "trouble"));
    if (done && in->is_json)
        print_answer(in, move);
    else if (done)
        printf("%s: %s (%s, %s)\n", text(move, "address"), is_over(move) ? "moved" : "on its way",
               text(move, "storage_group"), text(move, "store"));
    api_close(&api);
    json_decref(body);
    json_decref(move);
    return done ? 0 : -1;
}
