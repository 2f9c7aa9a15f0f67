/* request.c -- commands that are a request of the admin API. */
#include "base/buf.h"
#include "base/span.h"
#include "main/api_client.h"
#include "main/command.h"
#include "main/secret.h"
#include "main/text_file.h"

#include <stdlib.h>
#include <string.h>
#include <talloc.h>

/* "/users/{0}" with the arguments in their places, and the options that belong into the query. */
static char *path_of(const struct invocation *in)
{
    struct buf path = BUF_INIT(in->arena);
    const struct option *options = in->command->options;
    char separator = strchr(in->command->path, '?') ? '&' : '?';

    for (const char *p = in->command->path; *p; p++)
        if (*p == '{') {
            buf_add_text(&path, api_encode(in->arena, in->arguments[p[1] - '0']));
            p += 2;
        } else {
            buf_add_byte(&path, *p);
        }
    for (size_t i = 0; options && options[i].name; i++)
        if (in->values[i] && options[i].field && options[i].field[0] == '?') {
            buf_add_format(&path, "%c%s=%s", separator, options[i].field + 1,
                           api_encode(in->arena, in->values[i]));
            separator = '&';
        }
    if (in->why)
        buf_add_format(&path, "%creason=%s", separator, api_encode(in->arena, in->why));
    return buf_text(&path);
}

/* What stands between commas, blanks at its ends aside. */
static json_t *list_json(const char *value)
{
    json_t *list = json_array();

    while (*value) {
        size_t length = strcspn(value, ",");
        struct span item = span_trim(span_of(value, length));
        if (!span_is_empty(item) &&
            json_array_append_new(list, json_stringn(item.p, span_length(item))) != 0) {
            json_decref(list);
            return NULL;
        }
        value += length + (value[length] == ',');
    }
    return list;
}

static bool option_json(const struct invocation *in, const struct option *option, const char *value,
                        json_t **out, struct err *err)
{
    char *secret;
    int64_t bytes = 0;

    switch (option->kind) {
    case OPTION_FLAG:
        *out = json_true();
        return true;
    case OPTION_YES_NO:
        *out = json_boolean(strcmp(value, "yes") == 0);
        return true;
    case OPTION_NUMBER:
        *out = json_integer(strtol(value, NULL, 10));
        return true;
    case OPTION_SIZE:
        if (!config_size(value, &bytes))
            return err_set(err, ERR_INVALID, "%s is not a size.", value);
        *out = json_integer(bytes);
        return true;
    case OPTION_LIST:
        *out = list_json(value);
        break;
    case OPTION_SECRET:
        if (!secret_read(in->arena, value, &secret, err))
            return false;
        *out = json_string(secret);
        break;
    case OPTION_FILE:
        if (!text_read(in->arena, value, &secret, err))
            return false;
        *out = json_string(secret);
        break;
    case OPTION_TEXT:
    case OPTION_MANY:
        *out = json_string(value);
    }
    return *out || err_set(err, ERR_INVALID, "The value of %s is not UTF-8.", option->name);
}

static bool add_arguments(const struct invocation *in, json_t *body, struct err *err)
{
    const char *field = in->command->fields;

    for (size_t i = 0; field && *field; i++) {
        size_t length = strcspn(field, " ");
        char *name = talloc_strndup(in->arena, field, length);
        if (length > 0 && json_object_set_new(body, name, json_string(in->arguments[i])) != 0)
            return err_set(err, ERR_INVALID, "The argument %s is not UTF-8.", name);
        field += length;
        field += strspn(field, " ");
    }
    return true;
}

/* A password that is needed and was not given is asked for on the terminal. */
static bool ask_missing_secret(const struct invocation *in, const struct option *option, json_t *body,
                               struct err *err)
{
    char *secret;

    if (option->kind != OPTION_SECRET || strcmp(in->command->method, "PUT") != 0)
        return true;
    if (!secret_ask(in->arena, "New password: ", &secret, err))
        return false;
    json_object_set_new(body, option->field, json_string(secret));
    return true;
}

static bool body_of(const struct invocation *in, json_t *body, struct err *err)
{
    const struct option *options = in->command->options;

    if (!add_arguments(in, body, err))
        return false;
    for (size_t i = 0; options && options[i].name; i++) {
        json_t *value = NULL;
        if (!options[i].field || options[i].field[0] == '?')
            continue;
        if (!in->values[i]) {
            if (!ask_missing_secret(in, &options[i], body, err))
                return false;
            continue;
        }
        if (!option_json(in, &options[i], in->values[i], &value, err))
            return false;
        json_object_set_new(body, options[i].field, value);
    }
    return true;
}

/* A long list comes in pages: each answer but the last names where the next one begins. */
static bool add_pages(const struct invocation *in, struct api *api, const char *path, json_t *answer,
                      struct err *err)
{
    json_t *next, *page;

    while (in->command->list && (next = json_object_get(answer, "next")) != NULL) {
        char *after = talloc_asprintf(in->arena, "%s%cafter=%s", path, strchr(path, '?') ? '&' : '?',
                                      api_encode(in->arena, json_string_value(next)));
        if (!api_call(api, "GET", after, NULL, &page, err))
            return false;
        json_array_extend(json_object_get(answer, in->command->list),
                          json_object_get(page, in->command->list));
        json_object_del(answer, "next");
        if (json_object_get(page, "next"))
            json_object_set(answer, "next", json_object_get(page, "next"));
        json_decref(page);
    }
    return true;
}

int run_request(struct invocation *in, struct err *err)
{
    bool has_body = strcmp(in->command->method, "GET") != 0 && strcmp(in->command->method, "DELETE") != 0;
    json_t *body = json_object(), *answer = NULL;
    struct api *api = NULL;
    char *path = path_of(in);
    int status = -1;

    if (body_of(in, body, err) && api_open(in->config, &api, err) &&
        api_call(api, in->command->method, path, has_body ? body : NULL, &answer, err) &&
        add_pages(in, api, path, answer, err)) {
        print_answer(in, answer);
        status = 0;
    }
    api_close(&api);
    json_decref(answer);
    json_decref(body);
    return status;
}
