/* trace.c -- what happened to messages, or would happen to one, as timelines for people. */
#include "base/buf.h"
#include "main/api_client.h"
#include "main/command.h"

#include <stdio.h>
#include <string.h>
#include <talloc.h>

enum { PIECE_BYTES = 64 * 1024 };
enum { TIME_FROM = 11, TIME_LENGTH = 12 }; /* of 2031-01-31T12:00:00.000Z */

static const char *text(const json_t *object, const char *name)
{
    const char *value = json_string_value(json_object_get(object, name));

    return value ? value : "";
}

static void print_value(const json_t *value)
{
    const json_t *item;
    size_t i;

    if (json_is_string(value))
        printf("%s", json_string_value(value));
    else if (json_is_integer(value))
        printf("%lld", (long long)json_integer_value(value));
    else if (json_is_true(value))
        printf("yes");
    json_array_foreach(value, i, item)
    {
        printf("%s", i ? "; " : "");
        print_value(item);
    }
}

static bool is_head(const char *key)
{
    static const char *const keys[] = { "t", "time", "event", "to", "for", "asked" };

    for (size_t i = 0; i < COUNT_OF(keys); i++)
        if (strcmp(key, keys[i]) == 0)
            return true;
    return false;
}

/* "  12:00:00.123  filed      ada@example.org (asked sales@example.org), folder INBOX, uid 7" */
static void print_event(json_t *event)
{
    const char *to = *text(event, "to") ? text(event, "to") : text(event, "for"), *when = text(event, "time");
    const char *mark, *key;
    json_t *value;

    printf("    %.*s  %-10s %s", TIME_LENGTH, strlen(when) > TIME_FROM ? when + TIME_FROM : "",
           text(event, "event"), to);
    if (*text(event, "asked"))
        printf("%s%s%s", *to ? " (asked " : "", text(event, "asked"), *to ? ")" : "");
    mark = *to || *text(event, "asked") ? ", " : "";
    json_object_foreach(event, key, value)
    {
        if (is_head(key))
            continue;
        printf("%s%s ", mark, key);
        print_value(value);
        mark = ", ";
    }
    printf("\n");
}

static void print_list(const char *before, const json_t *list)
{
    if (json_array_size(list) == 0)
        return;
    printf("    %s ", before);
    print_value(list);
    printf("\n");
}

static void print_trace(const json_t *trace)
{
    static const char *const head[] = { "message_id", "client", "login", "parent" };
    const char *mark = "    ";
    json_t *event;
    size_t i;

    printf("%s  %s  from %s", text(trace, "id"), text(trace, "time"),
           *text(trace, "sender") ? text(trace, "sender") : "<>");
    printf("  %s\n", text(trace, "last"));
    for (i = 0; i < COUNT_OF(head); i++)
        if (*text(trace, head[i])) {
            printf("%s%s %s", mark, head[i], text(trace, head[i]));
            mark = ", ";
        }
    if (mark[0] == ',')
        printf("\n");
    json_array_foreach(json_object_get(trace, "events"), i, event) print_event(event);
    print_list("led to", json_object_get(trace, "led_to"));
}

static void print_brief(const json_t *trace)
{
    printf("%s  %s  %-10s %s -> ", text(trace, "id"), text(trace, "time"), text(trace, "last"),
           *text(trace, "sender") ? text(trace, "sender") : "<>");
    print_value(json_object_get(trace, "recipients"));
    printf("\n");
}

static void print_silence(const json_t *answer)
{
    json_t *silent;
    size_t i;

    json_array_foreach(json_object_get(answer, "unavailable"), i, silent)
        fprintf(stderr, "chappe: not asked: %s: %s\n", text(silent, "database"), text(silent, "reason"));
}

