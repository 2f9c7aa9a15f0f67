/* api.c -- chappe api: any request of the admin API. */
#include "admin_api/api.h"
#include "base/buf.h"
#include "main/api_client.h"
#include "main/command.h"
#include "main/text_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <talloc.h>

/* A value as the field wants it: "10" is a number of a quota, and a text of a name. */
static json_t *value_of(const struct admin_field *field, const char *text)
{
    json_t *list;

    switch (field ? field->type : ADMIN_TEXT) {
    case ADMIN_NUMBER:
        return json_integer(strtoll(text, NULL, 10));
    case ADMIN_BOOL:
        return json_boolean(strcmp(text, "true") == 0 || strcmp(text, "yes") == 0);
    case ADMIN_LIST:
        if (*text == '[')
            return json_loads(text, 0, NULL);
        list = json_array();
        for (const char *p = text; *p; p += strcspn(p, ","), p += *p == ',')
            json_array_append_new(list, json_stringn(p, strcspn(p, ",")));
        return list;
    case ADMIN_OBJECT:
        return json_loads(text, 0, NULL);
    case ADMIN_TEXT:
        break;
    }
    return json_string(text);
}

static const struct admin_field *field_of(const struct admin_route *route, const char *name)
{
    for (const struct admin_field *f = route->fields; f && f->name; f++)
        if (strcmp(f->name, name) == 0)
            return f;
    return NULL;
}

static bool add_fields(void *arena, const struct admin_route *route, const char *fields, json_t *body,
                       struct err *err)
{
    for (const char *p = fields; p && *p; p += strcspn(p, "\n"), p += *p == '\n') {
        char *name = talloc_strndup(arena, p, strcspn(p, "\n")), *equals = strchr(name, '=');
        json_t *value;
        if (!equals)
            return err_set(err, ERR_INVALID, "A field is written NAME=VALUE.");
        *equals = '\0';
        value = value_of(field_of(route, name), equals + 1);
        if (!value)
            return err_set(err, ERR_INVALID, "The value of %s cannot be read.", name);
        json_object_set_new(body, name, value);
    }
    return true;
}

static bool read_body(struct invocation *in, const struct admin_route *route, struct buf *out,
                      struct err *err)
{
    const char *file = option_value(in, "--file"), *fields = option_value(in, "--field");
    json_t *body;
    char *text;
    bool done;

    if (file && fields)
        return err_set(err, ERR_INVALID, "A body is --file or made of --field, not both.");
    if (file) {
        if (!text_read(in->arena, file, &text, err))
            return false;
        buf_add_text(out, text);
        return true;
    }
    body = json_object();
    done = add_fields(in->arena, route, fields, body, err);
    if (done && fields) {
        text = json_dumps(body, JSON_COMPACT);
        buf_add_text(out, text);
        free(text);
    }
    json_decref(body);
    return done;
}

static void print_json(const json_t *answer)
{
    char *text = answer ? json_dumps(answer, JSON_INDENT(2) | JSON_ENCODE_ANY) : NULL;

    if (text)
        puts(text);
    free(text);
}

int command_api(struct invocation *in, struct err *err)
{
    const char *method = in->arguments[0], *path = in->arguments[1];
    char *plain = talloc_strndup(in->arena, path, strcspn(path, "?"));
    const struct admin_route *route = admin_route_of(method, plain);
    struct buf body = BUF_INIT(in->arena);
    struct api *api = NULL;
    json_t *answer = NULL;
    bool done;

    if (!route) {
        err_set(err, ERR_NOT_FOUND, "The API has no %s %s. See: /api/ of the web server.", method, plain);
        return -1;
    }
    if (option_value(in, "--dry-run"))
        path = talloc_asprintf(in->arena, "%s%cdry_run=true", path, strchr(path, '?') ? '&' : '?');
    done = read_body(in, route, &body, err) && api_open(in->config, &api, err) &&
           api_send(api, method, path,
                    body.length == 0     ? NULL
                    : route->takes_bytes ? "application/octet-stream"
                                         : "application/json",
                    buf_span(&body), &answer, err);
    if (done)
        print_json(answer);
    json_decref(answer);
    api_close(&api);
    return done ? 0 : -1;
}