static void print_all(const struct invocation *in, const json_t *answer)
{
    bool is_brief = option_value(in, "--brief") != NULL;
    const json_t *traces = json_object_get(answer, "traces"), *more = json_object_get(answer, "more_after");
    json_t *trace;
    size_t i;

    if (!traces)
        print_trace(answer);
    json_array_foreach(traces, i, trace)
    {
        if (is_brief)
            print_brief(trace);
        else
            print_trace(trace);
        if (!is_brief && i + 1 < json_array_size(traces))
            printf("\n");
    }
    if (more)
        printf("%smore: --after %s\n", is_brief ? "" : "\n", json_string_value(more));
    if (traces && json_array_size(traces) == 0)
        printf("nothing found\n");
    print_silence(answer);
}

static char *path_of(const struct invocation *in)
{
    const struct option *options = in->command->options;
    char *path;
    char mark = '?';

    if (in->argument_count > 0)
        return talloc_asprintf(in->arena, "/trace/%s", api_encode(in->arena, in->arguments[0]));
    path = talloc_strdup(in->arena, "/trace");
    for (size_t i = 0; options[i].name; i++) {
        if (!in->values[i] || !options[i].field || options[i].field[0] != '?')
            continue;
        path = talloc_asprintf_append(path, "%c%s=%s", mark, options[i].field + 1,
                                      api_encode(in->arena, in->values[i]));
        mark = '&';
    }
    return path;
}

/* ---- dry run */

static bool read_message(const struct invocation *in, struct span *message_out, struct err *err)
{
    struct buf bytes = BUF_INIT(in->arena);
    FILE *file;
    size_t got;

    *message_out = span_text("");
    if (in->argument_count < 3)
        return true;
    file = strcmp(in->arguments[2], "-") == 0 ? stdin : fopen(in->arguments[2], "rb");
    if (!file)
        return err_set(err, ERR_NOT_FOUND, "%s cannot be read.", in->arguments[2]);
    while ((got = fread(buf_reserve(&bytes, PIECE_BYTES), 1, PIECE_BYTES, file)) > 0)
        bytes.length += got;
    bool is_read = !ferror(file);
    if (file != stdin)
        fclose(file);
    *message_out = buf_span(&bytes);
    return is_read || err_set(err, ERR_INVALID, "%s cannot be read.", in->arguments[2]);
}

static void print_rehearsed(const json_t *answer)
{
    json_t *event;
    size_t i;

    printf("%s\n",
           json_is_true(json_object_get(answer, "accepted")) ? "would be accepted" : "would be refused");
    json_array_foreach(json_object_get(answer, "events"), i, event) print_event(event);
}

static int dry_run(struct invocation *in, struct err *err)
{
    const char *client = option_value(in, "--client");
    json_t *answer = NULL;
    struct api *api = NULL;
    struct span message;
    int status = -1;

    if (in->argument_count < 2) {
        err_set(err, ERR_INVALID, "--dry-run needs FROM and TO.");
        return -1;
    }
    char *path =
        talloc_asprintf(in->arena, "/trace/dry-run?from=%s&to=%s", api_encode(in->arena, in->arguments[0]),
                        api_encode(in->arena, in->arguments[1]));
    if (client)
        path = talloc_asprintf_append(path, "&client=%s", api_encode(in->arena, client));
    if (read_message(in, &message, err) && api_open(in->config, &api, err) &&
        api_send(api, "POST", path, "message/rfc822", message, &answer, err)) {
        status = 0;
        if (in->is_json)
            print_answer(in, answer);
        else
            print_rehearsed(answer);
    }
    api_close(&api);
    json_decref(answer);
    return status;
}

int command_trace(struct invocation *in, struct err *err)
{
    json_t *answer = NULL;
    struct api *api = NULL;
    int status = -1;

    if (option_value(in, "--dry-run"))
        return dry_run(in, err);
    if (api_open(in->config, &api, err) && api_call(api, "GET", path_of(in), NULL, &answer, err)) {
        status = 0;
        if (in->is_json)
            print_answer(in, answer);
        else
            print_all(in, answer);
    }
    api_close(&api);
    json_decref(answer);
    return status;
}
